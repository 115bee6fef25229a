/* A model's variables as a safetensors file, bit for bit, under their own
 * names, dense and row-major. Tensors are stored by descending element size,
 * so that each lies aligned for readers that map the file. */
#include "files/state.h"

#include "core/dtype.h"
#include "core/model.h"
#include "files/bytes.h"
#include "files/outfile.h"
#include "files/safetensors.h"
#include "files/shape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Header and data start at multiples of this in the file. */
#define HEADER_ALIGNMENT 8
#define LARGEST_ELEMENT 8

/* Writes text as a JSON string; counts bytes only if `out` is NULL. */
static size_t put_string(FILE *out, const char *text) {
  size_t count = 2;
  if (out)
    fputc('"', out);
  for (; *text; ++text) {
    unsigned char c = (unsigned char)*text;
    char escaped[8];
    if (c == '"' || c == '\\')
      snprintf(escaped, sizeof escaped, "\\%c", c);
    else if (c < 0x20)
      snprintf(escaped, sizeof escaped, "\\u%04x", c);
    else
      snprintf(escaped, sizeof escaped, "%c", c);
    count += strlen(escaped);
    if (out)
      fputs(escaped, out);
  }
  if (out)
    fputc('"', out);
  return count;
}

static size_t put_text(FILE *out, const char *text) {
  if (out)
    fputs(text, out);
  return strlen(text);
}

static size_t put_number(FILE *out, const char *before, uint64_t number,
                         const char *after) {
  char text[64];
  snprintf(text, sizeof text, "%s%" PRIu64 "%s", before, number, after);
  return put_text(out, text);
}

static size_t put_variable(FILE *out, const sinter_tensor *variable,
                           uint64_t place) {
  size_t count = put_text(out, ",") + put_string(out, variable->name);
  count += put_text(out, ":{\"dtype\":\"") +
           put_text(out, sinter_safetensors_dtype_name(variable->dtype)) +
           put_text(out, "\",\"shape\":[");
  for (int32_t d = 0; d < variable->rank; ++d)
    count += put_number(out, d ? "," : "", (uint64_t)variable->shape[d], "");
  count += put_number(out, "],\"data_offsets\":[", place, ",");
  return count + put_number(out, "", place + variable->bytes, "]}");
}

static const char sequential[] = "sequential";

/* Writes the header's JSON, or only counts it. */
static size_t put_header(FILE *out, const sinter_model *model,
                         const sinter_progress_mark *mark) {
  size_t count =
      put_text(out, "{\"__metadata__\":{\"format\":\"sinter\",\"model\":") +
      put_string(out, model->name);
  if (mark) {
    count += put_number(out, ",\"seed\":\"", mark->seed, "\"");
    count += put_number(out, ",\"epoch\":\"", mark->epoch, "\"");
    count += put_number(out, ",\"step\":\"", mark->step, "\",\"entry\":");
    count += put_string(out, mark->entry);
    count += put_number(out, ",\"samples\":\"", mark->samples, "\"");
    count += put_number(out, ",\"batch\":\"", mark->batch, "\"");
    count += put_text(out, ",\"order\":") +
             put_string(out, mark->sequential ? sequential : "shuffle");
  }
  count += put_text(out, "}");
  uint64_t place = 0;
  for (size_t size = LARGEST_ELEMENT; size; size /= 2)
    for (int i = 0; i < model->num_variables; ++i) {
      const sinter_tensor *variable = sinter_variable_at(model, i);
      if (sinter_dtype_size(variable->dtype) != size)
        continue;
      count += put_variable(out, variable, place);
      place += variable->bytes;
    }
  return count + put_text(out, "}");
}

/* The metadata must describe dense tensors inside the state. */
static int check_model(const sinter_model *model, const void *state,
                       const char *path, sinter_error *error) {
  const char *problem = sinter_model_problem(model);
  if (problem || (!state && model->num_variables) || !path)
    return sinter_fail(error, "%s: %s", path ? path : "(no path)",
                       problem ? problem : "the state or the path is NULL");
  for (int i = 0; i < model->num_variables; ++i) {
    const sinter_tensor *variable = sinter_variable_at(model, i);
    uint64_t bytes;
    if (!sinter_dtype_size(variable->dtype) ||
        sinter_byte_count(variable->shape, variable->rank,
                          sinter_dtype_size(variable->dtype), &bytes) ||
        bytes != variable->bytes || bytes > model->state_bytes ||
        variable->offset > model->state_bytes - bytes)
      return sinter_fail(error, "%s: the model describes variable '%s' wrongly",
                         path, variable->name);
  }
  return 0;
}

