//===- MathTable.cpp - f32 functions and their bounds ---------------------===//

#include "tests/lower/MathTable.h"

#include "compiler/interpret/Gamma.h"

#include <cmath>
#include <limits>

using namespace sinter;
using namespace sinter::test;

static double logisticOf(double x) { return 1 / (1 + std::exp(-x)); }
static double rsqrtOf(double x) { return 1 / std::sqrt(x); }
static double digammaOf(double x) { return interpret::polygammaOf(0, x); }
static double trigammaOf(double x) { return interpret::polygammaOf(1, x); }

const std::vector<MathFunction> test::mathFunctions = {
    {"exp", std::exp, 2},
    {"exp2", std::exp2, 2},
    {"expm1", std::expm1, 3},
    {"log", std::log, 2},
    {"log2", std::log2, 3},
    {"log1p", std::log1p, 3},
    {"sinh", std::sinh, 4, 997, "", -1},
    {"cosh", std::cosh, 4, 997, "", 1},
    {"tanh", std::tanh, 5, 997, "", -1},
    {"asinh", std::asinh, 4, 997, "", -1},
    {"acosh", std::acosh, 4},
    {"atanh", std::atanh, 4, 997, "", -1},
    {"sin", std::sin, 2, 997, "", -1},
    {"cos", std::cos, 2, 997, "", 1},
    {"tan", std::tan, 4, 997, "", -1},
    {"asin", std::asin, 4, 997, "", -1},
    {"acos", std::acos, 4},
    {"atan", std::atan, 4, 997, "", -1},
    {"erf", std::erf, 5, 997, "", -1},
    {"logistic", logisticOf, 5},
    {"cbrt", std::cbrt, 2, 997, "", -1},
    {"lgamma", interpret::lgammaOf, 4},
    // Their references are slow.
    {"polygamma", digammaOf, 4, 99991, "order 0 "},
    {"polygamma", trigammaOf, 16, 99991, "order 1 "},
    {"rsqrt", rsqrtOf, 2},
    {"floor", std::floor, 0},
    {"ceil", std::ceil, 0},
    {"round", std::nearbyint, 0},
    {"sqrt", std::sqrt, 0.5}};

std::string MathFunction::entry() const {
  std::string name = op;
  for (char c : std::string(attributes))
    if (std::isalnum(c))
      name += c;
  return name;
}

std::string test::mathModule(const std::string &element) {
  std::string type =
      "tensor<" + std::to_string(mathChunk) + "x" + element + ">";
  std::string text = "module @m {\n";
  for (const MathFunction &f : mathFunctions)
    text += "sinter.entry @" + f.entry() + "(%x: " + type +
            " {sinter.name = \"x\"}) -> (" + type +
            " {sinter.name = \"y\"}) {\n  %y = sinter." + f.op + " %x " +
            f.attributes + ": " + type + "\n  sinter.return %y : " + type +
            "\n}\n";
  for (const char *op : {"pow", "atan2"})
    text += std::string("sinter.entry @") + op + "(%x: " + type +
            " {sinter.name = \"x\"}, %e: " + type +
            " {sinter.name = \"e\"}) -> (" + type +
            " {sinter.name = \"y\"}) {\n  %y = sinter." + op +
            " %x, %e : " + type + "\n  sinter.return %y : " + type + "\n}\n";
  return text + "}\n";
}

float test::floatOfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Where one of the two is zero, infinite or a nan.
static double ulpsOfSpecial(float got, double wanted) {
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
  return std::signbit(wanted) == std::signbit(got) ? 0 : HUGE_VAL;
}

double test::ulps(float got, double wanted) {
  double size = std::fabs(wanted);
  bool isOrdinary = size <= std::numeric_limits<float>::max() &&
                    std::fabs(got) <= std::numeric_limits<float>::max() &&
                    (size != 0 || got != 0);
  if (!isOrdinary)
    return ulpsOfSpecial(got, wanted);
  // The power of two below, and 2²³ over it.
  uint64_t bits;
  size = std::max(size, 0x1p-126);
  std::memcpy(&bits, &size, sizeof bits);
  uint64_t perUnit =
      ((uint64_t(2 * 1023 + 23) << 52) - (bits & (uint64_t(0x7ff) << 52)));
  double factor;
  std::memcpy(&factor, &perUnit, sizeof factor);
  return std::fabs(got - wanted) * factor;
}

void WorstError::lookCloser(float x, float got, double wanted) {
  double now = ulps(got, wanted);
  if (now > error) {
    error = now;
    at = x;
  }
}
