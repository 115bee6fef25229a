//===- RunTogether.h - calls of a block that may run as one -----*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_RUNTOGETHER_H
#define SINTER_PASSES_FUSE_RUNTOGETHER_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes {

/// The ops of a block in an order in which some calls follow one another.
class RunTogether {
public:
  /// `calls` are of one block, in its order.
  explicit RunTogether(llvm::ArrayRef<ir::CallOp> calls);

  /// Whether none of the calls needs another's result.
  bool isPossible() const { return possible; }
  /// The most bytes that results of kernels and scans take at a time, if the
  /// ops run in this order and the calls at once; what ends in outputs,
  /// variables and carries costs nothing.
  int64_t peak() const;
  /// Brings the block's ops into the order.
  void apply();

private:
  mlir::Block &block;
  llvm::SmallPtrSet<mlir::Operation *, 8> together;
  mlir::Operation *last;
  llvm::SmallVector<mlir::Operation *> order;
  bool possible = true;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_RUNTOGETHER_H
