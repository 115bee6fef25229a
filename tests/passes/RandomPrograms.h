//===- RandomPrograms.h - fused modules at random ---------------*- C++ -*-===//

#ifndef SINTER_TESTS_PASSES_RANDOMPROGRAMS_H
#define SINTER_TESTS_PASSES_RANDOMPROGRAMS_H

#include <cstdint>
#include <string>

namespace sinter::test {

/// A module as `fused` leaves it, with the entry @e: calls of kernels that may
/// overwrite arguments or not, reshapes, constants, nested scans, and variables
/// that are read, kept, moved, swapped and updated.  Integers throughout, so
/// that equal means equal.
std::string makeRandomProgram(uint32_t seed);

} // namespace sinter::test

#endif // SINTER_TESTS_PASSES_RANDOMPROGRAMS_H
