//===- GrowClusters.h - the rules of fusion ---------------------*- C++ -*-===//
//
// Which ops become one kernel.  In this order, each taking what fits from what
// is still unclaimed:
//
// 1. contractions that make a gradient with the update of its variable
//    (AppendUpdates.h);
// 2. the other updates of several variables by one formula (JoinUpdates.h);
// 3. contractions and gathers with the pointwise ops on their results;
// 4. reductions with each other and with the pointwise ops on what they read
//    and leave, rows before everything, rows before columns;
// 5. what pass 3 left although it would have fit;
// 6. pointwise ops with each other; scalars and what reads the same tensors
//    join without a connection.
//
// Everything else is a kernel of its own.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_GROWCLUSTERS_H
#define SINTER_PASSES_FUSE_GROWCLUSTERS_H

#include "passes/fuse/Dependences.h"

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

/// More ops than this fit neither the registers nor, unrolled over vectors, the
/// first cache of instructions, and a trip through memory among so many costs
/// nothing.  Segments of one update count as one.
inline constexpr size_t largestCluster = 256;

/// Why `op`, which has the right form, cannot join for what stands around it.
std::optional<Refusal> misplaced(const Cluster &cluster,
                                 Dependences &dependences, mlir::Operation *op);
/// Adds neighbours of the cluster, and neighbours of these, for which `misfit`
/// has no reason not to; keeps the reasons.
void growFrom(
    ClusterGraph &graph, Cluster &cluster,
    llvm::function_ref<std::optional<Refusal>(Dependences &, mlir::Operation *)>
        misfit);
/// Merges clusters that take part, of one iteration space, and that can run as
/// one: those of at most `tiny` elements, and those that read the same tensor
/// from outside at their own index, of the size of their space.
void mergeSiblings(ClusterGraph &graph,
                   llvm::function_ref<bool(const Cluster &)> takesPart,
                   int64_t tiny, size_t mostOps);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_GROWCLUSTERS_H
