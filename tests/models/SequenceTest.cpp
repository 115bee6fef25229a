//===- SequenceTest.cpp - running sums, sorts and likelihoods of the DSL --===//
//
// Row D7 of the models that must work (top-k, permutation), and the Poisson
// likelihood of row L7, whose ln y! is lgamma: compiled in f64, values against
// the standard library, derivatives against central differences.
//
//===----------------------------------------------------------------------===//

#include "tests/models/Checked.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace sinter;
using namespace sinter::test;

namespace {

TEST(Sequence, RunningSumsInEveryDirection) {
  for (bool reverse : {false, true})
    for (bool exclusive : {false, true})
      expectFormula(
          {{3, 5}},
          [=](Model &, auto &xs) {
            return cumulative_sum(square(xs[0]), 0, {reverse, exclusive});
          },
          [=](auto &of) {
            Numbers y(15, 0);
            for (int64_t i = 0; i < 3; ++i)
              for (int64_t j = 0; j < 3; ++j)
                for (int64_t c = 0; c < 5; ++c)
                  if (i == j ? !exclusive : reverse ? j > i : j < i)
                    y[i * 5 + c] += of[0][j * 5 + c] * of[0][j * 5 + c];
            return y;
          });
}

TEST(Sequence, SortsAndTheirDerivatives) {
  for (bool down : {false, true})
    expectFormula(
        {{2, 9}}, [=](Model &, auto &xs) { return sort(xs[0], 1, down); },
        [=](auto &of) {
          Numbers y = of[0];
          for (auto row = y.begin(); row != y.end(); row += 9)
            std::sort(row, row + 9,
                      [=](double a, double b) { return down ? b < a : a < b; });
          return y;
        });
}

// Along a dimension in the middle.
TEST(Sequence, TopKAndItsDerivative) {
  expectFormula(
      {{2, 6, 3}},
      [](Model &, auto &xs) { return exp(top_k(xs[0], 4, 1).values); },
      [](auto &of) {
        Numbers y;
        for (int64_t n = 0; n < 2; ++n) {
          std::vector<Numbers> columns(3);
          for (int64_t i = 0; i < 6; ++i)
            for (int64_t c = 0; c < 3; ++c)
              columns[c].push_back(of[0][(n * 6 + i) * 3 + c]);
          for (Numbers &column : columns)
            std::sort(column.rbegin(), column.rend());
          for (int64_t k = 0; k < 4; ++k)
            for (int64_t c = 0; c < 3; ++c)
              y.push_back(std::exp(columns[c][k]));
        }
        return y;
      });
}

// In a loop, carried on and hoisted out of it, and backwards.
TEST(Sequence, StandInLoops) {
  expectFormula(
      {{5}, {3, 5}},
      [](Model &, auto &xs) {
        auto [last, sums] = scan(xs[0], xs[1], 3, [&](Tensor h, Tensor x) {
          Tensor next = sort(h + cumulative_sum(x, 0), 0, greatest_first);
          return std::pair(next * 0.5, cumulative_sum(next * x));
        });
        return concatenate({last, reshape(sums, {15})}, 0);
      },
      [](auto &of) {
        Numbers h = of[0], sums;
        for (int64_t t = 0; t < 3; ++t) {
          auto x = of[1].begin() + t * 5;
          double sum = 0;
          for (int64_t i = 0; i < 5; ++i)
            h[i] += sum += x[i];
          std::sort(h.rbegin(), h.rend());
          sum = 0;
          for (int64_t i = 0; i < 5; ++i)
            sums.push_back(sum += h[i] * x[i]);
          for (double &value : h)
            value *= 0.5;
        }
        h.insert(h.end(), sums.begin(), sums.end());
        return h;
      });
}

TEST(Sequence, PoissonLikelihoodWithItsFactorial) {
  // −ln p = λ − y·ln λ + ln y!, the rate λ and y both positive.
  expectFormula(
      {{7}, {7}},
      [](Model &, auto &xs) {
        Tensor rate = exp(xs[0]), y = exp(xs[1] * 2.0);
        return rate - y * xs[0] + lgamma(y + 1.0);
      },
      [](auto &of) {
        Numbers result;
        for (size_t i = 0; i < of[0].size(); ++i) {
          double y = std::exp(of[1][i] * 2);
          result.push_back(std::exp(of[0][i]) - y * of[0][i] +
                           std::lgamma(y + 1));
        }
        return result;
      });
}

constexpr int64_t permuted = 500;
void buildPermutations(Model &m) {
  m.entry("e", [&](Entry &e) {
    e.output("a", random::permutation(permuted));
    e.output("b", random::permutation(permuted));
  });
}

TEST(Sequence, PermutationsHoldEveryNumberOnceAndDiffer) {
  Executable executable =
      compile({"permutations", buildPermutations, Place::current()});
  std::vector<int32_t> orders[2];
  for (auto &order : orders)
    order.assign(permuted, -1);
  executable.run("e", {{"a", orders[0]}, {"b", orders[1]}});
  int64_t unmoved = 0;
  for (auto &order : orders) {
    std::vector<int32_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (int64_t i = 0; i < permuted; ++i) {
      EXPECT_EQ(sorted[i], i);
      unmoved += order[i] == i;
    }
  }
  EXPECT_NE(orders[0], orders[1]);
  // About one number of each stays in its place.
  EXPECT_LT(unmoved, 12);
}

} // namespace
