//===- Registers.h - short names for arithmetic on registers ----*- C++ -*-===//
//
// An element, or a vector of them, as pointwise ops and casts work on it: what
// is said once here would hide the arithmetic there.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_REGISTERS_H
#define SINTER_PASSES_LOWER_REGISTERS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace sinter::passes {

class Registers {
protected:
  Registers(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  /// A constant like `like`.
  mlir::Value number(double value, mlir::Value like) {
    return constant(
        mlir::FloatAttr::get(mlir::getElementTypeOrSelf(like), value), like);
  }
  mlir::Value integer(const llvm::APInt &value, mlir::Value like) {
    return constant(
        mlir::IntegerAttr::get(mlir::getElementTypeOrSelf(like), value), like);
  }
  template <typename Op> mlir::Value two(mlir::Value a, mlir::Value b) {
    return Op::create(builder, loc, a, b);
  }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a,
                      mlir::Value b) {
    return mlir::arith::CmpFOp::create(builder, loc, predicate, a, b);
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a,
                      mlir::Value b) {
    return mlir::arith::CmpIOp::create(builder, loc, predicate, a, b);
  }
  mlir::Value select(mlir::Value c, mlir::Value a, mlir::Value b) {
    return mlir::arith::SelectOp::create(builder, loc, c, a, b);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  mlir::Value constant(mlir::TypedAttr attr, mlir::Value like) {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(like.getType()))
      attr = mlir::DenseElementsAttr::get(vector, mlir::Attribute(attr));
    return mlir::arith::ConstantOp::create(builder, loc, attr);
  }
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_REGISTERS_H
