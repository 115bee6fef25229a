//===- ActivationTest.cpp - every activation, compiled --------------------===//
//
// Values against formulas, slopes against central differences of the formulas
// away from kinks, and the slopes at kinks as the headers state them.
//
//===----------------------------------------------------------------------===//

#include "tests/models/Checked.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

namespace {

const Numbers points = {-40,  -7.5, -2.9, -1,  -0.3, -1e-3,
                        1e-3, 0.25, 1,    2.5, 2.9,  30};

struct Kink {
  double at, slope;
};

void check(const char *name, Tensor (*activation)(Tensor),
           double (*formula)(double), std::vector<Kink> kinks = {}) {
  SCOPED_TRACE(name);
  Checked checked({{static_cast<int64_t>(points.size())}},
                  [=](Model &, auto &xs) { return activation(xs[0]); });
  Numbers values, slopes, ones(points.size(), 1);
  const double step = 1e-4;
  for (double x : points) {
    values.push_back(formula(x));
    // Of the fourth order.
    slopes.push_back((8 * (formula(x + step) - formula(x - step)) -
                      formula(x + 2 * step) + formula(x - 2 * step)) /
                     (12 * step));
  }
  expectNear(checked.value({points}), values, 1e-13, "value");
  expectNear(checked.slopes({points}, ones)[0], slopes, 1e-9, "slope");
  for (Kink kink : kinks) {
    Numbers there(points.size(), kink.at);
    expectNear(checked.value({there}), Numbers(points.size(), formula(kink.at)),
               1e-15, "value at a kink");
    expectNear(checked.slopes({there}, ones)[0],
               Numbers(points.size(), kink.slope), 1e-15, "slope at a kink");
  }
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }
double plus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}
double hard(double x) { return std::clamp(x / 6 + 0.5, 0.0, 1.0); }

TEST(Activations, EqualTheirFormulas) {
  check(
      "identity", [](Tensor x) { return identity(x); },
      [](double x) { return x; });
  check(
      "binary_step", [](Tensor x) { return binary_step(x); },
      [](double x) { return x < 0 ? 0.0 : 1.0; }, {{0, 0}});
  check(
      "sigmoid", [](Tensor x) { return sigmoid(x); }, sigma);
  check(
      "tanh", [](Tensor x) { return tanh(x); },
      [](double x) { return std::tanh(x); });
  check(
      "relu", [](Tensor x) { return relu(x); },
      [](double x) { return std::max(x, 0.0); }, {{0, 0}});
  check(
      "leaky_relu", [](Tensor x) { return leaky_relu(x, 0.2); },
      [](double x) { return x > 0 ? x : 0.2 * x; }, {{0, 0.2}});
  check(
      "gelu", [](Tensor x) { return gelu(x); },
      [](double x) { return x / 2 * std::erfc(-x / std::sqrt(2.0)); });
  check(
      "gelu_tanh", [](Tensor x) { return gelu_tanh(x); },
      [](double x) {
        return x *
               (1 +
                std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))) /
               2;
      });
  check(
      "silu", [](Tensor x) { return silu(x); },
      [](double x) { return x * sigma(x); });
  check(
      "elu", [](Tensor x) { return elu(x, 1.5); },
      [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); }, {{0, 1.5}});
  check(
      "selu", [](Tensor x) { return selu(x); },
      [](double x) {
        return 1.0507009873554805 *
               (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
      });
  check("softplus", [](Tensor x) { return softplus(x); }, plus, {{0, 0.5}});
  check(
      "softsign", [](Tensor x) { return softsign(x); },
      [](double x) { return x / (1 + std::abs(x)); }, {{0, 1}});
  check("hard_sigmoid", [](Tensor x) { return hard_sigmoid(x); }, hard,
        {{0, 1.0 / 6}});
  check(
      "hard_swish", [](Tensor x) { return hard_swish(x); },
      [](double x) { return x * hard(x); }, {{0, 0.5}});
  check(
      "mish", [](Tensor x) { return mish(x); },
      [](double x) { return x * std::tanh(plus(x)); });
}

