//===- OpKind.h - ops by how they are computed ------------------*- C++ -*-===//
//
// One of a few kinds: what a kernel may have as its root, and what may join it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_OPKIND_H
#define SINTER_COMPILER_IR_OPKIND_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

enum class OpKind {
  /// Stays in the entry: read, write, return, reshape, scan, large constants.
  Free,
  /// A splat, or a constant of at most `smallConstantElements` elements.
  Constant,
  Iota,
  Pointwise,
  /// Transpose, broadcast, slice, pad, reverse, windows: an index map.
  Movement,
  Reduction,
  Contraction,
  Gather,
  /// A sum of windows, or a convolution that was not expanded.
  Window,
  Scatter,
  /// A running sum or an order, along a dimension.
  Sequence,
  Concatenate,
  Random,
};

/// Constants up to this size stand inside kernels, as immediates do.
inline constexpr int64_t smallConstantElements = 64;

OpKind kindOf(mlir::Operation *op);

/// The kind of a kernel with such a root, as its schedule has it.
llvm::StringRef kindName(OpKind kind);
/// The kind of a kernel as its body shows it.
OpKind kindOfBody(KernelOp kernel);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_OPKIND_H
