//===- Differentiable.cpp - from stated facts to the two modes ------------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

#include "compiler/ir/Differentiable.cpp.inc"

bool sinter::ir::isDifferentiableType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

//===----------------------------------------------------------------------===//
// Expr
//===----------------------------------------------------------------------===//

Expr Expr::constant(double number) const {
  auto type = cast<RankedTensorType>(value.getType());
  Type element = type.getElementType();
  Attribute splat;
  if (isa<FloatType>(element))
    splat = FloatAttr::get(element, number);
  else
    splat = IntegerAttr::get(element, static_cast<int64_t>(number));
  return {*builder, loc,
          ConstantOp::create(*builder, loc, type,
                             DenseElementsAttr::get(type, splat))};
}

template <typename Op> static Expr unary(Expr x) {
  return {*x.builder, x.loc, Op::create(*x.builder, x.loc, x.get())};
}
template <typename Op> static Expr binary(Expr a, Expr b) {
  return {*a.builder, a.loc, Op::create(*a.builder, a.loc, a.get(), b.get())};
}

namespace sinter::ir {
Expr operator+(Expr a, Expr b) { return binary<AddOp>(a, b); }
Expr operator-(Expr a, Expr b) { return binary<SubOp>(a, b); }
Expr operator*(Expr a, Expr b) { return binary<MulOp>(a, b); }
Expr operator/(Expr a, Expr b) { return binary<DivOp>(a, b); }
Expr operator-(Expr a) { return unary<NegOp>(a); }
Expr operator+(Expr a, double b) { return a + a.constant(b); }
Expr operator-(Expr a, double b) { return a - a.constant(b); }
Expr operator*(Expr a, double b) { return a * a.constant(b); }
Expr operator/(Expr a, double b) { return a / a.constant(b); }
Expr operator+(double a, Expr b) { return b.constant(a) + b; }
Expr operator-(double a, Expr b) { return b.constant(a) - b; }
Expr operator*(double a, Expr b) { return b.constant(a) * b; }
Expr operator/(double a, Expr b) { return b.constant(a) / b; }
Expr exp(Expr x) { return unary<ExpOp>(x); }
Expr log(Expr x) { return unary<LogOp>(x); }
Expr sin(Expr x) { return unary<SinOp>(x); }
Expr cos(Expr x) { return unary<CosOp>(x); }
Expr sinh(Expr x) { return unary<SinhOp>(x); }
Expr cosh(Expr x) { return unary<CoshOp>(x); }
Expr sign(Expr x) { return unary<SignOp>(x); }
Expr sqrt(Expr x) { return unary<SqrtOp>(x); }
Expr logistic(Expr x) { return unary<LogisticOp>(x); }
Expr pow(Expr x, Expr y) { return binary<PowOp>(x, y); }
Expr polygamma(int64_t n, Expr x) {
  return {*x.builder, x.loc,
          PolygammaOp::create(*x.builder, x.loc, x.get(), n)};
}

static Expr compare(Comparison relation, Expr a, Expr b) {
  return {*a.builder, a.loc,
          CompareOp::create(*a.builder, a.loc, relation, a.get(), b.get())};
}
Expr equal(Expr a, Expr b) { return compare(Comparison::eq, a, b); }
Expr greater(Expr a, Expr b) { return compare(Comparison::gt, a, b); }
Expr less(Expr a, Expr b) { return compare(Comparison::lt, a, b); }
Expr isZero(Expr x) { return equal(x, x.constant(0)); }
Expr where(Expr condition, Expr a, Expr b) {
  return {*a.builder, a.loc,
          SelectOp::create(*a.builder, a.loc, a.get().getType(),
                           condition.get(), a.get(), b.get())};
}
} // namespace sinter::ir

//===----------------------------------------------------------------------===//
// The classes of rules
//===----------------------------------------------------------------------===//

rules::Result rules::pointwiseVjp(Operation *op, OpBuilder &builder,
                                  ArrayRef<Value> cotangents,
                                  ArrayRef<bool> wanted, Partial partial) {
  Values result(op->getNumOperands());
  if (!cotangents[0] || !isDifferentiableType(op->getResult(0).getType()))
    return result;
  Rule rule(builder, op);
  Expr dy(builder, op->getLoc(), cotangents[0]);
  for (unsigned i = 0; i < result.size(); ++i)
    if (wanted[i] && isDifferentiableType(op->getOperand(i).getType()))
      if (Value p = partial(rule, i))
        result[i] = dy * Expr(builder, op->getLoc(), p);
  return result;
}

rules::Result rules::pointwiseJvp(Operation *op, OpBuilder &builder,
                                  ArrayRef<Value> tangents, Partial partial) {
  Values result(1);
  if (!isDifferentiableType(op->getResult(0).getType()))
    return result;
  Rule rule(builder, op);
  for (unsigned i = 0; i < tangents.size(); ++i) {
    if (!tangents[i])
      continue;
    Value p = partial(rule, i);
    if (!p)
      continue;
    Expr term = Expr(builder, op->getLoc(), p) *
                Expr(builder, op->getLoc(), tangents[i]);
    result[0] = result[0]
                    ? (Expr(builder, op->getLoc(), result[0]) + term).get()
                    : term.get();
  }
  return result;
}

rules::Result rules::transposeVjp(Operation *op, OpBuilder &builder,
                                  ArrayRef<Value> cotangents,
                                  ArrayRef<bool> wanted, Transpose transpose) {
  Values result(op->getNumOperands());
  if (!cotangents[0] || !isDifferentiableType(op->getResult(0).getType()))
    return result;
  for (unsigned i = 0; i < result.size(); ++i)
    if (wanted[i] && isDifferentiableType(op->getOperand(i).getType()))
      result[i] = transpose(builder, cotangents[0], i);
  return result;
}

/// A clone of `op` with other operands.
static Value cloneWith(Operation *op, OpBuilder &builder, ValueRange operands) {
  Operation *clone = builder.clone(*op);
  clone->setOperands(operands);
  return clone->getResult(0);
}

rules::Result rules::linearJvp(Operation *op, OpBuilder &builder,
                               ArrayRef<Value> tangents) {
  Values result(1);
  if (!isDifferentiableType(op->getResult(0).getType()) ||
      llvm::none_of(tangents, [](Value t) { return t; }))
    return result;
  // With a zero for one operand these give the tangent of the other.
  if (isa<AddOp, SubOp>(op) && (!tangents[0] || !tangents[1])) {
    Expr one(builder, op->getLoc(), tangents[0] ? tangents[0] : tangents[1]);
    result[0] = isa<SubOp>(op) && tangents[1] ? (-one).get() : one.get();
    return result;
  }
  Values operands;
  for (auto [operand, tangent] : llvm::zip(op->getOperands(), tangents)) {
    if (tangent)
      operands.push_back(tangent);
    else if (isDifferentiableType(operand.getType()))
      operands.push_back(Expr(builder, op->getLoc(), operand).constant(0));
    else
      operands.push_back(operand);
  }
  result[0] = cloneWith(op, builder, operands);
  return result;
}

rules::Result rules::multilinearJvp(Operation *op, OpBuilder &builder,
                                    ArrayRef<Value> tangents) {
  Values result(1);
  if (!isDifferentiableType(op->getResult(0).getType()))
    return result;
  for (unsigned i = 0; i < tangents.size(); ++i) {
    if (!tangents[i])
      continue;
    Values operands(op->getOperands());
    operands[i] = tangents[i];
    Value term = cloneWith(op, builder, operands);
    result[0] =
        result[0]
            ? AddOp::create(builder, op->getLoc(), result[0], term).getResult()
            : term;
  }
  return result;
}
