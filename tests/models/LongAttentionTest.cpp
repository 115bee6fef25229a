//===- LongAttentionTest.cpp - attention over long sequences --------------===//
//
// Row A2 of the models that must work, at 2048 tokens: values and all
// cotangents of causal attention against the text books' formulas in doubles,
// and a workspace that does not grow with the square of the length, forward and
// in training.
//
//===----------------------------------------------------------------------===//

#include "sinter_runtime.h"

#include <sinter/compile.h>
#include <sinter/sinter.h>

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace sinter;

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr int64_t heads = 2, width = 16;

void build(Model &m) {
  int64_t length = m.option("length", 2048);
  bool within = m.option("within", false);
  m.entry("forward", [&](Entry &e) {
    auto input = [&](const char *name) {
      return e.input(name, f32, {1, heads, length, width});
    };
    e.output("y",
             attention(input("q"), input("k"), input("v"), {.causal = true}));
  });
  m.entry("train", [&](Entry &e) {
    std::vector<Tensor> xs;
    for (const char *name : {"q", "k", "v", "g"})
      xs.push_back(e.input(name, f32, {1, heads, length, width}));
    auto attend = [&] {
      return attention(xs[0], xs[1], xs[2], {.causal = true});
    };
    Tensor y = within ? checkpoint(attend) : attend();
    std::vector<Tensor> slopes = vjp({y}, {xs[0], xs[1], xs[2]}, {xs[3]});
    e.output("y", y);
    e.output("dq", slopes[0]);
    e.output("dk", slopes[1]);
    e.output("dv", slopes[2]);
  });
}

Executable compileFor(int64_t length, bool within = false) {
  return compile({"long", build, Place::current()},
                 {.options = {{"length", std::to_string(length)},
                              {"within", within ? "true" : "false"}}});
}

std::vector<Floats> makeInputs(int64_t length) {
  std::mt19937 generator(1);
  std::vector<Floats> in(4, Floats(heads * length * width));
  for (Floats &each : in)
    for (float &number : each)
      number = static_cast<float>(generator() >> 8) * 0x1p-22f - 2;
  return in;
}

/// y, dq, dk, dv.
std::vector<Floats> train(Executable &model, std::vector<Floats> &in) {
  std::vector<Floats> out(4, Floats(in[0].size()));
  model.run("train", {{"q", in[0]},
                      {"k", in[1]},
                      {"v", in[2]},
                      {"g", in[3]},
                      {"y", out[0]},
                      {"dq", out[1]},
                      {"dk", out[2]},
                      {"dv", out[3]}});
  return out;
}

/// y, dq, dk, dv of one head.
std::vector<Doubles> formula(const float *q, const float *k, const float *v,
                             const float *g, int64_t length) {
  std::vector<Doubles> result(4, Doubles(length * width, 0));
  double scale = 1 / std::sqrt(double(width));
  Doubles p(length), dp(length);
  auto product = [](const float *a, const float *b) {
    double sum = 0;
    for (int64_t c = 0; c < width; ++c)
      sum += double(a[c]) * b[c];
    return sum;
  };
  for (int64_t i = 0; i < length; ++i) {
    double total = 0, weighted = 0;
    for (int64_t j = 0; j <= i; ++j)
      total += p[j] = std::exp(product(q + i * width, k + j * width) * scale);
    for (int64_t j = 0; j <= i; ++j) {
      p[j] /= total;
      dp[j] = product(g + i * width, v + j * width);
      weighted += p[j] * dp[j];
    }
    for (int64_t j = 0; j <= i; ++j)
      for (int64_t c = 0; c < width; ++c) {
        double ds = p[j] * (dp[j] - weighted) * scale;
        result[0][i * width + c] += p[j] * v[j * width + c];
        result[1][i * width + c] += ds * k[j * width + c];
        result[2][j * width + c] += ds * q[i * width + c];
        result[3][j * width + c] += p[j] * g[i * width + c];
      }
  }
  return result;
}

// 2039 is a prime: one block is smaller than the others.
TEST(LongAttention, EqualsItsFormula) {
  for (int64_t length : {2048, 2039}) {
    std::vector<Floats> in = makeInputs(length);
    Executable model = compileFor(length);
    std::vector<Floats> out = train(model, in);
    Floats forward(out[0].size());
    model.run("forward",
              {{"q", in[0]}, {"k", in[1]}, {"v", in[2]}, {"y", forward}});
    EXPECT_EQ(forward, out[0]);
    for (int64_t head = 0; head < heads; ++head) {
      int64_t at = head * length * width;
      std::vector<Doubles> want =
          formula(&in[0][at], &in[1][at], &in[2][at], &in[3][at], length);
      for (size_t r = 0; r < want.size(); ++r)
        for (size_t i = 0; i < want[r].size(); ++i)
          ASSERT_NEAR(out[r][at + i], want[r][i],
                      2e-4 * std::max(1.0, std::abs(want[r][i])))
              << "result " << r << ", element " << i;
    }
  }
}

TEST(LongAttention, NeedsMemoryForSomeRowsOnly) {
  constexpr uint64_t length = 2048, scores = length * length * sizeof(float);
  Executable model = compileFor(length);
  for (int entry : {0, 1})
    EXPECT_LT(model.model().entries[entry].workspace_bytes, scores / 2)
        << entry;
}

// A checkpoint around the loops, which are checkpoints.
TEST(LongAttention, StandsInACheckpoint) {
  constexpr int64_t length = 1100;
  std::vector<Floats> in = makeInputs(length);
  Executable plain = compileFor(length), within = compileFor(length, true);
  EXPECT_EQ(train(within, in), train(plain, in));
}

} // namespace
