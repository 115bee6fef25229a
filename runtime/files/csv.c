/* Numbers in text: one row a line, fields apart by commas. The first line may
 * name the columns; it does if none of its fields is a number. A file has no
 * dtype, so it takes that of the input it is read for, and every field must
 * be a number of it. Written floats have enough digits to be read back
 * unchanged. */
#include "core/dtype.h"
#include "files/array.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Longer fields are no numbers. */
#define LONGEST_FIELD 63

typedef enum field_result {
  FIELD_NUMBER,
  FIELD_OTHER,
  FIELD_RANGE
} field_result;

/* The text being read; lines are counted from 1. */
typedef struct reader {
  const char *at;
  const char *end;
  int64_t line;
} reader;

static field_result put_whole(const char *text, int32_t dtype, void *out) {
  static const int64_t lowest[SINTER_NUM_DTYPES] = {[SINTER_I64] = INT64_MIN,
                                                    [SINTER_I32] = INT32_MIN,
                                                    [SINTER_I16] = INT16_MIN,
                                                    [SINTER_I8] = INT8_MIN};
  static const int64_t highest[SINTER_NUM_DTYPES] = {
      [SINTER_I64] = INT64_MAX, [SINTER_I32] = INT32_MAX,
      [SINTER_I16] = INT16_MAX, [SINTER_I8] = INT8_MAX,
      [SINTER_U8] = UINT8_MAX,  [SINTER_I1] = 1};
  char *end;
  errno = 0;
  int64_t value = strtoll(text, &end, 10);
  if (*end || end == text)
    return FIELD_OTHER;
  if (errno == ERANGE || value < lowest[dtype] || value > highest[dtype])
    return FIELD_RANGE;
  int32_t word = (int32_t)value;
  int16_t half = (int16_t)value;
  uint8_t byte = (uint8_t)value;
  size_t size = sinter_dtype_size(dtype);
  memcpy(out,
         size == 8   ? (void *)&value
         : size == 4 ? (void *)&word
         : size == 2 ? (void *)&half
                     : (void *)&byte,
         size);
  return FIELD_NUMBER;
}

/* The upper half of the binary32 that is nearest: rounded to odd before, so
 * that it is rounded once in the end. A number beyond the largest is out of
 * range. */
static field_result put_bfloat(const char *text, void *out) {
  char *end;
  errno = 0;
  double value = strtod(text, &end);
  if (*end || end == text)
    return FIELD_OTHER;
  float narrow = (float)value;
  uint32_t bits;
  memcpy(&bits, &narrow, sizeof bits);
  if (isnan(value)) {
    bits |= UINT32_C(0x400000);
  } else {
    if ((double)narrow != value && !(bits & 1))
      bits += fabs((double)narrow) < fabs(value) ? 1 : UINT32_MAX;
    bits += UINT32_C(0x7fff) + (bits >> 16 & 1);
    if ((bits & UINT32_C(0x7fff0000)) == UINT32_C(0x7f800000) &&
        (!isinf(value) || errno == ERANGE))
      return FIELD_RANGE;
  }
  uint16_t upper = (uint16_t)(bits >> 16);
  memcpy(out, &upper, sizeof upper);
  return FIELD_NUMBER;
}

/* Converts one field. An underflow is rounded as usual; an overflow that is
 * not spelled "inf" is out of range. */
static field_result put_number(const char *text, int32_t dtype, void *out) {
  char *end;
  if (dtype == SINTER_BF16)
    return put_bfloat(text, out);
  if (dtype != SINTER_F64 && dtype != SINTER_F32)
    return put_whole(text, dtype, out);
  errno = 0;
  double value = 0;
  float narrow = 0;
  if (dtype == SINTER_F64)
    value = strtod(text, &end);
  else
    narrow = strtof(text, &end);
  if (*end || end == text)
    return FIELD_OTHER;
  double magnitude = dtype == SINTER_F64 ? value : (double)narrow;
  if (errno == ERANGE && (magnitude > 1 || magnitude < -1))
    return FIELD_RANGE;
  if (dtype == SINTER_F64)
    memcpy(out, &value, sizeof value);
  else
    memcpy(out, &narrow, sizeof narrow);
  return FIELD_NUMBER;
}

/* Copies the next field, without spaces and quotes around it, and steps past
 * it. Returns whether another field follows on the line. */
