//===- EmitPointwise.cpp - one element, or one vector, of a pointwise op --===//
//
// Arithmetic on registers.  u8 is an i8 whose ops are unsigned; i1 is an i1.
// What C leaves undefined is defined here as the ops' descriptions say.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitCasts.h"
#include "passes/lower/Registers.h"
#include "passes/lower/ValueEmitter.h"
#include "passes/lower/math/Expansions.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {
/// Emits one tensor op on registers.
class Arithmetic : Registers {
public:
  Arithmetic(OpBuilder &builder, Operation *op, ValueRange operands)
      : Registers(builder, op->getLoc()), op(op), operands(operands) {
    element = getElementTypeOrSelf(op->getOperand(0).getType());
    unsignedInts = element.isUnsignedInteger() || element.isInteger(1);
  }

  Value emit();

private:
  bool isFloat() const { return isa<FloatType>(element); }
  unsigned width() const { return element.getIntOrFloatBitWidth(); }

  template <typename Op> Value one() {
    return Op::create(builder, loc, operands[0]);
  }
  template <typename FloatOp, typename IntOp> Value binary() {
    return isFloat() ? two<FloatOp>(operands[0], operands[1])
                     : two<IntOp>(operands[0], operands[1]);
  }

  Value negation();
  Value absolute();
  Value sign();
  Value logistic();
  /// A function that neither the math dialect nor every libm has.
  Value expanded(llvm::function_ref<Num(Num)> expansion);
  Value complement();
  Value quotient(bool remainder);
  Value extremum(bool maximum);
  Value comparison(Comparison relation);

  Operation *op;
  ValueRange operands;
  Type element;
  bool unsignedInts;
};
} // namespace

Value Arithmetic::negation() {
  if (isFloat())
    return one<arith::NegFOp>();
  return two<arith::SubIOp>(integer(llvm::APInt(width(), 0), operands[0]),
                            operands[0]);
}

Value Arithmetic::absolute() {
  Value x = operands[0];
  if (isFloat())
    return one<math::AbsFOp>();
  if (unsignedInts)
    return x;
  Value zero = integer(llvm::APInt(width(), 0), x);
  return select(compare(arith::CmpIPredicate::slt, x, zero),
                two<arith::SubIOp>(zero, x), x);
}

Value Arithmetic::sign() {
  Value x = operands[0];
  if (isFloat()) {
    Value zero = number(0, x);
    Value negative =
        select(compare(arith::CmpFPredicate::OLT, x, zero), number(-1, x), x);
    return select(compare(arith::CmpFPredicate::OGT, x, zero), number(1, x),
                  negative);
  }
  llvm::APInt none(width(), 0), unit(width(), 1);
  Value zero = integer(none, x), one = integer(unit, x);
  if (unsignedInts)
    return select(compare(arith::CmpIPredicate::ne, x, zero), one, zero);
  Value negative = select(compare(arith::CmpIPredicate::slt, x, zero),
                          integer(-unit, x), zero);
  return select(compare(arith::CmpIPredicate::sgt, x, zero), one, negative);
}

Value Arithmetic::logistic() {
  // e^−|x| never overflows: 1/(1 + e^−x) for x ≥ 0, e^x/(1 + e^x) below.
  Value x = operands[0];
  Value magnitude = math::AbsFOp::create(builder, loc, x);
  Value e = math::ExpOp::create(
      builder, loc, arith::NegFOp::create(builder, loc, magnitude).getResult());
  Value unit = number(1, x);
  Value top =
      select(compare(arith::CmpFPredicate::OGE, x, number(0, x)), unit, e);
  return two<arith::DivFOp>(top, two<arith::AddFOp>(unit, e));
}

Value Arithmetic::expanded(llvm::function_ref<Num(Num)> expansion) {
  MathBuilder math{builder, loc, /*fma=*/false, /*rounds=*/false,
                   /*scales=*/false};
  return expansion(Num(math, operands[0]));
}

