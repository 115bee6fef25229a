//===- MathTest.cpp - f32 functions against libm in double ----------------===//
//
// Every 997th bit pattern, and the special values: the bounds are those that
// the ops state.  With FMA and without, with and without rounding instructions;
// a call of libm in the object would be a bug here.  `math-ulps` looks at every
// number.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/MathTable.h"

#include <cmath>
#include <limits>

using namespace sinter;
using namespace sinter::test;

namespace {

constexpr int64_t chunk = mathChunk;

class Math : public testing::TestWithParam<const char *> {};

TEST_P(Math, KeepsItsBoundOnEvery997thNumber) {
  Compiled compiled(mathModule(), GetParam());
  ASSERT_TRUE(compiled);
  std::string assembly = compiled.assembly();
  ASSERT_NE(assembly.find("exp_exp"), std::string::npos) << "names the kernels";
  EXPECT_EQ(assembly.find("@PLT"), std::string::npos)
      << "calls " << assembly.substr(assembly.find("@PLT") - 20, 20);
  std::vector<float> x(chunk), y(chunk);
  for (const MathFunction &f : mathFunctions) {
    // Beside the strata: where functions have poles, turns and ends.
    const float special[] = {
        0.0f,       -0.0f,       INFINITY,       -INFINITY,   NAN,
        1e-45f,     -1e-45f,     1.0f,           -1.0f,       88.8f,
        -103.9f,    3.4e38f,     3.40282205e38f, 3.15045786f, 3.8001585f,
        -3.4e38f,   0.5f,        1e10f,          -0.5f,       2.0f,
        -2.0f,      89.41f,      -89.41f,        127.99f,     -149.5f,
        1.5707964f, 3.1415927f,  0.99999994f,    1.0000001f,  8192.0f,
        1.4616321f, -2.4570248f, -8388609.0f,    8388607.5f};
    WorstError worst;
    uint64_t bits = 0;
    for (bool first = true; bits < (uint64_t(1) << 32); first = false) {
      for (int64_t i = 0; i < chunk; ++i) {
        if (first && i < static_cast<int64_t>(std::size(special))) {
          x[i] = special[i];
          continue;
        }
        x[i] = floatOfBits(static_cast<uint32_t>(bits));
        bits += f.stride;
      }
      ASSERT_EQ(compiled.call(f.entry(), {x.data(), y.data()}), SINTER_OK);
      for (int64_t i = 0; i < chunk; ++i)
        worst.look(x[i], y[i], f.wanted(x[i]));
    }
    EXPECT_LE(worst.error, f.bound) << f.entry() << " at " << worst.at;
  }
}

TEST_P(Math, PowAndAtan2KeepTheirBoundsOnAStratifiedSample) {
  Compiled compiled(mathModule(), GetParam());
  ASSERT_TRUE(compiled);
  const float special[] = {
      0.0f,       -0.0f,      INFINITY,   -INFINITY,  NAN,         1e-45f,
      -1e-45f,    1.0f,       -1.0f,      2.0f,       -2.0f,       3.0f,
      -3.0f,      0.5f,       -0.5f,      2.5f,       -2.5f,       1e10f,
      -1e10f,     0.1f,       16777216.f, 16777215.f, -16777215.f, 3.4e38f,
      1.0000001f, 0.9999999f, 33554434.f, 1e-10f};
  constexpr size_t count = std::size(special);
  uint64_t state = 1;
  auto next = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state >> 32);
  };
  for (int round = 0; round < 8; ++round) {
    std::vector<float> x(chunk), e(chunk), y(chunk), angle(chunk);
    for (int64_t i = 0; i < chunk; ++i) {
      if (round == 0 && i < static_cast<int64_t>(count * count)) {
        x[i] = special[i / count];
        e[i] = special[i % count];
        continue;
      }
      float base = floatOfBits(next());
      // Exponents such that results fill the whole range of f32.
      double log = std::log2(std::fabs(base));
      double target = (next() % 300000 - 150000.0) / 1000;
      x[i] = i % 3 ? std::fabs(base) : base;
      e[i] = static_cast<float>(i % 2 ? target : target / log);
    }
    ASSERT_EQ(compiled.call("pow", {x.data(), e.data(), y.data()}), SINTER_OK);
    for (int64_t i = 0; i < chunk; ++i)
      ASSERT_LE(ulps(y[i], std::pow(double(x[i]), double(e[i]))), 2)
          << x[i] << " to the power " << e[i] << " is " << y[i];
    // Points of every slope: half of them within 2¹⁵ of a diagonal.
    if (round > 0)
      for (int64_t i = 0; i < chunk; ++i) {
        x[i] = floatOfBits(next());
        e[i] = i % 2 ? floatOfBits(next())
                     : std::ldexp(x[i], static_cast<int>(next() % 30) - 15) *
                           static_cast<float>(next() % 1000 / 500.0 - 1);
      }
    ASSERT_EQ(compiled.call("atan2", {x.data(), e.data(), angle.data()}),
              SINTER_OK);
    for (int64_t i = 0; i < chunk; ++i)
      ASSERT_LE(ulps(angle[i], std::atan2(double(x[i]), double(e[i]))), 4)
          << "atan2 of " << x[i] << ", " << e[i] << " is " << angle[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Math, testing::ValuesIn(allCpus), nameOfCpu);

} // namespace
