//===- ConvolutionTest.cpp - convolutions and poolings of the DSL ---------===//
//
// Rows C1, C2, C3 and C5 of the models that must work: compiled in f64, values
// against loops that follow the definitions, derivatives against central
// differences of those.
//
//===----------------------------------------------------------------------===//

#include "tests/interpret/ConvolutionCase.h"
#include "tests/models/Checked.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;
using sinter::tests::ConvolutionCase;
using Extents = ConvolutionCase::Extents;

namespace {

ConvolutionCase plain(int64_t samples, Extents input, int64_t channels,
                      Extents kernel, int64_t features) {
  size_t rank = input.size();
  return {samples,
          channels,
          features,
          1,
          input,
          kernel,
          Extents(rank, 1),
          Extents(rank, 0),
          Extents(rank, 0),
          Extents(rank, 1),
          Extents(rank, 1)};
}

ConvOptions optionsOf(const ConvolutionCase &c) {
  return {.strides = c.strides,
          .padding = Padding(c.low, c.high),
          .dilation = c.kernel_dilation,
          .input_dilation = c.input_dilation,
          .groups = c.groups};
}

void expectConvolution(const ConvolutionCase &c, const ConvOptions &options) {
  expectFormula(
      {c.inputShape(), c.kernelShape()},
      [=](Model &, auto &xs) { return conv(xs[0], xs[1], options); },
      [=](auto &of) { return c.reference(of[0], of[1]); });
}

TEST(Convolution, IsTheCrossCorrelationInOneToThreeDimensions) {
  expectConvolution(plain(2, {7}, 2, {3}, 3), {});
  expectConvolution(plain(2, {5, 6}, 3, {2, 3}, 2), {});
  expectConvolution(plain(1, {4, 3, 5}, 2, {2, 3, 2}, 3), {});
}

TEST(Convolution, TakesEveryOption) {
  ConvolutionCase c = plain(2, {7, 5}, 4, {3, 2}, 6);
  c.strides = {2, 3};
  c.low = {1, 0};
  c.high = {2, 1};
  c.kernel_dilation = {1, 2};
  c.input_dilation = {1, 2};
  c.groups = 2;
  expectConvolution(c, optionsOf(c));
  ConvolutionCase depthwise = plain(2, {6}, 3, {3}, 3);
  depthwise.groups = 3;
  expectConvolution(depthwise, {.groups = 3});
}

TEST(Convolution, OneNumberStandsForAllDimensions) {
  ConvolutionCase c = plain(1, {6, 7}, 2, {3, 2}, 2);
  c.strides = {2, 2};
  c.low = c.high = {1, 1};
  expectConvolution(c, {.strides = {2}, .padding = {1}});
}

// ⌈n/stride⌉ places; an odd element of padding at the end.
TEST(Convolution, SamePaddingKeepsTheExtent) {
  ConvolutionCase c = plain(1, {5, 6}, 2, {3, 4}, 2);
  c.low = {1, 1};
  c.high = {1, 2};
  expectConvolution(c, {.padding = Padding::same});
  c.strides = {2, 2};
  c.low = {1, 1};
  c.high = {1, 1};
  EXPECT_EQ(c.output(0), 3);
  EXPECT_EQ(c.output(1), 3);
  expectConvolution(c, {.strides = {2}, .padding = Padding::same});
}

TEST(Convolution, FlippedIsMathematics) {
  // (x * w)[o] = Σ x[o + K − 1 − k]·w[k]
  expectFormula(
      {{1, 6, 1}, {3, 1, 1}},
      [](Model &, auto &xs) { return conv(xs[0], xs[1], {.flip = true}); },
      [](auto &of) {
        Numbers y;
        for (int64_t o = 0; o < 4; ++o) {
          double sum = 0;
          for (int64_t k = 0; k < 3; ++k)
            sum += of[0][o + 2 - k] * of[1][k];
          y.push_back(sum);
        }
        return y;
      });
}

TEST(Convolution, ChannelsFirstIsTheSameTransposed) {
  ConvolutionCase c = plain(2, {5, 4}, 3, {2, 2}, 2);
  auto first = [](const Numbers &x, int64_t n, int64_t places,
                  int64_t channels) {
    Numbers y(x.size());
    for (int64_t i = 0; i < n; ++i)
      for (int64_t p = 0; p < places; ++p)
        for (int64_t q = 0; q < channels; ++q)
          y[(i * channels + q) * places + p] =
              x[(i * places + p) * channels + q];
    return y;
  };
  expectFormula(
      {{2, 3, 5, 4}, c.kernelShape()},
      [](Model &, auto &xs) {
        return conv(xs[0], xs[1], {.channels_first = true});
      },
      [=](auto &of) {
        // The other way: places as channels.
        Numbers x = first(of[0], 2, 3, 20);
        return first(c.reference(x, of[1]), 2, 12, 2);
      });
}

// A δ gives the image, a shifted one shifts it, 2δ − blur sharpens.
TEST(Convolution, FiltersOfTheTextBooks) {
  Numbers image = randomNumbers(25, 3);
  auto filtered = [&](const Numbers &kernel) {
    ConvolutionCase c = plain(1, {5, 5}, 1, {3, 3}, 1);
    c.low = c.high = {1, 1};
    Checked checked({c.inputShape(), c.kernelShape()}, [](Model &, auto &xs) {
      return conv(xs[0], xs[1], {.padding = Padding::same});
    });
    return checked.value({image, kernel});
  };
  Numbers identity = {0, 0, 0, 0, 1, 0, 0, 0, 0};
  Numbers right = {0, 0, 0, 1, 0, 0, 0, 0, 0};
  Numbers blur(9, 1.0 / 9), sharpen = identity;
  for (size_t i = 0; i < 9; ++i)
    sharpen[i] = 2 * identity[i] - blur[i];
  Numbers edge = {1, 0, -1, 2, 0, -2, 1, 0, -1};
  expectNear(filtered(identity), image, 0, "identity");
  Numbers shifted, smooth, sharp, edges;
  auto at = [&](int64_t r, int64_t c) {
    return r < 0 || c < 0 || r > 4 || c > 4 ? 0 : image[r * 5 + c];
  };
  for (int64_t r = 0; r < 5; ++r)
    for (int64_t c = 0; c < 5; ++c) {
      shifted.push_back(at(r, c - 1));
      double mean = 0, slope = 0;
      for (int64_t i = -1; i <= 1; ++i) {
        for (int64_t j = -1; j <= 1; ++j)
          mean += at(r + i, c + j) / 9;
        slope += (i == 0 ? 2 : 1) * (at(r + i, c - 1) - at(r + i, c + 1));
      }
      smooth.push_back(mean);
      sharp.push_back(2 * at(r, c) - mean);
      edges.push_back(slope);
    }
  expectNear(filtered(right), shifted, 0, "shift");
  expectNear(filtered(blur), smooth, 1e-14, "blur");
  expectNear(filtered(sharpen), sharp, 1e-14, "sharpen");
  expectNear(filtered(edge), edges, 1e-14, "edge");
}

//===----------------------------------------------------------------------===//
// The transpose
//===----------------------------------------------------------------------===//

/// Every element scattered by the kernel: [N, S, F] and [K, C/g, F] to
/// s(S − 1) + d(K − 1) + 1 − 2p + more.
Numbers scattered(const Numbers &y, const Numbers &w, int64_t places,
                  int64_t size, int64_t channels, int64_t features,
                  int64_t stride, int64_t dilation, int64_t padding,
                  int64_t more) {
  int64_t extent =
      stride * (places - 1) + dilation * (size - 1) + 1 - 2 * padding + more;
  Numbers x(extent * channels, 0);
  for (int64_t o = 0; o < places; ++o)
    for (int64_t k = 0; k < size; ++k) {
      int64_t at = o * stride + k * dilation - padding;
      if (at < 0 || at >= extent)
        continue;
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t f = 0; f < features; ++f)
          x[at * channels + c] +=
              y[o * features + f] * w[(k * channels + c) * features + f];
    }
  return x;
}

