/* NumPy's .npy, versions 1 to 3: a magic string, the header's length, the
 * header as the text of a Python dict, the elements.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format
 * Little-endian and C order only. bfloat16, which NumPy lacks, is the
 * two-byte void type that ml_dtypes stores it as. */
#include "core/dtype.h"
#include "files/array.h"

#include <inttypes.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6
#define HEADER_ALIGNMENT 64

static const char *const descriptions[SINTER_NUM_DTYPES] = {
    [SINTER_F64] = "<f8", [SINTER_F32] = "<f4", [SINTER_BF16] = "|V2",
    [SINTER_F16] = "<f2", [SINTER_I64] = "<i8", [SINTER_I32] = "<i4",
    [SINTER_I16] = "<i2", [SINTER_I8] = "|i1",  [SINTER_U8] = "|u1",
    [SINTER_I1] = "|b1"};

/* The header's text, read from the front. */
typedef struct literal {
  const char *at;
  const char *end;
} literal;

static void skip_space(literal *text) {
  while (text->at < text->end && (*text->at == ' ' || *text->at == '\t' ||
                                  *text->at == '\n' || *text->at == '\r'))
    ++text->at;
}

static int accept(literal *text, char c) {
  skip_space(text);
  if (text->at >= text->end || *text->at != c)
    return 0;
  ++text->at;
  return 1;
}

static int accept_word(literal *text, const char *word) {
  size_t length = strlen(word);
  skip_space(text);
  if ((size_t)(text->end - text->at) < length ||
      memcmp(text->at, word, length) != 0)
    return 0;
  text->at += length;
  return 1;
}

/* 'text' or "text", cut to the buffer. */
static int read_string(literal *text, char *out, size_t size) {
  skip_space(text);
  if (text->at >= text->end || (*text->at != '\'' && *text->at != '"'))
    return 0;
  char quote = *text->at++;
  size_t length = 0;
  for (; text->at < text->end && *text->at != quote; ++text->at)
    if (length + 1 < size)
      out[length++] = *text->at;
  out[length] = 0;
  return accept(text, quote);
}

static int read_extent(literal *text, int64_t *extent) {
  skip_space(text);
  const char *first = text->at;
  *extent = 0;
  for (; text->at < text->end && *text->at >= '0' && *text->at <= '9';
       ++text->at) {
    if (*extent > (INT64_MAX - 9) / 10)
      return 0;
    *extent = *extent * 10 + (*text->at - '0');
  }
  int found = text->at > first;
  accept(text, 'L'); /* as Python 2 wrote them */
  return found;
}

static const char *read_shape(sinter_array *array, literal *text) {
  array->rank = 0;
  if (!accept(text, '('))
    return "its shape is no tuple";
  while (!accept(text, ')')) {
    if (array->rank == SINTER_MAX_RANK)
      return "it has more than 32 dimensions";
    if (!read_extent(text, &array->shape[array->rank++]))
      return "its shape is no tuple of numbers";
    if (!accept(text, ',')) {
      if (!accept(text, ')'))
        return "its shape does not end";
      break;
    }
  }
  return NULL;
}

static const char *read_description(sinter_array *array, literal *text) {
  char description[16];
  if (!read_string(text, description, sizeof description))
    return "its dtype is structured; Sinter reads plain numbers only";
  if (description[0] == '>' && description[1] && description[2] != '1')
    return "it is big-endian; save it as little-endian";
  for (int32_t dtype = 0; dtype < SINTER_NUM_DTYPES; ++dtype)
    if (description[0] && strchr("<|=>", description[0]) &&
        strcmp(description + 1, descriptions[dtype] + 1) == 0) {
      array->dtype = dtype;
      return NULL;
    }
  return "its dtype is not one of f8 f4 f2 i8 i4 i2 i1 u1 b1";
}

/* {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, keys in any
 * order. Returns what is wrong, or NULL. */
