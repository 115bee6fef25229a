//===- EmitCasts.cpp - one element, or one vector, of another type --------===//
//
// bf16 is an i16 in registers; its two casts are integer arithmetic, so that no
// library and no instruction with other bits comes in.  What C leaves undefined
// of a float that no integer holds is defined here as the op's description
// says.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitCasts.h"

#include "passes/lower/Registers.h"
#include "passes/lower/ValueEmitter.h"

#include <cmath>

using namespace mlir;
using namespace sinter::passes;

namespace {
class Cast : Registers {
public:
  Cast(OpBuilder &builder, Location loc, Type element)
      : Registers(builder, loc), element(element) {}

  Value emit(Value x, Type to);

private:
  bool isFloat() const { return isa<FloatType>(element); }
  bool isUnsigned() const {
    return element.isUnsignedInteger() || element.isInteger(1);
  }
  unsigned width() const { return element.getIntOrFloatBitWidth(); }

  /// As many lanes of type `scalar` as `x` has.
  static Type typeLike(Value x, Type scalar) {
    if (auto vector = dyn_cast<VectorType>(x.getType()))
      return vector.clone(scalar);
    return scalar;
  }

  Value widened(Value bf16);
  Value rounded(Value f32);
  /// `x` of type `element` as any type but bf16.
  Value convert(Value x, Type to);
  Value saturate(Value x, Type to);

  Type element;
};
} // namespace

Value Cast::saturate(Value x, Type to) {
  bool toUnsigned = to.isUnsignedInteger();
  unsigned bits = to.getIntOrFloatBitWidth();
  llvm::APInt least =
      toUnsigned ? llvm::APInt(bits, 0) : llvm::APInt::getSignedMinValue(bits);
  llvm::APInt most = toUnsigned ? llvm::APInt::getMaxValue(bits)
                                : llvm::APInt::getSignedMaxValue(bits);
  // Exact powers of two, so that f32 compares exactly too.
  double above = std::ldexp(1.0, toUnsigned ? bits : bits - 1);
  double below = toUnsigned ? -1.0 : -above - 1;
  using P = arith::CmpFPredicate;
  Value high = compare(P::OGE, x, number(above, x));
  Value low = compare(P::OLE, x, number(below, x));
  Value nan = compare(P::UNO, x, x);
  Value outside = two<arith::OrIOp>(two<arith::OrIOp>(high, low), nan);
  Value safe = select(outside, number(0, x), x);
  Type type = typeLike(x, ValueEmitter::registerType(to));
  Value result;
  if (toUnsigned)
    result = arith::FPToUIOp::create(builder, loc, type, safe);
  else
    result = arith::FPToSIOp::create(builder, loc, type, safe);
  result = select(high, integer(most, result), result);
  return select(low, integer(least, result), result);
}

/// The bits of a bf16 are the upper half of an f32's.
Value Cast::widened(Value bf16) {
  Type i32 = typeLike(bf16, builder.getI32Type());
  Value bits = arith::ExtUIOp::create(builder, loc, i32, bf16);
  bits = two<arith::ShLIOp>(bits, integer(llvm::APInt(32, 16), bits));
  return arith::BitcastOp::create(builder, loc,
                                  typeLike(bf16, builder.getF32Type()), bits);
}

/// Half a unit is added, or a little less where the unit's last bit is even,
/// and the lower half dropped: a carry goes on into the exponent, up to
/// infinity.  A nan keeps its sign and upper bits and becomes quiet.
Value Cast::rounded(Value f32) {
  Value bits = arith::BitcastOp::create(
      builder, loc, typeLike(f32, builder.getI32Type()), f32);
  auto number = [&](uint64_t n) { return integer(llvm::APInt(32, n), bits); };
  Value upper = two<arith::ShRUIOp>(bits, number(16));
  Value odd = two<arith::AndIOp>(upper, number(1));
  Value half = two<arith::AddIOp>(bits, number(0x7fff));
  Value sum = two<arith::AddIOp>(half, odd);
  Value nearest = two<arith::ShRUIOp>(sum, number(16));
  Value quiet = two<arith::OrIOp>(upper, number(0x40));
  Value isNan = compare(arith::CmpFPredicate::UNO, f32, f32);
  return arith::TruncIOp::create(builder, loc,
                                 typeLike(f32, builder.getI16Type()),
                                 select(isNan, quiet, nearest));
}

Value Cast::emit(Value x, Type to) {
  if (to == element)
    return x;
  if (element.isBF16()) {
    x = widened(x);
    element = builder.getF32Type();
  }
  return to.isBF16() ? rounded(convert(x, builder.getF32Type()))
                     : convert(x, to);
}

Value Cast::convert(Value x, Type to) {
  if (to == element)
    return x;
  Type type = typeLike(x, ValueEmitter::registerType(to));
  unsigned bits = to.getIntOrFloatBitWidth();
  if (to.isInteger(1)) {
    if (isFloat())
      return compare(arith::CmpFPredicate::UNE, x, number(0, x));
    return compare(arith::CmpIPredicate::ne, x,
                   integer(llvm::APInt(width(), 0), x));
  }
  if (isFloat() && isa<FloatType>(to)) {
    if (bits > width())
      return arith::ExtFOp::create(builder, loc, type, x);
    return arith::TruncFOp::create(builder, loc, type, x);
  }
  if (isFloat())
    return saturate(x, to);
  if (isa<FloatType>(to)) {
    if (!isUnsigned())
      return arith::SIToFPOp::create(builder, loc, type, x);
    // A widened u8 is positive: the signed conversion is the cheaper one.
    Value wide = arith::ExtUIOp::create(builder, loc,
                                        typeLike(x, builder.getI32Type()), x);
    return arith::SIToFPOp::create(builder, loc, type, wide);
  }
  if (bits == width())
    return x;
  if (bits < width())
    return arith::TruncIOp::create(builder, loc, type, x);
  if (isUnsigned())
    return arith::ExtUIOp::create(builder, loc, type, x);
  return arith::ExtSIOp::create(builder, loc, type, x);
}

Value sinter::passes::emitCast(OpBuilder &builder, Location loc, Value x,
                               Type from, Type to) {
  return Cast(builder, loc, from).emit(x, to);
}
