//===- RandomGraph.h - models that nobody would write -----------*- C++ -*-===//
//
// A module of one entry with random ops on random small shapes (1 and 0 among
// them), values used many times or once, written, returned, fed to scans.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_RANDOMGRAPH_H
#define SINTER_TESTS_PASSES_RANDOMGRAPH_H

#include <cstdint>
#include <string>
#include <vector>

namespace sinter::tests {

struct GraphOptions {
  int ops = 40;
  /// What dimensions are chosen from; one in forty is 0 instead.
  std::vector<int64_t> extents = {3, 3, 4, 4, 5, 1, 2};
  /// The element type of the graph's real numbers.
  std::string real = "f32";
  /// Every op on reals and integers, not only the few that matter to fusion.
  bool everyOp = false;
  /// Reals are small whole numbers, so that any order of any sum is exact; the
  /// inputs and variables must be whole and at most `exactBound` in size.
  bool exact = false;
  /// Variables move along the gradient of a value, which is a request.
  bool gradient = false;
};
inline constexpr double exactBound = 8;

/// The same text for the same seed and options.
std::string randomGraph(uint32_t seed, const GraphOptions &options);
std::string randomGraph(uint32_t seed, int ops);

} // namespace sinter::tests

#endif // SINTER_TESTS_PASSES_RANDOMGRAPH_H
