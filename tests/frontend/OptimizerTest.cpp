//===- OptimizerTest.cpp - optimizers and schedules against recurrences ---===//
//
// 100 steps on f(x, y) = (x² + y − 11)² /10 + sin(3x) + (x + y² − 7)²/10, whose
// gradient changes sign, with hyperparameters that are not the defaults.
//
//===----------------------------------------------------------------------===//

#include "tests/frontend/Build.h"

#include <cmath>

using namespace sinter;

namespace {

Tensor objective(Tensor p) {
  Tensor x = at(p, 0), y = at(p, 1);
  return square(x * x + y - 11) / 10 + sin(x * 3) + square(x + y * y - 7) / 10;
}
void slope(const double p[2], double g[2]) {
  double a = p[0] * p[0] + p[1] - 11, b = p[0] + p[1] * p[1] - 7;
  g[0] = (4 * a * p[0] + 2 * b) / 10 + 3 * std::cos(3 * p[0]);
  g[1] = (2 * a + 4 * b * p[1]) / 10;
}

/// Runs `train` 100 times and compares each step with `step(t, p, g)`, t being
/// the number of finished steps.
void check(std::function<void(Model &, Tensor)> train,
           std::function<void(int, double *, const double *)> step) {
  Computed model([&](Model &m) {
    Variable p = m.parameter("p", {2}, init::values({0.5, -1}), f64);
    m.entry("train", [&](Entry &e) {
      Tensor loss = objective(p);
      train(m, loss);
      e.output("loss", loss);
    });
  });
  model.run("init", {{1}});
  double p[2] = {0.5, -1}, g[2];
  for (int t = 0; t < 100; ++t) {
    slope(p, g);
    step(t, p, g);
    model.run("train");
    expectNear(model.variable("p"), {p[0], p[1]}, 1e-11);
    if (testing::Test::HasFailure())
      return;
  }
}

TEST(Optimizers, Sgd) {
  check([](Model &m,
           Tensor loss) { optim::sgd(m, loss, {.learning_rate = 0.013}); },
        [](int, double *p, const double *g) {
          for (int i = 0; i < 2; ++i)
            p[i] -= 0.013 * g[i];
        });
}

TEST(Optimizers, MomentumInFourForms) {
  using optim::MomentumForm;
  for (MomentumForm form :
       {MomentumForm::rate_in_velocity, MomentumForm::subtracted,
        MomentumForm::plain, MomentumForm::averaged}) {
    double v[2] = {0, 0};
    check(
        [=](Model &m, Tensor loss) {
          optim::momentum(m, loss,
                          {.learning_rate = optim::step(0.01, 0.5, 30),
                           .momentum = 0.7,
                           .form = form});
        },
        [&](int t, double *p, const double *g) {
          double rate = 0.01 * std::pow(0.5, t / 30);
          for (int i = 0; i < 2; ++i) {
            switch (form) {
            case MomentumForm::rate_in_velocity:
              v[i] = 0.7 * v[i] - rate * g[i];
              p[i] += v[i];
              break;
            case MomentumForm::subtracted:
              v[i] = 0.7 * v[i] + rate * g[i];
              p[i] -= v[i];
              break;
            case MomentumForm::plain:
              v[i] = 0.7 * v[i] + g[i];
              p[i] -= rate * v[i];
              break;
            case MomentumForm::averaged:
              v[i] = 0.7 * v[i] + 0.3 * g[i];
              p[i] -= rate * v[i];
              break;
            }
          }
        });
  }
}

TEST(Optimizers, Adam) {
  double first[2] = {0, 0}, second[2] = {0, 0};
  check(
      [](Model &m, Tensor loss) {
        optim::adam(m, loss,
                    {.learning_rate = 0.03,
                     .beta1 = 0.8,
                     .beta2 = 0.95,
                     .epsilon = 1e-5});
      },
      [&](int t, double *p, const double *g) {
        for (int i = 0; i < 2; ++i) {
          first[i] = 0.8 * first[i] + 0.2 * g[i];
          second[i] = 0.95 * second[i] + 0.05 * g[i] * g[i];
          double m = first[i] / (1 - std::pow(0.8, t + 1));
          double v = second[i] / (1 - std::pow(0.95, t + 1));
          p[i] -= 0.03 * m / (std::sqrt(v) + 1e-5);
        }
      });
}

TEST(Schedules, HaveTheirClosedForms) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor t = e.input("t", f64, {});
      e.output("constant", optim::constant(0.1)(t));
      e.output("step", optim::step(0.1, 0.5, 10)(t));
      e.output("exponential", optim::exponential(0.1, 0.9, 5)(t));
      e.output("cosine", optim::cosine(0.1, 40, 0.01)(t));
      e.output("warm", optim::linear_warm_up(10, optim::cosine(0.1, 40))(t));
    });
  });
  for (double t : {0, 3, 9, 10, 25, 40, 60}) {
    auto have = model.run("e", {{t}});
    expectNear(have[0], {0.1});
    expectNear(have[1], {0.1 * std::pow(0.5, std::floor(t / 10))});
    expectNear(have[2], {0.1 * std::pow(0.9, t / 5)});
    auto cosine = [](double t, double end) {
      return end +
             (0.1 - end) / 2 * (1 + std::cos(M_PI * std::min(t, 40.0) / 40));
    };
    expectNear(have[3], {cosine(t, 0.01)});
    expectNear(have[4], {t < 10 ? (t + 1) / 10 * 0.1 : cosine(t - 10, 0)});
  }
}

