/* The numbers that a run shows: one a scalar output, and one an output with a
 * number for each sample. */
#ifndef SINTER_RUN_MEASURE_H
#define SINTER_RUN_MEASURE_H

#include "sinter_runtime.h"

#include <stddef.h>

/* Room for the text of any number. */
#define SINTER_NUMBER_TEXT 32

/* Whether the output has exactly one value a step. */
int sinter_is_scalar(const sinter_tensor *output);
/* Whether the output has exactly one value a sample. */
int sinter_is_per_sample(const sinter_tensor *output);
/* Writes the mean of `count` values of the output: of integers exactly where
 * it is the only one, which is at `first`, or whole; else to `digits`. */
void sinter_number_text(char text[SINTER_NUMBER_TEXT],
                        const sinter_tensor *output, const void *first,
                        double mean, int64_t count, int digits);
/* Sum of the first `count` values. */
double sinter_sum(const sinter_tensor *output, const void *values,
                  int64_t count);

#endif /* SINTER_RUN_MEASURE_H */
