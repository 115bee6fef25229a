//===- OperatorsTest.cpp - what each DSL function computes ----------------===//
//
// The ops themselves are tested where they are defined; here it is that each
// function builds the right one, with the right dimensions.
//
//===----------------------------------------------------------------------===//

#include "tests/frontend/Build.h"

using namespace sinter;

namespace {

/// Evaluates `f` on x = 0 … 5 as [2, 3] and n = (7, −3, 2), i32.
void expectValues(std::function<Tensor(Tensor x, Tensor n)> f,
                  const Numbers &want, const std::vector<int64_t> &shape,
                  Place place = Place::current()) {
  SCOPED_TRACE(place.line());
  std::vector<int64_t> have;
  Computed model([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f64, {2, 3});
      Tensor n = e.input("n", i32, {3});
      Tensor y = f(x, n);
      have = y.shape();
      e.output("y", y);
    });
  });
  EXPECT_EQ(have, shape);
  auto results = model.run("e", {{0, 1, 2, 3, 4, 5}, {7, -3, 2}});
  ASSERT_EQ(results.size(), 1u);
  expectNear(results[0], want);
}

TEST(Functions, Arithmetic) {
  using T = Tensor;
  expectValues([](T, T n) { return n + 1; }, {8, -2, 3}, {3});
  expectValues([](T, T n) { return 1 - n; }, {-6, 4, -1}, {3});
  expectValues([](T, T n) { return n * n; }, {49, 9, 4}, {3});
  expectValues([](T, T n) { return n / 2; }, {3, -1, 1}, {3});
  expectValues([](T, T n) { return n % 4; }, {3, -3, 2}, {3});
  expectValues([](T, T n) { return n & 6; }, {6, 4, 2}, {3});
  expectValues([](T, T n) { return n | 1; }, {7, -3, 3}, {3});
  expectValues([](T, T n) { return n ^ 1; }, {6, -4, 3}, {3});
  expectValues([](T, T n) { return ~n; }, {-8, 2, -3}, {3});
  expectValues([](T, T n) { return -n; }, {-7, 3, -2}, {3});
  expectValues([](T, T n) { return maximum(n, 0); }, {7, 0, 2}, {3});
  expectValues([](T, T n) { return minimum(n, 0); }, {0, -3, 0}, {3});
  expectValues([](T, T n) { return clamp(n, -1, 3); }, {3, -1, 2}, {3});
  expectValues([](T, T n) { return abs(n); }, {7, 3, 2}, {3});
  expectValues([](T, T n) { return sign(n); }, {1, -1, 1}, {3});
  expectValues([](T x, T) { return pow(x, 2); }, {0, 1, 4, 9, 16, 25}, {2, 3});
  expectValues([](T x, T n) { return x - cast(n, f64); }, {-7, 4, 0, -4, 7, 3},
               {2, 3});
}

TEST(Functions, Comparisons) {
  using T = Tensor;
  expectValues([](T, T n) { return n < 2; }, {0, 1, 0}, {3});
  expectValues([](T, T n) { return n <= 2; }, {0, 1, 1}, {3});
  expectValues([](T, T n) { return n > 2; }, {1, 0, 0}, {3});
  expectValues([](T, T n) { return n >= 2; }, {1, 0, 1}, {3});
  expectValues([](T, T n) { return equal(n, 2); }, {0, 0, 1}, {3});
  expectValues([](T, T n) { return not_equal(n, 2); }, {1, 1, 0}, {3});
  expectValues([](T, T n) { return !(n > 2); }, {0, 1, 1}, {3});
  expectValues([](T x, T n) { return where(n > 0, x, -1); },
               {0, -1, 2, 3, -1, 5}, {2, 3});
}

