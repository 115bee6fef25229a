/* Setting up a run in the order in which mistakes are cheapest to find:
 * metadata, paths to write to, input files, state. */
#include "run/session.h"

#include "core/model.h"
#include "files/bytes.h"
#include "files/shape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES 2048

int sinter_session_fail(const sinter_session *session, const char *format,
                        ...) {
  va_list arguments;
  fprintf(stderr, "%s: ", session->command->program);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  return SINTER_EXIT_BAD_INPUT;
}

const sinter_tensor *sinter_session_input(const sinter_session *session,
                                          int i) {
  return sinter_tensor_at(session->model, session->entry->inputs, i);
}

const sinter_tensor *sinter_session_output(const sinter_session *session,
                                           int i) {
  return sinter_tensor_at(session->model, session->entry->outputs, i);
}

const void *sinter_session_result(const sinter_session *session, int i) {
  return session->args[session->entry->num_inputs + i];
}

/* Zeroed and aligned; never NULL for want of bytes. */
static void *allocate(const sinter_session *session, uint64_t bytes,
                      const char *what) {
  void *memory = NULL;
  size_t size = bytes ? (size_t)bytes : 1;
  if (bytes > (uint64_t)INT64_MAX ||
      posix_memalign(&memory, SINTER_ALIGNMENT, size)) {
    sinter_session_fail(session, "not enough memory for %s (%" PRIu64 " bytes)",
                        what, bytes);
    return NULL;
  }
  return memset(memory, 0, size);
}

/* The host's message hook. It gets the pool's `self`, and needs none. */
static void report(void *self, int32_t code, const char *message) {
  (void)self;
  (void)code;
  fprintf(stderr, "%s\n", message);
}

static int open_host(sinter_session *session) {
  session->host.struct_size = sizeof session->host;
  if (session->command->threads > 1) {
    session->pool = sinter_pool_create(session->command->threads);
    if (!session->pool)
      return sinter_session_fail(session, "cannot start %d threads",
                                 session->command->threads);
    session->host = sinter_pool_host(session->pool);
  }
  session->host.report = report;
  return 0;
}

/* Everything below relies on what is checked here. */
static int check_tensor(const sinter_session *session,
                        const sinter_tensor *tensor) {
  uint64_t bytes;
  if (tensor->rank < 0 || tensor->rank > SINTER_MAX_RANK ||
      tensor->batch_axis >= tensor->rank || !sinter_dtype_size(tensor->dtype) ||
      sinter_byte_count(tensor->shape, tensor->rank,
                        sinter_dtype_size(tensor->dtype), &bytes) ||
      bytes != tensor->bytes)
    return sinter_session_fail(session, "the model describes '%s' wrongly",
                               tensor->name);
  return 0;
}

/* One batch extent for the entry. */
static int take_batch(sinter_session *session, const sinter_tensor *tensor,
                      int is_input) {
  if (check_tensor(session, tensor))
    return SINTER_EXIT_BAD_INPUT;
  if (tensor->batch_axis < 0 || (!is_input && !session->batch))
    return 0;
  int64_t extent = tensor->shape[tensor->batch_axis];
  if (session->batch == 0)
    session->batch = extent;
  if (extent == session->batch && extent > 0)
    return 0;
  return sinter_session_fail(session,
                             "'%s' has a batch of %" PRId64
                             ", another tensor of the entry has %" PRId64,
                             tensor->name, extent, session->batch);
}

static int open_arguments(sinter_session *session) {
  int inputs = session->entry->num_inputs;
  size_t count = (size_t)inputs + (size_t)session->entry->num_outputs;
  session->args = calloc(count + 1, sizeof *session->args);
  session->buffers = calloc(count + 1, sizeof *session->buffers);
  session->layouts = calloc(count + 1, sizeof *session->layouts);
  session->arrays = calloc((size_t)inputs + 1, sizeof *session->arrays);
  if (!session->args || !session->buffers || !session->layouts ||
      !session->arrays)
    return sinter_session_fail(session, "not enough memory");
  for (size_t i = 0; i < count; ++i) {
    int is_input = i < (size_t)inputs;
    const sinter_tensor *tensor =
        is_input ? sinter_session_input(session, (int)i)
                 : sinter_session_output(session, (int)i - inputs);
    if (take_batch(session, tensor, is_input))
      return SINTER_EXIT_BAD_INPUT;
    if (tensor->batch_axis >= 0)
      session->layouts[i] = sinter_batch_layout(tensor);
    /* Whole inputs stay where their file was read to. */
    if (is_input && tensor->batch_axis < 0)
      continue;
    session->buffers[i] = allocate(session, tensor->bytes, tensor->name);
    if (!session->buffers[i])
      return SINTER_EXIT_BAD_INPUT;
    session->args[i] = session->buffers[i];
  }
  return 0;
}

