//===- Expansions.h - f32 functions in terms of arithmetic ------*- C++ -*-===//
//
// Each takes and gives f32 values or vectors.  The bounds are in ulp of the
// result, over all inputs unless said, with and without FMA; tests/lower
// measures them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_MATH_EXPANSIONS_H
#define SINTER_PASSES_LOWER_MATH_EXPANSIONS_H

#include "passes/lower/math/Float32.h"

namespace sinter::passes {

Num expandExp(Num x);          // 2 ulp
Num expandExp2(Num x);         // 2 ulp
Num expandExpm1(Num x);        // 3 ulp
Num expandLog(Num x);          // 2 ulp
Num expandLog2(Num x);         // 3 ulp
Num expandLog1p(Num x);        // 3 ulp
Num expandSinh(Num x);         // 4 ulp
Num expandCosh(Num x);         // 4 ulp
Num expandTanh(Num x);         // 5 ulp
Num expandAsinh(Num x);        // 4 ulp
Num expandAcosh(Num x);        // 4 ulp
Num expandAtanh(Num x);        // 4 ulp
Num expandErf(Num x);          // 5 ulp
Num expandSin(Num x);          // 2 ulp
Num expandCos(Num x);          // 2 ulp
Num expandTan(Num x);          // 4 ulp
Num expandAsin(Num x);         // 4 ulp
Num expandAcos(Num x);         // 4 ulp
Num expandAtan(Num x);         // 4 ulp
Num expandAtan2(Num y, Num x); // 4 ulp
Num expandCbrt(Num x);         // 2 ulp
Num expandPow(Num x, Num y);   // 2 ulp
Num expandFloor(Num x);        // exact
Num expandCeil(Num x);         // exact
Num expandRoundEven(Num x);    // exact

/// Of f32 or f64, computed in f64; the bounds stand with the ops.
Num expandLgamma(Num x);
Num expandPolygamma(unsigned order, Num x);

// What several of these are made of.

/// e^x / 2, so that it overflows where sinh and cosh do.
Num halfExp(Num x);
/// ln x of a positive finite x, as of a number for others.
Num logPositive(Num x);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_MATH_EXPANSIONS_H