static int next_field(reader *in, char field[LONGEST_FIELD + 1]) {
  const char *first = in->at, *last;
  while (in->at < in->end && *in->at != ',' && *in->at != '\n')
    ++in->at;
  last = in->at;
  while (first < last && (*first == ' ' || *first == '\t'))
    ++first;
  while (last > first &&
         (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r'))
    --last;
  if (last - first >= 2 && *first == '"' && last[-1] == '"') {
    ++first;
    --last;
  }
  size_t length = (size_t)(last - first);
  if (length > LONGEST_FIELD)
    length = LONGEST_FIELD;
  memcpy(field, first, length);
  field[length] = 0;
  if (last - first > LONGEST_FIELD || memchr(field, 0, length))
    field[0] = '?', field[1] = 0;
  int more = in->at < in->end && *in->at == ',';
  if (in->at < in->end)
    ++in->at;
  return more;
}

/* Skips lines that hold nothing. */
static void skip_empty(reader *in) {
  for (;;) {
    const char *at = in->at;
    while (at < in->end && (*at == ' ' || *at == '\t' || *at == '\r'))
      ++at;
    if (at < in->end && *at != '\n')
      return;
    in->at = at < in->end ? at + 1 : in->end;
    if (at >= in->end)
      return;
    ++in->line;
  }
}

/* Skips a first line that only names columns. */
static void skip_names(reader *in) {
  reader ahead = *in;
  char field[LONGEST_FIELD + 1];
  double value;
  int more;
  do {
    more = next_field(&ahead, field);
    if (!field[0] || put_number(field, SINTER_F64, &value) != FIELD_OTHER)
      return;
  } while (more);
  ++ahead.line;
  *in = ahead;
}

/* Reads all rows into `out`, which has room for one number a separator. */
static int read_rows(reader *in, const char *place, int32_t dtype, char *out,
                     int64_t *rows, int64_t *columns, sinter_error *error) {
  size_t element = sinter_dtype_size(dtype);
  *rows = *columns = 0;
  skip_empty(in);
  skip_names(in);
  for (skip_empty(in); in->at < in->end; skip_empty(in)) {
    int64_t column = 0;
    int more;
    do {
      char field[LONGEST_FIELD + 1];
      more = next_field(in, field);
      ++column;
      field_result result = put_number(field, dtype, out);
      if (result != FIELD_NUMBER)
        return sinter_fail(
            error,
            "%s:%" PRId64 ": column %" PRId64 ": %s%s%s "
            "is %s %s",
            place, in->line, column, field[0] ? "'" : "",
            field[0] ? field : "an empty field", field[0] ? "'" : "",
            result == FIELD_RANGE ? "out of range for" : "no number of type",
            sinter_dtype_name(dtype));
      out += element;
    } while (more);
    if (*rows && column != *columns)
      return sinter_fail(error,
                         "%s:%" PRId64 ": has %" PRId64
                         " fields, the lines before have %" PRId64,
                         place, in->line, column, *columns);
    *columns = column;
    ++*rows;
    ++in->line;
  }
  return *rows ? 0 : sinter_fail(error, "%s: holds no numbers", place);
}

/* Gives rows and columns the rank of the input: one sample a row, or for a
 * list without a batch axis also all in one row. What does not fit stays a
 * matrix, and the comparison of shapes says so. */
static void fold_shape(sinter_array *array, int64_t rows, int64_t columns,
                       const sinter_tensor *want) {
  int64_t inner = 1;
  for (int32_t d = 1; d < want->rank; ++d)
    inner *= want->shape[d];
  int folds = 1;
  if (want->rank == 0)
    folds = rows == 1 && columns == 1;
  else if (want->rank == 1 && want->batch_axis < 0)
    folds = rows == 1 || columns == 1;
  else
    folds = columns == inner && want->batch_axis <= 0 &&
            want->rank <= SINTER_MAX_RANK;
  if (!folds) {
    array->rank = 2;
    array->shape[0] = rows;
    array->shape[1] = columns;
    return;
  }
  array->rank = want->rank;
  for (int32_t d = 1; d < want->rank; ++d)
    array->shape[d] = want->shape[d];
  if (want->rank)
    array->shape[0] = want->rank == 1 ? rows * columns : rows;
}

int sinter_csv_parse(sinter_array *array, const sinter_bytes *bytes,
                     const char *place, const sinter_tensor *want,
                     sinter_error *error) {
  if (want->dtype == SINTER_F16)
    return sinter_fail(error, "%s: CSV cannot hold %s; use .npy", place,
                       sinter_dtype_name(want->dtype));
  reader in = {(const char *)bytes->data,
               (const char *)bytes->data + bytes->size, 1};
  if (bytes->size >= 3 && memcmp(in.at, "\xEF\xBB\xBF", 3) == 0)
    in.at += 3; /* byte order mark */
  size_t fields = 1;
  for (const char *at = in.at; at < in.end; ++at)
    fields += *at == ',' || *at == '\n';
  size_t element = sinter_dtype_size(want->dtype);
  array->dtype = want->dtype;
  array->storage = malloc(fields * element);
  array->data = array->storage;
  if (!array->storage)
    return sinter_fail(error, "%s: not enough memory", place);
  int64_t rows, columns;
  if (read_rows(&in, place, want->dtype, array->data, &rows, &columns, error))
    return 1;
  array->bytes = (uint64_t)rows * (uint64_t)columns * element;
  fold_shape(array, rows, columns, want);
  return 0;
}

void sinter_csv_write(FILE *stream, const sinter_array *array) {
  int64_t columns = 1;
  for (int32_t d = 1; d < array->rank; ++d)
    columns *= array->shape[d];
  size_t element = sinter_dtype_size(array->dtype);
  int64_t count = (int64_t)(array->bytes / element);
  for (int64_t i = 0; i < count; ++i) {
    char end = (i + 1) % columns ? ',' : '\n';
    int64_t exact;
    if (sinter_integer_element(array->dtype, array->data, i, &exact))
      fprintf(stream, "%" PRId64 "%c", exact, end);
    else /* 17 and 9 digits determine a binary64 and a binary32. */
      fprintf(stream, "%.*g%c", array->dtype == SINTER_F64 ? 17 : 9,
              sinter_element(array->dtype, array->data, i), end);
  }
}
