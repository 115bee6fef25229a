/* All samples once, in order. The last batch is filled up by repeating the
 * last sample, and what that adds to outputs with a batch axis is cut off.
 * Outputs without one describe a whole batch: only full batches count for
 * them, and --output writes their values one after another. */
#include "run/evaluate.h"

#include "files/shape.h"
#include "run/interrupt.h"
#include "run/measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES 2048
#define SIGNAL_EXIT 128
#define DIGITS 6

/* What becomes of one output. */
typedef struct result {
  sinter_outfile file; /* open with --output */
  sinter_array all;    /* the values of every step, for the file */
  double sum;
  char first[sizeof(int64_t)]; /* value in the sum */
  int64_t rows; /* values in the sum or, without a batch axis, steps */
} result;

typedef struct evaluation {
  sinter_session *session;
  result *results;
  int64_t steps; /* with the partial one */
  int64_t full;  /* without it */
} evaluation;

static int is_concatenated(const evaluation *run, int i) {
  return run->session->batch &&
         sinter_session_output(run->session, i)->batch_axis >= 0;
}

/* The shape of all values together, and room for them. */
static int make_room(evaluation *run, int i) {
  const sinter_session *session = run->session;
  const sinter_tensor *output = sinter_session_output(session, i);
  sinter_array *all = &run->results[i].all;
  sinter_array_describe(all, output);
  if (is_concatenated(run, i)) {
    all->shape[output->batch_axis] = session->samples;
  } else if (session->batch) {
    if (all->rank == SINTER_MAX_RANK)
      return sinter_session_fail(session, "'%s' has too many dimensions",
                                 output->name);
    memmove(all->shape + 1, all->shape, (size_t)all->rank * sizeof *all->shape);
    all->shape[0] = run->full;
    ++all->rank;
    if (session->command->outputs[i] && !run->full)
      return sinter_session_fail(session,
                                 "'%s' is made of whole batches of %" PRId64
                                 ", and the inputs hold %" PRId64 " samples",
                                 output->name, session->batch,
                                 session->samples);
  }
  if (!session->command->outputs[i])
    return 0;
  if (!sinter_byte_count(all->shape, all->rank, sinter_dtype_size(all->dtype),
                         &all->bytes))
    all->storage = malloc((size_t)all->bytes + 1);
  all->data = all->storage;
  return all->storage
             ? 0
             : sinter_session_fail(session, "not enough memory for '%s'",
                                   output->name);
}

static int prepare(evaluation *run) {
  const sinter_session *session = run->session;
  char message[MESSAGE_BYTES];
  sinter_error error = {message, sizeof message};
  int64_t batch = session->batch ? session->batch : 1;
  run->full = session->samples / batch;
  run->steps = run->full + (session->samples % batch != 0);
  run->results =
      calloc((size_t)session->entry->num_outputs + 1, sizeof *run->results);
  if (!run->results)
    return sinter_session_fail(session, "not enough memory");
  for (int i = 0; i < session->entry->num_outputs; ++i) {
    if (make_room(run, i))
      return SINTER_EXIT_BAD_INPUT;
    if (session->command->outputs[i] &&
        sinter_outfile_open(&run->results[i].file, session->command->outputs[i],
                            &error))
      return sinter_session_fail(session, "%s", message);
  }
  return 0;
}

static void add_values(result *into, const sinter_tensor *output,
                       const void *values, int64_t count) {
  if (!into->rows && count)
    memcpy(into->first, values, sinter_dtype_size(output->dtype));
  into->sum += sinter_sum(output, values, count);
  into->rows += count;
}

/* Takes the outputs of one step, of which `count` samples are real. */
static void collect(evaluation *run, int64_t step, int64_t count) {
  const sinter_session *session = run->session;
  for (int i = 0; i < session->entry->num_outputs; ++i) {
    const sinter_tensor *output = sinter_session_output(session, i);
    const void *values = sinter_session_result(session, i);
    result *into = &run->results[i];
    if (is_concatenated(run, i)) {
      if (sinter_is_per_sample(output))
        add_values(into, output, values, count);
      if (into->all.storage)
        sinter_place(into->all.data, session->samples, values,
                     &session->layouts[session->entry->num_inputs + i],
                     step * session->batch, count);
    } else if (step < run->full) {
      if (sinter_is_scalar(output) || sinter_is_per_sample(output))
        add_values(into, output, values,
                   (int64_t)(output->bytes / sinter_dtype_size(output->dtype)));
      if (into->all.storage)
        memcpy((char *)into->all.data + (uint64_t)step * output->bytes, values,
               (size_t)output->bytes);
    }
  }
}

static void number_text(char *text, const sinter_tensor *output,
                        const result *from) {
  sinter_number_text(text, output, from->first, from->sum / (double)from->rows,
                     from->rows, DIGITS);
}