/* What will be written can be, or a run would be in vain. */
static int check_paths(const sinter_session *session) {
  const sinter_command *command = session->command;
  char message[MESSAGE_BYTES];
  sinter_error error = {message, sizeof message};
  for (int i = -2; i < session->entry->num_outputs; ++i) {
    const char *path = i == -2   ? command->save
                       : i == -1 ? command->log
                                 : command->outputs[i];
    if (path && sinter_outfile_probe(path, &error))
      return sinter_session_fail(session, "%s", message);
  }
  return 0;
}

static int read_inputs(sinter_session *session) {
  char message[MESSAGE_BYTES];
  sinter_error error = {message, sizeof message};
  int counted = -1; /* the first input with a batch axis */
  session->samples = 1;
  for (int i = 0; i < session->entry->num_inputs; ++i) {
    const char *place = session->command->inputs[i];
    int64_t samples;
    if (sinter_array_read(&session->arrays[i], place,
                          sinter_session_input(session, i), &samples, &error))
      return sinter_session_fail(session, "%s", message);
    if (samples < 0) {
      session->args[i] = session->arrays[i].data;
      continue;
    }
    if (samples == 0)
      return sinter_session_fail(session, "%s: holds no samples", place);
    if (counted >= 0 && samples != session->samples)
      return sinter_session_fail(
          session, "%s: holds %" PRId64 " samples, but %s holds %" PRId64,
          place, samples, session->command->inputs[counted], session->samples);
    if (counted < 0)
      counted = i;
    session->samples = samples;
  }
  return 0;
}

static int open_state(sinter_session *session) {
  const sinter_model *model = session->model;
  const sinter_command *command = session->command;
  uint64_t scratch = session->entry->workspace_bytes;
  if (scratch < model->init_workspace_bytes)
    scratch = model->init_workspace_bytes;
  session->state = allocate(session, model->state_bytes, "the state");
  session->workspace = allocate(session, scratch, "the workspace");
  if (!session->state || !session->workspace)
    return SINTER_EXIT_BAD_INPUT;
  session->seed = command->seed;
  if (command->load) {
    char message[MESSAGE_BYTES];
    sinter_error error = {message, sizeof message};
    if (sinter_state_read(model, session->state, &session->mark, command->load,
                          &error))
      return sinter_session_fail(session, "%s", message);
    if (session->mark.known && !command->has_seed)
      session->seed = session->mark.seed;
    return 0;
  }
  if (!model->init)
    return 0;
  int32_t status = model->init(session->state, command->seed,
                               session->workspace, &session->host);
  if (status)
    return sinter_session_fail(
        session, "the model's init failed with status %" PRId32 ": %s", status,
        sinter_status_message(status));
  if (model->num_variables && !sinter_trains(session->entry))
    fprintf(stderr,
            "%s: note: running on a new state from seed %" PRIu64
            "; --load FILE takes a trained one\n",
            command->program, command->seed);
  return 0;
}

int sinter_session_open(sinter_session *session, const sinter_model *model,
                        const sinter_command *command) {
  memset(session, 0, sizeof *session);
  session->model = model;
  session->entry = command->entry;
  session->command = command;
  int code = open_host(session);
  if (!code)
    code = open_arguments(session);
  if (!code)
    code = check_paths(session);
  if (!code)
    code = read_inputs(session);
  if (!code)
    code = open_state(session);
  if (code)
    sinter_session_close(session);
  return code;
}

void sinter_session_close(sinter_session *session) {
  sinter_pool_destroy(session->pool);
  int inputs = session->entry->num_inputs;
  for (int i = 0; session->buffers && i < inputs + session->entry->num_outputs;
       ++i)
    free(session->buffers[i]);
  for (int i = 0; session->arrays && i < inputs; ++i)
    sinter_array_free(&session->arrays[i]);
  free(session->arrays);
  free(session->buffers);
  free(session->layouts);
  free(session->args);
  free(session->workspace);
  free(session->state);
  memset(session, 0, sizeof *session);
}

int sinter_session_step(sinter_session *session, const int64_t *order,
                        int64_t first, int64_t count) {
  for (int i = 0; i < session->entry->num_inputs; ++i) {
    const sinter_layout *layout = &session->layouts[i];
    if (!layout->extent)
      continue;
    const sinter_array *array = &session->arrays[i];
    if (!order && layout->outer == 1 && count == layout->extent) {
      /* The batch lies in the file's data as it is. */
      session->args[i] = (char *)array->data + first * layout->inner;
    } else {
      session->args[i] = session->buffers[i];
      sinter_gather(session->buffers[i], layout, array->data, session->samples,
                    order, first, count);
    }
  }
  int32_t status = session->entry->run(session->state, session->args,
                                       session->workspace, &session->host);
  if (status)
    return sinter_session_fail(
        session, "'%s' failed with status %" PRId32 ": %s",
        session->entry->name, status, sinter_status_message(status));
  return 0;
}
