//===- ErrorFunction.cpp - erf --------------------------------------------===//
//
// A quotient of an odd and an even polynomial up to the point where erf rounds
// to ±1 in f32 (minimax coefficients as in Eigen's fast erf); in f64 where
// there is no FMA, as tanh.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

namespace sinter::passes {

Num expandErf(Num x) {
  Num bounded = clamp(x, -3.832506856900711, 3.832506856900711);
  if (!x.math->fma)
    bounded = toDouble(bounded);
  Num square = bounded * bounded;
  Num p = polynomial(square, {1.128379143519084, 0.18520832239976145,
                              0.050955695062380861, 0.0034082910107109506,
                              0.00022905065861350646});
  Num q = polynomial(square, {1.0, 0.49746925110067538, 0.11098505178285362,
                              0.014070470171167667, 0.0010179625278914885,
                              0.000023547966471313185, -1.1791602954361697e-7});
  Num product = bounded * p, result = product;
  if (x.math->fma) {
    // What rounding the product and the quotient lost would pass 5 ulp.
    Num inverse = 1.0 / q;
    Num quotient = product * inverse;
    Num lost =
        multiplyAdd(bounded, p, -product) + multiplyAdd(-quotient, q, product);
    result = multiplyAdd(lost, inverse, quotient);
  } else {
    result = toSingle(product / q);
  }
  // From here on 1 is 4.1 ulp away at most, and the quotient more.
  Num flat = x.constant(3.65) < absolute(x);
  return withSign(select(flat, 1.0, result), x); // keeps −0
}

} // namespace sinter::passes