TEST(Functions, Movement) {
  using T = Tensor;
  expectValues(
      [](T x, T) {
        return reshape(x, {3, -1});
      },
      {0, 1, 2, 3, 4, 5}, {3, 2});
  expectValues([](T x, T) { return transpose(x); }, {0, 3, 1, 4, 2, 5}, {3, 2});
  expectValues([](T x, T) { return expand_dims(x, -1); }, {0, 1, 2, 3, 4, 5},
               {2, 3, 1});
  expectValues([](T x, T) { return squeeze(expand_dims(x, 0), 0); },
               {0, 1, 2, 3, 4, 5}, {2, 3});
  expectValues(
      [](T, T n) {
        return broadcast_to(n, {2, 3});
      },
      {7, -3, 2, 7, -3, 2}, {2, 3});
  expectValues([](T x, T) { return slice(x, 1, -2, 3); }, {1, 2, 4, 5}, {2, 2});
  expectValues([](T x, T) { return slice(x, 1, 0, 3, 2); }, {0, 2, 3, 5},
               {2, 2});
  expectValues([](T x, T) { return at(x, -1); }, {3, 4, 5}, {3});
  expectValues([](T x, T) { return at(x, 1, 1); }, {1, 4}, {2});
  expectValues([](T x, T) { return split(x, 3, 1)[2]; }, {2, 5}, {2, 1});
  expectValues([](T, T n) { return pad(n, {1}, {2}, {1}); },
               {0, 7, 0, -3, 0, 2, 0, 0}, {8});
  expectValues(
      [](T, T n) {
        return concatenate({n, n + 1}, 0);
      },
      {7, -3, 2, 8, -2, 3}, {6});
  expectValues(
      [](T, T n) {
        return stack({n, n + 1}, 1);
      },
      {7, 8, -3, -2, 2, 3}, {3, 2});
  expectValues(
      [](T x, T) {
        return reverse(x, {0, 1});
      },
      {5, 4, 3, 2, 1, 0}, {2, 3});
  expectValues(
      [](T x, T) {
        return gather(x, constant(Numbers{2, 0, 9}, {3}, i32), 1);
      },
      {2, 0, 0, 5, 3, 0}, {2, 3});
  expectValues(
      [](T x, T) {
        return gather(x, constant(Numbers{2, 1}, {2, 1}, i32), 1, 1);
      },
      {2, 4}, {2, 1});
  expectValues(
      [](T, T n) {
        return scatter_add(n, constant(Numbers{1, 1, 5}, {3}, i64),
                           constant(Numbers{10, 100, 1000}, {3}, i32));
      },
      {7, 107, 2}, {3});
  expectValues([](T, T n) { return one_hot(n, 3, i32); },
               {0, 0, 0, 0, 0, 0, 0, 0, 1}, {3, 3});
  expectValues([](T, T) { return iota({2, 2}, 1, f64); }, {0, 1, 0, 1}, {2, 2});
}

TEST(Functions, Contractions) {
  using T = Tensor;
  expectValues([](T x, T) { return matmul(x, transpose(x)); }, {5, 14, 14, 50},
               {2, 2});
  expectValues([](T x, T n) { return matmul(x, cast(n, f64)); }, {1, 19}, {2});
  expectValues([](T x, T) { return matmul(full({2}, 1, f64), x); }, {3, 5, 7},
               {3});
  expectValues([](T, T n) { return matmul(n, n); }, {62}, {});
  expectValues(
      [](T x, T) {
        return dot_general(x, x,
                           {.lhs_contracting = {-1},
                            .rhs_contracting = {1},
                            .lhs_batch = {0},
                            .rhs_batch = {0}});
      },
      {5, 50}, {2});
  expectValues(
      [](T x, T) {
        return matmul(expand_dims(x, 0), reshape(x, {1, 3, 2}));
      },
      {10, 13, 28, 40}, {1, 2, 2});
}

