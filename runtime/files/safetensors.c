/* Reading safetensors. Nothing in the header is believed before it is checked:
 * lengths against the size of the file, offsets against dtype and shape,
 * tensors against each other. As in the reference implementation the data
 * must be covered without a gap, which is what finds a truncated file. */
#include "files/safetensors.h"

#include "core/dtype.h"
#include "files/bytes.h"
#include "files/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The limit of the reference implementation. */
#define MAX_HEADER_BYTES UINT64_C(100000000)
#define LENGTH_BYTES 8

static const char *const dtype_names[SINTER_NUM_DTYPES] = {
    [SINTER_F64] = "F64", [SINTER_F32] = "F32", [SINTER_BF16] = "BF16",
    [SINTER_F16] = "F16", [SINTER_I64] = "I64", [SINTER_I32] = "I32",
    [SINTER_I16] = "I16", [SINTER_I8] = "I8",   [SINTER_U8] = "U8",
    [SINTER_I1] = "BOOL"};

const char *sinter_safetensors_dtype_name(int32_t dtype) {
  return dtype >= 0 && dtype < SINTER_NUM_DTYPES ? dtype_names[dtype] : NULL;
}

static int32_t dtype_of(const char *name) {
  for (int32_t dtype = 0; dtype < SINTER_NUM_DTYPES; ++dtype)
    if (strcmp(dtype_names[dtype], name) == 0)
      return dtype;
  return -1;
}

/* Room for one more element of `size` bytes in an array of `count`, whose
 * capacity is the next power of two. */
static void *with_room(void *array, int64_t count, size_t size) {
  if (count & (count - 1) || (count == 0 && array))
    return array;
  return realloc(array, (count ? (size_t)count * 2 : 1) * size);
}

static int read_notes(sinter_safetensors *file, sinter_json *json) {
  if (!sinter_json_expect(json, '{'))
    return 1;
  if (sinter_json_accept(json, '}'))
    return 0;
  do {
    sinter_stored_note *notes =
        with_room(file->notes, file->num_notes, sizeof *notes);
    if (!notes) {
      json->problem = "there is not enough memory for it";
      return 1;
    }
    file->notes = notes;
    sinter_stored_note *note = &notes[file->num_notes];
    note->key = sinter_json_string(json);
    if (!note->key || !sinter_json_expect(json, ':'))
      return 1;
    note->value = sinter_json_string(json);
    if (!note->value)
      return 1;
    ++file->num_notes;
  } while (sinter_json_accept(json, ','));
  return !sinter_json_expect(json, '}');
}

static int read_shape(sinter_stored_tensor *tensor, sinter_json *json) {
  if (!sinter_json_expect(json, '['))
    return 1;
  if (sinter_json_accept(json, ']'))
    return 0;
  do {
    if (tensor->rank == SINTER_MAX_RANK) {
      json->problem = "a shape has more than 32 dimensions";
      return 1;
    }
    int64_t extent = sinter_json_whole(json);
    if (extent < 0)
      return 1;
    tensor->shape[tensor->rank++] = extent;
  } while (sinter_json_accept(json, ','));
  return !sinter_json_expect(json, ']');
}

static int read_offsets(sinter_stored_tensor *tensor, sinter_json *json) {
  if (!sinter_json_expect(json, '['))
    return 1;
  int64_t begin = sinter_json_whole(json);
  if (begin < 0 || !sinter_json_expect(json, ','))
    return 1;
  int64_t end = sinter_json_whole(json);
  if (end < 0 || !sinter_json_expect(json, ']'))
    return 1;
  tensor->begin = (uint64_t)begin;
  tensor->end = (uint64_t)end;
  return 0;
}

/* {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}; other keys are
 * allowed and ignored. */
