//===- ClusterGraph.cpp - the ops of a block, in clusters -----------------===//

#include "passes/fuse/ClusterGraph.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

bool Cluster::isRow() const {
  return !reduced.empty() &&
         reduced.front() == static_cast<int64_t>(space.size() - reduced.size());
}

ClusterGraph::ClusterGraph(Block &block, bool fuse)
    : fuse(fuse), floating(block, fuse) {
  for (Operation &op : block) {
    positions[&op] = order.size();
    order.push_back(&op);
  }
  links.resize(order.size());
  for (Operation *op : order) {
    if (floating.floats(op))
      continue;
    llvm::SmallSetVector<Operation *, 4> needed;
    for (const Trace &read : reads(op, nullptr))
      if (read.producer)
        needed.insert(read.producer);
    // Readers come in block order.
    for (Operation *producer : needed)
      links[positionOf(producer)].readers.push_back(op);
    llvm::append_range(links[positionOf(op)].needs, needed);
  }
}

bool ClusterGraph::isUnclaimed(Operation *op) const {
  return kindOf(op) != OpKind::Free && !floating.floats(op) &&
         !owners.contains(op);
}

Cluster &ClusterGraph::create(Operation *root) {
  Cluster &cluster = *all.emplace_back(std::make_unique<Cluster>());
  cluster.number = all.size();
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
  for (auto &[op, reason] : from.refusals)
    into.refusals.insert({op, reason});
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
  } else if (kindOf(producer) == OpKind::Gather) {
    access = Access::Moved;
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
