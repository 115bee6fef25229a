//===- Gamma.cpp - lgamma and polygamma -----------------------------------===//
//
// From ½ on, Stirling's series at an argument moved up by so many ones that ten
// terms suffice; below, Euler's reflection, ψ⁽ⁿ⁾(x) = (−1)ⁿψ⁽ⁿ⁾(1 − x) −
// π·dⁿ/dxⁿ cot πx.  (Abramowitz and Stegun, 6.1.17, 6.1.40, 6.3.7, 6.4.6,
// 6.4.7, 6.4.11.)  Everything in f64: it is computed without FMA, so alike on
// every target but for the logarithm of f64, which is libm's.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

namespace sinter::passes {

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
static constexpr double pi = 3.14159265358979324;
static constexpr double lnPi = 1.14472988584940017;
static constexpr double halfLn2Pi = 0.918938533204672742;
/// B₂, B₄, …, B₂₀.
static constexpr double bernoulli[] = {
    1.0 / 6,       -1.0 / 30, 1.0 / 42,      -1.0 / 30,     5.0 / 66,
    -691.0 / 2730, 7.0 / 6,   -3617.0 / 510, 43867.0 / 798, -174611.0 / 330};

namespace {
/// The argument in f64, and where it came from.
class Gamma {
public:
  Gamma(Num x)
      : single(mlir::getElementTypeOrSelf(x.type()).isF32()),
        x(single ? toDouble(x) : x), isBelow(this->x < 0.5),
        u(select(isBelow, 1.0 - this->x, this->x)) {}

  Num lgamma();
  Num polygamma(unsigned order);

private:
  Num log(Num positive);
  /// x − round(x), for any finite x.
  Num fraction();
  Num reflection(unsigned order);
  Num finish(Num result) { return single ? toSingle(result) : result; }

