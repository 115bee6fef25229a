//===- Trigonometric.cpp - sin, cos and tan -------------------------------===//
//
// x = n·π/2 + r with |r| ≤ π/4.  Up to 2²⁰ the reduction is a difference in f64
// with π/2 in two parts (Cody and Waite); beyond, where nearly every bit of x
// counts, the bits of 2/π that matter are multiplied as integers (Payne and
// Hanek, "Radian reduction for trigonometric functions", 1983).  sin r,
// cos r and tan r by minimax polynomials (Moshier, Cephes, sinf and tanf).
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::passes {

namespace {
struct Reduced {
  Num remainder; // r, f32
  Num quadrant;  // n mod 4 in the low bits, i32
};
} // namespace

static Reduced reduceSmall(Num x) {
  // 33 bits, so that n times it is exact for n < 2²⁰; then the next 53.
  constexpr double halfPiHigh = 0x1.921fb544p0;
  constexpr double halfPiLow = 0x1.0b4611a626331p-34;
  constexpr double twoOverPi = 0x1.45f306dc9c883p-1;
  Num wide = toDouble(x);
  Rounded n = roundNearest(wide * twoOverPi);
  Num r = (wide - n.number * halfPiHigh) - n.number * halfPiLow;
  return {toSingle(r), narrow(n.integer)};
}

/// The words of 2/π: word i holds the bits of weight 2^(−32i − 1) …
/// 2^(−32i−32).
static constexpr uint32_t twoOverPiWords[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
    0xdb629599, 0x3c439041, 0xfe5163ab};

/// For 2²⁰ ≤ |x| < 2¹²⁸; anything finite for others.
static Reduced reduceLarge(Num x) {
  Num bits = bitsOf(x);
  Num mantissa =
      orInteger(andInteger(bits, bits.bits(0x7fffff)), bits.bits(0x800000));
  // |x| = mantissa·2^e with e from −4 to 104: take e + 30, and drop the
  // bits of 2/π whose product with the mantissa is a multiple of 4 anyway.
  Num e = subtractInteger(andInteger(shiftRight(bits, 23), bits.bits(0xff)),
                          bits.bits(150 - 30));
  Num word = shiftRight(e, 5);
  Num shift = andInteger(e, e.bits(31));
  // Words word−1 … word+2, where word −1 is 0.
  auto pick = [&](unsigned offset) {
    auto at = [&](int i) { return i < 0 ? 0u : twoOverPiWords[i]; };
    Num value = bits.bits(at(static_cast<int>(offset) - 1));
    for (unsigned i = 1; i <= 4; ++i)
      value = select(equalInteger(word, bits.bits(i)),
                     bits.bits(at(static_cast<int>(i + offset) - 1)), value);
    return widen(value);
  };
  Num wideShift = widen(shift);
  auto shifted = [&](Num high, Num low) {
    // The 32 bits that begin `shift` bits into high:low.
    Num pair = orInteger(shiftLeft(high, 32), low);
    return andInteger(shiftRight(shiftLeft(pair, wideShift), 32),
                      pair.bits(0xffffffff));
  };
  Num w0 = pick(0), w1 = pick(1), w2 = pick(2), w3 = pick(3);
  Num a = shifted(w0, w1), b = shifted(w1, w2), c = shifted(w2, w3);
  // mantissa·(a·2⁶⁴ + b·2³² + c)/2³², modulo 2⁶⁴: a fixed-point number.
  Num m = widen(mantissa);
  Num product = addInteger(
      addInteger(shiftLeft(multiplyInteger(m, a), 32), multiplyInteger(m, b)),
      shiftRight(multiplyInteger(m, c), 32));
  // |x|·2/π = product/2⁶² mod 4: round to the nearest integer, keep the rest.
  Num rounded = addInteger(product, product.bits(uint64_t(1) << 61));
  Num quadrant = narrow(shiftRight(rounded, 62));
  Num rest = subtractInteger(product, shiftLeft(shiftRight(rounded, 62), 62));
  Num r = toSingle(toDouble(rest) * (0x1.921fb54442d18p0 * 0x1p-62));
  // −x reduces to −r and −n.
  Num negative = lessInteger(bits, bits.bits(0));
  return {select(negative, -r, r),
          select(negative, subtractInteger(bits.bits(0), quadrant), quadrant)};
}

/// Reduces with the cheap method and, if any lane is large, with the other too.
static Reduced reduce(Num x) {
  const MathBuilder &math = *x.math;
  OpBuilder &builder = math.builder;
  Reduced cheap = reduceSmall(x);
  Num large = x.constant(0x1p20) < absolute(x);
  Value any = large;
  if (isa<VectorType>(large.type()))
    any = vector::ReductionOp::create(builder, math.loc,
                                      vector::CombiningKind::OR, any);
  auto choice = scf::IfOp::create(
      builder, math.loc,
      TypeRange{cheap.remainder.type(), cheap.quadrant.type()}, any,
      /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    Reduced costly = reduceLarge(x);
    Value r = select(large, costly.remainder, cheap.remainder);
    Value n = select(large, costly.quadrant, cheap.quadrant);
    scf::YieldOp::create(builder, math.loc, ValueRange{r, n});
    builder.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(builder, math.loc,
                         ValueRange{cheap.remainder, cheap.quadrant});
  }
  return {{math, choice.getResult(0)}, {math, choice.getResult(1)}};
}

/// sin(x + turns·π/2).
static Num sine(Num x, unsigned turns) {
  Reduced reduced = reduce(x);
  Num r = reduced.remainder;
  Num n = addInteger(reduced.quadrant, reduced.quadrant.bits(turns));
  Num square = r * r;
  Num s =
      polynomial(square, {-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4});
  s = multiplyAdd(s * square, r, r);
  Num c = polynomial(square, {4.166664568298827e-2, -1.388731625493765e-3,
                              2.443315711809948e-5});
  c = multiplyAdd(c, square * square, multiplyAdd(square, -0.5, x.constant(1)));
  Num odd = equalInteger(andInteger(n, n.bits(1)), n.bits(1));
  Num result = select(odd, c, s);
  // Quadrants 2 and 3 are negative: move bit 1 to the sign.
  Num flip = shiftLeft(andInteger(n, n.bits(2)), 30);
  Num bits = bitsOf(result);
  Value flipped = arith::XOrIOp::create(x.math->builder, x.math->loc,
                                        bits.value, flip.value);
  result = floatOfBits({*x.math, flipped});
  // sin(±inf) is nan: inf − inf.
  Num finite = absolute(x) < std::numeric_limits<double>::infinity();
  return select(finite, result, x - x);
}

Num expandSin(Num x) {
  Num result = sine(x, 0);
  return select(x == 0.0, x, result); // keeps −0
}
Num expandCos(Num x) { return sine(x, 1); }

Num expandTan(Num x) {
  Reduced reduced = reduce(x);
  Num r = reduced.remainder, square = r * r;
  Num p = polynomial(square,
                     {3.33331568548e-1, 1.33387994085e-1, 5.34112807005e-2,
                      2.44301354525e-2, 3.11992232697e-3, 9.38540185543e-3});
  Num t = multiplyAdd(p * square, r, r);
  // An odd number of quarter turns away it is −1/tan r.
  Num n = reduced.quadrant;
  Num odd = equalInteger(andInteger(n, n.bits(1)), n.bits(1));
  Num result = select(odd, -1.0 / t, t);
  Num finite = absolute(x) < std::numeric_limits<double>::infinity();
  result = select(finite, result, x - x);
  return select(x == 0.0, x, result); // keeps −0
}

} // namespace sinter::passes
