//===- MinimumCut.h - the cheapest way to part a graph in two ---*- C++ -*-===//
//
// Decisions of one kind each (to do a thing or not), and what it costs where
// two decide differently: the cheapest choice of all is a minimum cut between
// those that do and those that do not.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_MINIMUMCUT_H
#define SINTER_PASSES_SIMPLIFY_MINIMUMCUT_H

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace sinter::passes {

class MinimumCut {
public:
  /// As a cost: no cut goes through there.
  static constexpr int64_t forbidden = int64_t(1) << 60;

  int addDecision();
  /// What it costs to do it, or not to.
  void costIfDone(int decision, int64_t cost);
  void costIfLeft(int decision, int64_t cost);
  /// What it costs to do `done` and leave `left`.
  void costBetween(int done, int left, int64_t cost);

  /// Which are done in the cheapest choice; of several, in that which does the
  /// least.
  std::vector<bool> solve();

private:
  struct Edge {
    int to;
    int64_t room;
  };
  static constexpr int source = 0, sink = 1;
  void connect(int from, int to, int64_t cost);
  bool measureDistances();
  int64_t push(int node, int64_t most);

  /// An edge and its reverse are neighbours.
  std::vector<Edge> edges;
  std::vector<llvm::SmallVector<int, 4>> nodes =
      std::vector<llvm::SmallVector<int, 4>>(2);
  std::vector<int> distances, next;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_MINIMUMCUT_H