TEST(Functions, Reductions) {
  using T = Tensor;
  expectValues([](T x, T) { return sum(x); }, {15}, {});
  expectValues([](T x, T) { return sum(x, -1); }, {3, 12}, {2});
  expectValues([](T x, T) { return sum(x, {0, 1}, keep_dims); }, {15}, {1, 1});
  expectValues([](T x, T) { return mean(x, 0); }, {1.5, 2.5, 3.5}, {3});
  expectValues([](T x, T) { return variance(x, 1); }, {2.0 / 3, 2.0 / 3}, {2});
  expectValues([](T x, T) { return max(x, 0, keep_dims); }, {3, 4, 5}, {1, 3});
  expectValues([](T, T n) { return min(n); }, {-3}, {});
  expectValues([](T, T n) { return prod(n); }, {-42}, {});
  expectValues([](T x, T) { return any(x > 4, 1); }, {0, 1}, {2});
  expectValues([](T x, T) { return all(x > 2, 1); }, {0, 1}, {2});
  expectValues([](T, T n) { return argmax(n); }, {0}, {});
  expectValues([](T x, T) { return argmin(x, 0); }, {0, 0, 0}, {3});
}

TEST(Functions, Mathematics) {
  using T = Tensor;
  expectValues([](T x, T) { return exp2(x); }, {1, 2, 4, 8, 16, 32}, {2, 3});
  expectValues([](T x, T) { return log2(exp2(x)); }, {0, 1, 2, 3, 4, 5},
               {2, 3});
  expectValues([](T x, T) { return cbrt(x * x * x); }, {0, 1, 2, 3, 4, 5},
               {2, 3});
  // Each with its inverse.
  Numbers identity = {0, 1, 2, 3, 4, 5};
  expectValues([](T x, T) { return asinh(sinh(x)); }, identity, {2, 3});
  expectValues([](T x, T) { return acosh(cosh(x)); }, identity, {2, 3});
  expectValues([](T x, T) { return atanh(tanh(x)); }, identity, {2, 3});
  expectValues([](T x, T) { return asin(sin(x / 4)) * 4; }, identity, {2, 3});
  expectValues([](T x, T) { return acos(cos(x / 4)) * 4; }, identity, {2, 3});
  expectValues([](T x, T) { return atan(tan(x / 4)) * 4; }, identity, {2, 3});
  expectValues([](T x, T) { return atan2(sin(x / 2), cos(x / 2)) * 2; },
               identity, {2, 3});
  // Γ(n + 1) = n!, ψ(n + 1) = ψ(n) + 1/n.
  expectValues([](T x, T) { return exp(lgamma(x + 1)); }, {1, 1, 2, 6, 24, 120},
               {2, 3});
  expectValues(
      [](T x, T) { return (digamma(x + 2) - digamma(x + 1)) * (x + 1); },
      {1, 1, 1, 1, 1, 1}, {2, 3});
  expectValues(
      [](T x, T) {
        return (polygamma(1, x + 1) - polygamma(1, x + 2)) * square(x + 1);
      },
      {1, 1, 1, 1, 1, 1}, {2, 3});
}

TEST(Functions, Sequences) {
  using T = Tensor;
  expectValues([](T x, T) { return cumulative_sum(x); }, {0, 1, 3, 3, 7, 12},
               {2, 3});
  expectValues([](T x, T) { return cumulative_sum(x, 0); }, {0, 1, 2, 3, 5, 7},
               {2, 3});
  expectValues([](T, T n) { return cumulative_sum(n, 0, {.reverse = true}); },
               {6, -1, 2}, {3});
  expectValues([](T, T n) { return cumulative_sum(n, 0, {.exclusive = true}); },
               {0, 7, 4}, {3});
  expectValues([](T, T n) { return argsort(n); }, {1, 2, 0}, {3});
  expectValues([](T, T n) { return argsort(n, 0, greatest_first); }, {0, 2, 1},
               {3});
  expectValues([](T, T n) { return sort(n); }, {-3, 2, 7}, {3});
  expectValues([](T x, T) { return sort(-x, 0); }, {-3, -4, -5, 0, -1, -2},
               {2, 3});
  expectValues([](T x, T) { return top_k(x, 2).values; }, {2, 1, 5, 4}, {2, 2});
  expectValues([](T x, T) { return top_k(-x, 1, 0).indices; }, {0, 0, 0},
               {1, 3});
  expectValues(
      [](T x, T) {
        return take_along(x, constant(Numbers{1, 9, 0}, {1, 3}, i32), 0);
      },
      {3, 0, 2}, {1, 3});
}

} // namespace
