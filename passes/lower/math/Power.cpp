//===- Power.cpp - pow ----------------------------------------------------===//
//
// xʸ = 2^(y·log₂|x|) in f64, where 40 right bits of the logarithm suffice:
// log₂ m = 2/ln 2·artanh((m−1)/(m+1)) by its series, 2^f by that of the
// exponential.  Signs and special values as C's pow (ISO C, annex F.10.4.4).
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

#include <limits>

namespace sinter::passes {

static constexpr double infinity = std::numeric_limits<double>::infinity();

/// log₂ of a positive finite f32, as f64.
static Num log2Wide(Num x) {
  Num tiny = x < 0x1p-126;
  Num bits = bitsOf(select(tiny, x * 0x1p25, x));
  Num e =
      shiftRightArithmetic(subtractInteger(bits, bits.bits(0x3f3504f3)), 23);
  Num m = toDouble(floatOfBits(subtractInteger(bits, shiftLeft(e, 23))));
  Num exponent = toDouble(select(tiny, subtractInteger(e, e.bits(25)), e));
  Num s = (m - 1.0) / (m + 1.0);
  constexpr double scale = 2.0 / 0.693147180559945309;
  Num series = polynomial(s * s, {scale, scale / 3, scale / 5, scale / 7,
                                  scale / 9, scale / 11, scale / 13});
  return multiplyAdd(series, s, exponent);
}

/// 2ᵗ for an f64 |t| ≤ 300, as f32.
static Num exp2Wide(Num t) {
  Rounded n = roundNearest(t);
  Num f = (t - n.number) * 0.693147180559945309;
  Num p = polynomial(f, {1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120,
                         1.0 / 720, 1.0 / 5040, 1.0 / 40320});
  Num power =
      floatOfBits(shiftLeft(addInteger(n.integer, n.integer.bits(1023)), 52));
  return toSingle(p * power); // one rounding, also to denormals
}

Num expandPow(Num x, Num y) {
  Num size = absolute(x);
  Num log = log2Wide(size);
  log = select(toDouble(size) == 0.0, -infinity, log);
  log = select(toDouble(size) == infinity, infinity, log);
  Num t = log * toDouble(y);
  Num result = exp2Wide(clamp(t, -300.0, 300.0));
  result = select(isNan(size), x, result);

  // From 2²⁴ on every f32 is an even integer.
  Num bounded = absolute(y) < 0x1p24;
  Num integer = toInteger(select(bounded, y, y.constant(0)));
  Num isInteger = either(negate(bounded), toFloat(integer) == y);
  Num isOdd =
      equalInteger(andInteger(integer, integer.bits(1)), integer.bits(1));
  Num negative = lessInteger(bitsOf(x), integer.bits(0));
  result = select(both(negative, both(isInteger, isOdd)), -result, result);
  Num noReal =
      both(both(x < 0.0, x.constant(-infinity) < x), negate(isInteger));
  result = select(noReal, std::numeric_limits<double>::quiet_NaN(), result);
  // (±1)^±inf, 1^nan and x⁰ are 1.
  Num one = either(x == 1.0, y == 0.0);
  Num unit = both(size == 1.0, absolute(y) == infinity);
  result = select(isNan(y), y, result);
  return select(either(one, unit), 1.0, result);
}

} // namespace sinter::passes
