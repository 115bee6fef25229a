//===- OpMistakesTest.cpp - every misused op is an error at its line ------===//
//
// One call a mistake, in an entry with inputs of both kinds: what the error
// says, and that it is at the line of the call.
//
//===----------------------------------------------------------------------===//

#include "tests/frontend/Mistakes.h"

using namespace sinter;

namespace {

/// One entry around `body`, with inputs x and n; expects one mistake at the
/// line of the call.
void expectMistake(const std::string &message,
                   std::function<void(Model &, Tensor, Tensor)> body,
                   Place place = Place::current()) {
  Built built([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {4, 3});
      Tensor n = e.input("n", u8, {4});
      body(m, x, n);
      e.output("y", x);
    });
  });
  ASSERT_NO_FATAL_FAILURE(expectOnly(built, message));
  // The whole call may stand on several lines.
  EXPECT_GE(built.mistakes[0].line, place.line());
  EXPECT_LE(built.mistakes[0].line, place.line() + 8);
}
void expectMistake(const std::string &message,
                   std::function<void(Tensor, Tensor)> body,
                   Place place = Place::current()) {
  expectMistake(
      message, [&](Model &, Tensor x, Tensor n) { body(x, n); }, place);
}

TEST(OpMistakes, OfTypes) {
  expectMistake("element types differ, f32[4, 3] and u8[4]",
                [](Tensor x, Tensor n) { x + n; });
  expectMistake("exp: takes f32, f64 or bf16, not u8[4]: use cast",
                [](Tensor, Tensor n) { exp(n); });
  expectMistake("300 does not fit u8", [](Tensor, Tensor n) { n + 300; });
  expectMistake("0.5 does not fit u8", [](Tensor, Tensor n) { n * 0.5; });
  expectMistake("1e+300 does not fit f32: cast the tensor to f64",
                [](Tensor x, Tensor) { x * 1e300; });
  expectMistake("1e+39 does not fit f32", [](Tensor, Tensor) {
    constant(std::vector<double>{1, 1e39}, {2});
  });
  expectMistake("element types differ, bf16[4, 3] and f32[4, 3]",
                [](Tensor x, Tensor) { cast(x, bf16) * x; });
  expectMistake("element types differ, f32[4, 3] and bf16[4, 3]",
                [](Tensor x, Tensor) { x - cast(x, bf16); });
  expectMistake("3.4e+38 does not fit bf16: cast the tensor to f64",
                [](Tensor x, Tensor) { cast(x, bf16) * 3.4e38; });
  expectMistake("the condition must be i1",
                [](Tensor x, Tensor) { where(x, x, x); });
  expectMistake("indices must be integers",
                [](Tensor x, Tensor) { gather(x, x); });
  expectMistake("!: takes i1", [](Tensor x, Tensor) { !x; });
}

TEST(OpMistakes, OfResampling) {
  expectMistake("one spatial dimension for each of the 1 factors",
                [](Tensor x, Tensor) { upsample_nearest(x, {2}); });
  expectMistake("a factor of 0 is not possible", [](Tensor x, Tensor) {
    upsample_nearest(reshape(x, {1, 4, 3}), {0});
  });
  expectMistake("upsample_linear: takes floats, not u8[1, 4, 1]",
                [](Tensor, Tensor n) {
                  upsample_linear(reshape(n, {1, 4, 1}), {2});
                });
  expectMistake("a factor of 1048576 is not possible for 4 elements",
                [](Tensor x, Tensor) {
                  upsample_linear(reshape(x, {1, 4, 3}), {1 << 20});
                });
  expectMistake("indices of u8[4] do not agree", [](Tensor x, Tensor n) {
    max_unpool(reshape(x, {1, 4, 3}), n, {8});
  });
  expectMistake("a spatial dimension for each of the 2 extents",
                [](Tensor x, Tensor) {
                  max_unpool(reshape(x, {1, 4, 3}), x, {8, 8});
                });
  expectMistake("indices must be integers", [](Tensor x, Tensor) {
    Tensor image = reshape(x, {1, 4, 3});
    max_unpool(image, image, {8});
  });
}

