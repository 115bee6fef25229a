//===- Panels.h - a contraction's B in panels of columns --------*- C++ -*-===//
//
// A B that stays the same is packed once: a constant at compile time, what a
// loop only hands on before the loop. Kernels take it as a tensor
//
//   [batch][N / width][K][width]        (zeros behind the last column)
//
// and say with index maps what it is, so that to everybody but the emitter of
// contractions it is nothing new:
//
//   %t = sinter.transpose %panels [0, 2, 1, 3]
//   %r = sinter.reshape %t              batch × K × (N with its padding)
//   %s = sinter.slice %r                batch × K × N, if there is padding
//   %o = sinter.reshape %s              each dimension of B for itself
//   %b = sinter.transpose %o […]        if B has them in another order
//   %y = sinter.dot_general %a, %b …
//
// %r must have exactly that shape: a reshape to any other, with a slice of the
// right extents, takes other elements.
//
// K runs in the order in which the contraction sums.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_PANELS_H
#define SINTER_COMPILER_IR_PANELS_H

#include "compiler/ir/ContractionForm.h"

namespace sinter::ir {

struct Panels {
  mlir::BlockArgument argument;
  int64_t width;

  /// The panels that the contraction's right operand is made of, if it is.
  static std::optional<Panels> of(DotGeneralOp op, const ContractionForm &form);
  static mlir::RankedTensorType
  getType(DotGeneralOp op, const ContractionForm &form, int64_t width);
  /// Panels of the right operand, or of another value that is to take its
  /// place.
  static mlir::Value pack(mlir::OpBuilder &builder, DotGeneralOp op,
                          const ContractionForm &form, mlir::Value rhs,
                          int64_t width);
  /// The right operand, from panels.
  static mlir::Value unpack(mlir::OpBuilder &builder, DotGeneralOp op,
                            const ContractionForm &form, mlir::Value panels);
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_PANELS_H
