//===- Combine.h - what a reduction does with two elements ------*- C++ -*-===//
//
// The algebra of each reducing op, on registers: its neutral element, how an
// element of its operands enters, how two partial results become one.  An
// arg-reduction carries the extremum and its index, the result last; all others
// carry one value.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_COMBINE_H
#define SINTER_PASSES_LOWER_COMBINE_H

#include "passes/lower/ValueEmitter.h"

namespace sinter::passes {

/// Extents of the dimensions that `op` loops over for one element.
llvm::SmallVector<int64_t> reducedExtents(mlir::Operation *op);
/// Whether neighbours along the last reduced dimension are neighbours in the
/// operands.
bool reducesInnermost(mlir::Operation *op);

/// Scalars that change nothing.
llvm::SmallVector<mlir::TypedAttr> neutralElements(mlir::Operation *op);
/// What the reduction of nothing is.
mlir::TypedAttr emptyResult(mlir::Operation *op);

/// The partial result of the single element at `reduced`.
llvm::SmallVector<mlir::Value> contribution(ValueEmitter &emitter,
                                            mlir::Operation *op,
                                            const Point &point,
                                            const Indices &reduced);
/// Two partial results, `a` of earlier elements, as one. If `inOrder`, no
/// element of `a` stands behind one of `b`.
llvm::SmallVector<mlir::Value> combine(ValueEmitter &emitter,
                                       mlir::Operation *op, mlir::ValueRange a,
                                       mlir::ValueRange b,
                                       bool inOrder = false);
/// The lanes of vectors of partial results as one scalar each, by halves.
llvm::SmallVector<mlir::Value> combineLanes(ValueEmitter &emitter,
                                            mlir::Operation *op,
                                            mlir::ValueRange vectors);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_COMBINE_H
