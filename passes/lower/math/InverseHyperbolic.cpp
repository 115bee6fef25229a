//===- InverseHyperbolic.cpp - asinh, acosh and atanh ---------------------===//
//
// As ln(1 + u) with u small where the result is: arsinh x = ln(1 + x + x²/(1 +
// √(x² + 1))), arcosh x = ln(1 + t + √(t(x + 1))) with t = x − 1, artanh x =
// ½ln(1 + 2x/(1 − x)).  Where x² would overflow, arsinh and arcosh are ln 2x.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

#include <limits>

namespace sinter::passes {

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
static constexpr double ln2 = 0.693147180559945309;
/// From here on 1/(4x²), the next term after ln 2x, is lost in rounding.
static constexpr double large = 0x1p13;

namespace {
/// ln(1 + u) as a logarithm and a correction for what rounding 1 + u lost
/// (Kahan).
struct OnePlus {
  OnePlus(Num u) : sum(1.0 + u), correction((u - (sum - 1.0)) / sum) {}
  Num sum, correction;
};
} // namespace

/// ln(1 + u), or ln 2x where x is large; x itself where that is inf or a nan.
static Num logOfSum(Num x, Num u) {
  Num isLarge = x.constant(large) < x;
  OnePlus plus(u);
  Num result = logPositive(select(isLarge, x, plus.sum)) +
               select(isLarge, ln2, plus.correction);
  return select(x < infinity, result, x);
}

Num expandAsinh(Num x) {
  Num size = absolute(x);
  Num bounded = clamp(size, 0.0, large);
  Num square = bounded * bounded;
  Num u = bounded + square / (1.0 + squareRoot(square + 1.0));
  return withSign(logOfSum(size, u), x);
}

Num expandAcosh(Num x) {
  Num bounded = clamp(x, 1.0, large);
  Num t = bounded - 1.0;
  Num u = t + squareRoot(t * (bounded + 1.0));
  return select(x < 1.0, nan, logOfSum(x, u));
}

Num expandAtanh(Num x) {
  Num size = absolute(x);
  OnePlus plus((size + size) / (1.0 - size));
  Num result = (logPositive(plus.sum) + plus.correction) * 0.5;
  result = select(size == 1.0, infinity, result);
  return withSign(select(size.constant(1) < size, nan, result), x);
}

} // namespace sinter::passes
