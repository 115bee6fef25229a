//===- AppendUpdates.h - updates behind their gradients ---------*- C++ -*-===//
//
// Where a gradient is a product that only its variable's update reads, the
// update is the product's epilogue:
//
//   g = dot_general x, dy      m' = …m, g     w' = …w, m'
//   ⇒  m', w' = call @grad_matmul_update(x, dy, m, w)
//
// The gradient stays in registers, and w, m and v are read and written once, in
// place, while they are in the caches.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_APPENDUPDATES_H
#define SINTER_PASSES_FUSE_APPENDUPDATES_H

#include "passes/fuse/CollectUpdates.h"

namespace sinter::passes {

/// A product that keeps its gradient, and why.
struct KeptGradient {
  mlir::Operation *product, *reader;
  Refusal reason;
};

/// Makes clusters of products and the updates that fit behind them, which are
/// in use then.  What did not fit comes back.
llvm::SmallVector<KeptGradient>
appendUpdates(ClusterGraph &graph, llvm::MutableArrayRef<Update> updates);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_APPENDUPDATES_H