TEST(ConvTranspose, ScattersEveryElement) {
  struct {
    int64_t stride, dilation, padding, more;
  } cases[] = {{1, 1, 0, 0}, {2, 1, 0, 0}, {3, 1, 1, 0},
               {2, 2, 2, 1}, {1, 1, 2, 0}, {4, 1, 1, 3}};
  for (auto [stride, dilation, padding, more] : cases)
    expectFormula(
        {{1, 4, 2}, {3, 5, 2}},
        [=](Model &, auto &xs) {
          return conv_transpose(xs[0], xs[1],
                                {.strides = {stride},
                                 .padding = {padding},
                                 .dilation = {dilation},
                                 .output_padding = {more}});
        },
        [=](auto &of) {
          return scattered(of[0], of[1], 4, 3, 5, 2, stride, dilation, padding,
                           more);
        });
}

TEST(ConvTranspose, HasTheExtentOfTheTextBooks) {
  for (auto [n, f, s, p] : {std::array<int64_t, 4>{4, 3, 2, 1}, {5, 2, 3, 0}}) {
    int64_t extent = s * (n - 1) + f - 2 * p;
    Checked({{2, n, n, 3}}, [=](Model &, auto &xs) {
      Tensor w = zeros({f, f, 5, 3}, f64);
      Tensor y = conv_transpose(xs[0], w, {.strides = {s}, .padding = {p}});
      EXPECT_EQ(y.shape(), (Extents{2, extent, extent, 5}));
      Tensor same =
          conv_transpose(xs[0], w, {.strides = {s}, .padding = Padding::same});
      EXPECT_EQ(same.shape(), (Extents{2, s * n, s * n, 5}));
      return y;
    });
  }
}