TEST(Activations, OfHugeArgumentsAreFinite) {
  Tensor (*const all[])(Tensor) = {
      [](Tensor x) { return sigmoid(x); },  [](Tensor x) { return gelu(x); },
      [](Tensor x) { return silu(x); },     [](Tensor x) { return elu(x); },
      [](Tensor x) { return softplus(x); }, [](Tensor x) { return mish(x); },
      [](Tensor x) { return gelu_tanh(x); }};
  for (auto activation : all) {
    Checked checked({{2}},
                    [=](Model &, auto &xs) { return activation(xs[0]); });
    for (double size : {800.0, 1e30}) {
      Numbers x = {size, -size};
      for (double y : checked.value({x}))
        EXPECT_TRUE(std::isfinite(y));
      Numbers slopes = checked.slopes({x}, {1, 1})[0];
      for (double slope : slopes)
        EXPECT_TRUE(std::isfinite(slope)) << slope;
    }
  }
}

TEST(Softmax, EqualsItsFormula) {
  expectFormula(
      {{3, 4, 5}}, [](Model &, auto &xs) { return softmax(xs[0], 1); },
      [](auto &of) {
        Numbers y = of[0];
        for (int64_t a = 0; a < 3; ++a)
          for (int64_t c = 0; c < 5; ++c) {
            double total = 0;
            for (int64_t b = 0; b < 4; ++b)
              total += std::exp(of[0][(a * 4 + b) * 5 + c]);
            for (int64_t b = 0; b < 4; ++b)
              y[(a * 4 + b) * 5 + c] =
                  std::exp(of[0][(a * 4 + b) * 5 + c]) / total;
          }
        return y;
      });
}

/// Rows of f32 and their label's column 1: ln Σ eˣ, and each row's
/// cross-entropy.
template <int64_t width> void buildRows(Model &m) {
  m.entry("e", [&](Entry &e) {
    Tensor x = e.input("x", f32, {1, width});
    e.output("sum", log_sum_exp(x));
    e.output("loss", nn::cross_entropy(x, full({1}, 1, i32)));
  });
}

// Short rows and long ones are different kernels.
template <int64_t width> void expectInfinities() {
  SCOPED_TRACE(width);
  const float inf = INFINITY;
  Executable model =
      compile({"rows", buildRows<width>, Place::current()}, testSettings());
  struct Row {
    float first, label, rest, sum, loss;
  };
  const float alike = std::log(static_cast<float>(width));
  const Row rows[] = {{inf, 1, 2, inf, inf},
                      {inf, 1, -inf, inf, inf},
                      {-inf, -inf, -inf, -inf, NAN},
                      {-inf, 3, -inf, 3, 0},
                      {3, -inf, -inf, 3, inf},
                      {2, inf, 2, inf, NAN},
                      {1e4f, -1e4f, -1e4f, 1e4f, 2e4f},
                      {-104, -104, -104, -104 + alike, alike},
                      {NAN, 1, 1, NAN, NAN}};
  for (const Row &row : rows) {
    std::vector<float> x(width, row.rest);
    x[0] = row.first;
    x[1] = row.label;
    float sum = 0, loss = 0;
    model.run("e", {{"x", x}, {"sum", sum}, {"loss", loss}});
    for (auto [have, want] : {std::pair(sum, row.sum), {loss, row.loss}})
      if (std::isfinite(want))
        EXPECT_NEAR(have, want, 1e-6f * std::max(1.0f, std::abs(want)));
      else if (std::isnan(want))
        EXPECT_TRUE(std::isnan(have)) << row.first << " gives " << have;
      else
        EXPECT_EQ(have, want)
            << row.first << ", " << row.label << ", " << row.rest;
  }
}

TEST(LogSumExp, OfInfinitiesIsTheirLimit) {
  expectInfinities<10>();
  expectInfinities<37>();
  expectInfinities<2000>();
}

} // namespace