static int read_tensor(sinter_stored_tensor *tensor, sinter_json *json) {
  enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, ALL = 7 };
  int seen = 0;
  if (!sinter_json_expect(json, '{'))
    return 1;
  if (!sinter_json_accept(json, '}')) {
    do {
      const char *key = sinter_json_string(json);
      if (!key || !sinter_json_expect(json, ':'))
        return 1;
      int field = strcmp(key, "dtype") == 0          ? DTYPE
                  : strcmp(key, "shape") == 0        ? SHAPE
                  : strcmp(key, "data_offsets") == 0 ? OFFSETS
                                                     : 0;
      if (seen & field) {
        json->problem = "a tensor gives the same key twice";
        return 1;
      }
      seen |= field;
      int failed = 0;
      if (field == DTYPE) {
        tensor->dtype_name = sinter_json_string(json);
        failed = !tensor->dtype_name;
      } else if (field == SHAPE) {
        failed = read_shape(tensor, json);
      } else if (field == OFFSETS) {
        failed = read_offsets(tensor, json);
      } else {
        failed = !sinter_json_skip(json);
      }
      if (failed)
        return 1;
    } while (sinter_json_accept(json, ','));
    if (!sinter_json_expect(json, '}'))
      return 1;
  }
  if (seen != ALL) {
    json->problem = "a tensor lacks its dtype, shape or data_offsets";
    return 1;
  }
  tensor->dtype = dtype_of(tensor->dtype_name);
  return 0;
}

static int read_header(sinter_safetensors *file, sinter_json *json) {
  int has_notes = 0;
  if (!sinter_json_expect(json, '{'))
    return 1;
  if (!sinter_json_accept(json, '}')) {
    do {
      sinter_stored_tensor tensor;
      memset(&tensor, 0, sizeof tensor);
      tensor.name = sinter_json_string(json);
      if (!tensor.name || !sinter_json_expect(json, ':'))
        return 1;
      if (strcmp(tensor.name, "__metadata__") == 0) {
        if (has_notes++) {
          json->problem = "__metadata__ is given twice";
          return 1;
        }
        if (read_notes(file, json))
          return 1;
        continue;
      }
      sinter_stored_tensor *tensors =
          with_room(file->tensors, file->num_tensors, sizeof *tensors);
      if (!tensors) {
        json->problem = "there is not enough memory for it";
        return 1;
      }
      file->tensors = tensors;
      if (read_tensor(&tensor, json))
        return 1;
      tensors[file->num_tensors++] = tensor;
    } while (sinter_json_accept(json, ','));
    if (!sinter_json_expect(json, '}'))
      return 1;
  }
  if (!sinter_json_at_end(json)) {
    json->problem = "something follows the header's end";
    return 1;
  }
  return 0;
}

static int by_place(const void *left, const void *right) {
  const sinter_stored_tensor *a = left, *b = right;
  if (a->begin != b->begin)
    return a->begin < b->begin ? -1 : 1;
  return (a->end > b->end) - (a->end < b->end);
}

static int by_name(const void *left, const void *right) {
  const sinter_stored_tensor *a = left, *b = right;
  return strcmp(a->name, b->name);
}

static int check_tensors(sinter_safetensors *file, uint64_t data_bytes,
                         sinter_error *error) {
  size_t count = (size_t)file->num_tensors;
  for (size_t i = 0; i < count; ++i) {
    const sinter_stored_tensor *tensor = &file->tensors[i];
    if (tensor->begin > tensor->end || tensor->end > data_bytes)
      return sinter_fail(
          error,
          "%s: tensor '%s' lies outside the file's data (bytes "
          "%llu to %llu of %llu): the file is damaged or cut "
          "off",
          file->path, tensor->name, (unsigned long long)tensor->begin,
          (unsigned long long)tensor->end, (unsigned long long)data_bytes);
    uint64_t bytes;
    if (tensor->dtype >= 0 &&
        (sinter_byte_count(tensor->shape, tensor->rank,
                           sinter_dtype_size(tensor->dtype), &bytes) ||
         bytes != tensor->end - tensor->begin))
      return sinter_fail(error,
                         "%s: tensor '%s' has %llu bytes, which is not what "
                         "its dtype and shape say",
                         file->path, tensor->name,
                         (unsigned long long)(tensor->end - tensor->begin));
  }
  if (count)
    qsort(file->tensors, count, sizeof *file->tensors, by_place);
  uint64_t covered = 0;
  for (size_t i = 0; i < count; ++i) {
    const sinter_stored_tensor *tensor = &file->tensors[i];
    if (tensor->begin != covered)
      return sinter_fail(error, "%s: tensor '%s' %s", file->path, tensor->name,
                         tensor->begin < covered
                             ? "overlaps another"
                             : "leaves a gap before its data");
    covered = tensor->end;
  }
  if (covered != data_bytes)
    return sinter_fail(error, "%s: %llu bytes belong to no tensor", file->path,
                       (unsigned long long)(data_bytes - covered));
  if (count)
    qsort(file->tensors, count, sizeof *file->tensors, by_name);
  for (size_t i = 1; i < count; ++i)
    if (by_name(&file->tensors[i - 1], &file->tensors[i]) == 0)
      return sinter_fail(error, "%s: tensor '%s' is there twice", file->path,
                         file->tensors[i].name);
  return 0;
}

