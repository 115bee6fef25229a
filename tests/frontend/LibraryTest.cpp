//===- LibraryTest.cpp - activations, losses, LSTM against formulas -------===//

#include "tests/frontend/Build.h"

#include <cmath>

using namespace sinter;

namespace {

const Numbers points = {-30, -3, -1, -0.5, 0, 0.25, 1, 2.5, 30};

/// f and its derivative at `points`, against closed forms.
void check(std::function<Tensor(Tensor)> f, double (*value)(double),
           double (*slope)(double)) {
  Computed model([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f64, {9});
      Tensor y = f(x);
      e.output("y", y);
      e.output("dy", gradient(sum(y), x));
    });
  });
  std::vector<Numbers> have = model.run("e", {points});
  ASSERT_EQ(have.size(), 2u);
  Numbers values, slopes;
  for (double x : points)
    values.push_back(value(x)), slopes.push_back(slope(x));
  expectNear(have[0], values);
  expectNear(have[1], slopes);
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }
double plus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

TEST(Activations, ValuesAndSlopes) {
  check([](Tensor x) { return relu(x); },
        [](double x) { return std::max(x, 0.0); },
        [](double x) { return x > 0 ? 1.0 : 0.0; });
  check([](Tensor x) { return leaky_relu(x, 0.1); },
        [](double x) { return x > 0 ? x : 0.1 * x; },
        [](double x) { return x > 0 ? 1 : 0.1; });
  check([](Tensor x) { return sigmoid(x); }, sigma,
        [](double x) { return sigma(x) * sigma(-x); });
  check([](Tensor x) { return softplus(x); }, plus, sigma);
  check([](Tensor x) { return silu(x); }, [](double x) { return x * sigma(x); },
        [](double x) { return sigma(x) + x * sigma(x) * sigma(-x); });
  check([](Tensor x) { return elu(x, 2); },
        [](double x) { return x > 0 ? x : 2 * std::expm1(x); },
        [](double x) { return x > 0 ? 1 : 2 * std::exp(x); });
  check([](Tensor x) { return gelu(x); },
        [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); },
        [](double x) {
          return (1 + std::erf(x / std::sqrt(2.0))) / 2 +
                 x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
        });
  check([](Tensor x) { return softsign(x); },
        [](double x) { return x / (1 + std::abs(x)); },
        [](double x) { return 1 / std::pow(1 + std::abs(x), 2); });
  check([](Tensor x) { return hard_sigmoid(x); },
        [](double x) { return std::clamp(x / 6 + 0.5, 0.0, 1.0); },
        [](double x) { return std::abs(x) < 3 ? 1.0 / 6 : 0.0; });
  check([](Tensor x) { return mish(x); },
        [](double x) { return x * std::tanh(plus(x)); },
        [](double x) {
          double t = std::tanh(plus(x));
          return t + x * (1 - t * t) * sigma(x);
        });
}

TEST(Softmax, IsShiftedAndSumsToOne) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f64, {2, 3});
      e.output("softmax", softmax(x));
      e.output("log", log_softmax(x));
      e.output("columns", softmax(x, 0));
      e.output("lse", log_sum_exp(x));
      e.output("slope", gradient(sum(log_sum_exp(x)), x));
    });
  });
  auto have = model.run("e", {{1e4, 1e4 + 1, 1e4 - 1, -2, 0, 3}});
  auto row = [](Numbers x) {
    double sum = std::exp(x[0]) + std::exp(x[1]) + std::exp(x[2]);
    return Numbers{std::exp(x[0]) / sum, std::exp(x[1]) / sum,
                   std::exp(x[2]) / sum};
  };
  Numbers want = row({0, 1, -1}), second = row({-2, 0, 3});
  want.insert(want.end(), second.begin(), second.end());
  expectNear(have[0], want);
  Numbers logs;
  for (double p : want)
    logs.push_back(std::log(p));
  expectNear(have[1], logs);
  expectNear(have[2], {1, 1, 1, 0, 0, 0});
  expectNear(have[3], {1e4 - logs[0], 3 - logs[5]});
  expectNear(have[4], want);
}

