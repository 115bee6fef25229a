//===- Exponential.cpp - exp, exp2 and expm1 ------------------------------===//
//
// eˣ = 2ⁿ·eʳ with n = round(x/ln 2) and r = x − n·ln 2 in [−0.347, 0.347]; ln 2
// is split so that n times its first part is exact.  eʳ − 1 − r by a minimax
// polynomial (Moshier, Cephes, expf).
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

namespace sinter::passes {

static constexpr double log2OfE = 1.44269504088896341;
static constexpr double ln2High = 0.693359375; // 355/512
static constexpr double ln2Low = -2.12194440054690583e-4;

namespace {
struct Reduced {
  Rounded exponent; // n
  Num remainder;    // r
};
} // namespace

static Reduced reduce(Num x) {
  Rounded n = roundNearest(x * log2OfE);
  Num r = multiplyAdd(n.number, -ln2High, x);
  return {n, multiplyAdd(n.number, -ln2Low, r)};
}

/// eʳ − 1 for |r| ≤ 0.35, with a small relative error.
static Num expm1Reduced(Num r) {
  Num p = polynomial(r, {5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2,
                         8.3334519073e-3, 1.3981999507e-3, 1.9875691500e-4});
  return multiplyAdd(p, r * r, r);
}

Num expandExp(Num x) {
  // Beyond these the result is 0 or inf anyway.
  Reduced reduced = reduce(clamp(x, -104.0, 89.0));
  return scaleByPowerOfTwo(expm1Reduced(reduced.remainder) + 1.0,
                           reduced.exponent);
}

Num expandExp2(Num x) {
  // Here n = round(x) and x − n is exact.
  Num bounded = clamp(x, -152.0, 129.0);
  Rounded n = roundNearest(bounded);
  Num r = (bounded - n.number) * 0.693147180559945309;
  return scaleByPowerOfTwo(expm1Reduced(r) + 1.0, n);
}

Num halfExp(Num x) {
  Reduced reduced = reduce(clamp(x, -104.0, 91.0));
  auto [number, integer] = reduced.exponent;
  Rounded halved{number - 1.0, subtractInteger(integer, integer.bits(1))};
  return scaleByPowerOfTwo(expm1Reduced(reduced.remainder) + 1.0, halved);
}

Num expandExpm1(Num x) {
  // eˣ − 1 = 2ⁿ·((eʳ − 1) + (1 − 2⁻ⁿ)); below −18 it is −1.
  Reduced reduced = reduce(clamp(x, -18.0, 89.0));
  Num n = reduced.exponent.integer;
  // 2⁻ⁿ is below half an ulp of 1 from n = 25 on, where 2⁻ⁿ may not be normal.
  Num smallN = select(lessInteger(n.bits(64), n), n.bits(64), n);
  Num inverse =
      floatOfBits(shiftLeft(subtractInteger(n.bits(127), smallN), 23));
  Num sum = expm1Reduced(reduced.remainder) + (1.0 - inverse);
  // The sign also keeps −0.
  return withSign(scaleByPowerOfTwo(sum, reduced.exponent), x);
}

} // namespace sinter::passes
