//===- ClusterGraph.cpp - the ops of a block, in clusters -----------------===//

#include "passes/fuse/ClusterGraph.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

bool Cluster::isRow() const {
  return !reduced.empty() &&
         reduced.front() == static_cast<int64_t>(space.size() - reduced.size());
}

ClusterGraph::ClusterGraph(Block &block, bool fuse) : floating(block, fuse) {
  for (Operation &op : block) {
    positions[&op] = order.size();
    order.push_back(&op);
  }
}

bool ClusterGraph::isUnclaimed(Operation *op) const {
  return kindOf(op) != OpKind::Free && !floating.floats(op) &&
         !owners.contains(op);
}

Cluster &ClusterGraph::create(Operation *root) {
  Cluster &cluster = *all.emplace_back(std::make_unique<Cluster>());
  cluster.root = root;
  cluster.kind = kindOf(root);
  cluster.space = llvm::to_vector(shapeOf(root));
  if (cluster.kind == OpKind::Reduction) {
    cluster.space = llvm::to_vector(shapeOf(root->getOperand(0)));
    cluster.reduced = reducedDimensions(root);
    cluster.kept = llvm::to_vector(shapeOf(root));
  }
  add(cluster, root);
  return cluster;
}

void ClusterGraph::add(Cluster &cluster, Operation *op) {
  cluster.members.push_back(op);
  owners[op] = &cluster;
}

void ClusterGraph::merge(Cluster &into, Cluster &from) {
  for (Operation *op : from.members)
    add(into, op);
  llvm::append_range(into.refusals, from.refusals);
  from.members.clear();
  from.refusals.clear();
}

/// Whether `op` repeats exactly what the cluster's reductions leave.
static bool spreads(BroadcastOp op, const Cluster &cluster) {
  if (shapeOf(op.getOperation()) != ArrayRef(cluster.space) ||
      shapeOf(op.getOperand()) != ArrayRef(cluster.kept))
    return false;
  for (int64_t dim : op.getDimensions())
    if (llvm::is_contained(cluster.reduced, dim))
      return false;
  return true;
}

void ClusterGraph::trace(Value value, Access access, const Cluster *spread,
                         SmallVectorImpl<Trace> &into) const {
  Operation *producer = value.getDefiningOp();
  if (!producer || kindOf(producer) == OpKind::Free) {
    into.push_back({producer, value, access});
    return;
  }
  if (!floating.floats(producer)) {
    into.push_back({producer, value, access});
    return;
  }
  if (kindOf(producer) == OpKind::Movement) {
    auto broadcast = dyn_cast<BroadcastOp>(producer);
    access = access == Access::Same && broadcast && spread &&
                     spreads(broadcast, *spread)
                 ? Access::Spread
                 : Access::Moved;
  }
  for (Value operand : producer->getOperands())
    trace(operand, access, spread, into);
}

SmallVector<Trace> ClusterGraph::reads(Operation *op,
                                       const Cluster *spread) const {
  SmallVector<Trace> result;
  // A movement that does not float still moves what it reads.
  Access access = kindOf(op) == OpKind::Movement ? Access::Moved : Access::Same;
  for (Value operand : op->getOperands())
    trace(operand, access, spread, result);
  return result;
}

SmallVector<Operation *> ClusterGraph::readers(Operation *op) const {
  llvm::SmallSetVector<Operation *, 4> found;
  for (Value result : op->getResults())
    for (Operation *user : result.getUsers())
      found.insert(floating.anchorOf(user));
  SmallVector<Operation *> sorted = found.takeVector();
  llvm::sort(sorted, [&](Operation *a, Operation *b) {
    return positionOf(a) < positionOf(b);
  });
  return sorted;
}

bool ClusterGraph::canRunAsOne(ArrayRef<Operation *> ops) const {
  llvm::SmallPtrSet<Operation *, 32> unit;
  for (Operation *op : ops) {
    if (Cluster *cluster = clusterOf(op))
      unit.insert_range(cluster->members);
    unit.insert(op);
  }
  unsigned first = order.size();
  for (Operation *op : unit)
    first = std::min(first, positionOf(op));

  // Backwards from what the unit reads: reaching the unit again is a cycle.
  // An op before the unit's first depends on none of it, but the cluster that
  // it runs with may.
  llvm::SmallPtrSet<Operation *, 32> seen;
  SmallVector<Operation *> worklist;
  auto visitOperands = [&](Operation *op) {
    for (const Trace &read : reads(op, nullptr))
      if (read.producer && !unit.contains(read.producer) &&
          seen.insert(read.producer).second)
        worklist.push_back(read.producer);
  };
  for (Operation *op : unit)
    visitOperands(op);
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    Cluster *cluster = clusterOf(op);
    if (!cluster && positionOf(op) < first)
      continue;
    SmallVector<Operation *> together = {op};
    if (cluster) {
      together.assign(cluster->members.begin(), cluster->members.end());
      seen.insert_range(cluster->members);
    }
    for (Operation *member : together)
      for (const Trace &read : reads(member, nullptr)) {
        if (!read.producer)
          continue;
        if (unit.contains(read.producer))
          return false;
        if (seen.insert(read.producer).second)
          worklist.push_back(read.producer);
      }
  }
  return true;
}
