//===- Gamma.cpp - lgamma and polygamma -----------------------------------===//
//
// lgamma is libm's.  ψ⁽ⁿ⁾ in long double: the recurrence moves the argument far
// up, where the asymptotic series (Abramowitz and Stegun, 6.4.11) is exact to
// the last digit; arguments below 0 are mirrored first (6.4.7).
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Gamma.h"

#include <cmath>
#include <limits>
#include <vector>

using Real = long double;

static constexpr Real pi = 3.14159265358979323846264338327950288L;

double sinter::interpret::lgammaOf(double x) {
  // The reentrant form: lgamma itself writes a global variable.
  int sign;
  return ::lgamma_r(x, &sign);
}

/// πⁿ⁺¹ times the n-th derivative of the cotangent at t, of cotangent c.
static Real cotangentDerivative(unsigned order, Real c) {
  std::vector<Real> p = {0, 1};
  Real scale = pi;
  for (unsigned n = 0; n < order; ++n) {
    // (cᵏ)' = −k·cᵏ⁻¹·(1 + c²).
    std::vector<Real> next(p.size() + 1, 0);
    for (size_t k = 1; k < p.size(); ++k) {
      next[k - 1] -= Real(k) * p[k];
      next[k + 1] -= Real(k) * p[k];
    }
    p = next;
    scale *= pi;
  }
  // Horner's scheme over every other power: the rest have no coefficient.
  Real sum = 0;
  for (int k = static_cast<int>(p.size()) - 1; k >= 0; k -= 2)
    sum = sum * c * c + p[k];
  return scale * (p.size() % 2 ? sum : sum * c);
}

static Real polygammaAbove(unsigned order, Real x) {
  static const Real bernoulli[] = {
      1.0L / 6,       -1.0L / 30,       1.0L / 42,      -1.0L / 30,
      5.0L / 66,      -691.0L / 2730,   7.0L / 6,       -3617.0L / 510,
      43867.0L / 798, -174611.0L / 330, 854513.0L / 138};
  Real sign = order % 2 ? 1 : -1, factorial = 1;
  for (unsigned k = 2; k <= order; ++k)
    factorial *= k;
  Real sum = 0;
  for (Real far = 40 + 2 * Real(order); x < far; x += 1)
    sum += sign * factorial * std::pow(x, -Real(order) - 1);
  if (order == 0) {
    Real tail = 0;
    for (size_t k = 0; k < std::size(bernoulli); ++k)
      tail += bernoulli[k] / (2 * k + 2) * std::pow(x, -2 * Real(k + 1));
    return sum + (std::isinf(x) ? x : std::log(x) - 1 / (2 * x) - tail);
  }
  Real bracket = factorial / order + factorial / (2 * x);
  for (size_t k = 0; k < std::size(bernoulli); ++k)
    bracket += bernoulli[k] *
               std::exp(std::lgamma(Real(2 * k + 2 + order)) -
                        std::lgamma(Real(2 * k + 3))) *
               std::pow(x, -2 * Real(k + 1));
  return sum + sign * std::pow(x, -Real(order)) * bracket;
}

double sinter::interpret::polygammaOf(unsigned order, double x) {
  if (x >= 0.5 || std::isnan(x))
    return static_cast<double>(std::isnan(x) ? x : polygammaAbove(order, x));
  if (std::isinf(x))
    return std::numeric_limits<double>::quiet_NaN();
  Real r = x - std::nearbyint(x);
  if (r == 0)
    return order % 2 ? std::numeric_limits<double>::infinity()
                     : std::numeric_limits<double>::quiet_NaN();
  Real mirrored = polygammaAbove(order, 1 - Real(x));
  if (order % 2)
    mirrored = -mirrored;
  Real cotangent = std::cos(pi * r) / std::sin(pi * r);
  return static_cast<double>(mirrored - cotangentDerivative(order, cotangent));
}
