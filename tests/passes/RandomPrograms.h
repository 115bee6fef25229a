//===- RandomPrograms.h - fused modules at random ---------------*- C++ -*-===//

#ifndef SINTER_TESTS_PASSES_RANDOMPROGRAMS_H
#define SINTER_TESTS_PASSES_RANDOMPROGRAMS_H

#include <cstdint>
#include <string>

namespace sinter::test {

/// A module as `fused` leaves it, with the entry @e: calls of kernels that may
/// overwrite arguments or not, reshapes, constants, nested scans, and variables
/// that are read, kept, moved, swapped and updated.  Integers throughout, so
/// that equal means equal.  Values are rows of `width` numbers, which is even,
/// and stacks of `steps` rows, along which scans step.
std::string makeRandomProgram(uint32_t seed, int width, int steps);
/// Widths that are whole cache lines and not; stacks odd and even.
inline std::string makeRandomProgram(uint32_t seed) {
  const int widths[] = {4, 8, 10, 16}, counts[] = {3, 2, 5, 1};
  return makeRandomProgram(seed, widths[seed % 4], counts[seed / 4 % 4]);
}

} // namespace sinter::test

#endif // SINTER_TESTS_PASSES_RANDOMPROGRAMS_H
