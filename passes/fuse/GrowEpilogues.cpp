//===- GrowEpilogues.cpp - contractions and what follows them -------------===//
//
// A contraction (or a gather, or a sum of windows) takes the pointwise ops on
// its result: bias, activation, residual, the mask of a backward activation.
// They are applied to the accumulators before the store and may read other
// tensors at the same index.  Pointwise producers of these other operands come
// along if nobody else needs them.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/GrowClusters.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// Why `op` cannot stand on the cluster's result, if it cannot.
static std::optional<Refusal> misfit(const ClusterGraph &graph,
                                     const Cluster &cluster,
                                     Dependences &dependences, Operation *op) {
  if (kindOf(op) != OpKind::Pointwise)
    return Refusal::OwnRoot;
  if (shapeOf(op) != ArrayRef(cluster.space))
    return Refusal::OtherShape;
  for (const Trace &read : graph.reads(op, nullptr))
    if (read.producer && graph.clusterOf(read.producer) == &cluster &&
        read.access != Access::Same)
      return Refusal::ReadsElsewhere;
  bool feeds = false;
  for (Operation *reader : graph.readers(op)) {
    if (graph.clusterOf(reader) != &cluster)
      continue;
    if (reader == cluster.root)
      return Refusal::EveryTile;
    for (const Trace &read : graph.reads(reader, nullptr))
      if (read.producer == op && read.access != Access::Same)
        return Refusal::ReadElsewhere;
    feeds = true;
  }
  if (feeds && llvm::any_of(graph.readers(op), [&](Operation *reader) {
        return graph.clusterOf(reader) != &cluster;
      }))
    return Refusal::NeededElsewhere;
  return misplaced(cluster, dependences, op);
}

/// Whether the value is a result of the cluster in any case, because one of its
/// readers cannot join.
static bool isResultAnyway(const ClusterGraph &graph, const Cluster &cluster,
                           Dependences &dependences, Operation *op) {
  return llvm::any_of(graph.readers(op), [&](Operation *reader) {
    if (graph.clusterOf(reader) == &cluster)
      return false;
    return !graph.isUnclaimed(reader) ||
           misfit(graph, cluster, dependences, reader);
  });
}

/// Whether storing the value, a member's, takes less than what its readers
/// would leave: two or more of them would be results, since what reads them
/// cannot join.
static bool isBetterStored(const ClusterGraph &graph, const Cluster &cluster,
                           const Dependences &dependences, Operation *member) {
  if (graph.readers(member).size() < 2)
    return false;
  unsigned results = 0;
  for (Operation *reader : graph.readers(member)) {
    if (graph.clusterOf(reader) == &cluster || costOf(reader) >= tooExpensive)
      continue;
    Dependences joined = dependences;
    joined.add(reader);
    results += isResultAnyway(graph, cluster, joined, reader);
  }
  return results > 1;
}

static void grow(ClusterGraph &graph, Cluster &cluster, bool finish) {
  growFrom(
      graph, cluster,
      [&](Dependences &dependences, Operation *op) -> std::optional<Refusal> {
        if (auto reason = misfit(graph, cluster, dependences, op))
          return reason;
        if (finish || costOf(op) >= tooExpensive)
          return std::nullopt;
        // A cheap op that reads only what is stored anyway, or had better be,
        // costs its reader nothing, and here another result.
        bool readsMember = false, readsNew = false;
        for (Operation *needed : graph.needs(op))
          if (graph.clusterOf(needed) == &cluster) {
            readsMember = true;
            readsNew |= !isResultAnyway(graph, cluster, dependences, needed) &&
                        !isBetterStored(graph, cluster, dependences, needed);
          }
        if (readsMember && !readsNew)
          return Refusal::StoredAnyway;
        return std::nullopt;
      });
}

static bool hasEpilogue(OpKind kind) {
  return kind == OpKind::Contraction || kind == OpKind::Gather ||
         kind == OpKind::Window;
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
