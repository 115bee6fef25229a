//===- KinksTest.cpp - derivatives where there is none --------------------===//
//
// At kinks, ties and poles each op's description says what its derivative is.
//
//===----------------------------------------------------------------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;

namespace {
const double nan = std::numeric_limits<double>::quiet_NaN();

class Kinks : public Derivatives {
protected:
  /// Gradients of Σ weight·op(%a, %b) wrt %a and %b: tensor<n x f64>, and their
  /// agreement with forward mode.
  std::vector<Array> gradients(const std::string &op, const Numbers &a,
                               const Numbers &b) {
    std::string t = "tensor<" + std::to_string(a.size()) + "xf64>";
    std::string types = t + ", " + t;
    auto out = run("module @m {\nsinter.entry @f(%a: " + t + ", %b: " + t +
                       ", %one: " + t + ") -> (" + types + ", " + types +
                       ") {\n%y = sinter." + op + " : " + t +
                       "\n%da, %db = sinter.vjp (%y) wrt (%a, %b) cotangents "
                       "(%one) : (" +
                       t + ") wrt (" + types +
                       ")\n"
                       "%ta = sinter.jvp (%y) wrt (%a) tangents (%one) : (" +
                       t + ") wrt (" + t +
                       ")\n"
                       "%tb = sinter.jvp (%y) wrt (%b) tangents (%one) : (" +
                       t + ") wrt (" + t +
                       ")\n"
                       "sinter.return %da, %db, %ta, %tb : " +
                       types + ", " + types + "\n}\n}",
                   {array(t, a), array(t, b), array(t, Numbers(a.size(), 1))});
    EXPECT_EQ(out[0].floats, out[2].floats);
    EXPECT_EQ(out[1].floats, out[3].floats);
    return out;
  }

  /// The gradient wrt %a: tensor<r x c> of Σ of a reduction of it.
  Numbers reduced(const std::string &op, const std::string &from,
                  const std::string &to, const Numbers &numbers) {
    auto out = run("module @m {\nsinter.entry @f(%a: " + from + ", %w: " + to +
                       ", %v: " + from + ") -> (" + from + ", " + to +
                       ") {\n%y = sinter." + op + " : " + from + " -> " + to +
                       "\n%da = sinter.vjp (%y) wrt (%a) cotangents (%w) : (" +
                       to + ") wrt (" + from +
                       ")\n"
                       "%t = sinter.jvp (%y) wrt (%a) tangents (%v) : (" +
                       to + ") wrt (" + from +
                       ")\n"
                       "sinter.return %da, %t : " +
                       from + ", " + to + "\n}\n}",
                   {array(from, numbers), random(to, 1), random(from, 2)});
    Array w = random(to, 1), v = random(from, 2);
    EXPECT_NEAR(dot(out[1], w), dot(v, out[0]), 1e-14);
    // In units of the weights, which differ from output to output.
    Numbers where;
    for (double x : out[0].floats) {
      auto at = std::find(w.floats.begin(), w.floats.end(), x);
      where.push_back(at == w.floats.end() ? -1 : at - w.floats.begin());
    }
    return where;
  }
};

TEST_F(Kinks, MaxGivesTheCotangentToTheStrictlyLarger) {
  auto d = gradients("max %a, %b", {1, 2, 2, 0.0}, {2, 1, 2, -0.0});
  EXPECT_EQ(d[0].floats, (Numbers{0, 1, 0, 0}));
  EXPECT_EQ(d[1].floats, (Numbers{1, 0, 1, 1}));
}
TEST_F(Kinks, MinGivesTheCotangentToTheStrictlySmaller) {
  auto d = gradients("min %a, %b", {1, 2, 2, 0.0}, {2, 1, 2, -0.0});
  EXPECT_EQ(d[0].floats, (Numbers{1, 0, 0, 0}));
  EXPECT_EQ(d[1].floats, (Numbers{0, 1, 1, 1}));
}
TEST_F(Kinks, AbsHasSlopeZeroAtZero) {
  auto d = gradients("abs %a", {-2, 0, 3}, {0, 0, 0});
  EXPECT_EQ(d[0].floats, (Numbers{-1, 0, 1}));
}
TEST_F(Kinks, RemainderStepsAreFlat) {
  auto d = gradients("rem %a, %b", {7, -7, 6}, {2, 2, 2});
  EXPECT_EQ(d[0].floats, (Numbers{1, 1, 1}));
  EXPECT_EQ(d[1].floats, (Numbers{-3, 3, -3}));
}
TEST_F(Kinks, PowAtZeroBaseAndZeroExponent) {
  auto d = gradients("pow %a, %b", {0, 0, 0, 3, 2}, {0, 1, 2, 0, 3});
  EXPECT_EQ(d[0].floats, (Numbers{0, 1, 0, 0, 12}));
  EXPECT_EQ((Numbers(d[1].floats.begin(), d[1].floats.begin() + 3)),
            (Numbers{0, 0, 0}));
  EXPECT_EQ(d[1].floats[3], std::log(3.0));
}

// d²(aᵇ)/da² = b(b−1)aᵇ⁻², d²(aᵇ)/da db = aᵇ⁻¹(1 + b ln a), finite where the
// textbook formula meets 0·∞.
TEST_F(Kinks, PowToSecondOrderAtTheSamePlaces) {
  auto out = run(R"(module @m {
    sinter.entry @f(%a: tensor<4xf64>, %b: tensor<4xf64>, %one: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>) {
      %y = sinter.pow %a, %b : tensor<4xf64>
      %da = sinter.vjp (%y) wrt (%a) cotangents (%one) : (tensor<4xf64>) wrt (tensor<4xf64>)
      %aa, %ab = sinter.vjp (%da) wrt (%a, %b) cotangents (%one) : (tensor<4xf64>) wrt (tensor<4xf64>, tensor<4xf64>)
      sinter.return %aa, %ab : tensor<4xf64>, tensor<4xf64>
    }
  })",
                 {array("tensor<4xf64>", {0, 0, 0, 4}),
                  array("tensor<4xf64>", {1, 2, 3, 0}),
                  array("tensor<4xf64>", {1, 1, 1, 1})});
  EXPECT_EQ(out[0].floats, (Numbers{0, 2, 0, 0}));
  EXPECT_EQ(out[1].floats[1], 0);
  EXPECT_EQ(out[1].floats[2], 0);
  EXPECT_EQ(out[1].floats[3], 0.25);
}

