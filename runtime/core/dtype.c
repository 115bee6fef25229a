/* What the runtime knows about element types: size, name, and the value of an
 * element as a double, which is what means and printing need. */
#include "core/dtype.h"

#include <math.h>
#include <string.h>

typedef struct dtype_row {
  const char *name;
  size_t size;
} dtype_row;

static const dtype_row rows[] = {
    [SINTER_F64] = {"f64", 8},   [SINTER_F32] = {"f32", 4},
    [SINTER_BF16] = {"bf16", 2}, [SINTER_F16] = {"f16", 2},
    [SINTER_I64] = {"i64", 8},   [SINTER_I32] = {"i32", 4},
    [SINTER_I16] = {"i16", 2},   [SINTER_I8] = {"i8", 1},
    [SINTER_U8] = {"u8", 1},     [SINTER_I1] = {"i1", 1},
};

static const dtype_row *row_of(int32_t dtype) {
  if (dtype < 0 || dtype >= SINTER_NUM_DTYPES)
    return NULL;
  return &rows[dtype];
}

size_t sinter_dtype_size(int32_t dtype) {
  const dtype_row *row = row_of(dtype);
  return row ? row->size : 0;
}

const char *sinter_dtype_name(int32_t dtype) {
  const dtype_row *row = row_of(dtype);
  return row ? row->name : NULL;
}

/* IEEE binary16: one sign, five exponent, ten fraction bits. */
static double half_value(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  int fraction = bits & 1023;
  double magnitude;
  if (exponent == 31)
    magnitude = fraction ? (double)NAN : (double)INFINITY;
  else if (exponent == 0)
    magnitude = ldexp(fraction, -24);
  else
    magnitude = ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

/* bfloat16 is the upper half of a binary32. */
static double bfloat_value(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return (double)value;
}

#define LOAD(type)                                                             \
  do {                                                                         \
    type value;                                                                \
    memcpy(&value, (const char *)data + index * (int64_t)sizeof value,         \
           sizeof value);                                                      \
    return (double)value;                                                      \
  } while (0)

double sinter_element(int32_t dtype, const void *data, int64_t index) {
  uint16_t bits;
  switch (dtype) {
  case SINTER_F64:
    LOAD(double);
  case SINTER_F32:
    LOAD(float);
  case SINTER_I64:
    LOAD(int64_t);
  case SINTER_I32:
    LOAD(int32_t);
  case SINTER_I16:
    LOAD(int16_t);
  case SINTER_I8:
    LOAD(int8_t);
  case SINTER_U8:
  case SINTER_I1:
    LOAD(uint8_t);
  case SINTER_BF16:
  case SINTER_F16:
    memcpy(&bits, (const char *)data + index * 2, sizeof bits);
    return dtype == SINTER_F16 ? half_value(bits) : bfloat_value(bits);
  default:
    return 0;
  }
}

int sinter_integer_element(int32_t dtype, const void *data, int64_t index,
                           int64_t *value) {
  if (dtype == SINTER_I64) {
    memcpy(value, (const char *)data + index * (int64_t)sizeof *value,
           sizeof *value);
    return 1;
  }
  /* The others are exact as doubles. */
  if (dtype < SINTER_I64 || dtype > SINTER_I1)
    return 0;
  *value = (int64_t)sinter_element(dtype, data, index);
  return 1;
}
