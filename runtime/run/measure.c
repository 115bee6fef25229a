/* Sums are in double and in order, so that they do not depend on threads. */
#include "run/measure.h"

#include "core/dtype.h"
#include "core/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

int sinter_is_scalar(const sinter_tensor *output) {
  return output->batch_axis < 0 && sinter_element_count(output) == 1;
}

int sinter_is_per_sample(const sinter_tensor *output) {
  return output->batch_axis == 0 && output->rank == 1;
}

/* Up to here every whole number is a double. */
#define LARGEST_EXACT 0x1p53

void sinter_number_text(char text[SINTER_NUMBER_TEXT],
                        const sinter_tensor *output, const void *first,
                        double mean, int64_t count, int digits) {
  int64_t exact;
  if (!sinter_integer_element(output->dtype, first, 0, &exact))
    snprintf(text, SINTER_NUMBER_TEXT, "%.*g", digits, mean);
  else if (count == 1)
    snprintf(text, SINTER_NUMBER_TEXT, "%" PRId64, exact);
  else if (mean == floor(mean) && fabs(mean) < LARGEST_EXACT)
    snprintf(text, SINTER_NUMBER_TEXT, "%.0f", mean);
  else
    snprintf(text, SINTER_NUMBER_TEXT, "%.*g", digits, mean);
}

double sinter_sum(const sinter_tensor *output, const void *values,
                  int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += sinter_element(output->dtype, values, i);
  return sum;
}