Value Arithmetic::complement() {
  return two<arith::XOrIOp>(
      operands[0], integer(llvm::APInt::getAllOnes(width()), operands[0]));
}

Value Arithmetic::quotient(bool remainder) {
  Value a = operands[0], b = operands[1];
  if (isFloat())
    return remainder ? two<arith::RemFOp>(a, b) : two<arith::DivFOp>(a, b);
  // A divisor of 1 stands in where the machine would trap: MIN/1 is the
  // wrapped MIN/−1, and every remainder by 1 is 0.
  Value zero = integer(llvm::APInt(width(), 0), a);
  Value unit = integer(llvm::APInt(width(), 1), a);
  Value byZero = compare(arith::CmpIPredicate::eq, b, zero);
  Value trap = byZero;
  if (!unsignedInts) {
    Value least = compare(arith::CmpIPredicate::eq, a,
                          integer(llvm::APInt::getSignedMinValue(width()), a));
    Value minusOne = compare(arith::CmpIPredicate::eq, b,
                             integer(llvm::APInt::getAllOnes(width()), a));
    trap = two<arith::OrIOp>(trap, two<arith::AndIOp>(least, minusOne));
  }
  Value safe = select(trap, unit, b);
  Value result;
  if (remainder)
    return unsignedInts ? two<arith::RemUIOp>(a, safe)
                        : two<arith::RemSIOp>(a, safe);
  result = unsignedInts ? two<arith::DivUIOp>(a, safe)
                        : two<arith::DivSIOp>(a, safe);
  return select(byZero, zero, result);
}

/// Whether `value` is a constant without nans.
static bool isNumber(Value value) {
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return false;
  if (auto splat = dyn_cast<SplatElementsAttr>(attr))
    attr = splat.getSplatValue<Attribute>();
  auto number = dyn_cast<FloatAttr>(attr);
  return number && !number.getValue().isNaN();
}

Value Arithmetic::extremum(bool maximum) {
  Value a = operands[0], b = operands[1];
  if (!isFloat()) {
    if (unsignedInts)
      return maximum ? two<arith::MaxUIOp>(a, b) : two<arith::MinUIOp>(a, b);
    return maximum ? two<arith::MaxSIOp>(a, b) : two<arith::MinSIOp>(a, b);
  }
  // a if it is nan or beyond b, else b (which may be nan itself).
  using P = arith::CmpFPredicate;
  if (isNumber(b))
    return select(compare(maximum ? P::UGT : P::ULT, a, b), a, b);
  Value beyond = select(compare(maximum ? P::OGT : P::OLT, a, b), a, b);
  if (isNumber(a))
    return beyond;
  return select(compare(P::UNO, a, a), a, beyond);
}

Value Arithmetic::comparison(Comparison relation) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static constexpr F floats[] = {F::OEQ, F::UNE, F::OLT,
                                 F::OLE, F::OGT, F::OGE};
  static constexpr I signs[] = {I::eq, I::ne, I::slt, I::sle, I::sgt, I::sge};
  static constexpr I counts[] = {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge};
  auto i = static_cast<unsigned>(relation);
  if (isFloat())
    return compare(floats[i], operands[0], operands[1]);
  return compare((unsignedInts ? counts : signs)[i], operands[0], operands[1]);
}

