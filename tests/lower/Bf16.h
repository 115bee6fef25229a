//===- Bf16.h - every bf16, and the nearest of them -------------*- C++ -*-===//
//
// Rounding as a search among all numbers there are: nothing of how compiled
// code or the interpreter round is in it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LOWER_BF16_H
#define SINTER_TESTS_LOWER_BF16_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace sinter::test {

/// How many bf16 there are.
constexpr int64_t everyBf16 = 1 << 16;

inline float valueOfBf16(uint16_t bits) {
  uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

/// The bits of the bf16 that is nearest to a number; 0x7fc0 for a nan.
inline uint16_t nearestOfAllBf16(double x) {
  if (std::isnan(x))
    return 0x7fc0;
  // 0 … infinity: magnitudes lie in the order of their bits.  Infinity stands
  // where the next number would, for the sake of the distance to it.
  static const std::vector<double> magnitudes = [] {
    std::vector<double> all;
    for (uint32_t bits = 0; bits < 0x7f80; ++bits)
      all.push_back(valueOfBf16(static_cast<uint16_t>(bits)));
    all.push_back(0x1p128);
    return all;
  }();
  double size = std::min(std::fabs(x), 0x1p128);
  auto above = std::lower_bound(magnitudes.begin(), magnitudes.end(), size);
  auto bits = static_cast<uint16_t>(above - magnitudes.begin());
  if (*above != size) {
    double up = *above - size, down = size - *(above - 1);
    if (down < up || (down == up && bits % 2 == 1))
      --bits;
  }
  return static_cast<uint16_t>(bits | (std::signbit(x) ? 0x8000 : 0));
}

inline bool isNanBf16(uint16_t bits) { return (bits & 0x7fff) > 0x7f80; }

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_BF16_H
