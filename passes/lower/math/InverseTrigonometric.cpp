//===- InverseTrigonometric.cpp - asin, acos, atan and atan2 --------------===//
//
// Minimax polynomials on a small interval (Moshier, Cephes, asinf and atanf)
// and identities that lead there: arcsin x = π/2 − 2·arcsin √((1 − x)/2) from ½
// on, arctan x = π/4 + arctan((x − 1)/(x + 1)) around 1 and π/2 + arctan(−1/x)
// beyond.  π/2 is added in two parts.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

#include <limits>

namespace sinter::passes {

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// π/2 as the nearest f32 and what is missing.
static constexpr double halfPiHigh = 0x1.921fb6p0;
static constexpr double halfPiLow = -4.37113900018624283e-8;

/// π/2·quarters − x.
static Num turnBack(double quarters, Num x) {
  return quarters * halfPiHigh + (quarters * halfPiLow - x);
}

namespace {
/// arcsin of a in [0, ½], or of √((1 − a)/2) where a is larger.
struct HalfAngle {
  Num isLarge, angle;
};
} // namespace

static HalfAngle halfAngle(Num size) {
  Num isLarge = size.constant(0.5) < size;
  Num square = select(isLarge, (1.0 - size) * 0.5, size * size);
  Num x = select(isLarge, squareRoot(square), size);
  Num p = polynomial(square, {1.6666752422e-1, 7.4953002686e-2, 4.5470025998e-2,
                              2.4181311049e-2, 4.2163199048e-2});
  return {isLarge, multiplyAdd(p * square, x, x)};
}

Num expandAsin(Num x) {
  auto [isLarge, angle] = halfAngle(absolute(x));
  return withSign(select(isLarge, turnBack(1, angle + angle), angle), x);
}

Num expandAcos(Num x) {
  auto [isLarge, angle] = halfAngle(absolute(x));
  Num twice = angle + angle;
  Num large = select(x < 0.0, turnBack(2, twice), twice);
  return select(isLarge, large, turnBack(1, withSign(angle, x)));
}

/// arctan x for |x| ≤ tan(π/8), and what is added to it after.
static Num atanSmall(Num x, Num added, Num addedLow) {
  Num square = x * x;
  Num p = polynomial(square, {-3.33329491539e-1, 1.99777106478e-1,
                              -1.38776856032e-1, 8.05374449538e-2});
  return added + (x + multiplyAdd(p * square, x, addedLow));
}

static constexpr double tanOf22Degrees = 0.414213562373095049;
static constexpr double tanOf67Degrees = 2.414213562373095049;

Num expandAtan(Num x) {
  Num size = absolute(x);
  Num isMiddle = size.constant(tanOf22Degrees) < size;
  Num isLarge = size.constant(tanOf67Degrees) < size;
  Num none = size.constant(0), one = size.constant(1);
  Num top = select(isLarge, -one, select(isMiddle, size - 1.0, size));
  Num bottom = select(isLarge, size, select(isMiddle, size + 1.0, one));
  auto quarters = [&](double unit) {
    return select(isLarge, unit, select(isMiddle, unit / 2, none));
  };
  return withSign(
      atanSmall(top / bottom, quarters(halfPiHigh), quarters(halfPiLow)), x);
}

Num expandAtan2(Num y, Num x) {
  Num height = absolute(y), width = absolute(x);
  Num isSteep = width < height;
  Num top = select(isSteep, width, height);
  Num bottom = select(isSteep, height, width);
  // 0/0 and inf/inf are those of C's atan2.
  Num slope = select(top == infinity, 1.0, top / bottom);
  slope = select(top == 0.0, 0.0, slope);

  Num isMiddle = slope.constant(tanOf22Degrees) < slope;
  Num none = slope.constant(0);
  Num angle = atanSmall(select(isMiddle, (slope - 1.0) / (slope + 1.0), slope),
                        select(isMiddle, halfPiHigh / 2, none),
                        select(isMiddle, halfPiLow / 2, none));
  angle = select(isSteep, turnBack(1, angle), angle);
  Num sign = bitsOf(x);
  angle = select(lessInteger(sign, sign.bits(0)), turnBack(2, angle), angle);
  return select(either(isNan(x), isNan(y)), nan, withSign(angle, y));
}

} // namespace sinter::passes
