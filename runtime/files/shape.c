/* Formatting only; see the header. */
#include "files/shape.h"

#include <inttypes.h>
#include <stdio.h>

/* The longest extent, ", " and "...]". */
#define LONGEST_STEP 32

void sinter_batched_shape_text(char text[SINTER_SHAPE_TEXT],
                               const int64_t *shape, int32_t rank,
                               int32_t batch_axis) {
  int length = snprintf(text, SINTER_SHAPE_TEXT, "[");
  for (int32_t d = 0; d < rank; ++d) {
    int room = SINTER_SHAPE_TEXT - length;
    const char *comma = d ? ", " : "";
    if (room < LONGEST_STEP) {
      length += snprintf(text + length, (size_t)room, ", ...");
      break;
    }
    if (d == batch_axis)
      length += snprintf(text + length, (size_t)room, "%sN", comma);
    else
      length +=
          snprintf(text + length, (size_t)room, "%s%" PRId64, comma, shape[d]);
  }
  snprintf(text + length, (size_t)(SINTER_SHAPE_TEXT - length), "]");
}

void sinter_shape_text(char text[SINTER_SHAPE_TEXT], const int64_t *shape,
                       int32_t rank) {
  sinter_batched_shape_text(text, shape, rank, -1);
}
