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

Num expandExp(Num x);        // 2 ulp
Num expandExpm1(Num x);      // 3 ulp
Num expandLog(Num x);        // 2 ulp
Num expandLog1p(Num x);      // 3 ulp
Num expandTanh(Num x);       // 5 ulp
Num expandErf(Num x);        // 5 ulp
Num expandSin(Num x);        // 2 ulp
Num expandCos(Num x);        // 2 ulp
Num expandPow(Num x, Num y); // 2 ulp
Num expandFloor(Num x);      // exact
Num expandCeil(Num x);       // exact
Num expandRoundEven(Num x);  // exact

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_MATH_EXPANSIONS_H
