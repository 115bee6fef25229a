/* Choosing the format of a file, and comparing what it holds with what an
 * entry's input wants. */
#include "files/array.h"

#include "core/dtype.h"
#include "files/shape.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void sinter_array_free(sinter_array *array) {
  free(array->storage);
  memset(array, 0, sizeof *array);
}

void sinter_array_describe(sinter_array *array, const sinter_tensor *tensor) {
  memset(array, 0, sizeof *array);
  array->dtype = tensor->dtype;
  array->rank = tensor->rank;
  /* A scalar may have no shape at all, which memcpy would not take. */
  for (int32_t d = 0; d < tensor->rank; ++d)
    array->shape[d] = tensor->shape[d];
  array->bytes = tensor->bytes;
}

void sinter_array_adopt(sinter_array *array, sinter_bytes *bytes,
                        size_t offset) {
  size_t element = sinter_dtype_size(array->dtype);
  array->storage = bytes->data;
  /* malloc aligns the start for any element; a header may end anywhere. */
  if (offset % element) {
    memmove(bytes->data, bytes->data + offset, (size_t)array->bytes);
    offset = 0;
  }
  array->data = bytes->data + offset;
  bytes->data = NULL;
  bytes->size = 0;
}

/* PATH or PATH:MEMBER, where PATH ends as an archive does. */
static int split_place(const char *place, char **path, const char **member,
                       sinter_error *error) {
  static const char *const endings[] = {".npz", ".safetensors"};
  size_t length = strlen(place);
  *member = NULL;
  for (const char *colon = strchr(place, ':'); colon;
       colon = strchr(colon + 1, ':'))
    for (int i = 0; i < 2; ++i) {
      size_t tail = strlen(endings[i]);
      if ((size_t)(colon - place) >= tail &&
          strncmp(colon - tail, endings[i], tail) == 0 && !*member) {
        *member = colon + 1;
        length = (size_t)(colon - place);
      }
    }
  *path = malloc(length + 1);
  if (!*path)
    return sinter_fail(error, "%s: not enough memory", place);
  memcpy(*path, place, length);
  (*path)[length] = 0;
  return 0;
}

static int read_stored(sinter_array *array, const char *path,
                       const char *member, const sinter_tensor *want,
                       sinter_error *error) {
  sinter_safetensors file;
  if (sinter_safetensors_open(&file, path, error))
    return 1;
  const sinter_stored_tensor *stored =
      member                  ? sinter_safetensors_find(&file, member)
      : file.num_tensors == 1 ? &file.tensors[0]
                              : sinter_safetensors_find(&file, want->name);
  int failed = 0;
  if (!stored) {
    failed = sinter_fail(error, "%s: holds no tensor '%s'%s", path,
                         member ? member : want->name,
                         member ? "" : "; name one as FILE:TENSOR");
  } else if (stored->dtype < 0) {
    failed = sinter_fail(error, "%s: '%s' has dtype %s, which Sinter has not",
                         path, stored->name, stored->dtype_name);
  } else {
    array->dtype = stored->dtype;
    array->rank = stored->rank;
    memcpy(array->shape, stored->shape, sizeof array->shape);
    array->bytes = stored->end - stored->begin;
    array->storage = malloc((size_t)array->bytes + 1);
    array->data = array->storage;
    failed = array->storage
                 ? sinter_safetensors_read(&file, stored, array->data, error)
                 : sinter_fail(error, "%s: not enough memory", path);
  }
  sinter_safetensors_close(&file);
  return failed;
}

static int begins_with(const sinter_bytes *bytes, const char *text,
                       size_t length) {
  return bytes->size >= length && memcmp(bytes->data, text, length) == 0;
}

/* The format of the bytes: by the path's ending without .gz, else by what the
 * bytes begin with. */