TEST_F(Kinks, ReductionsTakeTheFirstExtremumInRowMajorOrder) {
  EXPECT_EQ(reduced("reduce_max %a dims [0]", "tensor<4xf64>", "tensor<f64>",
                    {1, 5, 5, 2}),
            (Numbers{-1, 0, -1, -1}));
  EXPECT_EQ(reduced("reduce_min %a dims [0]", "tensor<4xf64>", "tensor<f64>",
                    {3, 2, 5, 2}),
            (Numbers{-1, 0, -1, -1}));
  // Over dimensions 0 and 2 of 2x2x2: the rows are {0,1,4,5} and {2,3,6,7}.
  EXPECT_EQ(reduced("reduce_max %a dims [0, 2]", "tensor<2x2x2xf64>",
                    "tensor<2xf64>", {1, 9, 0, 0, 9, 9, 7, 0}),
            (Numbers{-1, 0, -1, -1, -1, -1, 1, -1}));
  EXPECT_EQ(reduced("reduce_max %a dims []", "tensor<3xf64>", "tensor<3xf64>",
                    {1, 1, 1}),
            (Numbers{0, 1, 2}));
  EXPECT_EQ(
      reduced("reduce_max %a dims [1]", "tensor<2x0xf64>", "tensor<2xf64>", {}),
      Numbers{});
}
TEST_F(Kinks, ANanWinsTheReduction) {
  EXPECT_EQ(reduced("reduce_max %a dims [0]", "tensor<4xf64>", "tensor<f64>",
                    {1, 5, nan, nan}),
            (Numbers{-1, -1, 0, -1}));
}

// y = Π x and its Hessian, with no, one, two and three zeros.
TEST_F(Kinks, ProductsWithZerosToSecondOrder) {
  for (Numbers x : {Numbers{2, 3, 5, 7, 11},
                    {2, 0, 5, 7, 11},
                    {0, 3, 5, 0, 11},
                    {0, 0, 5, 7, 0},
                    {-0.0, 1, 1, 1, 1}}) {
    auto out = run(
        R"(module @m {
      sinter.entry @f(%x: tensor<5xf64>, %v: tensor<5xf64>) -> (tensor<5xf64>, tensor<5xf64>) {
        %y = sinter.reduce_prod %x dims [0] : tensor<5xf64> -> tensor<f64>
        %dx = sinter.gradient %y wrt %x : tensor<f64> wrt tensor<5xf64>
        %hv = sinter.jvp (%dx) wrt (%x) tangents (%v) : (tensor<5xf64>) wrt (tensor<5xf64>)
        sinter.return %dx, %hv : tensor<5xf64>, tensor<5xf64>
      }
    })",
        {array("tensor<5xf64>", x), array("tensor<5xf64>", {1, 2, 3, 4, 5})});
    Numbers gradient, product;
    for (int i = 0; i < 5; ++i) {
      double d = 1, h = 0;
      for (int k = 0; k < 5; ++k)
        d *= k == i ? 1 : x[k];
      for (int j = 0; j < 5; ++j) {
        double second = i != j;
        for (int k = 0; k < 5; ++k)
          second *= k == i || k == j ? 1 : x[k];
        h += second * (j + 1);
      }
      gradient.push_back(d);
      product.push_back(h);
    }
    EXPECT_EQ(out[0].floats, gradient);
    EXPECT_EQ(out[1].floats, product);
  }
}
} // namespace
