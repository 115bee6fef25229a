//===- Packer.h - buffers with lifetimes into one arena ---------*- C++ -*-===//
//
// Offsets for buffers that live from one moment to another, so that no two that
// are alive at once overlap and the arena is small: dynamic storage allocation.
// Knows nothing of MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PLAN_PACKER_PACKER_H
#define SINTER_PASSES_PLAN_PACKER_PACKER_H

#include <cstdint>
#include <vector>

namespace sinter::plan {

/// Offsets and sizes are multiples of a cache line, which is also the widest
/// vector.
inline constexpr int64_t alignment = 64;

/// The next multiple of `alignment`.
inline int64_t alignedSize(int64_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// A buffer alive at the moments first, first + 1, …, last.
struct Interval {
  int64_t bytes = 0;
  int64_t first = 0, last = 0;
};

struct Packing {
  /// One for each interval, multiples of `alignment`.
  std::vector<int64_t> offsets;
  /// Bytes of the arena.
  int64_t total = 0;
  /// The most bytes (of aligned sizes) alive at one moment: no packing is
  /// smaller.
  int64_t lowerBound = 0;
};

/// The most aligned bytes alive at one moment.
int64_t getLowerBound(const std::vector<Interval> &intervals);

/// How much work may go into a plan.  More never gives a larger arena.
enum class Effort {
  /// Greedy orders only.
  Greedy,
  /// A local search of a few hundredths of a second.
  Bounded,
  /// The same search, a hundred times longer.
  Long,
};

/// Packs; the same intervals in the same order always give the same offsets.
Packing pack(const std::vector<Interval> &intervals,
             Effort effort = Effort::Bounded);

} // namespace sinter::plan

#endif // SINTER_PASSES_PLAN_PACKER_PACKER_H
