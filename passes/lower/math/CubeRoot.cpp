//===- CubeRoot.cpp - cbrt ------------------------------------------------===//
//
// x^(−1/3) by Newton's iteration without a division, from the guess that a
// third of the bits gives (Lomont, "Fast inverse square root", 2003, for
// cubes); then ∛x = x·(x^(−1/3))², and one step of Newton's for its last bits.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/math/Expansions.h"

#include <limits>

namespace sinter::passes {

Num expandCbrt(Num x) {
  Num size = absolute(x);
  // Denormals first become normal, and the largest numbers so small that the
  // cube of a root that was rounded up is finite.
  Num tiny = size < 0x1p-120;
  Num scaled = size * select(tiny, 0x1p24, size.constant(0x1p-3));
  constexpr double guessOfOne = 0x54a21d2a;
  Num guess = toFloat(bitsOf(scaled)) * (-1.0 / 3) + guessOfOne;
  Num y = floatOfBits(toInteger(guess));
  for (int step = 0; step < 3; ++step) {
    Num cube = (scaled * y) * (y * y);
    y = y * (4.0 / 3 - cube * (1.0 / 3));
  }
  Num square = y * y;
  Num root = scaled * square;
  Num rest = scaled - root * root * root;
  root = multiplyAdd(rest * square, 1.0 / 3, root);
  root = root * select(tiny, 0x1p-8, size.constant(2));
  Num finite = size < std::numeric_limits<double>::infinity();
  return withSign(select(finite, root, size), x);
}

} // namespace sinter::passes
