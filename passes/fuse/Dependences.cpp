//===- Dependences.cpp - what a growing set of ops stands between ---------===//

#include "passes/fuse/Dependences.h"

using namespace mlir;
using namespace sinter::passes;

Dependences::Dependences(const ClusterGraph &graph, ArrayRef<Operation *> ops)
    : graph(graph), members(graph.ops().size()) {
  below.reached.resize(graph.ops().size());
  above.reached.resize(graph.ops().size());
  add(ops);
}

void Dependences::add(ArrayRef<Operation *> ops) {
  for (Operation *op : ops) {
    unsigned position = graph.positionOf(op);
    members.set(position);
    below.reached.reset(position);
    above.reached.reset(position);
    below.starts.push_back(op);
    above.starts.push_back(op);
  }
}

void Dependences::explore(Side &side, Neighbours next) {
  SmallVector<Operation *> work = std::exchange(side.starts, {});
  auto mark = [&](Operation *op) {
    side.reached.set(graph.positionOf(op));
    work.push_back(op);
  };
  auto reach = [&](Operation *op) {
    unsigned position = graph.positionOf(op);
    if (members.test(position) || side.reached.test(position))
      return;
    if (Cluster *cluster = graph.clusterOf(op))
      llvm::for_each(cluster->members, mark);
    else
      mark(op);
  };
  while (!work.empty())
    llvm::for_each(next(work.pop_back_val()), reach);
}

bool Dependences::isWhole() {
  for (unsigned position : members.set_bits())
    for (Operation *needed : graph.needs(graph.ops()[position]))
      if (!members.test(graph.positionOf(needed)) && isBelow(needed))
        return false;
  return true;
}

bool Dependences::isBelow(Operation *op) {
  // What needs nothing does not need the set.
  if (graph.needs(op).empty() && !graph.clusterOf(op))
    return false;
  explore(below, [&](Operation *op) { return graph.readers(op); });
  return below.reached.test(graph.positionOf(op));
}

bool Dependences::isAbove(Operation *op) {
  if (graph.readers(op).empty() && !graph.clusterOf(op))
    return false;
  explore(above, [&](Operation *op) { return graph.needs(op); });
  return above.reached.test(graph.positionOf(op));
}

bool Dependences::admits(ArrayRef<Operation *> ops) {
  auto isOutside = [&](Operation *op) {
    return !members.test(graph.positionOf(op)) && !llvm::is_contained(ops, op);
  };
  for (Operation *op : ops) {
    for (Operation *needed : graph.needs(op))
      if (isOutside(needed) && isBelow(needed))
        return false;
    for (Operation *reader : graph.readers(op))
      if (isOutside(reader) && isAbove(reader))
        return false;
  }
  return true;
}
