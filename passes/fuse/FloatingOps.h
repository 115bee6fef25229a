//===- FloatingOps.h - ops that go where they are used ----------*- C++ -*-===//
//
// An op floats if it is cheap and all it needs exists in memory whatever fusion
// does (small constants and index maps need nothing), or is so much smaller
// than its result that it is worth storing for that: it belongs into the kernel
// of whoever uses it, once in each, rather than being a result that crosses
// kernels.  Casts of inputs, broadcast biases, masks of a stored activation,
// one-hot rows and the differences of all pairs of rows are such ops.  Copies
// agree bit by bit, since only exactly rounded operations float; a shifted
// exponential never does.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_FLOATINGOPS_H
#define SINTER_PASSES_FUSE_FLOATINGOPS_H

#include "passes/fuse/OpKinds.h"

namespace sinter::passes {

class FloatingOps {
public:
  /// Without `fuse` only small constants float.
  FloatingOps(mlir::Block &block, bool fuse);

  /// Whether the op floats into its only user.
  bool floats(mlir::Operation *op) const { return floating.contains(op); }
  /// The op that does not float and that `op` ends up beside; itself if it does
  /// not float.
  mlir::Operation *anchorOf(mlir::Operation *op) const;

  /// Gives every op of the block that may float a copy for each of its users.
  static void cloneForUsers(mlir::Block &block, bool fuse);

private:
  struct Cheapness {
    /// Whether the op may float at all.
    bool may = false;
    /// Whether all it reads exists in memory anyway.
    bool readsMemory = false;
    /// Whether all it reads comes from outside the block's computations.
    bool readsInputs = false;
    /// Elements of all it reads.
    int64_t reads = 0;
    int64_t cost = 0;
  };
  /// Whether what it reads is so little that its elements had better be
  /// computed where they are used, by ops that use each of them once.
  static bool isMadeOfLittle(mlir::Operation *op, const Cheapness &cheapness);
  static llvm::DenseMap<mlir::Operation *, Cheapness> judge(mlir::Block &block,
                                                            bool fuse);
  /// Whether `op` may be absorbed by a kernel through `user`; `root` is the
  /// non-floating op at the end.
  static bool absorbs(mlir::Operation *root, mlir::Operation *op,
                      const Cheapness &cheapness);

  llvm::DenseMap<mlir::Operation *, mlir::Operation *> floating;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_FLOATINGOPS_H
