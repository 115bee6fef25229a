/* Shapes as text, the way every message and table of the runtime prints
 * them. */
#ifndef SINTER_FILES_SHAPE_H
#define SINTER_FILES_SHAPE_H

#include <stdint.h>

#define SINTER_SHAPE_TEXT 256

/* "[128, 28, 28]"; "[]" for a scalar. `batch_axis` names a dimension that is
 * printed as N, -1 none. A text that does not fit ends in "...". */
void sinter_shape_text(char text[SINTER_SHAPE_TEXT], const int64_t *shape,
                       int32_t rank);
void sinter_batched_shape_text(char text[SINTER_SHAPE_TEXT],
                               const int64_t *shape, int32_t rank,
                               int32_t batch_axis);

#endif /* SINTER_FILES_SHAPE_H */
