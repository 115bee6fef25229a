//===- CollectUpdates.h - what ends in a variable's writes ------*- C++ -*-===//
//
// The pointwise ops that end in writes of a variable and its slots, and in
// nothing else: w′, m′ and v′ of an optimizer.  Two rules look for a place for
// them: behind the product that makes the gradient (AppendUpdates), or with the
// updates of other variables (JoinUpdates).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_COLLECTUPDATES_H
#define SINTER_PASSES_FUSE_COLLECTUPDATES_H

#include "passes/fuse/ClusterGraph.h"

namespace sinter::passes {

/// The pointwise ops behind the writes of one variable and its slots.
struct Update {
  llvm::SmallVector<mlir::Operation *> ops;
  /// Those whose results are written or returned.
  llvm::SmallVector<mlir::Operation *> roots;
  /// Whether it has found a kernel.
  bool used = false;
};

llvm::SmallVector<Update> collectUpdates(const ClusterGraph &graph);

/// Whether the op rounds to bf16 what a kernel computes that can do so itself,
/// and then stores half as much: it belongs to no update.
bool roundsResult(mlir::Operation *op);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_COLLECTUPDATES_H