TEST(OpMistakes, OfSequences) {
  expectMistake("cannot take 4 of the 3 elements along dimension 1",
                [](Tensor x, Tensor) { top_k(x, 4); });
  expectMistake("indices of u8[4] do not agree with f32[4, 3]",
                [](Tensor x, Tensor n) { take_along(x, n, 0); });
  expectMistake("argsort: dimension 2",
                [](Tensor x, Tensor) { argsort(x, 2); });
  expectMistake("cumulative_sum: dimension 1",
                [](Tensor, Tensor n) { cumulative_sum(n, 1); });
  expectMistake("order 31 is not from 0 to 30",
                [](Tensor x, Tensor) { polygamma(31, x); });
}

/// Images [2, 6, 5, 4] and a kernel [3, 3, 4, 8].
void expectConvMistake(const std::string &message,
                       std::function<void(Model &, Tensor, Tensor)> body,
                       Place place = Place::current()) {
  expectMistake(
      message,
      [&](Model &m, Tensor, Tensor) {
        body(m, zeros({2, 6, 5, 4}), zeros({3, 3, 4, 8}));
      },
      place);
}

TEST(OpMistakes, OfConvolutions) {
  expectConvMistake("conv: takes images [N, spatial…, C] and a kernel "
                    "[spatial…, C/groups, F] with 1 to 3 spatial dimensions, "
                    "not f32[2, 6, 5, 4] and f32[3, 4, 8]",
                    [](Model &, Tensor x, Tensor w) {
                      conv(x, reshape(slice(w, 0, 0, 1), {3, 4, 8}));
                    });
  expectConvMistake("conv: 1 groups of 4 channels, as the kernel has, are not "
                    "the input's 5 channels",
                    [](Model &, Tensor x, Tensor w) {
                      conv(concatenate({x, slice(x, 3, 0, 1)}, 3), w);
                    });
  expectConvMistake("conv: 8 features do not divide into 3 groups",
                    [](Model &, Tensor, Tensor w) {
                      conv(zeros({2, 6, 5, 12}), w, {.groups = 3});
                    });
  expectConvMistake("conv: a window of 3 elements, 3 apart, does not fit the 6 "
                    "elements of dimension 0",
                    [](Model &, Tensor x, Tensor w) {
                      conv(x, w, {.dilation = {3, 1}});
                    });
  expectConvMistake("conv: `strides` has 3 entries for 2 spatial dimensions",
                    [](Model &, Tensor x, Tensor w) {
                      conv(x, w, {.strides = {1, 1, 1}});
                    });
  expectConvMistake(
      "conv: `strides` of 0 is not possible: at least 1",
      [](Model &, Tensor x, Tensor w) { conv(x, w, {.strides = {0}}); });
  expectConvMistake(
      "conv: `padding` of -1 is not possible: at least 0",
      [](Model &, Tensor x, Tensor w) { conv(x, w, {.padding = {-1}}); });
  expectConvMistake("conv: `dilation` of 4611686018427387904 is not possible",
                    [](Model &, Tensor x, Tensor w) {
                      conv(x, w, {.dilation = {int64_t(1) << 62}});
                    });
  expectConvMistake("conv: operands are",
                    [](Model &, Tensor x, Tensor w) { conv(x, cast(w, f64)); });
  expectConvMistake("conv_transpose: `output_padding` of 2 must be less than "
                    "the stride or the dilation",
                    [](Model &, Tensor, Tensor w) {
                      conv_transpose(zeros({2, 4, 4, 8}), w,
                                     {.strides = {2}, .output_padding = {2}});
                    });
  expectConvMistake("conv_transpose: 8 features do not divide into 3 groups",
                    [](Model &, Tensor, Tensor w) {
                      conv_transpose(zeros({2, 4, 4, 8}), w, {.groups = 3});
                    });
  expectConvMistake(
      "conv: takes floats [N, spatial…, C] with as many spatial "
      "dimensions as the kernel's 1, not f32[2, 6, 5, 4]",
      [](Model &m, Tensor x, Tensor) { nn::conv(m, "c", x, 8, {3}); });
  expectConvMistake("conv: 4 channels and 6 features do not divide into 4 "
                    "groups",
                    [](Model &m, Tensor x, Tensor) {
                      nn::conv(m, "c", x, 6, {3, 3}, {.groups = 4});
                    });
  expectConvMistake("conv: 0 features are not possible",
                    [](Model &m, Tensor x, Tensor) {
                      nn::conv(m, "c", x, 0, {3, 3});
                    });
}

