//===- Differentiable.h - classes of derivative rules -----------*- C++ -*-===//
//
// An op states one fact about its derivative and gets both modes from it:
//
//   PointwiseRule    its partials dy/dx_i, in terms of x and y
//   LinearRule       its transpose with respect to each operand
//   MultilinearRule  the same, where the other operands are factors
//   ZeroRule         that its derivative is zero (comparisons, floor, argmax)
//
// Everything else (max-reductions, scan) implements vjp and jvp itself.  The
// statements stand in the ops' ODS definitions; the code that turns them into
// the two modes is in Differentiable.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_DIFFERENTIABLE_H
#define SINTER_COMPILER_IR_DIFFERENTIABLE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/SmallVector.h"

namespace sinter::ir {

using Values = llvm::SmallVector<mlir::Value>;

/// Whether values of this type carry derivatives: tensors of floats.
bool isDifferentiableType(mlir::Type type);

/// A value that can be written as mathematics while a rule is emitted:
/// `dy * (1.0 - y * y)`.  Both operands of an operator have the same type;
/// a number becomes a splat constant of the other operand's type.
class Expr {
public:
  Expr(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value)
      : builder(&builder), loc(loc), value(value) {}
  mlir::Value get() const { return value; }
  operator mlir::Value() const { return value; }
  /// A splat constant of this expression's type.
  Expr constant(double number) const;

  mlir::OpBuilder *builder;
  mlir::Location loc;
  mlir::Value value;
};

Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator-(Expr a);
Expr operator+(Expr a, double b);
Expr operator-(Expr a, double b);
Expr operator*(Expr a, double b);
Expr operator/(Expr a, double b);
Expr operator+(double a, Expr b);
Expr operator-(double a, Expr b);
Expr operator*(double a, Expr b);
Expr operator/(double a, Expr b);
Expr exp(Expr x);
Expr log(Expr x);
Expr sin(Expr x);
Expr cos(Expr x);
Expr sinh(Expr x);
Expr cosh(Expr x);
Expr sign(Expr x);
Expr sqrt(Expr x);
Expr logistic(Expr x);
Expr pow(Expr x, Expr y);
/// The n-th derivative of digamma.
Expr polygamma(int64_t n, Expr x);
/// Comparisons give i1 tensors, which `select` and `where` take.
Expr equal(Expr a, Expr b);
Expr greater(Expr a, Expr b);
Expr less(Expr a, Expr b);
Expr isZero(Expr x);
/// condition ? a : b
Expr where(Expr condition, Expr a, Expr b);

/// What the partials of a pointwise op may mention.
class Rule {
public:
  Rule(mlir::OpBuilder &builder, mlir::Operation *op)
      : builder(builder), op(op) {}
  Expr x(unsigned i = 0) { return {builder, op->getLoc(), op->getOperand(i)}; }
  Expr y() { return {builder, op->getLoc(), op->getResult(0)}; }

private:
  mlir::OpBuilder &builder;
  mlir::Operation *op;
};

namespace rules {
using Result = mlir::FailureOr<Values>;
/// States the partial with respect to operand `i`; null where it is zero.
using Partial = llvm::function_ref<mlir::Value(Rule &, unsigned i)>;
Result pointwiseVjp(mlir::Operation *op, mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> cotangents,
                    llvm::ArrayRef<bool> wanted, Partial partial);
Result pointwiseJvp(mlir::Operation *op, mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> tangents, Partial partial);
/// Emits the cotangent of operand `i` from the (single) result's.
using Transpose = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, mlir::Value cotangent, unsigned i)>;
Result transposeVjp(mlir::Operation *op, mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> cotangents,
                    llvm::ArrayRef<bool> wanted, Transpose transpose);
/// The op itself on the tangents, zeros where there is none.
Result linearJvp(mlir::Operation *op, mlir::OpBuilder &builder,
                 llvm::ArrayRef<mlir::Value> tangents);
/// The sum over i of the op with operand i replaced by its tangent.
Result multilinearJvp(mlir::Operation *op, mlir::OpBuilder &builder,
                      llvm::ArrayRef<mlir::Value> tangents);
} // namespace rules

/// The op declares `mlir::Value partial(Rule &rule, unsigned i)`.
template <typename Op>
class PointwiseRule : public mlir::OpTrait::TraitBase<Op, PointwiseRule> {
public:
  rules::Result vjp(mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> cotangents,
                    llvm::ArrayRef<bool> wanted) {
    Op op = llvm::cast<Op>(this->getOperation());
    return rules::pointwiseVjp(
        op, builder, cotangents, wanted,
        [&](Rule &rule, unsigned i) { return op.partial(rule, i); });
  }
  rules::Result jvp(mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> tangents) {
    Op op = llvm::cast<Op>(this->getOperation());
    return rules::pointwiseJvp(
        op, builder, tangents,
        [&](Rule &rule, unsigned i) { return op.partial(rule, i); });
  }
};

/// The op declares `mlir::Value transposed(mlir::OpBuilder &, mlir::Value
/// cotangent, unsigned i)`.
template <typename Op>
class LinearRule : public mlir::OpTrait::TraitBase<Op, LinearRule> {
public:
  rules::Result vjp(mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> cotangents,
                    llvm::ArrayRef<bool> wanted) {
    Op op = llvm::cast<Op>(this->getOperation());
    return rules::transposeVjp(
        op, builder, cotangents, wanted,
        [&](mlir::OpBuilder &b, mlir::Value cotangent, unsigned i) {
          return op.transposed(b, cotangent, i);
        });
  }
  rules::Result jvp(mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> tangents) {
    return rules::linearJvp(this->getOperation(), builder, tangents);
  }
};

/// As LinearRule, for ops linear in each operand apart from the others.
template <typename Op>
class MultilinearRule : public mlir::OpTrait::TraitBase<Op, MultilinearRule> {
public:
  rules::Result vjp(mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> cotangents,
                    llvm::ArrayRef<bool> wanted) {
    Op op = llvm::cast<Op>(this->getOperation());
    return rules::transposeVjp(
        op, builder, cotangents, wanted,
        [&](mlir::OpBuilder &b, mlir::Value cotangent, unsigned i) {
          return op.transposed(b, cotangent, i);
        });
  }
  rules::Result jvp(mlir::OpBuilder &builder,
                    llvm::ArrayRef<mlir::Value> tangents) {
    return rules::multilinearJvp(this->getOperation(), builder, tangents);
  }
};

/// Piecewise constant, or not of a float type at all.
template <typename Op>
class ZeroRule : public mlir::OpTrait::TraitBase<Op, ZeroRule> {
public:
  rules::Result vjp(mlir::OpBuilder &, llvm::ArrayRef<mlir::Value>,
                    llvm::ArrayRef<bool> wanted) {
    return Values(wanted.size());
  }
  rules::Result jvp(mlir::OpBuilder &, llvm::ArrayRef<mlir::Value>) {
    return Values(this->getOperation()->getNumResults());
  }
};

} // namespace sinter::ir

#include "compiler/ir/Differentiable.h.inc"

#endif // SINTER_COMPILER_IR_DIFFERENTIABLE_H
