/* Moving samples between whole arrays and batches, along the batch axis. */
#ifndef SINTER_RUN_BATCH_H
#define SINTER_RUN_BATCH_H

#include "sinter_runtime.h"

/* How a tensor with `extent` samples lies in memory: `outer` groups of
 * `extent` runs of `inner` bytes. */
typedef struct sinter_layout {
  int64_t outer;
  int64_t extent;
  int64_t inner;
} sinter_layout;

/* The layout of a tensor that has a batch axis. */
sinter_layout sinter_batch_layout(const sinter_tensor *tensor);

/* Fills a batch with samples order[first], order[first + 1], … of `samples`
 * (NULL: first, first + 1, …), `count` of them; the rest of the batch repeats
 * the last. */
void sinter_gather(void *batch, const sinter_layout *layout, const void *all,
                   int64_t samples, const int64_t *order, int64_t first,
                   int64_t count);

/* Puts the first `count` samples of a batch to places first, first + 1, … */
void sinter_place(void *all, int64_t samples, const void *batch,
                  const sinter_layout *layout, int64_t first, int64_t count);

#endif /* SINTER_RUN_BATCH_H */
