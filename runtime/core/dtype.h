/* Element types, beyond what hosts see of them. */
#ifndef SINTER_CORE_DTYPE_H
#define SINTER_CORE_DTYPE_H

#include "sinter_runtime.h"

#define SINTER_NUM_DTYPES (SINTER_I1 + 1)

/* Element `index` of a dense array of `dtype`; the array may be unaligned. */
double sinter_element(int32_t dtype, const void *data, int64_t index);
/* The same, exactly, for an integer type; 0 for other types. */
int sinter_integer_element(int32_t dtype, const void *data, int64_t index,
                           int64_t *value);

#endif /* SINTER_CORE_DTYPE_H */