TEST(OpMistakes, OfPoolings) {
  expectConvMistake("max_pool: takes images [N, spatial…, C] with as many "
                    "spatial dimensions, 1 to 3, as the window's 1",
                    [](Model &, Tensor x, Tensor) { max_pool(x, {2}); });
  expectConvMistake("max_pool: a window that spans 7 elements does not fit the "
                    "6 of spatial dimension 0",
                    [](Model &, Tensor x, Tensor) {
                      max_pool(x, {7, 2});
                    });
  expectConvMistake("average_pool: a padding of 2 leaves windows without "
                    "elements: less than the 2 that a window spans",
                    [](Model &, Tensor x, Tensor) {
                      average_pool(x, {2, 2}, {.padding = {2}});
                    });
  expectConvMistake("max_pool: a window of 0 elements is not possible",
                    [](Model &, Tensor x, Tensor) {
                      max_pool(x, {0, 2});
                    });
  expectConvMistake("average_pool: takes floats, not u8[2, 6, 5, 4]: use cast",
                    [](Model &, Tensor x, Tensor) {
                      average_pool(cast(x, u8), {2, 2});
                    });
  expectConvMistake("global_max_pool: takes images [N, C, spatial…], not",
                    [](Model &, Tensor x, Tensor) {
                      global_max_pool(reshape(x, {2, 120}), true);
                    });
  expectConvMistake("windows: `sizes` has 1 entries for 2 dimensions",
                    [](Model &, Tensor x, Tensor) {
                      windows(x, {1, 2}, {2});
                    });
}

TEST(OpMistakes, OfShapes) {
  expectMistake("must equal the last but one of the second, 4",
                [](Tensor x, Tensor) { matmul(x, x); });
  expectMistake("dimension 2 is out of range for f32[4, 3]",
                [](Tensor x, Tensor) { sum(x, 2); });
  expectMistake("dimension 0 is named twice", [](Tensor x, Tensor) {
    transpose(x, {0, 0});
  });
  expectMistake("dim: dimension 5 is out of range",
                [](Tensor x, Tensor) { x.dim(5); });
  expectMistake("is not a part of dimension 0",
                [](Tensor x, Tensor) { slice(x, 0, 2, 9); });
  expectMistake("element 4 of dimension 0", [](Tensor x, Tensor) { at(x, 4); });
  expectMistake("does not divide into 2 equal parts",
                [](Tensor x, Tensor) { split(x, 2, 1); });
  expectMistake("is negative", [](Tensor, Tensor) { zeros({-3}); });
  expectMistake("is too large", [](Tensor, Tensor) {
    zeros({int64_t(1) << 40, int64_t(1) << 40});
  });
  expectMistake("cannot infer the extent -1", [](Tensor x, Tensor) {
    reshape(x, {-1, 5});
  });
  expectMistake("needs at least one tensor",
                [](Tensor, Tensor) { concatenate({}, 0); });
  expectMistake("reshape one to the other's shape",
                [](Tensor x, Tensor) { nn::mse(x, sum(x, 1, keep_dims)); });
  expectMistake("labels for the logits f32[4, 3]", [](Tensor x, Tensor n) {
    nn::cross_entropy(x, slice(n, 0, 0, 2));
  });
}