/// A run of Adam on 0.5·k·p², whose gradient is k·p.
struct ByHand {
  double p, k, m = 0, v = 0;
  int steps = 0;
  void step() {
    double g = k * p;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    ++steps;
    p -= 0.1 * (m / (1 - std::pow(0.9, steps))) /
         (std::sqrt(v / (1 - std::pow(0.999, steps))) + 1e-8);
  }
};

/// The losses of two players, who each count their own steps.
TEST(Optimizers, OfDistinctVariablesAreDistinct) {
  Computed model([](Model &m) {
    Variable g = m.parameter("gen.w", {}, init::constant(3), f64);
    Variable d = m.parameter("dis.w", {}, init::constant(2), f64);
    Variable h = m.parameter("dis.v", {}, init::constant(1), f64);
    auto play = [&](Tensor w, double k, std::vector<Variable> players) {
      optim::adam(m, square(w) * (k / 2),
                  {.learning_rate = 0.1, .variables = players});
    };
    m.entry("discriminate", [&](Entry &) { play(d, 2, {d}); });
    m.entry("generate", [&](Entry &) { play(g, 3, {g}); });
    m.entry("both", [&](Entry &) {
      play(g, 3, {g});
      play(d, 2, {d});
      play(h, 5, {h});
    });
  });
  model.run("init", {{1}});
  ByHand g{3, 3}, d{2, 2}, h{1, 5};
  for (int i = 0; i < 8; ++i) {
    for (int k = 0; k < 3; ++k, d.step())
      model.run("discriminate");
    model.run("generate");
    g.step();
    model.run("both");
    g.step();
    d.step();
    h.step();
  }
  expectNear(model.variable("gen.w"), {g.p}, 1e-11);
  expectNear(model.variable("dis.w"), {d.p}, 1e-11);
  expectNear(model.variable("dis.v"), {h.p}, 1e-11);
  expectNear(model.variable("gen.adam.step"), {16});
  expectNear(model.variable("dis.adam.step"), {32});
  expectNear(model.variable("dis.v.adam.step"), {8});
}

TEST(Optimizers, OfTheSameVariablesAreShared) {
  Computed model([](Model &m) {
    Variable p = m.parameter("p", {}, init::constant(3), f64);
    for (const char *name : {"a", "b"})
      m.entry(name, [&](Entry &) {
        optim::adam(m, square(p), {.learning_rate = 0.1});
      });
  });
  model.run("init", {{1}});
  ByHand p{3, 2};
  for (const char *name : {"a", "a", "b", "a", "b"}) {
    model.run(name);
    p.step();
  }
  expectNear(model.variable("p"), {p.p}, 1e-11);
  expectNear(model.variable("adam.step"), {5});
}

TEST(Optimizers, OfSharedVariablesHaveNamesOrScopes) {
  Built built([](Model &m) {
    Variable a = m.parameter("a", {2}, init::zeros());
    Variable b = m.parameter("b", {2}, init::zeros());
    m.entry("e", [&](Entry &) {
      Tensor loss = sum(a * b);
      {
        Scope scope("first");
        optim::adam(m, loss, {.variables = {a}});
      }
      Scope scope("second");
      optim::adam(m, loss, {.variables = {b}});
    });
    m.entry("f",
            [&](Entry &) { optim::adam(m, sum(a * b), {.name = "third"}); });
  });
  ASSERT_TRUE(built.module);
  for (const char *name :
       {"first.adam.step", "second.adam.step", "third.step", "a.first.adam.m",
        "b.second.adam.v", "a.third.m", "b.third.v"})
    EXPECT_TRUE(built.module->lookupSymbol(name)) << name;
}

} // namespace
