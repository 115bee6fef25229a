/* Saving and loading a model's state, with the place in training it belongs
 * to: what a resumed run needs to go on bit for bit. */
#ifndef SINTER_FILES_STATE_H
#define SINTER_FILES_STATE_H

#include "files/error.h"
#include "sinter_runtime.h"

/* Stored in __metadata__; all zero in a file that a host saved. */
typedef struct sinter_progress_mark {
  uint64_t seed;  /* of the shuffle */
  uint64_t epoch; /* epochs completed */
  uint64_t step;  /* steps done of the next one, by `entry` */
  /* What the steps of an epoch depend on; 0 samples: not stored. */
  uint64_t samples;
  uint64_t batch;
  int sequential;
  char entry[256];
  int known; /* whether the file had one */
} sinter_progress_mark;

/* `mark` may be NULL. */
int sinter_state_write(const sinter_model *model, const void *state,
                       const sinter_progress_mark *mark, const char *path,
                       sinter_error *error);
int sinter_state_read(const sinter_model *model, void *state,
                      sinter_progress_mark *mark, const char *path,
                      sinter_error *error);

#endif /* SINTER_FILES_STATE_H */
