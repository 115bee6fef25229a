//===- OpKinds.h - what fusion wants to know of one op ----------*- C++ -*-===//
//
// Fusion sees an op as one of a few kinds: what it may become the root of, or
// what it may join.  Also here: what recomputing an op costs, and which values
// exist in memory whatever fusion does.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_OPKINDS_H
#define SINTER_PASSES_FUSE_OPKINDS_H

#include "compiler/ir/Reducing.h"

namespace sinter::passes {

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

/// Shape of the op's only result.
llvm::ArrayRef<int64_t> shapeOf(mlir::Operation *op);
llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);
int64_t elementsOf(llvm::ArrayRef<int64_t> shape);

/// What one element of the op costs, in simple operations; at least
/// `tooExpensive` for functions that are never computed twice.
inline constexpr int64_t tooExpensive = 1000;
int64_t costOf(mlir::Operation *op);

/// How an op is named to a reader: its given name and mnemonic.
std::string describe(mlir::Operation *op);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_OPKINDS_H
