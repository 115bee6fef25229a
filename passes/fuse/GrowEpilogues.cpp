//===- GrowEpilogues.cpp - contractions and what follows them -------------===//
//
// A contraction (or a gather) takes the pointwise ops on its result: bias,
// activation, residual, the mask of a backward activation.  They are applied to
// the accumulators before the store and may read other tensors at the same
// index.  Pointwise producers of these other operands come along if nobody else
// needs them.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/GrowClusters.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// Why `op` cannot stand on the cluster's result, if it cannot.
static std::optional<Refusal> misfit(const ClusterGraph &graph,
                                     const Cluster &cluster, Operation *op) {
  if (kindOf(op) != OpKind::Pointwise)
    return Refusal::OwnRoot;
  if (shapeOf(op) != ArrayRef(cluster.space))
    return Refusal::OtherShape;
  for (const Trace &read : graph.reads(op, nullptr))
    if (read.producer && graph.clusterOf(read.producer) == &cluster &&
        read.access != Access::Same)
      return Refusal::ReadsElsewhere;
  bool feeds = false;
  for (Operation *member : cluster.members)
    for (const Trace &read : graph.reads(member, nullptr))
      if (read.producer == op) {
        if (member == cluster.root)
          return Refusal::EveryTile;
        if (read.access != Access::Same)
          return Refusal::ReadElsewhere;
        feeds = true;
      }
  if (feeds && llvm::any_of(graph.readers(op), [&](Operation *reader) {
        return graph.clusterOf(reader) != &cluster;
      }))
    return Refusal::NeededElsewhere;
  if (!graph.canRunAsOne({cluster.root, op}))
    return Refusal::Cycle;
  return std::nullopt;
}

/// Whether the value is a result of the cluster in any case, because one of its
/// readers cannot join.
static bool isResultAnyway(const ClusterGraph &graph, const Cluster &cluster,
                           Operation *op) {
  return llvm::any_of(graph.readers(op), [&](Operation *reader) {
    if (graph.clusterOf(reader) == &cluster)
      return false;
    return !graph.isUnclaimed(reader) || misfit(graph, cluster, reader);
  });
}

static void grow(ClusterGraph &graph, Cluster &cluster, bool finish) {
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation *op : neighbours(graph, cluster)) {
      std::optional<Refusal> reason = misfit(graph, cluster, op);
      if (!reason && !finish && costOf(op) < tooExpensive) {
        // A cheap op that reads only what is stored anyway costs its reader
        // nothing, and here another result.
        bool readsMember = false, readsNew = false;
        for (const Trace &read : graph.reads(op, nullptr))
          if (read.producer && graph.clusterOf(read.producer) == &cluster) {
            readsMember = true;
            readsNew |= !isResultAnyway(graph, cluster, read.producer);
          }
        if (readsMember && !readsNew)
          reason = Refusal::StoredAnyway;
      }
      if (reason) {
        refuse(cluster, op, *reason);
        continue;
      }
      graph.add(cluster, op);
      changed = true;
    }
  }
}

static bool hasEpilogue(OpKind kind) {
  return kind == OpKind::Contraction || kind == OpKind::Gather;
}

void passes::growEpilogues(ClusterGraph &graph) {
  for (Operation *op : graph.ops())
    if (hasEpilogue(kindOf(op)) && graph.isUnclaimed(op))
      grow(graph, graph.create(op), /*finish=*/false);
}

void passes::finishEpilogues(ClusterGraph &graph) {
  for (auto &cluster : graph.clusters())
    if (hasEpilogue(cluster->kind))
      grow(graph, *cluster, /*finish=*/true);
}
