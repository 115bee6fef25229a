//===- Float32.cpp - arithmetic on f32 values and vectors -----------------===//

#include "passes/lower/math/Float32.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace sinter::passes {

template <typename Op, typename... Args>
static Num make(const MathBuilder &math, Args... args) {
  Value value = Op::create(math.builder, math.loc, args...);
  return {math, value};
}

Type Num::typeOf(Type element) const {
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    return vector.clone(element);
  return element;
}

static Num constantOf(const Num &like, Attribute element) {
  Type type = like.type();
  TypedAttr attribute = cast<TypedAttr>(element);
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, element);
  return make<arith::ConstantOp>(*like.math, type, attribute);
}

Num Num::constant(double number) const {
  return constantOf(*this,
                    FloatAttr::get(getElementTypeOrSelf(type()), number));
}
Num Num::bits(uint64_t pattern) const {
  Type element = getElementTypeOrSelf(type());
  APInt value(64, pattern);
  return constantOf(
      *this,
      IntegerAttr::get(element, value.trunc(element.getIntOrFloatBitWidth())));
}

Num operator+(Num a, Num b) {
  return make<arith::AddFOp>(*a.math, a.value, b.value);
}
Num operator-(Num a, Num b) {
  return make<arith::SubFOp>(*a.math, a.value, b.value);
}
Num operator*(Num a, Num b) {
  return make<arith::MulFOp>(*a.math, a.value, b.value);
}
Num operator/(Num a, Num b) {
  return make<arith::DivFOp>(*a.math, a.value, b.value);
}
Num operator-(Num a) { return make<arith::NegFOp>(*a.math, a.value); }

Num multiplyAdd(Num a, Num b, Num c) {
  if (a.math->fma)
    return make<math::FmaOp>(*a.math, a.value, b.value, c.value);
  return a * b + c;
}
Num multiplyAdd(Num a, double b, Num c) {
  return multiplyAdd(a, a.constant(b), c);
}
Num multiplyAdd(Num a, Num b, double c) {
  return multiplyAdd(a, b, a.constant(c));
}

