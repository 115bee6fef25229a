//===- Data.h - the numbers in parameters and inputs ------------*- C++ -*-===//
//
// A hash of (seed, index), the finalizer of MurmurHash3, so that every
// contender has the same numbers whatever its language and its layout.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_DATA_H
#define SINTER_TOOLS_BENCH_DATA_H

#include "Workload.h"

namespace bench {

inline uint32_t hashed(uint32_t index, uint32_t seed) {
  uint32_t x = index + seed * 0x9E3779B9u;
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  x ^= x >> 16;
  return x;
}

/// Uniform in [−scale, scale).
inline float hashedFloat(uint32_t index, uint32_t seed, float scale) {
  return static_cast<float>((hashed(index, seed) * 0x1p-32 - 0.5) * 2.0 *
                            scale);
}

/// The floats of a source, row-major in its own shape.
inline void fill(const Source &source, float *to) {
  auto n = static_cast<uint32_t>(source.size());
  for (uint32_t i = 0; i < n; ++i)
    to[i] = source.offset + hashedFloat(i, source.seed, source.scale);
  if (source.addedSeed)
    for (uint32_t i = 0; i < n; ++i)
      to[i] += hashedFloat(i, source.addedSeed, source.scale);
}
inline std::vector<float> floats(const Source &source) {
  std::vector<float> result(source.size());
  fill(source, result.data());
  return result;
}

/// The integers of a source with classes.
template <class Integer> void fillClasses(const Source &source, Integer *to) {
  auto n = static_cast<uint32_t>(source.size());
  for (uint32_t i = 0; i < n; ++i)
    to[i] = static_cast<Integer>(hashed(i, source.seed) % source.classes);
}

} // namespace bench

#endif // SINTER_TOOLS_BENCH_DATA_H