static void print_scalar(const evaluation *run, const char *label,
                         const sinter_tensor *output, const result *from) {
  const sinter_session *session = run->session;
  int64_t left_out =
      session->batch ? session->samples - run->full * session->batch : 0;
  if (!from->rows) {
    printf("%s has no value: %" PRId64
           " samples are less than one batch of %" PRId64 "\n",
           label, session->samples, session->batch);
    return;
  }
  char number[SINTER_NUMBER_TEXT];
  number_text(number, output, from);
  printf("%s %s", label, number);
  if (left_out)
    printf(" (mean of %" PRId64 " full batches; the last %" PRId64
           " samples are left out)",
           run->full, left_out);
  putchar('\n');
}

/* What the rows of an output without a batch axis are. */
static void print_batches(const evaluation *run, int i) {
  const sinter_session *session = run->session;
  if (!session->batch || is_concatenated(run, i))
    return;
  int64_t left_out = session->samples - run->full * session->batch;
  printf(" (a row for each of %" PRId64 " full batches", run->full);
  if (left_out)
    printf("; the last %" PRId64 " samples are left out", left_out);
  putchar(')');
}

static void print_result(const evaluation *run, int i) {
  const sinter_session *session = run->session;
  const sinter_tensor *output = sinter_session_output(session, i);
  const result *from = &run->results[i];
  char label[512], shape[SINTER_SHAPE_TEXT], number[SINTER_NUMBER_TEXT];
  snprintf(label, sizeof label, "%.200s %.200s", session->entry->name,
           output->name);
  double mean = from->rows ? from->sum / (double)from->rows : 0;
  if (sinter_is_scalar(output)) {
    print_scalar(run, label, output, from);
  } else if (sinter_is_per_sample(output) && output->dtype == SINTER_I1) {
    printf("%s %.4f (%.0f/%" PRId64 ")\n", label, mean, from->sum, from->rows);
  } else if (sinter_is_per_sample(output)) {
    number_text(number, output, from);
    printf("%s mean %s (%" PRId64 " samples)\n", label, number, from->rows);
  } else {
    sinter_shape_text(shape, from->all.shape, from->all.rank);
    printf("%s is %s %s", label, sinter_dtype_name(output->dtype), shape);
    print_batches(run, i);
    printf(": --output %s=FILE.npy writes it\n", output->name);
  }
}

static int write_result(evaluation *run, int i) {
  const sinter_session *session = run->session;
  char message[MESSAGE_BYTES], shape[SINTER_SHAPE_TEXT];
  sinter_error error = {message, sizeof message};
  result *from = &run->results[i];
  if (sinter_array_write(&from->file, &from->all, &error))
    return sinter_session_fail(session, "%s", message);
  sinter_shape_text(shape, from->all.shape, from->all.rank);
  printf("%s %s is in %s: %s %s", session->entry->name,
         sinter_session_output(session, i)->name, session->command->outputs[i],
         sinter_dtype_name(from->all.dtype), shape);
  print_batches(run, i);
  putchar('\n');
  return 0;
}

static int evaluate(evaluation *run) {
  sinter_session *session = run->session;
  for (int64_t step = 0; step < run->steps; ++step) {
    int64_t first = step * session->batch;
    int64_t count = session->samples - first;
    if (count > session->batch)
      count = session->batch;
    if (sinter_session_step(session, NULL, first, count))
      return SINTER_EXIT_BAD_INPUT;
    collect(run, step, count);
    if (sinter_interrupted()) {
      sinter_session_fail(session, "interrupted; nothing is written");
      return SIGNAL_EXIT + sinter_interrupted();
    }
  }
  for (int i = 0; i < session->entry->num_outputs; ++i) {
    if (!session->command->outputs[i])
      print_result(run, i);
    else if (write_result(run, i))
      return SINTER_EXIT_BAD_INPUT;
  }
  /* The state of an entry that draws random numbers; the place in training is
   * still the loaded one. */
  const sinter_command *command = session->command;
  char message[MESSAGE_BYTES];
  sinter_error error = {message, sizeof message};
  if (command->save &&
      sinter_state_write(session->model, session->state,
                         session->mark.known ? &session->mark : NULL,
                         command->save, &error))
    return sinter_session_fail(session, "%s", message);
  return SINTER_EXIT_DONE;
}

int sinter_evaluate(sinter_session *session) {
  evaluation run;
  memset(&run, 0, sizeof run);
  run.session = session;
  sinter_interrupt interrupt;
  sinter_interrupt_watch(&interrupt);
  int code = prepare(&run);
  if (!code)
    code = evaluate(&run);
  sinter_interrupt_end(&interrupt);
  for (int i = 0; run.results && i < session->entry->num_outputs; ++i) {
    sinter_outfile_abort(&run.results[i].file);
    sinter_array_free(&run.results[i].all);
  }
  free(run.results);
  return code;
}