// ⟨conv x, y⟩ = ⟨x, convᵀ y⟩, with groups and channels first.
TEST(ConvTranspose, IsTheTransposeOfTheConvolution) {
  for (bool first : {false, true}) {
    std::vector<int64_t> xs = first ? Extents{2, 4, 7, 9} : Extents{2, 7, 9, 4};
    std::vector<int64_t> ys = first ? Extents{2, 6, 3, 5} : Extents{2, 3, 5, 6};
    Checked checked({xs, {3, 3, 2, 6}, ys}, [=](Model &, auto &in) {
      Tensor y = conv(in[0], in[1],
                      {.strides = {2},
                       .padding = Padding({0, 1}, {0, 1}),
                       .groups = 2,
                       .channels_first = first});
      Tensor x = conv_transpose(in[2], in[1],
                                {.strides = {2},
                                 .padding = Padding({0, 1}, {0, 1}),
                                 .groups = 2,
                                 .channels_first = first});
      return stack({sum(y * in[2]), sum(in[0] * x)});
    });
    Numbers both = checked.value(checked.randomArguments(4));
    EXPECT_GT(std::abs(both[0]), 1e-3);
    EXPECT_NEAR(both[0], both[1], 1e-12 * std::abs(both[0]));
  }
}

//===----------------------------------------------------------------------===//
// Poolings
//===----------------------------------------------------------------------===//

/// The largest, or the mean, of what each window sees of [N, a, b, c, C].
Numbers pooled(const Numbers &x, const Extents &shape, const Extents &window,
               const Extents &stride, const Extents &padding, bool largest) {
  Extents o;
  for (size_t d = 0; d < 3; ++d)
    o.push_back((shape[d + 1] + 2 * padding[d] - window[d]) / stride[d] + 1);
  Numbers y;
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t a = 0; a < o[0]; ++a)
      for (int64_t b = 0; b < o[1]; ++b)
        for (int64_t c = 0; c < o[2]; ++c)
          for (int64_t q = 0; q < shape[4]; ++q) {
            double best = -HUGE_VAL, sum = 0, count = 0;
            for (int64_t i = 0; i < window[0]; ++i)
              for (int64_t j = 0; j < window[1]; ++j)
                for (int64_t k = 0; k < window[2]; ++k) {
                  int64_t at[] = {a * stride[0] + i - padding[0],
                                  b * stride[1] + j - padding[1],
                                  c * stride[2] + k - padding[2]};
                  bool inside = true;
                  for (int d = 0; d < 3; ++d)
                    inside &= at[d] >= 0 && at[d] < shape[d + 1];
                  if (!inside)
                    continue;
                  double value =
                      x[(((n * shape[1] + at[0]) * shape[2] + at[1]) *
                             shape[3] +
                         at[2]) *
                            shape[4] +
                        q];
                  best = std::max(best, value);
                  sum += value;
                  ++count;
                }
            y.push_back(largest ? best : sum / count);
          }
  return y;
}

