//===- PointwiseFan.h - functions of one value, element by element -*- C++
//-*-===//
//
// gelu(x) = x/2·(1 + erf(x/√2)) is six ops, of which several read x or lead to
// the end: a fan between two values.  Swept op by op, its reverse mode needs
// the values at every fork (x/2, 1 + erf, erf's slope) once more, each a tensor
// that waits in memory for the backward pass.  But the fan as a whole has one
// slope an element, which the forward pass can compute while all of them are at
// hand: dx = dy·slope.  (Local preaccumulation: Griewank and Walther,
// "Evaluating Derivatives", 2nd ed., chapter 10.)
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_POINTWISEFAN_H
#define SINTER_COMPILER_IR_POINTWISEFAN_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace sinter::ir {

struct PointwiseFan {
  mlir::Value from;
  /// In program order; the last one's result is the fan's.
  llvm::SmallVector<mlir::Operation *> ops;
};

/// The smallest fan that ends in `last` and is worth a slope of its own: it
/// forks, and some function in it costs more than storing a value.  Only smooth
/// ops take part, since a select means a zero and not a product with one.
/// `isActive` says which values depend on what is differentiated by, `isOpen`
/// whether all that is known of a value's cotangent comes from ops of the fan.
std::optional<PointwiseFan>
findPointwiseFan(mlir::Operation *last,
                 llvm::function_ref<bool(mlir::Value)> isActive,
                 llvm::function_ref<bool(mlir::Value)> isOpen);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_POINTWISEFAN_H