static int read_and_check(sinter_safetensors *file, sinter_error *error) {
  unsigned char length[LENGTH_BYTES];
  if (fseeko(file->stream, 0, SEEK_END))
    return sinter_fail(error, "%s: cannot read: %s", file->path,
                       strerror(errno));
  uint64_t size = (uint64_t)ftello(file->stream);
  rewind(file->stream);
  errno = 0;
  if (fread(length, 1, LENGTH_BYTES, file->stream) != LENGTH_BYTES)
    return errno ? sinter_fail(error, "%s: cannot read: %s", file->path,
                               strerror(errno))
                 : sinter_fail(error,
                               "%s: not a safetensors file: shorter than 8 "
                               "bytes",
                               file->path);
  uint64_t header_bytes = sinter_little_endian(length, LENGTH_BYTES);
  if (header_bytes > MAX_HEADER_BYTES)
    return sinter_fail(error,
                       "%s: not a safetensors file: its header would have "
                       "%llu bytes",
                       file->path, (unsigned long long)header_bytes);
  if (header_bytes > size - LENGTH_BYTES)
    return sinter_fail(error, "%s: cut off within the header", file->path);
  file->header = malloc((size_t)header_bytes + 1);
  if (!file->header)
    return sinter_fail(error, "%s: not enough memory for its header",
                       file->path);
  if (fread(file->header, 1, (size_t)header_bytes, file->stream) !=
      header_bytes)
    return sinter_fail(error, "%s: cannot read its header", file->path);
  sinter_json json = {file->header, file->header + header_bytes, NULL};
  if (read_header(file, &json))
    return sinter_fail(error, "%s: the safetensors header is wrong: %s",
                       file->path,
                       json.problem ? json.problem : "it is cut off");
  file->data_start = LENGTH_BYTES + header_bytes;
  return check_tensors(file, size - file->data_start, error);
}

int sinter_safetensors_open(sinter_safetensors *file, const char *path,
                            sinter_error *error) {
  memset(file, 0, sizeof *file);
  file->stream = fopen(path, "rb");
  if (!file->stream)
    return sinter_fail(error, "%s: cannot open: %s", path, strerror(errno));
  file->path = malloc(strlen(path) + 1);
  if (!file->path) {
    sinter_safetensors_close(file);
    return sinter_fail(error, "%s: not enough memory", path);
  }
  strcpy(file->path, path);
  if (read_and_check(file, error)) {
    sinter_safetensors_close(file);
    return 1;
  }
  return 0;
}

void sinter_safetensors_close(sinter_safetensors *file) {
  if (file->stream)
    fclose(file->stream);
  free(file->path);
  free(file->header);
  free(file->tensors);
  free(file->notes);
  memset(file, 0, sizeof *file);
}

const sinter_stored_tensor *
sinter_safetensors_find(const sinter_safetensors *file, const char *name) {
  sinter_stored_tensor key;
  key.name = name;
  if (!file->num_tensors)
    return NULL;
  return bsearch(&key, file->tensors, (size_t)file->num_tensors, sizeof key,
                 by_name);
}

const char *sinter_safetensors_note(const sinter_safetensors *file,
                                    const char *key) {
  for (int64_t i = 0; i < file->num_notes; ++i)
    if (strcmp(file->notes[i].key, key) == 0)
      return file->notes[i].value;
  return NULL;
}

int sinter_safetensors_read(const sinter_safetensors *file,
                            const sinter_stored_tensor *tensor, void *data,
                            sinter_error *error) {
  size_t bytes = (size_t)(tensor->end - tensor->begin);
  off_t place = (off_t)(file->data_start + tensor->begin);
  if (bytes && (fseeko(file->stream, place, SEEK_SET) ||
                fread(data, 1, bytes, file->stream) != bytes))
    return sinter_fail(error, "%s: cannot read tensor '%s'", file->path,
                       tensor->name);
  return 0;
}
