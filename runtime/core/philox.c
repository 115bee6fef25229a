/* Philox4x32-10: ten rounds of two 32x32 multiplications over a 128-bit
 * counter. From J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel
 * Random Numbers: As Easy as 1, 2, 3", SC 2011, with their constants. */
#include "sinter_runtime.h"

#define MULTIPLIER_0 UINT32_C(0xD2511F53)
#define MULTIPLIER_1 UINT32_C(0xCD9E8D57)
#define WEYL_0 UINT32_C(0x9E3779B9) /* golden ratio */
#define WEYL_1 UINT32_C(0xBB67AE85) /* sqrt(3) - 1 */
#define ROUNDS 10

void sinter_philox4x32(const uint32_t counter[4], const uint32_t key[2],
                       uint32_t out[4]) {
  uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < ROUNDS; ++round) {
    uint64_t product0 = (uint64_t)MULTIPLIER_0 * x0;
    uint64_t product1 = (uint64_t)MULTIPLIER_1 * x2;
    x0 = (uint32_t)(product1 >> 32) ^ x1 ^ k0;
    x2 = (uint32_t)(product0 >> 32) ^ x3 ^ k1;
    x1 = (uint32_t)product1;
    x3 = (uint32_t)product0;
    k0 += WEYL_0;
    k1 += WEYL_1;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}
