/* Sums are in double and in order, so that they do not depend on threads. */
#include "run/measure.h"

#include "core/dtype.h"
#include "core/model.h"

int sinter_is_scalar(const sinter_tensor *output) {
  return output->batch_axis < 0 && sinter_element_count(output) == 1;
}

int sinter_is_per_sample(const sinter_tensor *output) {
  return output->batch_axis == 0 && output->rank == 1;
}

double sinter_sum(const sinter_tensor *output, const void *values,
                  int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += sinter_element(output->dtype, values, i);
  return sum;
}
