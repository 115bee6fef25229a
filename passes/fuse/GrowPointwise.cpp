//===- GrowPointwise.cpp - chains of pointwise ops ------------------------===//
//
// What no root has claimed: pointwise ops of one shape that feed each other
// become one kernel with as many results as others need.  Scalars join without
// a connection, and so do ops that read the same tensors.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/GrowClusters.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

static bool isElementwise(OpKind kind) {
  return kind == OpKind::Pointwise || kind == OpKind::Random ||
         kind == OpKind::Movement || kind == OpKind::Iota ||
         kind == OpKind::Constant;
}

static std::optional<Refusal> misfit(const ClusterGraph &graph,
                                     const Cluster &cluster,
                                     Dependences &dependences, Operation *op) {
  if (!isElementwise(kindOf(op)))
    return Refusal::OwnRoot;
  if (shapeOf(op) != ArrayRef(cluster.space))
    return Refusal::OtherShape;
  for (const Trace &read : graph.reads(op, nullptr))
    if (read.producer && graph.clusterOf(read.producer) == &cluster &&
        read.access != Access::Same)
      return Refusal::ReadsElsewhere;
  for (Operation *reader : graph.readers(op)) {
    if (graph.clusterOf(reader) != &cluster)
      continue;
    for (const Trace &read : graph.reads(reader, nullptr))
      if (read.producer == op && read.access != Access::Same)
        return Refusal::ReadElsewhere;
  }
  return misplaced(cluster, dependences, op);
}

void passes::growPointwise(ClusterGraph &graph) {
  for (Operation *root : graph.ops()) {
    if (!graph.isUnclaimed(root) || !isElementwise(kindOf(root)))
      continue;
    Cluster &cluster = graph.create(root);
    cluster.kind = OpKind::Pointwise;
    growFrom(graph, cluster, [&](Dependences &dependences, Operation *op) {
      return misfit(graph, cluster, dependences, op);
    });
  }
  // With more operands than this, addresses no longer fit in registers.
  constexpr size_t manyOps = 64;
  constexpr int64_t tiny = 1;
  mergeSiblings(
      graph,
      [](const Cluster &cluster) {
        return cluster.kind == OpKind::Pointwise && cluster.segments.empty();
      },
      tiny, manyOps);
}
