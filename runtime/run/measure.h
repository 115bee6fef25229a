/* The numbers that a run shows: one a scalar output, and one an output with a
 * number for each sample. */
#ifndef SINTER_RUN_MEASURE_H
#define SINTER_RUN_MEASURE_H

#include "sinter_runtime.h"

/* Whether the output has exactly one value a step. */
int sinter_is_scalar(const sinter_tensor *output);
/* Whether the output has exactly one value a sample. */
int sinter_is_per_sample(const sinter_tensor *output);
/* Sum of the first `count` values. */
double sinter_sum(const sinter_tensor *output, const void *values,
                  int64_t count);

#endif /* SINTER_RUN_MEASURE_H */