Num polynomial(Num x, ArrayRef<double> coefficients) {
  Num sum = x.constant(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = multiplyAdd(sum, x, coefficient);
  return sum;
}

Num squareRoot(Num x) { return make<math::SqrtOp>(*x.math, x.value); }
Num absolute(Num x) { return make<math::AbsFOp>(*x.math, x.value); }
Num withSign(Num magnitude, Num sign) {
  return make<math::CopySignOp>(*magnitude.math, magnitude.value, sign.value);
}

static Num compareFloat(arith::CmpFPredicate predicate, Num a, Num b) {
  return make<arith::CmpFOp>(*a.math, predicate, a.value, b.value);
}
Num operator<(Num a, Num b) {
  return compareFloat(arith::CmpFPredicate::OLT, a, b);
}
Num operator==(Num a, Num b) {
  return compareFloat(arith::CmpFPredicate::OEQ, a, b);
}
Num isNan(Num x) { return compareFloat(arith::CmpFPredicate::UNO, x, x); }
Num both(Num a, Num b) { return andInteger(a, b); }
Num either(Num a, Num b) { return orInteger(a, b); }
Num negate(Num condition) {
  return make<arith::XOrIOp>(*condition.math, condition.value,
                             condition.bits(1).value);
}
Num select(Num condition, Num a, Num b) {
  return make<arith::SelectOp>(*a.math, condition.value, a.value, b.value);
}
Num clamp(Num x, double low, double high) {
  x = select(x < low, low, x);
  return select(x.constant(high) < x, high, x);
}

Num addInteger(Num a, Num b) {
  return make<arith::AddIOp>(*a.math, a.value, b.value);
}
Num subtractInteger(Num a, Num b) {
  return make<arith::SubIOp>(*a.math, a.value, b.value);
}
Num multiplyInteger(Num a, Num b) {
  return make<arith::MulIOp>(*a.math, a.value, b.value);
}
Num andInteger(Num a, Num b) {
  return make<arith::AndIOp>(*a.math, a.value, b.value);
}
Num orInteger(Num a, Num b) {
  return make<arith::OrIOp>(*a.math, a.value, b.value);
}
Num shiftLeft(Num a, Num count) {
  return make<arith::ShLIOp>(*a.math, a.value, count.value);
}
Num shiftLeft(Num a, unsigned count) { return shiftLeft(a, a.bits(count)); }
Num shiftRight(Num a, Num count) {
  return make<arith::ShRUIOp>(*a.math, a.value, count.value);
}
Num shiftRight(Num a, unsigned count) { return shiftRight(a, a.bits(count)); }
Num shiftRightArithmetic(Num a, unsigned count) {
  return make<arith::ShRSIOp>(*a.math, a.value, a.bits(count).value);
}
Num lessInteger(Num a, Num b) {
  return make<arith::CmpIOp>(*a.math, arith::CmpIPredicate::slt, a.value,
                             b.value);
}
Num equalInteger(Num a, Num b) {
  return make<arith::CmpIOp>(*a.math, arith::CmpIPredicate::eq, a.value,
                             b.value);
}

Num bitsOf(Num x) {
  unsigned width = getElementTypeOrSelf(x.type()).getIntOrFloatBitWidth();
  return make<arith::BitcastOp>(
      *x.math, x.typeOf(x.math->builder.getIntegerType(width)), x.value);
}
Num floatOfBits(Num bits) {
  Builder &b = bits.math->builder;
  bool wide = getElementTypeOrSelf(bits.type()).isInteger(64);
  Type element = wide ? Type(b.getF64Type()) : Type(b.getF32Type());
  return make<arith::BitcastOp>(*bits.math, bits.typeOf(element), bits.value);
}
Num toFloat(Num integer) {
  return make<arith::SIToFPOp>(
      *integer.math, integer.typeOf(integer.math->builder.getF32Type()),
      integer.value);
}
Num toDouble(Num x) {
  Type type = x.typeOf(x.math->builder.getF64Type());
  if (isa<FloatType>(getElementTypeOrSelf(x.type())))
    return make<arith::ExtFOp>(*x.math, type, x.value);
  return make<arith::SIToFPOp>(*x.math, type, x.value);
}
Num toSingle(Num x) {
  return make<arith::TruncFOp>(*x.math, x.typeOf(x.math->builder.getF32Type()),
                               x.value);
}
Num toInteger(Num x) {
  return make<arith::FPToSIOp>(*x.math, x.typeOf(x.math->builder.getI32Type()),
                               x.value);
}
Num widen(Num integer) {
  return make<arith::ExtUIOp>(
      *integer.math, integer.typeOf(integer.math->builder.getI64Type()),
      integer.value);
}
Num narrow(Num integer) {
  return make<arith::TruncIOp>(
      *integer.math, integer.typeOf(integer.math->builder.getI32Type()),
      integer.value);
}

Rounded roundNearest(Num x) {
  // Adding 1.5·2^(mantissa bits) leaves the integer in the low bits.
  bool single = getElementTypeOrSelf(x.type()).isF32();
  double magic = single ? 0x1.8p23 : 0x1.8p52;
  Num shifted = x + magic;
  return {shifted - magic,
          subtractInteger(bitsOf(shifted), bitsOf(x.constant(magic)))};
}

Num scaleByPowerOfTwo(Num x, Num exponent) {
  // Two factors, for neither 2^150 nor 2^−150 is an f32.
  Num half = shiftRightArithmetic(exponent, 1);
  Num rest = subtractInteger(exponent, half);
  auto power = [](Num e) {
    return floatOfBits(shiftLeft(addInteger(e, e.bits(127)), 23));
  };
  return x * power(half) * power(rest);
}

Num scaleByPowerOfTwo(Num x, Rounded exponent) {
  auto vector = dyn_cast<VectorType>(x.type());
  if (!x.math->scales || !vector ||
      vector.getShape() != ArrayRef<int64_t>{16} ||
      !vector.getElementType().isF32())
    return scaleByPowerOfTwo(x, exponent.integer);
  constexpr int allLanes = -1, currentRounding = 4;
  OpBuilder &b = x.math->builder;
  Location loc = x.math->loc;
  // The operands go to LLVM's intrinsic as they stand: number, exponent, what
  // lanes get that are masked out. Upstream's names for them are others.
  return make<x86vector::MaskScaleFOp>(
      *x.math, vector, x.value, exponent.number.value, x.value,
      arith::ConstantIntOp::create(b, loc, allLanes, 16),
      arith::ConstantIntOp::create(b, loc, currentRounding, 32));
}

} // namespace sinter::passes
