//===- Dependences.h - what a growing set of ops stands between -*- C++ -*-===//
//
// A set of ops can run as one unless a path leaves it and comes back.  While
// the set grows, this keeps which ops outside need one of it and which are
// needed, so that asking for one more op looks at that op's neighbours only,
// and all of the growth walks the block at most twice.  Ops that are in a
// cluster run together: what holds of one holds of all.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_DEPENDENCES_H
#define SINTER_PASSES_FUSE_DEPENDENCES_H

#include "passes/fuse/ClusterGraph.h"

#include "llvm/ADT/BitVector.h"

namespace sinter::passes {

class Dependences {
public:
  Dependences(const ClusterGraph &graph, llvm::ArrayRef<mlir::Operation *> ops);

  /// Whether the set itself can run as one.
  bool isWhole();
  /// Whether the set and `ops` can run as one.  `ops` are one op in no cluster,
  /// or all of a cluster, or others that can run as one themselves.  No
  /// cluster but the set's own may have grown since the set began.
  bool admits(llvm::ArrayRef<mlir::Operation *> ops);
  void add(llvm::ArrayRef<mlir::Operation *> ops);

private:
  using Neighbours =
      llvm::function_ref<llvm::ArrayRef<mlir::Operation *>(mlir::Operation *)>;
  /// One direction: the ops that are reached, and members to start from yet.
  struct Side {
    llvm::BitVector reached;
    llvm::SmallVector<mlir::Operation *> starts;
  };
  void explore(Side &side, Neighbours next);
  /// Whether an op outside needs one of the set, or is needed.
  bool isBelow(mlir::Operation *op);
  bool isAbove(mlir::Operation *op);

  const ClusterGraph &graph;
  llvm::BitVector members;
  Side below, above;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_DEPENDENCES_H
