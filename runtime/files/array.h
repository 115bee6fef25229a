/* An array read from a file, whatever the format, and its way back. */
#ifndef SINTER_FILES_ARRAY_H
#define SINTER_FILES_ARRAY_H

#include "files/bytes.h"
#include "files/error.h"
#include "files/outfile.h"
#include "files/safetensors.h"
#include "sinter_runtime.h"

typedef struct sinter_array {
  int32_t dtype;
  int32_t rank;
  int64_t shape[SINTER_MAX_RANK];
  uint64_t bytes;
  void *data;    /* dense, row-major, native byte order, naturally aligned */
  void *storage; /* owned; `data` lies within it */
} sinter_array;

/* Reads what `place` names: FILE, ARCHIVE.npz:MEMBER or FILE.safetensors:NAME.
 * The format follows from the name's ending, else from the content. `want` is
 * the input it is meant for: CSV has no dtype and takes this one, an archive
 * asked for no member gives the one of this name. The dtype and shape must
 * match it but for the batch extent, which becomes `samples` (-1 without a
 * batch axis). */
int sinter_array_read(sinter_array *array, const char *place,
                      const sinter_tensor *want, int64_t *samples,
                      sinter_error *error);
void sinter_array_free(sinter_array *array);

/* Gives the array the dtype, shape and size of the tensor, and no data. */
void sinter_array_describe(sinter_array *array, const sinter_tensor *tensor);

/* Whether arrays can be written to a path of this ending (.npy, .csv). */
int sinter_array_writable(const char *path);
/* Writes the array in the format of the file's ending. */
int sinter_array_write(sinter_outfile *file, const sinter_array *array,
                       sinter_error *error);

/* ---- The formats. Each takes ownership of the bytes' storage, or leaves it
 * to be freed by the caller if it fails. ------------------------------------
 */

int sinter_idx_parse(sinter_array *array, sinter_bytes *bytes,
                     const char *place, sinter_error *error);
int sinter_npy_parse(sinter_array *array, sinter_bytes *bytes,
                     const char *place, sinter_error *error);
int sinter_csv_parse(sinter_array *array, const sinter_bytes *bytes,
                     const char *place, const sinter_tensor *want,
                     sinter_error *error);
/* Takes the bytes of one member out of an archive. With `member` NULL it is
 * the only one, else the one called `fallback`. */
int sinter_npz_extract(sinter_bytes *out, const sinter_bytes *archive,
                       const char *member, const char *fallback,
                       const char *path, sinter_error *error);

void sinter_npy_write(FILE *stream, const sinter_array *array);
void sinter_csv_write(FILE *stream, const sinter_array *array);

/* Gives the array `count` elements found at `offset` of the bytes, aligned. */
void sinter_array_adopt(sinter_array *array, sinter_bytes *bytes,
                        size_t offset);

#endif /* SINTER_FILES_ARRAY_H */