TEST(Pooling, IsItsFormulaInOneToThreeDimensions) {
  struct {
    Extents input, window, stride, padding;
  } cases[] = {
      {{9}, {2}, {2}, {0}},
      {{9}, {3}, {2}, {1}},
      {{6, 8}, {2, 2}, {2, 2}, {0, 0}},
      {{7, 6}, {3, 2}, {2, 1}, {1, 0}},
      {{5, 4, 6}, {2, 3, 2}, {1, 2, 2}, {0, 1, 1}},
  };
  for (const auto &c : cases)
    for (bool largest : {true, false}) {
      Extents shape = {2}, wide = {2, 1, 1, 1, 3}, window(3, 1), stride(3, 1),
              padding(3, 0);
      shape.insert(shape.end(), c.input.begin(), c.input.end());
      shape.push_back(3);
      size_t missing = 3 - c.input.size();
      for (size_t d = 0; d < c.input.size(); ++d) {
        wide[1 + missing + d] = c.input[d];
        window[missing + d] = c.window[d];
        stride[missing + d] = c.stride[d];
        padding[missing + d] = c.padding[d];
      }
      PoolOptions options = {.strides = c.stride,
                             .padding = Padding(c.padding)};
      expectFormula(
          {shape},
          [=](Model &, auto &xs) {
            return largest ? max_pool(xs[0], c.window, options)
                           : average_pool(xs[0], c.window, options);
          },
          [=](auto &of) {
            return pooled(of[0], wide, window, stride, padding, largest);
          });
    }
}

TEST(Pooling, OverAllPlaces) {
  for (bool largest : {true, false})
    expectFormula(
        {{2, 4, 5, 3}},
        [=](Model &, auto &xs) {
          return largest ? global_max_pool(xs[0]) : global_average_pool(xs[0]);
        },
        [=](auto &of) {
          return pooled(of[0], {2, 1, 4, 5, 3}, {1, 4, 5}, {1, 1, 1}, {0, 0, 0},
                        largest);
        });
}

TEST(Pooling, ChannelsFirstIsTheSameTransposed) {
  Checked checked({{2, 3, 6, 4}}, [](Model &, auto &xs) {
    Tensor last = transpose(xs[0], {0, 2, 3, 1});
    Tensor a = max_pool(xs[0], {2, 2}, {.channels_first = true});
    Tensor b = max_pool(last, {2, 2});
    Tensor c = average_pool(xs[0], {3, 2}, {.channels_first = true});
    Tensor d = average_pool(last, {3, 2});
    Tensor e = global_max_pool(xs[0], true) - global_max_pool(last);
    return stack({sum(abs(transpose(a, {0, 2, 3, 1}) - b)),
                  sum(abs(transpose(c, {0, 2, 3, 1}) - d)), sum(abs(e))});
  });
  EXPECT_EQ(checked.value(checked.randomArguments(2)), (Numbers{0, 0, 0}));
}

//===----------------------------------------------------------------------===//
// Counts
//===----------------------------------------------------------------------===//

// (k·k·C/g + 1)·F parameters, ⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1 places.
TEST(ConvLayer, HasTheShapesOfTheTextBooks) {
  struct {
    int64_t channels, features, kernel, stride, padding, dilation, groups;
  } cases[] = {{3, 8, 5, 1, 0, 1, 1},
               {8, 16, 5, 1, 2, 1, 1},
               {4, 8, 3, 2, 1, 1, 2},
               {6, 6, 3, 2, 1, 2, 6}};
  for (auto [channels, features, kernel, stride, padding, dilation, groups] :
       cases) {
    Checked checked({{2, 17, 16, channels}}, [=](Model &m, auto &xs) {
      Tensor y = nn::conv(m, "c", xs[0], features, {kernel, kernel},
                          {.strides = {stride},
                           .padding = {padding},
                           .dilation = {dilation},
                           .groups = groups});
      auto places = [=](int64_t n) {
        return (n + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
      };
      EXPECT_EQ(y.shape(), (Extents{2, places(17), places(16), features}));
      return y;
    });
    EXPECT_EQ(checked.sizes()[1],
              kernel * kernel * channels / groups * features);
    EXPECT_EQ(checked.sizes()[2], features);
  }
}
} // namespace
