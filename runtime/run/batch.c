/* Copies of runs of bytes; see the header. */
#include "run/batch.h"

#include <string.h>

sinter_layout sinter_batch_layout(const sinter_tensor *tensor) {
  sinter_layout layout = {1, 1, (int64_t)sinter_dtype_size(tensor->dtype)};
  for (int32_t d = 0; d < tensor->rank; ++d) {
    if (d < tensor->batch_axis)
      layout.outer *= tensor->shape[d];
    else if (d == tensor->batch_axis)
      layout.extent = tensor->shape[d];
    else
      layout.inner *= tensor->shape[d];
  }
  return layout;
}

void sinter_gather(void *batch, const sinter_layout *layout, const void *all,
                   int64_t samples, const int64_t *order, int64_t first,
                   int64_t count) {
  size_t bytes = (size_t)layout->inner;
  char *out = batch;
  for (int64_t group = 0; group < layout->outer; ++group) {
    const char *from = (const char *)all + group * samples * layout->inner;
    for (int64_t i = 0; i < layout->extent; ++i, out += bytes) {
      int64_t place = first + (i < count ? i : count - 1);
      int64_t sample = order ? order[place] : place;
      memcpy(out, from + sample * layout->inner, bytes);
    }
  }
}

void sinter_place(void *all, int64_t samples, const void *batch,
                  const sinter_layout *layout, int64_t first, int64_t count) {
  for (int64_t group = 0; group < layout->outer; ++group) {
    char *to = (char *)all + (group * samples + first) * layout->inner;
    const char *from =
        (const char *)batch + group * layout->extent * layout->inner;
    memcpy(to, from, (size_t)(count * layout->inner));
  }
}
