//===- MathTable.h - f32 functions and their bounds -------------*- C++ -*-===//
//
// The functions that the compiler has forms of its own for, what they are
// compared with (libm in double), and the bounds that their ops state.  Shared
// by the test of every 997th number and the program that looks at all of them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LOWER_MATHTABLE_H
#define SINTER_TESTS_LOWER_MATHTABLE_H

#include "tests/lower/Compiled.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace sinter::test {

struct MathFunction {
  const char *op;
  double (*wanted)(double);
  /// In units of the last place.
  double bound;
  /// Every so many-th number in the test; a prime.
  uint64_t stride = 997;
  const char *attributes = "";
  /// wanted(−x)/wanted(x), where that is 1 or −1 for all x; else 0.
  int symmetry = 0;

  std::string entry() const;
};
extern const std::vector<MathFunction> mathFunctions;

/// Numbers in one call of an entry.
constexpr int64_t mathChunk = 1 << 16;

/// An entry of one function over a chunk each, and of `pow` and `atan2`.
std::string mathModule(const std::string &element = "f32");

/// The distance of an f32 from the true value, in units of the last place that
/// an f32 of the true value's size has.
double ulps(float got, double wanted);

float floatOfBits(uint32_t bits);

/// The largest error that was seen, and where; what is rounded correctly counts
/// as none.
struct WorstError {
  void look(float x, float got, double wanted) {
    auto rounded = static_cast<float>(wanted);
    if (std::memcmp(&got, &rounded, sizeof got) != 0)
      lookCloser(x, got, wanted);
  }
  void lookCloser(float x, float got, double wanted);
  double error = 0;
  float at = 0;
};

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_MATHTABLE_H
