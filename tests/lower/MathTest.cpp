//===- MathTest.cpp - f32 functions against libm in double ----------------===//
//
// Every 997th bit pattern, and the special values: the bounds are those that
// passes/lower/math/Expansions.h states.  With FMA and without, with and
// without rounding instructions; a call of libm in the object would be a bug
// here.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include "mlir/IR/Builders.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace sinter;
using namespace sinter::test;

namespace {

constexpr int64_t chunk = 1 << 16;

float ofBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The distance of an f32 from the true value, in units of the last place that
/// an f32 of the true value's size has.
double ulps(double got, double wanted) {
  if (std::isnan(wanted) || std::isnan(got))
    return std::isnan(wanted) == std::isnan(got) ? 0 : HUGE_VAL;
  auto rounded = static_cast<float>(wanted);
  if (std::isinf(rounded) || std::isinf(got)) {
    if (got == rounded)
      return 0;
    // One of them has overflowed: measure from the last finite number.
    double last = std::numeric_limits<float>::max();
    double finite = std::copysign(last, wanted);
    bool near = std::signbit(got) == std::signbit(wanted) &&
                (std::isinf(got) ? std::fabs(wanted) : std::fabs(got)) >
                    last * (1 - 0x1p-22);
    return near ? std::fabs((std::isinf(got) ? wanted : got) - finite) / 0x1p104
                : HUGE_VAL;
  }
  if (wanted == 0 && got == 0)
    return std::signbit(wanted) == std::signbit(got) ? 0 : HUGE_VAL;
  int exponent;
  std::frexp(wanted, &exponent);
  double unit = std::max(std::ldexp(1.0, exponent - 24), 0x1p-149);
  return std::fabs(got - wanted) / unit;
}

struct Function {
  const char *op;
  double (*wanted)(double);
  double bound;
};
double logisticOf(double x) { return 1 / (1 + std::exp(-x)); }
double rsqrtOf(double x) { return 1 / std::sqrt(x); }
const Function functions[] = {
    {"exp", std::exp, 2},         {"expm1", std::expm1, 3},
    {"log", std::log, 2},         {"log1p", std::log1p, 3},
    {"tanh", std::tanh, 5},       {"erf", std::erf, 5},
    {"sin", std::sin, 2},         {"cos", std::cos, 2},
    {"logistic", logisticOf, 5},  {"rsqrt", rsqrtOf, 2},
    {"floor", std::floor, 0},     {"ceil", std::ceil, 0},
    {"round", std::nearbyint, 0}, {"sqrt", std::sqrt, 0.5}};

std::string module() {
  std::string type = "tensor<" + std::to_string(chunk) + "xf32>";
  std::string text = "module @m {\n";
  for (const Function &f : functions)
    text += std::string("sinter.entry @") + f.op + "(%x: " + type +
            " {sinter.name = \"x\"}) -> (" + type +
            " {sinter.name = \"y\"}) {\n  %y = sinter." + f.op +
            " %x : " + type + "\n  sinter.return %y : " + type + "\n}\n";
  text += "sinter.entry @pow(%x: " + type +
          " {sinter.name = \"x\"}, %e: " + type +
          " {sinter.name = \"e\"}) -> (" + type +
          " {sinter.name = \"y\"}) {\n  %y = sinter.pow %x, %e : " + type +
          "\n  sinter.return %y : " + type + "\n}\n}\n";
  return text;
}

class Math : public testing::TestWithParam<const char *> {};

TEST_P(Math, KeepsItsBoundOnEvery997thNumber) {
  Compiled compiled(module(), GetParam());
  ASSERT_TRUE(compiled);
  std::string assembly = compiled.assembly();
  ASSERT_NE(assembly.find("exp_exp"), std::string::npos) << "names the kernels";
  for (const char *call : {"expf", "logf", "tanhf", "erff", "sinf", "cosf",
                           "powf", "fmaf", "floorf", "ceilf"})
    EXPECT_EQ(assembly.find(std::string(call) + "@PLT"), std::string::npos)
        << call;
  const float special[] = {0.0f,    -0.0f,   INFINITY, -INFINITY, NAN,
                           1e-45f,  -1e-45f, 1.0f,     -1.0f,     88.8f,
                           -103.9f, 3.4e38f, -3.4e38f, 0.5f,      1e10f};
  for (const Function &f : functions) {
    double worst = 0;
    float at = 0;
    mlir::Type type = compiled.inputTypes(f.op)[0];
    Array x = Array::zeros(type);
    uint64_t bits = 0;
    for (bool first = true; bits < (uint64_t(1) << 32); first = false) {
      for (int64_t i = 0; i < chunk; ++i) {
        if (first && i < static_cast<int64_t>(std::size(special))) {
          x.floats[i] = special[i];
          continue;
        }
        x.floats[i] = ofBits(static_cast<uint32_t>(bits));
        bits += 997;
      }
      Array y = compiled.run(f.op, x)[0];
      for (int64_t i = 0; i < chunk; ++i) {
        double error = ulps(y.floats[i], f.wanted(x.floats[i]));
        if (error > worst) {
          worst = error;
          at = static_cast<float>(x.floats[i]);
        }
      }
    }
    EXPECT_LE(worst, f.bound) << f.op << " at " << at;
  }
}

TEST_P(Math, PowKeepsItsBoundOnAStratifiedSample) {
  Compiled compiled(module(), GetParam());
  ASSERT_TRUE(compiled);
  mlir::Type type = compiled.inputTypes("pow")[0];
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
    Array x = Array::zeros(type), e = Array::zeros(type);
    for (int64_t i = 0; i < chunk; ++i) {
      if (round == 0 && i < static_cast<int64_t>(count * count)) {
        x.floats[i] = special[i / count];
        e.floats[i] = special[i % count];
        continue;
      }
      float base = ofBits(next());
      // Exponents such that results fill the whole range of f32.
      double log = std::log2(std::fabs(base));
      double target = (next() % 300000 - 150000.0) / 1000;
      x.floats[i] = i % 3 ? std::fabs(base) : base;
      e.floats[i] = static_cast<float>(i % 2 ? target : target / log);
    }
    Array y = compiled.run("pow", {x, e})[0];
    for (int64_t i = 0; i < chunk; ++i)
      ASSERT_LE(ulps(y.floats[i], std::pow(x.floats[i], e.floats[i])), 2)
          << x.floats[i] << " to the power " << e.floats[i] << " is "
          << y.floats[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Math, testing::ValuesIn(allCpus), nameOfCpu);

} // namespace