  bool single;
  Num x;
  Num isBelow;
  /// x, or 1 − x where that is larger.
  Num u;
};
} // namespace

/// ln of a positive normal f64: 2/ln 2·artanh((m − 1)/(m + 1)) by its series, m
/// in [√½, √2), and the exponent as a float without conversion, which few
/// targets have for i64.
static Num logNormal(Num x) {
  constexpr uint64_t rootHalf = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000;
  Num bits = bitsOf(x);
  Num biased = shiftRight(addInteger(bits, bits.bits(one - rootHalf)), 52);
  Num e = subtractInteger(biased, bits.bits(1023));
  Num m = floatOfBits(subtractInteger(bits, shiftLeft(e, 52)));
  constexpr uint64_t twoTo52 = 0x4330000000000000;
  Num exponent =
      floatOfBits(orInteger(biased, bits.bits(twoTo52))) - (0x1p52 + 1023);
  Num s = (m - 1.0) / (m + 1.0);
  llvm::SmallVector<double> series;
  for (int k = 0; k <= 10; ++k)
    series.push_back(2.0 / (2 * k + 1));
  constexpr double ln2High = 0x1.62e42fefa38p-1; // times e it is exact
  constexpr double ln2Low = 0x1.ef35793c7673p-45;
  Num low = exponent * ln2Low + polynomial(s * s, series) * s;
  return exponent * ln2High + low;
}

Num Gamma::log(Num positive) {
  if (single)
    return logNormal(positive);
  const MathBuilder &math = *positive.math;
  mlir::Value value =
      mlir::math::LogOp::create(math.builder, math.loc, positive.value);
  return {math, value};
}

Num Gamma::fraction() {
  // From 2⁵² on all are even integers or near enough: rounding x/2 first keeps
  // odd ones and halves below.
  Num even = x - 2.0 * roundNearest(x * 0.5).number;
  Num rest = even - roundNearest(even).number;
  return select(absolute(x) < 0x1p52, rest, x - x);
}

/// sin πr / r … by Taylor's series, |r| ≤ ½.
static llvm::SmallVector<double> sineSeries(unsigned first) {
  llvm::SmallVector<double> series;
  double term = first ? pi : 1;
  for (unsigned k = first; series.size() < 13; k += 2) {
    series.push_back(term);
    term *= -pi * pi / ((k + 1) * (k + 2));
  }
  return series;
}

Num Gamma::lgamma() {
  // Move up by 8: a product instead of eight logarithms.
  constexpr int steps = 8;
  Num isSmall = u < steps;
  Num moved = select(isSmall, u + steps, u);
  Num product = u;
  for (int k = 1; k < steps; ++k)
    product = product * (u + k);
  product = select(isSmall, product, u.constant(1));
  llvm::SmallVector<double> series;
  for (auto [k, b] : llvm::enumerate(bernoulli))
    series.push_back(b / ((2 * k + 2) * (2 * k + 1)));
  Num inverse = 1.0 / moved;
  Num tail = polynomial(inverse * inverse, series) * inverse;
  Num result = (moved - 0.5) * log(moved) - moved;
  result = result + (tail + halfLn2Pi) - log(product);
  result = select(u < infinity, result, absolute(u));

  // Where the logarithm of 1 comes of larger ones it must be exact.
  Num isZero = either(u == 1.0, u == 2.0);
  result = select(isZero, 0.0, result);

  Num r = fraction();
  Num sine = absolute(r * polynomial(r * r, sineSeries(1)));
  Num reflected = (lnPi - log(sine)) - result;
  reflected = select(r == 0.0, infinity, reflected);
  reflected = select(x == -infinity, infinity, reflected);
  return finish(select(isBelow, reflected, result));
}

/// x^power, power > 0.
static Num powerOf(Num x, unsigned power) {
  if (power == 1)
    return x;
  Num half = powerOf(x * x, power / 2);
  return power % 2 ? half * x : half;
}

/// π·dⁿ/dxⁿ cot πx, a polynomial in the cotangent.
Num Gamma::reflection(unsigned order) {
  // With c = cot t, dc/dt = −(1 + c²).
  llvm::SmallVector<double> p = {0, 1};
  double scale = pi;
  for (unsigned n = 0; n < order; ++n) {
    llvm::SmallVector<double> next(p.size() + 1, 0.0);
    for (size_t k = 1; k < p.size(); ++k) {
      next[k - 1] -= k * p[k];
      next[k + 1] -= k * p[k];
    }
    p = next;
    scale *= pi;
  }
  Num r = fraction(), square = r * r;
  Num sine = r * polynomial(square, sineSeries(1));
  Num cosine = polynomial(square, sineSeries(0));
  Num cotangent = cosine / sine;
  // Only every other coefficient is there.
  llvm::SmallVector<double> every;
  for (size_t k = p.size() % 2 ? 0 : 1; k < p.size(); k += 2)
    every.push_back(p[k] * scale);
  Num value = polynomial(cotangent * cotangent, every);
  value = p.size() % 2 ? value : value * cotangent;
  double atPole = order % 2 ? -infinity : nan;
  return select(r == 0.0, atPole, value);
}

Num Gamma::polygamma(unsigned order) {
  // The higher the order, the later the series is good.
  unsigned steps = 10 + order;
  double factorial = 1; // of order − 1, or of 0
  for (unsigned k = 2; k < order; ++k)
    factorial *= k;
  double sign = order % 2 ? 1 : -1; // (−1)ⁿ⁺¹

  Num isSmall = u < steps;
  Num moved = select(isSmall, u + steps, u);
  Num inverse = 1.0 / moved;
  // B₂ₖ(2k + n − 1)!/(2k)!, over (n − 1)! if n > 0.
  llvm::SmallVector<double> series;
  double ratio = order ? 1 : 0.5;
  for (auto [i, b] : llvm::enumerate(bernoulli)) {
    unsigned k = 2 * (i + 1);
    if (order == 0)
      ratio = 1.0 / k;
    else
      ratio *= double(k + order - 2) * (k + order - 1) / (double(k - 1) * k);
    series.push_back(b * ratio);
  }
  Num square = inverse * inverse;
  Num tail = polynomial(square, series) * square;
  Num result = inverse; // replaced
  if (order == 0) {
    result = log(moved) - (inverse * 0.5 + tail);
    result = select(u < infinity, result, u);
  } else {
    Num bracket = (tail + inverse * (0.5 * order)) + 1.0;
    result = powerOf(inverse, order) * bracket * (sign * factorial);
  }

  double whole = factorial * (order ? order : 1); // n!
  Num sum = u.constant(0);
  for (unsigned k = steps; k-- > 0;)
    sum = sum + powerOf(1.0 / (u + k), order + 1);
  result = result + select(isSmall, sum * (sign * whole), u.constant(0));

  Num mirrored = order % 2 ? -result : result;
  return finish(select(isBelow, mirrored - reflection(order), result));
}

Num expandLgamma(Num x) { return Gamma(x).lgamma(); }
Num expandPolygamma(unsigned order, Num x) { return Gamma(x).polygamma(order); }

} // namespace sinter::passes
