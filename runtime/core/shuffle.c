/* The order in which an epoch visits its samples.
 *
 * Fisher-Yates from the last place down. The key is the seed; block b of epoch
 * e is counter (b, e low, e high, "shuf") and yields two 64-bit draws, so the
 * order depends on (seed, epoch, n) alone and any host can reproduce it. A
 * draw r becomes an index below m as the high word of r * m: no rejection,
 * and a bias below m / 2^64. */
#include "sinter_runtime.h"

/* Keeps this stream apart from those of a model's own random ops. */
#define STREAM UINT32_C(0x73687566)

/* The high 64 bits of a * b. */
static uint64_t high_product(uint64_t a, uint64_t b) {
  uint64_t a_low = (uint32_t)a, a_high = a >> 32;
  uint64_t b_low = (uint32_t)b, b_high = b >> 32;
  uint64_t low = a_low * b_low;
  uint64_t mid = a_high * b_low + (low >> 32);
  uint64_t cross = a_low * b_high + (uint32_t)mid;
  return a_high * b_high + (mid >> 32) + (cross >> 32);
}

void sinter_shuffle(uint64_t seed, uint64_t epoch, int64_t n,
                    int64_t *permutation) {
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  uint32_t counter[4] = {0, (uint32_t)epoch, (uint32_t)(epoch >> 32), STREAM};
  uint32_t words[4];
  for (int64_t i = 0; i < n; ++i)
    permutation[i] = i;
  int available = 0;
  for (int64_t last = n - 1; last > 0; --last) {
    if (available == 0) {
      sinter_philox4x32(counter, key, words);
      ++counter[0];
      available = 2;
    }
    const uint32_t *pair = available == 2 ? words : words + 2;
    --available;
    uint64_t draw = (uint64_t)pair[1] << 32 | pair[0];
    int64_t other = (int64_t)high_product(draw, (uint64_t)last + 1);
    int64_t taken = permutation[other];
    permutation[other] = permutation[last];
    permutation[last] = taken;
  }
}
