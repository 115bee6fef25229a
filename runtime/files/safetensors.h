/* The safetensors container: a header in JSON that names tensors, then their
 * bytes. Format: https://github.com/huggingface/safetensors. */
#ifndef SINTER_FILES_SAFETENSORS_H
#define SINTER_FILES_SAFETENSORS_H

#include "files/error.h"

#include <stdint.h>
#include <stdio.h>

/* No tensor of a file may have more dimensions. */
#define SINTER_MAX_RANK 32

typedef struct sinter_stored_tensor {
  const char *name;
  const char *dtype_name; /* as the file spells it, "F32" */
  int32_t dtype;          /* sinter_dtype, or -1 for one Sinter has not */
  int32_t rank;
  int64_t shape[SINTER_MAX_RANK];
  uint64_t begin, end; /* within the data */
} sinter_stored_tensor;

typedef struct sinter_stored_note {
  const char *key;
  const char *value;
} sinter_stored_note;

typedef struct sinter_safetensors {
  FILE *stream;
  char *path;
  char *header;
  uint64_t data_start;
  sinter_stored_tensor *tensors; /* sorted by name */
  int64_t num_tensors;
  sinter_stored_note *notes; /* of __metadata__ */
  int64_t num_notes;
} sinter_safetensors;

/* Opens a file and checks its whole header: every tensor lies inside the
 * data, none overlap, nothing is missing or left over. */
int sinter_safetensors_open(sinter_safetensors *file, const char *path,
                            sinter_error *error);
void sinter_safetensors_close(sinter_safetensors *file);

const sinter_stored_tensor *
sinter_safetensors_find(const sinter_safetensors *file, const char *name);
/* The value of a key of __metadata__, or NULL. */
const char *sinter_safetensors_note(const sinter_safetensors *file,
                                    const char *key);
int sinter_safetensors_read(const sinter_safetensors *file,
                            const sinter_stored_tensor *tensor, void *data,
                            sinter_error *error);

/* "F32" for SINTER_F32. */
const char *sinter_safetensors_dtype_name(int32_t dtype);

#endif /* SINTER_FILES_SAFETENSORS_H */
