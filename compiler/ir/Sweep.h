//===- Sweep.h - derivatives of a block of ops ------------------*- C++ -*-===//
//
// The two modes of automatic differentiation over the ops of one block, from
// the rules that single ops state (Differentiable.h).  The derivative requests
// use them on entries, the rules of `scan` on its body.
//
// A null value is a structural zero.  An op is touched only if its result
// depends on an x and a y depends on it.  What is emitted stands at the
// builder's insertion point; only ops before that point are looked at.
//
// See A. Griewank, A. Walther, "Evaluating Derivatives", 2nd ed., chapter 3.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_SWEEP_H
#define SINTER_COMPILER_IR_SWEEP_H

#include "compiler/ir/Differentiable.h"
#include "llvm/ADT/DenseSet.h"

namespace sinter::ir {

/// The place of an op that belongs to the derivative of the op at `primal`:
/// the same place under the name "grad.NAME" or "tangent.NAME".
mlir::Location getCotangentLoc(mlir::Location primal);
mlir::Location getTangentLoc(mlir::Location primal);

/// The values of `block` that may carry a derivative with respect to `xs`.
llvm::DenseSet<mlir::Value> getDependents(mlir::Block &block,
                                          mlir::ValueRange xs);

/// Σ (∂y/∂x)ᵀ dy for each x.  An x that is itself computed from another x, a
/// y that is an x, and repeated xs and ys all mean what the formula says.
/// Rules may replace ops (scan does); hold no results of ops across the call.
mlir::FailureOr<Values> sweepReverse(mlir::OpBuilder &builder,
                                     mlir::ValueRange xs, mlir::ValueRange ys,
                                     llvm::ArrayRef<mlir::Value> cotangents);

/// Σ (∂y/∂x) dx for each y.
mlir::FailureOr<Values> sweepForward(mlir::OpBuilder &builder,
                                     mlir::ValueRange xs,
                                     llvm::ArrayRef<mlir::Value> tangents,
                                     mlir::ValueRange ys);

/// Replaces `op`, telling the sweep that asked for its derivative.
void replaceDifferentiated(mlir::OpBuilder &builder, mlir::Operation *op,
                           mlir::ValueRange replacement);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_SWEEP_H