static int parse(sinter_array *array, sinter_bytes *bytes, const char *path,
                 const char *place, const char *member,
                 const sinter_tensor *want, sinter_error *error) {
  if (sinter_has_suffix(path, ".npz") || begins_with(bytes, "PK\3\4", 4)) {
    sinter_bytes inner = {NULL, 0};
    if (sinter_npz_extract(&inner, bytes, member, want->name, path, error))
      return 1;
    int failed = sinter_npy_parse(array, &inner, place, error);
    sinter_bytes_free(&inner);
    return failed;
  }
  if (sinter_has_suffix(path, ".npy") || sinter_has_suffix(path, ".npy.gz") ||
      begins_with(bytes, "\x93NUMPY", 6))
    return sinter_npy_parse(array, bytes, place, error);
  if (sinter_has_suffix(path, ".csv") || sinter_has_suffix(path, ".csv.gz"))
    return sinter_csv_parse(array, bytes, place, want, error);
  if (sinter_has_suffix(path, ".idx") || sinter_has_suffix(path, ".idx.gz") ||
      strstr(path, "-ubyte") || begins_with(bytes, "\0\0", 2))
    return sinter_idx_parse(array, bytes, place, error);
  return sinter_fail(error,
                     "%s: unknown format: files may be IDX, .npy, .npz, .csv "
                     "or .safetensors, the first four also with .gz",
                     place);
}

static int check_match(const sinter_array *array, const char *place,
                       const sinter_tensor *want, int64_t *samples,
                       sinter_error *error) {
  int matches = array->dtype == want->dtype && array->rank == want->rank;
  *samples = -1;
  for (int32_t d = 0; d < want->rank && matches; ++d) {
    if (d == want->batch_axis)
      *samples = array->shape[d];
    else
      matches = array->shape[d] == want->shape[d];
  }
  if (!matches) {
    char has[SINTER_SHAPE_TEXT], wants[SINTER_SHAPE_TEXT];
    sinter_shape_text(has, array->shape, array->rank);
    sinter_batched_shape_text(wants, want->shape, want->rank, want->batch_axis);
    return sinter_fail(error, "%s: holds %s %s, but input '%s' is %s %s%s",
                       place, sinter_dtype_name(array->dtype), has, want->name,
                       sinter_dtype_name(want->dtype), wants,
                       want->batch_axis >= 0 ? " for any number N of samples"
                                             : "");
  }
  if (array->dtype == SINTER_I1)
    for (uint64_t i = 0; i < array->bytes; ++i)
      if (((const unsigned char *)array->data)[i] > 1)
        return sinter_fail(error, "%s: holds a truth value that is %d", place,
                           ((const unsigned char *)array->data)[i]);
  return 0;
}

int sinter_array_read(sinter_array *array, const char *place,
                      const sinter_tensor *want, int64_t *samples,
                      sinter_error *error) {
  memset(array, 0, sizeof *array);
  char *path;
  const char *member;
  if (split_place(place, &path, &member, error))
    return 1;
  int failed;
  if (sinter_has_suffix(path, ".safetensors")) {
    failed = read_stored(array, path, member, want, error);
  } else {
    sinter_bytes bytes;
    failed = sinter_bytes_read(&bytes, path, 1, error);
    if (!failed) {
      failed = parse(array, &bytes, path, place, member, want, error);
      sinter_bytes_free(&bytes);
    }
  }
  free(path);
  if (!failed)
    failed = check_match(array, place, want, samples, error);
  if (failed)
    sinter_array_free(array);
  return failed;
}

int sinter_array_writable(const char *path) {
  return sinter_has_suffix(path, ".npy") || sinter_has_suffix(path, ".csv");
}

int sinter_array_write(sinter_outfile *file, const sinter_array *array,
                       sinter_error *error) {
  if (sinter_has_suffix(file->path, ".csv"))
    sinter_csv_write(file->stream, array);
  else
    sinter_npy_write(file->stream, array);
  return sinter_outfile_commit(file, error);
}