TEST(OpMistakes, OfTransformers) {
  expectMistake(
      "embedding: takes integer indices, not f32[4, 3]",
      [](Model &m, Tensor x, Tensor) { nn::embedding(m, "table", x, 10, 2); });
  expectMistake("embedding: a table of 0 rows", [](Model &m, Tensor, Tensor n) {
    nn::embedding(m, "table", n, 0, 2);
  });
  expectMistake("layer_norm: f32[4, 3] has no last 3 dimensions",
                [](Model &m, Tensor x, Tensor) {
                  nn::layer_norm(m, "norm", x, {.dims = 3});
                });
  expectMistake("rms_norm: takes floats [..., width], not u8[4]",
                [](Model &m, Tensor, Tensor n) { nn::rms_norm(m, "norm", n); });
  expectMistake("layer_norm: epsilon, -1, is negative",
                [](Model &m, Tensor x, Tensor) {
                  nn::layer_norm(m, "norm", x, {.epsilon = -1});
                });
  expectMistake(
      "group_norm: 3 channels do not divide into 2 groups",
      [](Model &m, Tensor x, Tensor) { nn::group_norm(m, "norm", x, 2); });
  expectMistake("attention: takes float queries [..., n, d]",
                [](Tensor x, Tensor) { attention(x, transpose(x), x); });
  expectMistake("broadcast to the scores' i1[4, 4], not i1[4, 3]",
                [](Tensor x, Tensor) { attention(x, x, x, {.mask = x > 0}); });
  expectMistake("the width 3 does not divide into 2 heads",
                [](Model &m, Tensor x, Tensor) {
                  nn::multi_head_attention(m, "a", x, {.heads = 2});
                });
  expectMistake("-1 heads", [](Model &m, Tensor x, Tensor) {
    nn::multi_head_attention(m, "a", x, {.heads = -1});
  });
  expectMistake("the memory f32[1, 4, 3] does not fit f32[4, 3]",
                [](Model &m, Tensor x, Tensor) {
                  nn::multi_head_attention(m, "a", x, expand_dims(x, 0));
                });
  expectMistake("positional_encoding: takes a float type",
                [](Tensor, Tensor) { positional_encoding(4, 3, i32); });
  expectMistake("is negative",
                [](Tensor, Tensor) { positional_encoding(-4, 3); });
  expectMistake("is too large for a constant",
                [](Tensor, Tensor) { positional_encoding(1 << 20, 1 << 10); });
}

TEST(OpMistakes, OfDerivatives) {
  expectMistake("gradient: needs a scalar, not f32[4, 3]",
                [](Tensor x, Tensor) { gradient(x, x); });
  expectMistake("has 0 cotangents for 1 ys",
                [](Tensor x, Tensor) { vjp({x}, {x}, {}); });
  expectMistake("has read no trainable variable",
                [](Model &m, Tensor x, Tensor) { optim::adam(m, sum(x)); });
}

TEST(OpMistakes, OfEmptyHandles) {
  expectMistake("this tensor is empty", [](Tensor, Tensor) { relu(Tensor()); });
  expectMistake("assign: this variable is empty",
                [](Tensor x, Tensor) { Variable().assign(x); });
  expectMistake("read: this variable is empty",
                [](Tensor x, Tensor) { x + Variable(); });
  expectMistake("its initializer is empty", [](Model &m, Tensor, Tensor) {
    m.parameter("w", {2}, Initializer());
  });
}

TEST(OpMistakes, OfLoops) {
  expectMistake(
      "the carry begins as f32[4, 3] and the body returns it as f32[]",
      [](Tensor x, Tensor) { repeat(x, 3, [](Tensor c) { return sum(c); }); });
  expectMistake("5 steps, but the input f32[4, 3]", [](Tensor x, Tensor) {
    scan(x, x, 5, [](Tensor c, Tensor) { return c; });
  });
  expectMistake("belongs to the body of a loop that has ended",
                [](Tensor x, Tensor) {
                  Tensor inside;
                  repeat(x, 3, [&](Tensor c) { return inside = c * 2; });
                  tanh(inside);
                });
  expectMistake("inside a loop's body", [](Model &m, Tensor x, Tensor) {
    Variable v = m.variable("v", {4, 3}, init::zeros());
    repeat(x, 3, [&](Tensor c) {
      v.assign(c);
      return c;
    });
  });
  expectMistake("or a checkpoint: return it from there", [](Tensor x, Tensor) {
    Tensor inside;
    checkpoint([&] {
      inside = exp(x);
      return inside * 2;
    });
    tanh(inside);
  });
  expectMistake("inside a checkpoint", [](Model &m, Tensor x, Tensor) {
    Variable v = m.variable("v", {4, 3}, init::zeros());
    checkpoint([&] {
      v.assign(x);
      return x;
    });
  });
  // A body of which the loop was a mistake is gone; its tensors stay safe.
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {4, 3}), inside;
      repeat(x, 3, [&](Tensor c) {
        inside = c * 2;
        return sum(c);
      });
      named(inside, "inside");
      e.output("y", inside + x);
    });
  });
  EXPECT_EQ(built.mistakes.size(), 2u);
}

} // namespace
