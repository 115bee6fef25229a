//===- PointwiseTest.cpp - pointwise ops at their edges -------------------===//

#include "tests/interpret/Run.h"
#include <cmath>
#include <limits>

using namespace sinter::interpret;

namespace {
using PointwiseTest = Interpret;
using Numbers = std::vector<double>;

const double inf = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();

/// Same value, any nan for any other, −0 apart from 0.
::testing::AssertionResult same(const std::vector<double> &have,
                                const std::vector<double> &want) {
  for (size_t i = 0; i < want.size(); ++i)
    if (i >= have.size() || !((std::isnan(have[i]) && std::isnan(want[i])) ||
                              (have[i] == want[i] &&
                               std::signbit(have[i]) == std::signbit(want[i]))))
      return ::testing::AssertionFailure()
             << "element " << i << " is " << (i < have.size() ? have[i] : nan)
             << ", not " << want[i];
  return ::testing::AssertionResult(have.size() == want.size());
}

std::string tensor(size_t n, const char *type) {
  return "tensor<" + std::to_string(n) + "x" + type + ">";
}

class Unary : public Interpret {
protected:
  void check(const std::string &op, const std::vector<double> &x,
             const std::vector<double> &want, const char *type = "f64",
             const std::string &attributes = "") {
    std::string t = tensor(x.size(), type);
    Array y = apply("sinter." + op + " %0 " + attributes + ": " + t, t,
                    {floats(t, x)});
    EXPECT_TRUE(same(y.floats, want)) << op;
  }
  void checkInts(const std::string &op, const char *type,
                 const std::vector<int64_t> &x,
                 const std::vector<int64_t> &want) {
    std::string t = tensor(x.size(), type);
    EXPECT_EQ(apply("sinter." + op + " %0 : " + t, t, {ints(t, x)}).ints, want)
        << op << " of " << type;
  }
};

TEST_F(Unary, SpecialValues) {
  check("neg", {0.0, -0.0, 1, inf, nan}, {-0.0, 0.0, -1, -inf, nan});
  check("abs", {-0.0, -3, -inf, nan}, {0.0, 3, inf, nan});
  check("sign", {0.0, -0.0, -3, inf, nan}, {0.0, -0.0, -1, 1, nan});
  check("exp", {0, -inf, inf, nan, -0.0}, {1, 0.0, inf, nan, 1});
  check("expm1", {0.0, -0.0, -inf, inf}, {0.0, -0.0, -1, inf});
  check("log", {1, 0.0, -0.0, -1, inf}, {0.0, -inf, -inf, nan, inf});
  check("log1p", {0.0, -0.0, -1, -2}, {0.0, -0.0, -inf, nan});
  check("sqrt", {4, -0.0, -1, inf}, {2, -0.0, nan, inf});
  check("rsqrt", {4, 0.0, -0.0, inf, -1}, {0.5, inf, -inf, 0.0, nan});
  check("tanh", {-0.0, inf, -inf, nan}, {-0.0, 1, -1, nan});
  check("logistic", {0, 800, -800, -inf, inf}, {0.5, 1, 0.0, 0.0, 1});
  check("sin", {-0.0, inf}, {-0.0, nan});
  check("cos", {0, inf}, {1, nan});
  check("exp2", {0, -1, 3, -inf, inf}, {1, 0.5, 8, 0.0, inf});
  check("log2", {8, 0.25, 0.0, -1, inf}, {3, -2, -inf, nan, inf});
  check("sinh", {-0.0, inf, -inf, nan}, {-0.0, inf, -inf, nan});
  check("cosh", {-0.0, inf, -inf, nan}, {1, inf, inf, nan});
  check("asinh", {-0.0, inf, -inf}, {-0.0, inf, -inf});
  check("acosh", {1, 0.5, inf}, {0.0, nan, inf});
  check("atanh", {-0.0, 1, -1, 1.5}, {-0.0, inf, -inf, nan});
  check("tan", {-0.0, inf}, {-0.0, nan});
  check("asin", {-0.0, 2}, {-0.0, nan});
  check("acos", {1, 2}, {0.0, nan});
  check("atan", {-0.0, nan}, {-0.0, nan});
  check("cbrt", {-0.0, 1, inf, -inf}, {-0.0, 1, inf, -inf});
  check("lgamma", {1, 2, 0.0, -3, inf, -inf}, {0.0, 0.0, inf, inf, inf, inf});
  check("erf", {-0.0, inf, -inf}, {-0.0, 1, -1});
  check("floor", {-0.5, 1.5, -0.0, inf}, {-1, 1, -0.0, inf});
  check("ceil", {-0.5, 1.5, nan}, {-0.0, 2, nan});
  check("round", {0.5, 1.5, 2.5, -0.5, -1.5}, {0.0, 2, 2, -0.0, -2});
}

TEST_F(Unary, AccurateWhereTheNaiveFormIsNot) {
  // x ± x²/2, the next term being far below the last bit.
  double x = 0x1p-34;
  check("expm1", {x}, {x + 0x1p-69});
  check("log1p", {x}, {x - 0x1p-69});
  // e⁻⁴⁰ / (1 + e⁻⁴⁰), and the tail of e⁻⁷⁴⁰, a denormal.
  check("logistic", {-40}, {4.248354255291589e-18});
  EXPECT_GT(apply("sinter.logistic %0 : tensor<1xf64>", "tensor<1xf64>",
                  {floats("tensor<1xf64>", {-740})})
                .floats[0],
            0.0);
}

// Values that Abramowitz and Stegun give, 6.3.2-6.3.5 and 6.4.2-6.4.5.
TEST_F(Unary, PolygammaHasItsClosedForms) {
  const double pi = 3.14159265358979324, gamma = 0.577215664901532861;
  const double zeta3 = 1.20205690315959429;
  auto close = [&](int order, const Numbers &x, const Numbers &want) {
    std::string t = tensor(x.size(), "f64");
    Array y =
        apply("sinter.polygamma %0 order " + std::to_string(order) + " : " + t,
              t, {floats(t, x)});
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(y.floats[i], want[i], 1e-14 * std::fabs(want[i]))
          << order << " at " << x[i];
  };
  double half = -gamma - 2 * std::log(2.0);
  close(0, {1, 2, 0.5, 1.5, -0.5, -1.5},
        {-gamma, 1 - gamma, half, half + 2, half + 2, half + 2 + 2.0 / 3});
  close(1, {1, 2, 0.5, -0.5},
        {pi * pi / 6, pi * pi / 6 - 1, pi * pi / 2, pi * pi / 2 + 4});
  close(2, {1, 0.5, -0.5}, {-2 * zeta3, -14 * zeta3, -14 * zeta3 + 16});
  close(3, {1, 0.5, -0.5},
        {std::pow(pi, 4) / 15, std::pow(pi, 4), std::pow(pi, 4) + 96});
  check("polygamma", {0.0, -1, -inf}, {nan, nan, nan}, "f64", "order 0 ");
  check("polygamma", {0.0, -1, inf}, {inf, inf, 0.0}, "f64", "order 1 ");
}

TEST_F(Unary, NativeF32IsRounded) {
  check("exp", {1}, {static_cast<float>(std::exp(1.0))}, "f32");
  check("sqrt", {2}, {std::sqrt(2.0f)}, "f32");
  // Overflow of the type, not of double.
  check("exp", {89}, {inf}, "f32");
}

TEST_F(Unary, F64PrecisionKeepsDoubles) {
  Array y = apply("sinter.exp %0 : tensor<1xf32>", "tensor<1xf32>",
                  {floats("tensor<1xf32>", {1})}, Precision::F64);
  EXPECT_EQ(y.floats[0], std::exp(1.0));
}

TEST_F(Unary, IntegersWrap) {
  checkInts("neg", "i8", {-128, 5, 0}, {-128, -5, 0});
  checkInts("neg", "ui8", {1, 0, 200}, {255, 0, 56});
  checkInts("neg", "i64", {INT64_MIN, INT64_MAX}, {INT64_MIN, -INT64_MAX});
  checkInts("abs", "i32", {INT32_MIN, -7}, {INT32_MIN, 7});
  checkInts("abs", "ui8", {200}, {200});
  checkInts("sign", "i8", {-128, 0, 5}, {-1, 0, 1});
  checkInts("sign", "ui8", {200, 0}, {1, 0});
  checkInts("not", "ui8", {0, 200}, {255, 55});
  checkInts("not", "i64", {0, -1}, {-1, 0});
  checkInts("not", "i1", {0, 1}, {1, 0});
}

class Binary : public Interpret {
protected:
  void check(const std::string &op, const std::vector<double> &a,
             const std::vector<double> &b, const std::vector<double> &want,
             const char *type = "f64") {
    std::string t = tensor(a.size(), type);
    Array y = apply("sinter." + op + " %0, %1 : " + t, t,
                    {floats(t, a), floats(t, b)});
    EXPECT_TRUE(same(y.floats, want)) << op;
  }
  void checkInts(const std::string &op, const char *type,
                 const std::vector<int64_t> &a, const std::vector<int64_t> &b,
                 const std::vector<int64_t> &want) {
    std::string t = tensor(a.size(), type);
    EXPECT_EQ(
        apply("sinter." + op + " %0, %1 : " + t, t, {ints(t, a), ints(t, b)})
            .ints,
        want)
        << op << " of " << type;
  }
};

TEST_F(Binary, SpecialValues) {
  check("add", {-0.0, inf, -0.0}, {0.0, -inf, -0.0}, {0.0, nan, -0.0});
  check("sub", {0.0, -0.0, inf}, {0.0, 0.0, inf}, {0.0, -0.0, nan});
  check("mul", {0.0, -0.0, inf}, {-1, 3, 0}, {-0.0, -0.0, nan});
  check("div", {1, -1, 0.0, inf}, {0.0, 0.0, 0.0, inf}, {inf, -inf, nan, nan});
  // b unless a is larger, so of two zeros the second; nan from either side.
  check("max", {1, 2, nan, 1, 0.0, -0.0}, {2, 1, 1, nan, -0.0, 0.0},
        {2, 2, nan, nan, -0.0, 0.0});
  check("min", {1, 2, nan, 1, 0.0, -0.0}, {2, 1, 1, nan, -0.0, 0.0},
        {1, 1, nan, nan, -0.0, 0.0});
  check("pow", {2, -8, 0.0, 0.0, nan, -1}, {10, 1.0 / 3, 0, -1, 0, inf},
        {1024, nan, 1, inf, 1, 1});
  check("rem", {5.5, -5.5, 5.5, 1, -4}, {2, 2, -2, 0, 2},
        {1.5, -1.5, 1.5, nan, -0.0});
}

TEST_F(Binary, EachF32OpIsRounded) {
  check("add", {16777216}, {1}, {16777216}, "f32");
  check("div", {1}, {3}, {1.0f / 3.0f}, "f32");
  check("mul", {3e38}, {10}, {inf}, "f32");
}

TEST_F(Binary, IntegersWrapAndDivisionIsTotal) {
  checkInts("add", "i8", {127, -128}, {1, -1}, {-128, 127});
  checkInts("add", "ui8", {255}, {1}, {0});
  checkInts("sub", "ui8", {0}, {1}, {255});
  checkInts("mul", "i32", {65536, 46341}, {65536, 46341}, {0, -2147479015});
  checkInts("mul", "i64", {INT64_MAX}, {2}, {-2});
  checkInts("add", "i64", {9007199254740993, INT64_MAX}, {1, 1},
            {9007199254740994, INT64_MIN});
  checkInts("div", "i32", {7, -7, 7, INT32_MIN, INT32_MIN}, {2, 2, 0, -1, 0},
            {3, -3, 0, INT32_MIN, 0});
  checkInts("div", "i64", {INT64_MIN, INT64_MIN}, {-1, 0}, {INT64_MIN, 0});
  checkInts("div", "i8", {-128}, {-1}, {-128});
  checkInts("div", "ui8", {200, 200}, {7, 0}, {28, 0});
  checkInts("rem", "i32", {7, -7, 7, INT32_MIN, 5}, {3, 3, -3, -1, 0},
            {1, -1, 1, 0, 0});
  checkInts("rem", "ui8", {200, 5}, {7, 0}, {4, 0});
  checkInts("max", "ui8", {200, 1}, {100, 2}, {200, 2});
  checkInts("min", "i8", {-128, 1}, {127, 2}, {-128, 1});
  checkInts("and", "i8", {-1, 12}, {5, 10}, {5, 8});
  checkInts("or", "ui8", {128, 12}, {1, 10}, {129, 14});
  checkInts("xor", "i1", {1, 1, 0}, {1, 0, 0}, {0, 1, 0});
}

//===----------------------------------------------------------------------===//
// Comparison, select, cast
//===----------------------------------------------------------------------===//

TEST_F(PointwiseTest, WithNanOnlyNotEqualHolds) {
  Array a = floats("tensor<4xf32>", {nan, 0.0, 1, 2}),
        b = floats("tensor<4xf32>", {nan, -0.0, 2, 1});
  auto compare = [&](const std::string &relation) {
    return apply("sinter.compare " + relation + " %0, %1 : tensor<4xf32>",
                 "tensor<4xi1>", {a, b})
        .ints;
  };
  EXPECT_EQ(compare("eq"), (std::vector<int64_t>{0, 1, 0, 0}));
  EXPECT_EQ(compare("ne"), (std::vector<int64_t>{1, 0, 1, 1}));
  EXPECT_EQ(compare("lt"), (std::vector<int64_t>{0, 0, 1, 0}));
  EXPECT_EQ(compare("le"), (std::vector<int64_t>{0, 1, 1, 0}));
  EXPECT_EQ(compare("gt"), (std::vector<int64_t>{0, 0, 0, 1}));
  EXPECT_EQ(compare("ge"), (std::vector<int64_t>{0, 1, 0, 1}));
}

TEST_F(PointwiseTest, UnsignedAndBooleanOrder) {
  EXPECT_EQ(apply("sinter.compare gt %0, %1 : tensor<1xui8>", "tensor<1xi1>",
                  {ints("tensor<1xui8>", {200}), ints("tensor<1xui8>", {100})})
                .ints[0],
            1);
  EXPECT_EQ(apply("sinter.compare lt %0, %1 : tensor<1xi1>", "tensor<1xi1>",
                  {ints("tensor<1xi1>", {0}), ints("tensor<1xi1>", {1})})
                .ints[0],
            1);
}

TEST_F(PointwiseTest, SelectTakesEitherSideAsItIs) {
  Array y =
      apply("sinter.select %0, %1, %2 : tensor<2xf32>", "tensor<2xf32>",
            {ints("tensor<2xi1>", {1, 0}), floats("tensor<2xf32>", {-0.0, 1}),
             floats("tensor<2xf32>", {nan, nan})});
  EXPECT_TRUE(same(y.floats, {-0.0, nan}));
}

class Cast : public Interpret {
protected:
  std::vector<int64_t> toInts(const std::string &from, const std::string &to,
                              const Array &x) {
    std::string n = std::to_string(x.size()) + "x", f = "tensor<" + n + from,
                t = "tensor<" + n + to + ">";
    return apply("sinter.cast %0 : " + f + "> to " + t, t, {x}).ints;
  }
};

TEST_F(Cast, FloatsSaturateAndTruncate) {
  Array x = floats("tensor<6xf64>", {1e30, -1e30, nan, 2.9, -2.9, inf});
  EXPECT_EQ(toInts("f64", "i64", x),
            (std::vector<int64_t>{INT64_MAX, INT64_MIN, 0, 2, -2, INT64_MAX}));
  EXPECT_EQ(toInts("f64", "i32", x),
            (std::vector<int64_t>{INT32_MAX, INT32_MIN, 0, 2, -2, INT32_MAX}));
  EXPECT_EQ(toInts("f64", "i8", x),
            (std::vector<int64_t>{127, -128, 0, 2, -2, 127}));
  EXPECT_EQ(toInts("f64", "ui8", x),
            (std::vector<int64_t>{255, 0, 0, 2, 0, 255}));
  EXPECT_EQ(toInts("f64", "i1", x), (std::vector<int64_t>{1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(toInts("f64", "i64",
                   floats("tensor<2xf64>", {9223372036854775807.0, -0.5})),
            (std::vector<int64_t>{INT64_MAX, 0}));
}

TEST_F(Cast, IntegersWrapAndTruthIsNotZero) {
  Array x = ints("tensor<3xi64>", {257, -1, 4294967296});
  EXPECT_EQ(toInts("i64", "ui8", x), (std::vector<int64_t>{1, 255, 0}));
  EXPECT_EQ(toInts("i64", "i8", x), (std::vector<int64_t>{1, -1, 0}));
  EXPECT_EQ(toInts("i64", "i32", x), (std::vector<int64_t>{257, -1, 0}));
  // Not the low bit: 2³² is true.
  EXPECT_EQ(toInts("i64", "i1", x), (std::vector<int64_t>{1, 1, 1}));
  EXPECT_EQ(toInts("i1", "i64", ints("tensor<2xi1>", {1, 0})),
            (std::vector<int64_t>{1, 0}));
}

// 2⁵⁴ + 2³⁰ + 1 lies just above the middle of two floats; by way of double it
// would be the middle, and go to even, which is below.
TEST_F(Cast, LargeIntegersRoundToF32Once) {
  int64_t x = (int64_t{1} << 54) + (int64_t{1} << 30) + 1;
  Array y = apply("sinter.cast %0 : tensor<1xi64> to tensor<1xf32>",
                  "tensor<1xf32>", {ints("tensor<1xi64>", {x})});
  EXPECT_EQ(y.floats[0], std::ldexp(1.0, 54) + std::ldexp(1.0, 31));
}

TEST_F(Cast, F32IsRoundedInNativePrecisionOnly) {
  Array x = floats("tensor<1xf64>", {0.1});
  const char *op = "sinter.cast %0 : tensor<1xf64> to tensor<1xf32>";
  EXPECT_EQ(apply(op, "tensor<1xf32>", {x}).floats[0], 0.1f);
  EXPECT_EQ(apply(op, "tensor<1xf32>", {x}, Precision::F64).floats[0], 0.1);
}
} // namespace
