/* IDX, the format of the MNIST files: two zero bytes, an element type, the
 * rank, then big-endian extents and elements.
 * Format: http://yann.lecun.com/exdb/mnist */
#include "core/dtype.h"
#include "files/array.h"

#include <string.h>

#define HEADER_BYTES 4
#define EXTENT_BYTES 4

static int32_t dtype_of(unsigned char code) {
  switch (code) {
  case 0x08:
    return SINTER_U8;
  case 0x09:
    return SINTER_I8;
  case 0x0B:
    return SINTER_I16;
  case 0x0C:
    return SINTER_I32;
  case 0x0D:
    return SINTER_F32;
  case 0x0E:
    return SINTER_F64;
  default:
    return -1;
  }
}

/* Big-endian to the machine's own order, in place. */
static void to_native(unsigned char *data, uint64_t bytes, size_t element) {
  for (uint64_t at = 0; at < bytes; at += element) {
    uint64_t wide = sinter_big_endian(data + at, (int)element);
    uint32_t word = (uint32_t)wide;
    uint16_t half = (uint16_t)wide;
    memcpy(data + at,
           element == 8   ? (void *)&wide
           : element == 4 ? (void *)&word
                          : (void *)&half,
           element);
  }
}

int sinter_idx_parse(sinter_array *array, sinter_bytes *bytes,
                     const char *place, sinter_error *error) {
  const unsigned char *data = bytes->data;
  if (bytes->size < HEADER_BYTES || data[0] || data[1])
    return sinter_fail(error, "%s: not an IDX file", place);
  array->dtype = dtype_of(data[2]);
  if (array->dtype < 0)
    return sinter_fail(error, "%s: unknown IDX element type 0x%02x", place,
                       data[2]);
  array->rank = data[3];
  if (array->rank > SINTER_MAX_RANK)
    return sinter_fail(error, "%s: more than %d dimensions", place,
                       SINTER_MAX_RANK);
  size_t start = HEADER_BYTES + EXTENT_BYTES * (size_t)array->rank;
  if (bytes->size < start)
    return sinter_fail(error, "%s: cut off within the header", place);
  for (int32_t d = 0; d < array->rank; ++d)
    array->shape[d] = (int64_t)sinter_big_endian(
        data + HEADER_BYTES + EXTENT_BYTES * (size_t)d, EXTENT_BYTES);
  size_t element = sinter_dtype_size(array->dtype);
  if (sinter_byte_count(array->shape, array->rank, element, &array->bytes) ||
      bytes->size - start < array->bytes)
    return sinter_fail(error, "%s: cut off: its header promises more data",
                       place);
  if (bytes->size - start > array->bytes)
    return sinter_fail(error, "%s: longer than its header says", place);
  sinter_array_adopt(array, bytes, start);
  if (element > 1)
    to_native(array->data, array->bytes, element);
  return 0;
}
