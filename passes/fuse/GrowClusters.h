//===- GrowClusters.h - the rules of fusion ---------------------*- C++ -*-===//
//
// Which ops become one kernel.  In this order, each taking what fits from what
// is still unclaimed:
//
// 1. updates of several variables by one formula (JoinUpdates.h);
// 2. contractions and gathers with the pointwise ops on their results;
// 3. reductions with each other and with the pointwise ops on what they read
// and
//    leave, rows before everything, rows before columns;
// 4. what pass 2 left although it would have fit;
// 5. pointwise ops with each other; scalars and what reads the same tensors
//    join without a connection.
//
// Everything else is a kernel of its own.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_GROWCLUSTERS_H
#define SINTER_PASSES_FUSE_GROWCLUSTERS_H

#include "passes/fuse/ClusterGraph.h"

namespace sinter::passes {

/// Puts every op that neither floats nor is free into a cluster.  Without
/// `fuse`, into one of its own.
void growClusters(ClusterGraph &graph, bool fuse);

// The families of rules, each in a file of its name.
void growEpilogues(ClusterGraph &graph);
/// Takes into existing epilogues what was left for better places and found
/// none.
void finishEpilogues(ClusterGraph &graph);
void growReductions(ClusterGraph &graph);
void growPointwise(ClusterGraph &graph);

/// The unclaimed ops that read from or are read by the cluster, in block order.
llvm::SmallVector<mlir::Operation *> neighbours(const ClusterGraph &graph,
                                                const Cluster &cluster);
/// Keeps why `op` is not in the cluster.
void refuse(Cluster &cluster, mlir::Operation *op, Refusal reason);

/// Merges clusters for which `alike` holds and that can run as one.
void mergeSiblings(
    ClusterGraph &graph,
    llvm::function_ref<bool(const Cluster &, const Cluster &)> alike);
/// Whether both read the same tensor from outside at their own index, of the
/// size of their iteration space.
bool shareInput(const ClusterGraph &graph, const Cluster &a, const Cluster &b);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_GROWCLUSTERS_H
