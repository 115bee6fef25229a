/* A whole file in memory, and numbers read from its bytes. */
#ifndef SINTER_FILES_BYTES_H
#define SINTER_FILES_BYTES_H

#include "files/error.h"

#include <stdint.h>

typedef struct sinter_bytes {
  unsigned char *data; /* owned, from malloc; one spare zero byte at the end */
  size_t size;
} sinter_bytes;

/* Reads the file; gzip data is inflated if `inflate` is set. */
int sinter_bytes_read(sinter_bytes *bytes, const char *path, int inflate,
                      sinter_error *error);
void sinter_bytes_free(sinter_bytes *bytes);

/* Whether `path` ends with `suffix`, in any case of letters. */
int sinter_has_suffix(const char *path, const char *suffix);

uint64_t sinter_little_endian(const unsigned char *data, int size);
uint64_t sinter_big_endian(const unsigned char *data, int size);

/* Product of a shape's extents times `element`; 1 if it overflows or an
 * extent is negative. */
int sinter_byte_count(const int64_t *shape, int rank, size_t element,
                      uint64_t *bytes);

#endif /* SINTER_FILES_BYTES_H */
