//===- Rounding.cpp - floor, ceil and roundeven without SSE4.1 ------------===//
//
// From 2²³ on an f32 is an integer; below, it fits an i32.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

namespace sinter::passes {

/// `rounded` for small x, x itself for large ones; the sign keeps −0.
static Num finish(Num x, Num rounded) {
  return select(absolute(x) < 0x1p23, withSign(rounded, x), x);
}
static Num truncated(Num x) {
  Num small = absolute(x) < 0x1p23;
  return toFloat(toInteger(select(small, x, x.constant(0))));
}

Num expandFloor(Num x) {
  Num t = truncated(x);
  return finish(x, select(x < t, t - 1.0, t));
}
Num expandCeil(Num x) {
  Num t = truncated(x);
  return finish(x, select(t < x, t + 1.0, t));
}
Num expandRoundEven(Num x) {
  Num size = absolute(x);
  return finish(x, (size + 0x1p23) - 0x1p23);
}

} // namespace sinter::passes
