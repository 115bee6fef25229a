//===- GrowClusters.cpp - the rules of fusion -----------------------------===//

#include "passes/fuse/GrowClusters.h"
#include "passes/fuse/JoinUpdates.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

void passes::growClusters(ClusterGraph &graph, bool fuse) {
  if (fuse) {
    joinUpdates(graph);
    growEpilogues(graph);
    growReductions(graph);
    finishEpilogues(graph);
    growPointwise(graph);
  }
  for (Operation *op : graph.ops())
    if (graph.isUnclaimed(op))
      graph.create(op);
}

SmallVector<Operation *> passes::neighbours(const ClusterGraph &graph,
                                            const Cluster &cluster) {
  llvm::SmallSetVector<Operation *, 16> found;
  auto consider = [&](Operation *op) {
    if (op && graph.isUnclaimed(op))
      found.insert(op);
  };
  for (Operation *member : cluster.members) {
    for (const Trace &read : graph.reads(member, &cluster))
      consider(read.producer);
    for (Operation *reader : graph.readers(member))
      consider(reader);
  }
  SmallVector<Operation *> sorted = found.takeVector();
  llvm::sort(sorted, [&](Operation *a, Operation *b) {
    return graph.positionOf(a) < graph.positionOf(b);
  });
  return sorted;
}

void passes::refuse(Cluster &cluster, Operation *op, Refusal reason) {
  for (auto &[refused, why] : cluster.refusals)
    if (refused == op) {
      why = reason;
      return;
    }
  cluster.refusals.push_back({op, reason});
}

void passes::mergeSiblings(
    ClusterGraph &graph,
    llvm::function_ref<bool(const Cluster &, const Cluster &)> alike) {
  auto clusters = graph.clusters();
  for (size_t i = 0; i < clusters.size(); ++i)
    for (size_t j = i + 1; j < clusters.size(); ++j) {
      Cluster &into = *clusters[i], &from = *clusters[j];
      if (into.members.empty() || from.members.empty() || !alike(into, from))
        continue;
      if (graph.canRunAsOne({into.root, from.root}))
        graph.merge(into, from);
      else
        refuse(into, from.root, Refusal::Dependent);
    }
}

bool passes::shareInput(const ClusterGraph &graph, const Cluster &a,
                        const Cluster &b) {
  auto inputs = [&](const Cluster &cluster) {
    llvm::SmallPtrSet<Value, 8> found;
    for (Operation *member : cluster.members)
      for (const Trace &read : graph.reads(member, &cluster))
        if (read.access == Access::Same &&
            shapeOf(read.value) == ArrayRef(cluster.space) &&
            (!read.producer || graph.clusterOf(read.producer) != &cluster))
          found.insert(read.value);
    return found;
  };
  llvm::SmallPtrSet<Value, 8> ours = inputs(a);
  return llvm::any_of(inputs(b), [&](Value v) { return ours.contains(v); });
}