TEST(CrossEntropy, OfIntegersAndOneHotAgree) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f64, {2, 3});
      Tensor labels = e.input("labels", u8, {2});
      Tensor loss = nn::cross_entropy(x, labels);
      Tensor soft = nn::cross_entropy(x, one_hot(labels, 3, f64));
      e.output("loss", loss);
      e.output("slope", gradient(loss, x));
      e.output("soft", soft);
      e.output("soft_slope", gradient(soft, x));
      e.output("accuracy", nn::accuracy(x, labels));
      e.output("correct", nn::correct(x, labels));
    });
  });
  Numbers x = {0.5, -1, 2, 1e4, -1e4, 0};
  auto have = model.run("e", {x, {2, 1}});
  double sum = std::exp(0.5) + std::exp(-1.0) + std::exp(2.0);
  double loss = (std::log(sum) - 2 + 2e4) / 2;
  Numbers slope = {std::exp(0.5) / sum / 2,
                   std::exp(-1.0) / sum / 2,
                   (std::exp(2.0) / sum - 1) / 2,
                   0.5,
                   -0.5,
                   0};
  expectNear(have[0], {loss});
  expectNear(have[1], slope);
  expectNear(have[2], {loss});
  expectNear(have[3], slope);
  expectNear(have[4], {0.5});
  expectNear(have[5], {1, 0});
}

TEST(BinaryCrossEntropy, IsStable) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f64, {5});
      Tensor y = e.input("y", f64, {5});
      // Sums, so that each element is seen in full.
      Tensor loss = nn::binary_cross_entropy(x, y) * 5;
      e.output("loss", loss);
      e.output("slope", gradient(loss, x));
    });
  });
  auto have = model.run("e", {{1e4, -40, 0, -1e4, 2}, {0, 0, 1, 1, 0.5}});
  expectNear(have[1], {1, sigma(-40), -0.5, -1, sigma(2) - 0.5});
  auto one = model.run("e", {{-40, -900, -900, -900, -900}, {0, 0, 0, 0, 0}});
  EXPECT_NEAR(one[0][0] / std::exp(-40.0), 1, 1e-12);
}

TEST(Lstm, EqualsTheRecurrence) {
  const int64_t steps = 3, units = 2;
  Computed model([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor xs = e.input("xs", f64, {steps, 1, 1});
      nn::LstmState last = scan(nn::lstm_zero_state(1, units, f64), xs, steps,
                                [&](nn::LstmState state, Tensor x) {
                                  return nn::lstm_cell(m, "lstm", state, x);
                                });
      e.output("h", last.h);
      e.output("c", last.c);
    });
  });
  model.run("init", {{3}});
  Numbers wx = model.variable("lstm.weight_x"),
          wh = model.variable("lstm.weight_h"), b = model.variable("lstm.bias");
  expectNear(b, {0, 0, 1, 1, 0, 0, 0, 0});
  Numbers xs = {0.3, -1.2, 2}, h(units), c(units);
  for (double x : xs) {
    Numbers gates(b);
    for (int64_t j = 0; j < 4 * units; ++j) {
      gates[j] += x * wx[j];
      for (int64_t k = 0; k < units; ++k)
        gates[j] += h[k] * wh[k * 4 * units + j];
    }
    for (int64_t k = 0; k < units; ++k) {
      c[k] = sigma(gates[units + k]) * c[k] +
             sigma(gates[k]) * std::tanh(gates[2 * units + k]);
      h[k] = sigma(gates[3 * units + k]) * std::tanh(c[k]);
    }
  }
  auto have = model.run("e", {xs});
  expectNear(have[0], h);
  expectNear(have[1], c);
}

TEST(Operators, BroadcastAsNumPy) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor column = e.input("column", f64, {2, 1});
      Tensor row = e.input("row", f64, {3});
      e.output("sum", column + row);
      e.output("scalar", 10 - row);
      e.output("where", where(row > 1, column, 0));
      Tensor pages = reshape(iota({8}, 0, f64), {2, 2, 2});
      e.output("batched",
               matmul(constant(Numbers{1, 0, 0, 2}, {2, 2}, f64), pages));
    });
  });
  auto have = model.run("e", {{1, 2}, {0, 1, 2}});
  expectNear(have[0], {1, 2, 3, 2, 3, 4});
  expectNear(have[1], {10, 9, 8});
  expectNear(have[2], {0, 0, 1, 0, 0, 2});
  expectNear(have[3], {0, 1, 4, 6, 4, 5, 12, 14});
}

} // namespace