int sinter_state_write(const sinter_model *model, const void *state,
                       const sinter_progress_mark *mark, const char *path,
                       sinter_error *error) {
  if (check_model(model, state, path, error))
    return 1;
  sinter_outfile file;
  if (sinter_outfile_open(&file, path, error))
    return 1;
  size_t written = put_header(NULL, model, mark);
  size_t padding =
      (HEADER_ALIGNMENT - written % HEADER_ALIGNMENT) % HEADER_ALIGNMENT;
  uint64_t header_bytes = written + padding;
  for (int i = 0; i < 8; ++i)
    fputc((int)(header_bytes >> 8 * i & 255), file.stream);
  put_header(file.stream, model, mark);
  for (size_t i = 0; i < padding; ++i)
    fputc(' ', file.stream);
  for (size_t size = LARGEST_ELEMENT; size; size /= 2)
    for (int i = 0; i < model->num_variables; ++i) {
      const sinter_tensor *variable = sinter_variable_at(model, i);
      if (sinter_dtype_size(variable->dtype) == size)
        fwrite((const char *)state + variable->offset, 1,
               (size_t)variable->bytes, file.stream);
    }
  return sinter_outfile_commit(&file, error);
}

static int check_variable(const sinter_safetensors *file,
                          const sinter_model *model,
                          const sinter_tensor *variable, sinter_error *error) {
  const sinter_stored_tensor *stored =
      sinter_safetensors_find(file, variable->name);
  if (!stored) {
    const char *other = sinter_safetensors_note(file, "model");
    return sinter_fail(
        error, "%s: variable '%s' of model '%s' is missing%s%s%s", file->path,
        variable->name, model->name, other ? " (the file is of model '" : "",
        other ? other : "", other ? "')" : "");
  }
  if (stored->dtype == variable->dtype && stored->rank == variable->rank &&
      (variable->rank == 0 ||
       memcmp(stored->shape, variable->shape,
              (size_t)variable->rank * sizeof *variable->shape) == 0))
    return 0;
  char has[SINTER_SHAPE_TEXT], wants[SINTER_SHAPE_TEXT];
  sinter_shape_text(has, stored->shape, stored->rank);
  sinter_shape_text(wants, variable->shape, variable->rank);
  return sinter_fail(error,
                     "%s: '%s' is %s %s, but the model's variable is %s %s",
                     file->path, variable->name, stored->dtype_name, has,
                     sinter_safetensors_dtype_name(variable->dtype), wants);
}

/* Other bytes than 0 and 1 would be no i1, and generated code relies on it. */
static int check_truths(const sinter_safetensors *file,
                        const sinter_stored_tensor *stored,
                        sinter_error *error) {
  size_t bytes = (size_t)(stored->end - stored->begin);
  unsigned char *truths = malloc(bytes + 1);
  if (!truths)
    return sinter_fail(error, "%s: not enough memory", file->path);
  int failed = sinter_safetensors_read(file, stored, truths, error);
  for (size_t i = 0; i < bytes && !failed; ++i)
    if (truths[i] > 1)
      failed = sinter_fail(error, "%s: '%s' holds a BOOL that is %d",
                           file->path, stored->name, truths[i]);
  free(truths);
  return failed;
}

static uint64_t noted_number(const sinter_safetensors *file, const char *key) {
  const char *text = sinter_safetensors_note(file, key);
  return text ? strtoull(text, NULL, 10) : 0;
}

static void read_mark(const sinter_safetensors *file,
                      sinter_progress_mark *mark) {
  memset(mark, 0, sizeof *mark);
  const char *format = sinter_safetensors_note(file, "format");
  const char *entry = sinter_safetensors_note(file, "entry");
  if (!format || strcmp(format, "sinter") != 0 || !entry)
    return;
  mark->known = 1;
  mark->seed = noted_number(file, "seed");
  mark->epoch = noted_number(file, "epoch");
  mark->step = noted_number(file, "step");
  mark->samples = noted_number(file, "samples");
  mark->batch = noted_number(file, "batch");
  const char *order = sinter_safetensors_note(file, "order");
  mark->sequential = order && strcmp(order, sequential) == 0;
  snprintf(mark->entry, sizeof mark->entry, "%s", entry);
}

int sinter_state_read(const sinter_model *model, void *state,
                      sinter_progress_mark *mark, const char *path,
                      sinter_error *error) {
  if (check_model(model, state, path, error))
    return 1;
  sinter_safetensors file;
  if (sinter_safetensors_open(&file, path, error))
    return 1;
  int failed = 0;
  for (int i = 0; i < model->num_variables && !failed; ++i) {
    const sinter_tensor *variable = sinter_variable_at(model, i);
    failed = check_variable(&file, model, variable, error);
    if (!failed && variable->dtype == SINTER_I1)
      failed = check_truths(
          &file, sinter_safetensors_find(&file, variable->name), error);
  }
  for (int i = 0; i < model->num_variables && !failed; ++i) {
    const sinter_tensor *variable = sinter_variable_at(model, i);
    failed = sinter_safetensors_read(
        &file, sinter_safetensors_find(&file, variable->name),
        (char *)state + variable->offset, error);
  }
  if (!failed && mark)
    read_mark(&file, mark);
  sinter_safetensors_close(&file);
  return failed;
}

int sinter_state_save(const sinter_model *model, const void *state,
                      const char *path, char *error, size_t error_size) {
  sinter_error message = {error, error_size};
  return sinter_state_write(model, state, NULL, path, &message);
}

int sinter_state_load(const sinter_model *model, void *state, const char *path,
                      char *error, size_t error_size) {
  sinter_error message = {error, error_size};
  return sinter_state_read(model, state, NULL, path, &message);
}
