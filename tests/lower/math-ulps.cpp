//===- math-ulps.cpp - the errors of f32 functions over all numbers -------===//
//
//   math-ulps [FUNCTION…]
//
// Compiles each function (all, if none is named) with FMA and without, and
// prints the largest error over all 2³² f32 as rows of the table in
// passes/lower/README.md: some minutes a function.  Status 1 if one passes its
// bound.  Not a test: MathTest looks at every 997th number.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/MathTable.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace sinter::test;

static bool printRow(const MathFunction &f, Compiled &withFma,
                     Compiled &without) {
  std::vector<float> x(mathChunk), y(mathChunk);
  std::vector<double> wanted(mathChunk);
  WorstError worst[2];
  for (uint64_t bits = 0; bits < (uint64_t(1) << 31); bits += mathChunk)
    for (double sign : {1.0, -1.0}) {
      for (int64_t i = 0; i < mathChunk; ++i)
        x[i] = static_cast<float>(sign) *
               floatOfBits(static_cast<uint32_t>(bits + i));
      // The reference takes most of the time: once for both signs, if it can.
      for (int64_t i = 0; i < mathChunk; ++i)
        wanted[i] =
            sign < 0 && f.symmetry ? f.symmetry * wanted[i] : f.wanted(x[i]);
      int number = 0;
      for (Compiled *compiled : {&withFma, &without}) {
        if (compiled->call(f.entry(), {x.data(), y.data()}) != SINTER_OK)
          return false;
        for (int64_t i = 0; i < mathChunk; ++i)
          worst[number].look(x[i], y[i], wanted[i]);
        ++number;
      }
    }
  std::printf("| `%s` | %g | %.2f at %.9g | %.2f at %.9g |\n", f.op, f.bound,
              worst[0].error, worst[0].at, worst[1].error, worst[1].at);
  std::fflush(stdout);
  return worst[0].error <= f.bound && worst[1].error <= f.bound;
}

int main(int count, char **names) {
  Compiled withFma(mathModule(), "native"), without(mathModule(), "generic");
  if (!withFma || !without)
    return 1;
  bool kept = true;
  std::printf("| op | bound | with FMA | without |\n|---|---|---|---|\n");
  for (const MathFunction &f : mathFunctions) {
    bool isWanted =
        count == 1
            ? f.stride == 997
            : std::any_of(names + 1, names + count,
                          [&](const char *name) { return f.entry() == name; });
    if (isWanted)
      kept &= printRow(f, withFma, without);
  }
  return kept ? 0 : 1;
}
