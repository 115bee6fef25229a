//===- Machine.cpp - what one core can do at most -------------------------===//

#include "Machine.h"

#include "Timing.h"

namespace bench {

#if defined(__AVX512F__)
typedef float Vector __attribute__((vector_size(64)));
#elif defined(__AVX__)
typedef float Vector __attribute__((vector_size(32)));
#else
typedef float Vector __attribute__((vector_size(16)));
#endif

double peakGigaflops() {
  // As many chains as hide the latency of four cycles on two units, and leave
  // registers for the factors.
  constexpr int chains = 12, repeats = 2000000;
  constexpr int lanes = sizeof(Vector) / sizeof(float);
  double best = 0;
  for (int attempt = 0; attempt < 7; ++attempt) {
    Vector sums[chains] = {};
    Vector a = {}, b = {};
    a += 0.5f;
    b += 0.25f;
    // The chains must not look equal to the compiler.
    for (Vector &sum : sums)
      asm volatile("" : "+x"(sum));
    double start = nowMicroseconds();
    for (int i = 0; i < repeats; ++i) {
      for (int c = 0; c < chains; ++c)
        sums[c] = sums[c] * a + b;
      // The compiler must not collapse the repeats.
      asm volatile("" : "+x"(a), "+x"(b));
    }
    double microseconds = nowMicroseconds() - start;
    Vector total = {};
    for (const Vector &sum : sums)
      total += sum;
    asm volatile("" : : "x"(total));
    double flops = 2.0 * lanes * chains * repeats;
    best = std::max(best, flops / microseconds / 1e3);
  }
  return best;
}

} // namespace bench
