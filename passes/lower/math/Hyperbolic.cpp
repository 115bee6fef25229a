//===- Hyperbolic.cpp - sinh, cosh and tanh -------------------------------===//
//
// sinh is odd powers of x up to 1 (Moshier, Cephes, sinhf) and h − 1/(4h) with
// h = e^|x|/2 beyond; cosh is h + 1/(4h).
//
// tanh is a quotient of polynomials on [−7.9, 7.9] (the minimax approximation
// that Eigen and MLIR use).  Without FMA its rounding errors would pass 5 ulp:
// there it is computed in f64.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

namespace sinter::passes {

Num expandSinh(Num x) {
  Num size = absolute(x), square = x * x;
  Num p = polynomial(square,
                     {1.66667160211e-1, 8.33028376239e-3, 2.03721912945e-4});
  Num small = multiplyAdd(p * square, x, x);
  Num h = halfExp(size);
  Num large = withSign(h - 0.25 / h, x);
  return select(size < 1.0, small, large);
}

Num expandCosh(Num x) {
  Num h = halfExp(absolute(x));
  return h + 0.25 / h;
}

Num expandTanh(Num x) {
  Num bounded = clamp(x, -7.90531110763549805, 7.90531110763549805);
  if (!x.math->fma)
    bounded = toDouble(bounded);
  Num square = bounded * bounded;
  Num p = polynomial(square, {4.89352455891786e-03, 6.37261928875436e-04,
                              1.48572235717979e-05, 5.12229709037114e-08,
                              -8.60467152213735e-11, 2.00018790482477e-13,
                              -2.76076847742355e-16});
  Num q = polynomial(square, {4.89352518554385e-03, 2.26843463243900e-03,
                              1.18534705686654e-04, 1.19825839466702e-06});
  Num result = bounded * p / q;
  if (!x.math->fma)
    result = toSingle(result);
  // Near 0 the quotient of the leading coefficients would be a wrong last bit;
  // from 8.3 on tanh is 1 within 2 ulp.
  result = select(absolute(x) < 0.0004, x, result);
  Num flat = x.constant(8.3) < absolute(x);
  return select(flat, withSign(x.constant(1.0), x), result);
}

} // namespace sinter::passes
