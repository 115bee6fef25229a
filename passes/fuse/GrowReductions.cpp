//===- GrowReductions.cpp - reductions that share their rows --------------===//
//
// Reductions over the same dimensions of one iteration space become one kernel,
// with the pointwise ops before, between and after them: a softmax with its
// cross-entropy and its gradient is one pass over rows that stay in the cache.
// An op of such a kernel is either full (of the iteration space's shape) or
// kept (of the shape that the reductions leave); a kept value returns to full
// ops by a broadcast.  Only rows do that, and windows, which stay in registers:
// other columns and mixed reductions run in one pass over memory.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/KernelPhases.h"
#include "passes/fuse/GrowClusters.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {
enum class Level { Full, Kept, None };
}

static Level levelOf(const Cluster &cluster, Operation *op) {
  if (kindOf(op) == OpKind::Reduction)
    return shapeOf(op->getOperand(0)) == ArrayRef(cluster.space) &&
                   reducedDimensions(op) == cluster.reduced
               ? Level::Kept
               : Level::None;
  if (kindOf(op) != OpKind::Pointwise)
    return Level::None;
  if (shapeOf(op) == ArrayRef(cluster.space))
    return Level::Full;
  return shapeOf(op) == ArrayRef(cluster.kept) ? Level::Kept : Level::None;
}

/// Why `reader` cannot read `producer` within the cluster: `elsewhere` if it is
/// for the places that it reads.
static std::optional<Refusal> badRead(const Cluster &cluster,
                                      Operation *producer, Operation *reader,
                                      Access access, Refusal elsewhere) {
  bool readsFull = kindOf(reader) == OpKind::Reduction ||
                   levelOf(cluster, reader) == Level::Full;
  bool givesFull = levelOf(cluster, producer) == Level::Full;
  if (access == Access::Moved ||
      readsFull != (givesFull || access == Access::Spread))
    return elsewhere;
  if (access == Access::Spread && !cluster.isRow() &&
      !areWindows(cluster.space, cluster.reduced))
    return Refusal::NotRows;
  return std::nullopt;
}

static std::optional<Refusal> misfit(const ClusterGraph &graph,
                                     const Cluster &cluster,
                                     Dependences &dependences, Operation *op) {
  if (levelOf(cluster, op) == Level::None)
    return kindOf(op) == OpKind::Reduction ? Refusal::OtherDimensions
                                           : Refusal::NeitherRowNorRest;
  for (const Trace &read : graph.reads(op, &cluster))
    if (read.producer && graph.clusterOf(read.producer) == &cluster)
      if (auto reason = badRead(cluster, read.producer, op, read.access,
                                Refusal::ReadsElsewhere))
        return reason;
  for (Operation *reader : graph.readers(op)) {
    if (graph.clusterOf(reader) != &cluster)
      continue;
    for (const Trace &read : graph.reads(reader, &cluster))
      if (read.producer == op)
        if (auto reason = badRead(cluster, op, reader, read.access,
                                  Refusal::ReadElsewhere))
          return reason;
  }
  return misplaced(cluster, dependences, op);
}

static void grow(ClusterGraph &graph, Cluster &cluster) {
  growFrom(graph, cluster, [&](Dependences &dependences, Operation *op) {
    return misfit(graph, cluster, dependences, op);
  });
}

void passes::growReductions(ClusterGraph &graph) {
  // Rows first: they take more with them.
  for (bool rows : {true, false})
    for (Operation *op : graph.ops()) {
      if (kindOf(op) != OpKind::Reduction || !graph.isUnclaimed(op))
        continue;
      int64_t rank = shapeOf(op->getOperand(0)).size();
      SmallVector<int64_t> reduced = reducedDimensions(op);
      bool isRow =
          !reduced.empty() &&
          reduced.front() == rank - static_cast<int64_t>(reduced.size());
      if (isRow == rows && !reduced.empty())
        grow(graph, graph.create(op));
    }

  // Reductions of so little that a call costs as much as the work.
  constexpr int64_t tinyReduction = 4096;
  mergeSiblings(
      graph,
      [](const Cluster &cluster) { return cluster.kind == OpKind::Reduction; },
      tinyReduction, largestCluster);
}
