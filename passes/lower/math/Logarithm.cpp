//===- Logarithm.cpp - log, log2 and log1p --------------------------------===//
//
// x = 2ᵉ·m with m in [√½, √2): ln x = e·ln 2 + ln m, and ln(1 + f) by a minimax
// polynomial (Moshier, Cephes, logf).  log1p adds back what rounding 1 + x lost
// (Kahan).
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

#include <limits>

namespace sinter::passes {

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double nan = std::numeric_limits<double>::quiet_NaN();

namespace {
/// x = 2^exponent·(1 + f), and ln(1 + f) = f − f²/2 + rest.
struct Parts {
  Num exponent, f, square, rest;
};
} // namespace

static Parts takeApart(Num x) {
  // Denormals first become normal.
  Num tiny = x < 0x1p-126;
  Num bits = bitsOf(select(tiny, x * 0x1p25, x));
  Num rootHalf = bits.bits(0x3f3504f3); // √½
  Num e = shiftRightArithmetic(subtractInteger(bits, rootHalf), 23);
  Num f = floatOfBits(subtractInteger(bits, shiftLeft(e, 23))) - 1.0;
  Num exponent = toFloat(select(tiny, subtractInteger(e, e.bits(25)), e));

  Num square = f * f;
  Num p = polynomial(f, {3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1,
                         -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1,
                         1.1676998740e-1, -1.1514610310e-1, 7.0376836292e-2});
  return {exponent, f, square, p * f * square};
}

Num logPositive(Num x) {
  Parts parts = takeApart(x);
  Num y = multiplyAdd(parts.exponent, -2.12194440054690583e-4, parts.rest);
  y = multiplyAdd(parts.square, -0.5, y);
  return multiplyAdd(parts.exponent, 0.693359375, parts.f + y);
}

/// Replaces the result where x is 0, negative, infinite or a nan.
static Num withSpecialValues(Num x, Num result) {
  result = select(x == infinity, infinity, result);
  result = select(x == 0.0, -infinity, result);
  return select(either(x < 0.0, isNan(x)), nan, result);
}

Num expandLog(Num x) { return withSpecialValues(x, logPositive(x)); }

Num expandLog2(Num x) {
  // 1/ln 2 is 1 + 0.44…: the large part of the product is f itself.
  Parts parts = takeApart(x);
  Num y = multiplyAdd(parts.square, -0.5, parts.rest);
  Num small = multiplyAdd(parts.f + y, 0.442695040888963407, y);
  return withSpecialValues(x, parts.exponent + (parts.f + small));
}

Num expandLog1p(Num x) {
  Num sum = 1.0 + x;
  Num lost = x - (sum - 1.0);
  Num result = logPositive(sum) + lost / sum;
  return withSign(withSpecialValues(sum, result), x);
}

} // namespace sinter::passes