Value Arithmetic::emit() {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<NegOp>([&](auto) { return negation(); })
      .Case<AbsOp>([&](auto) { return absolute(); })
      .Case<SignOp>([&](auto) { return sign(); })
      .Case<ExpOp>([&](auto) { return one<math::ExpOp>(); })
      .Case<Expm1Op>([&](auto) { return one<math::ExpM1Op>(); })
      .Case<LogOp>([&](auto) { return one<math::LogOp>(); })
      .Case<Log1pOp>([&](auto) { return one<math::Log1pOp>(); })
      .Case<SqrtOp>([&](auto) { return one<math::SqrtOp>(); })
      .Case<RsqrtOp>([&](auto) {
        return two<arith::DivFOp>(number(1, operands[0]), one<math::SqrtOp>());
      })
      .Case<TanhOp>([&](auto) { return one<math::TanhOp>(); })
      .Case<LogisticOp>([&](auto) { return logistic(); })
      .Case<SinOp>([&](auto) { return one<math::SinOp>(); })
      .Case<CosOp>([&](auto) { return one<math::CosOp>(); })
      .Case<ErfOp>([&](auto) { return one<math::ErfOp>(); })
      .Case<Exp2Op>([&](auto) { return one<math::Exp2Op>(); })
      .Case<Log2Op>([&](auto) { return one<math::Log2Op>(); })
      .Case<SinhOp>([&](auto) { return one<math::SinhOp>(); })
      .Case<CoshOp>([&](auto) { return one<math::CoshOp>(); })
      .Case<AsinhOp>([&](auto) { return one<math::AsinhOp>(); })
      .Case<AcoshOp>([&](auto) { return one<math::AcoshOp>(); })
      .Case<AtanhOp>([&](auto) { return one<math::AtanhOp>(); })
      .Case<TanOp>([&](auto) { return one<math::TanOp>(); })
      .Case<AsinOp>([&](auto) { return one<math::AsinOp>(); })
      .Case<AcosOp>([&](auto) { return one<math::AcosOp>(); })
      .Case<AtanOp>([&](auto) { return one<math::AtanOp>(); })
      .Case<CbrtOp>([&](auto) { return one<math::CbrtOp>(); })
      .Case<LgammaOp>([&](auto) { return expanded(expandLgamma); })
      .Case<PolygammaOp>([&](PolygammaOp op) {
        return expanded(
            [&](Num x) { return expandPolygamma(op.getOrder(), x); });
      })
      .Case<FloorOp>([&](auto) { return one<math::FloorOp>(); })
      .Case<CeilOp>([&](auto) { return one<math::CeilOp>(); })
      .Case<RoundOp>([&](auto) { return one<math::RoundEvenOp>(); })
      .Case<NotOp>([&](auto) { return complement(); })
      .Case<StopGradientOp>([&](auto) { return operands[0]; })
      .Case<AddOp>([&](auto) { return binary<arith::AddFOp, arith::AddIOp>(); })
      .Case<SubOp>([&](auto) { return binary<arith::SubFOp, arith::SubIOp>(); })
      .Case<MulOp>([&](auto) { return binary<arith::MulFOp, arith::MulIOp>(); })
      .Case<DivOp>([&](auto) { return quotient(/*remainder=*/false); })
      .Case<RemOp>([&](auto) { return quotient(/*remainder=*/true); })
      .Case<MaxOp>([&](auto) { return extremum(/*maximum=*/true); })
      .Case<MinOp>([&](auto) { return extremum(/*maximum=*/false); })
      .Case<PowOp>(
          [&](auto) { return two<math::PowFOp>(operands[0], operands[1]); })
      .Case<Atan2Op>(
          [&](auto) { return two<math::Atan2Op>(operands[0], operands[1]); })
      .Case<AndOp>(
          [&](auto) { return two<arith::AndIOp>(operands[0], operands[1]); })
      .Case<OrOp>(
          [&](auto) { return two<arith::OrIOp>(operands[0], operands[1]); })
      .Case<XorOp>(
          [&](auto) { return two<arith::XOrIOp>(operands[0], operands[1]); })
      .Case<CompareOp>(
          [&](CompareOp compare) { return comparison(compare.getRelation()); })
      .Case<SelectOp>(
          [&](auto) { return select(operands[0], operands[1], operands[2]); })
      .Case<CastOp>([&](CastOp op) {
        return emitCast(builder, loc, operands[0], element,
                        getElementTypeOrSelf(op.getResult().getType()));
      })
      .Default([](auto) { return Value(); });
}

Value sinter::passes::emitPointwise(OpBuilder &builder, Operation *op,
                                    ValueRange operands) {
  return Arithmetic(builder, op, operands).emit();
}