static const char *read_header(sinter_array *array, literal *text) {
  enum { DESCRIPTION = 1, ORDER = 2, SHAPE = 4, ALL = 7 };
  int seen = 0;
  if (!accept(text, '{'))
    return "its header is no dict";
  while (!accept(text, '}')) {
    char key[32];
    if (!read_string(text, key, sizeof key) || !accept(text, ':'))
      return "its header is no dict of keys and values";
    int field = strcmp(key, "descr") == 0           ? DESCRIPTION
                : strcmp(key, "fortran_order") == 0 ? ORDER
                : strcmp(key, "shape") == 0         ? SHAPE
                                                    : 0;
    if (!field || seen & field)
      return "its header has an unknown or repeated key";
    seen |= field;
    const char *problem = NULL;
    if (field == DESCRIPTION)
      problem = read_description(array, text);
    else if (field == SHAPE)
      problem = read_shape(array, text);
    else if (accept_word(text, "True"))
      problem = "it is in Fortran order; save numpy.ascontiguousarray of it";
    else if (!accept_word(text, "False"))
      problem = "its fortran_order is neither True nor False";
    if (problem)
      return problem;
    if (!accept(text, ',')) {
      if (!accept(text, '}'))
        return "its header does not end";
      break;
    }
  }
  skip_space(text);
  if (text->at != text->end)
    return "something follows its header's end";
  return seen == ALL ? NULL : "its header lacks descr, fortran_order or shape";
}

int sinter_npy_parse(sinter_array *array, sinter_bytes *bytes,
                     const char *place, sinter_error *error) {
  const unsigned char *data = bytes->data;
  if (bytes->size < MAGIC_BYTES + 2 || memcmp(data, MAGIC, MAGIC_BYTES) != 0)
    return sinter_fail(error, "%s: not an npy file", place);
  int version = data[MAGIC_BYTES];
  if (version < 1 || version > 3)
    return sinter_fail(error, "%s: npy version %d is unknown", place, version);
  int length_bytes = version == 1 ? 2 : 4;
  size_t start = MAGIC_BYTES + 2 + (size_t)length_bytes;
  if (bytes->size < start)
    return sinter_fail(error, "%s: cut off within the header", place);
  uint64_t length = sinter_little_endian(data + MAGIC_BYTES + 2, length_bytes);
  if (bytes->size - start < length)
    return sinter_fail(error, "%s: cut off within the header", place);
  const char *first = (const char *)data + start;
  literal text = {first, first + length};
  const char *problem = read_header(array, &text);
  if (problem)
    return sinter_fail(error, "%s: cannot use this npy file: %s", place,
                       problem);
  start += (size_t)length;
  if (sinter_byte_count(array->shape, array->rank,
                        sinter_dtype_size(array->dtype), &array->bytes) ||
      bytes->size - start < array->bytes)
    return sinter_fail(error, "%s: cut off: its header promises more data",
                       place);
  if (bytes->size - start > array->bytes)
    return sinter_fail(error, "%s: longer than its header says", place);
  sinter_array_adopt(array, bytes, start);
  return 0;
}

void sinter_npy_write(FILE *stream, const sinter_array *array) {
  /* Rank and extents are bounded, so the text is. */
  char header[128 + SINTER_MAX_RANK * 24];
  int length = snprintf(header, sizeof header,
                        "{'descr': '%s', 'fortran_order': False, 'shape': (",
                        descriptions[array->dtype]);
  for (int32_t d = 0; d < array->rank; ++d)
    length += snprintf(header + length, sizeof header - (size_t)length,
                       d ? " %" PRId64 "," : "%" PRId64 ",", array->shape[d]);
  if (array->rank > 1)
    --length; /* only a tuple of one keeps its comma */
  length += snprintf(header + length, sizeof header - (size_t)length, "), }");
  size_t start = MAGIC_BYTES + 4;
  size_t total = start + (size_t)length + 1;
  size_t padding =
      (HEADER_ALIGNMENT - total % HEADER_ALIGNMENT) % HEADER_ALIGNMENT;
  size_t stored = (size_t)length + padding + 1;
  fwrite(MAGIC "\1\0", 1, MAGIC_BYTES + 2, stream);
  fputc((int)(stored & 255), stream);
  fputc((int)(stored >> 8), stream);
  fwrite(header, 1, (size_t)length, stream);
  fprintf(stream, "%*s\n", (int)padding, "");
  fwrite(array->data, 1, (size_t)array->bytes, stream);
}
