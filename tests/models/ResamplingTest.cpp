//===- ResamplingTest.cpp - images made larger, receptive fields ----------===//
//
// Rows C4 and C7 of the models that must work: compiled in f64, values against
// loops, derivatives against central differences; the support of a gradient
// against the formula of the receptive field.
//
//===----------------------------------------------------------------------===//

#include "tests/models/Checked.h"

#include <algorithm>
#include <cmath>

using namespace sinter;
using namespace sinter::test;

namespace {

TEST(Resampling, NearestRepeatsElements) {
  expectFormula(
      {{2, 3, 2, 3}},
      [](Model &, auto &xs) {
        return upsample_nearest(square(xs[0]), {2, 3});
      },
      [](auto &of) {
        Numbers y;
        for (int64_t n = 0; n < 2; ++n)
          for (int64_t i = 0; i < 6; ++i)
            for (int64_t j = 0; j < 6; ++j)
              for (int64_t c = 0; c < 3; ++c)
                y.push_back(
                    std::pow(of[0][((n * 3 + i / 2) * 2 + j / 3) * 3 + c], 2));
        return y;
      });
}

/// x at a place between elements, along one dimension.
double between(const std::function<double(int64_t)> &x, int64_t extent,
               int64_t factor, int64_t i) {
  double at = std::max(0.0, (i + 0.5) / factor - 0.5);
  auto low =
      std::min<int64_t>(static_cast<int64_t>(std::floor(at)), extent - 1);
  int64_t high = std::min(low + 1, extent - 1);
  double w = at - static_cast<double>(low);
  return (1 - w) * x(low) + w * x(high);
}

TEST(Resampling, BilinearIsLinearBetweenCentres) {
  for (bool first : {false, true})
    expectFormula(
        {first ? std::vector<int64_t>{2, 2, 4, 3}
               : std::vector<int64_t>{2, 4, 3, 2}},
        [=](Model &, auto &xs) {
          return upsample_linear(xs[0], {2, 3}, first);
        },
        [=](auto &of) {
          auto x = [&](int64_t n, int64_t i, int64_t j, int64_t c) {
            return of[0][first ? ((n * 2 + c) * 4 + i) * 3 + j
                               : ((n * 4 + i) * 3 + j) * 2 + c];
          };
          Numbers y(2 * 8 * 9 * 2);
          for (int64_t n = 0; n < 2; ++n)
            for (int64_t i = 0; i < 8; ++i)
              for (int64_t j = 0; j < 9; ++j)
                for (int64_t c = 0; c < 2; ++c)
                  y[first ? ((n * 2 + c) * 8 + i) * 9 + j
                          : ((n * 8 + i) * 9 + j) * 2 + c] =
                      between(
                          [&](int64_t r) {
                            return between(
                                [&](int64_t s) { return x(n, r, s, c); }, 3, 3,
                                j);
                          },
                          4, 2, i);
          return y;
        });
}

// A line stays a line, but at its ends.
TEST(Resampling, LinearKeepsLines) {
  expectFormula(
      {{1, 5, 1}},
      [](Model &, auto &xs) {
        return upsample_linear(iota({1, 5, 1}, 1, f64) + sum(xs[0]) * 0.0, {4});
      },
      [](auto &) {
        Numbers y;
        for (int64_t i = 0; i < 20; ++i)
          y.push_back(std::clamp((i + 0.5) / 4 - 0.5, 0.0, 4.0));
        return y;
      });
}

// An infinity reaches what it is a part of, and nothing becomes a nan.
TEST(Resampling, LinearKeepsInfinitiesApart) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  for (int64_t factor : {1, 2, 3}) {
    Checked checked({{1, 3, 1}}, [=](Model &, auto &xs) {
      return upsample_linear(xs[0], {factor});
    });
    Numbers x = {1, 2, inf};
    Numbers wanted;
    for (int64_t i = 0; i < 3 * factor; ++i) {
      double at = std::clamp((i + 0.5) / factor - 0.5, 0.0, 2.0);
      wanted.push_back(at > 1 ? inf : 1 + at);
    }
    EXPECT_EQ(checked.value({x}), wanted) << factor;
  }
}

/// What is left of [n, h, w, c] when only the greatest of each window stays.
Numbers onlyGreatest(const Numbers &x, int64_t n, int64_t h, int64_t w,
                     int64_t c) {
  Numbers y(x.size(), 0);
  auto at = [=](int64_t s, int64_t i, int64_t j, int64_t f) {
    return ((s * h + i) * w + j) * c + f;
  };
  for (int64_t s = 0; s < n; ++s)
    for (int64_t f = 0; f < c; ++f)
      for (int64_t i = 0; i < h / 2; ++i)
        for (int64_t j = 0; j < w / 3; ++j) {
          int64_t best = at(s, 2 * i, 3 * j, f);
          for (int64_t k = 0; k < 6; ++k) {
            int64_t here = at(s, 2 * i + k / 3, 3 * j + k % 3, f);
            if (x[here] > x[best])
              best = here;
          }
          y[best] = x[best];
        }
  return y;
}

TEST(Resampling, UnpoolingPutsMaximaBack) {
  expectFormula(
      {{2, 4, 6, 3}},
      [](Model &, auto &xs) {
        MaxPool pool = max_pool_with_indices(xs[0], {2, 3});
        return max_unpool(pool.values, pool.indices, {4, 6});
      },
      [](auto &of) { return onlyGreatest(of[0], 2, 4, 6, 3); });
  expectFormula(
      {{2, 3, 4, 6}},
      [](Model &, auto &xs) {
        MaxPool pool =
            max_pool_with_indices(xs[0], {2, 3}, {.channels_first = true});
        return max_unpool(pool.values, pool.indices, {4, 6}, true);
      },
      [](auto &of) { return onlyGreatest(of[0], 6, 4, 6, 1); });
}

// Windows of 3 by strides of 2 that begin in the padding, with gaps.
TEST(Resampling, IndicesOfPaddedAndDilatedWindows) {
  expectFormula(
      {{1, 9, 1}},
      [](Model &, auto &xs) {
        MaxPool pool = max_pool_with_indices(
            xs[0], {3}, {.strides = {2}, .padding = {2}, .dilation = {2}});
        return pool.values + cast(pool.indices, f64) * 100.0;
      },
      [](auto &of) {
        Numbers y;
        for (int64_t start = -2; start + 4 < 9 + 2; start += 2) {
          int64_t best = -1;
          for (int64_t i = start; i <= start + 4; i += 2)
            if (i >= 0 && i < 9 && (best < 0 || of[0][i] > of[0][best]))
              best = i;
          y.push_back(of[0][best] + 100.0 * best);
        }
        return y;
      });
}

struct Layer {
  int64_t size, stride, dilation;
};

/// Elements of the input that one of the output depends on: each layer adds
/// (size − 1)·dilation steps of its own input's distance.
int64_t receptiveField(const std::vector<Layer> &layers) {
  int64_t field = 1, distance = 1;
  for (const Layer &layer : layers) {
    field += (layer.size - 1) * layer.dilation * distance;
    distance *= layer.stride;
  }
  return field;
}

// With positive weights and distinct inputs nothing cancels: the gradient of
// the middle output is not zero exactly there, and these layers leave no gaps.
// Average pooling, for the gradient of a maximum is zero but at one place.
TEST(ReceptiveField, IsTheSupportOfTheGradient) {
  const std::vector<std::vector<Layer>> networks = {
      {{3, 1, 1}},
      {{3, 1, 1}, {3, 1, 1}},
      {{5, 2, 1}, {3, 1, 1}},
      {{3, 1, 2}, {2, 2, 1}, {3, 1, 1}},
      {{3, 1, 1}, {2, 2, 1}, {3, 1, 2}, {2, 2, 1}}};
  constexpr int64_t length = 61;
  for (const std::vector<Layer> &layers : networks) {
    auto network = [=](Model &, const std::vector<Tensor> &xs) {
      Tensor y = xs[0];
      for (const Layer &layer : layers)
        if (layer.size == 2)
          y = average_pool(y, {2});
        else
          y = conv(y, ones({layer.size, 1, 1}, f64),
                   {.strides = {layer.stride}, .dilation = {layer.dilation}});
      int64_t middle = y.dim(1) / 2;
      return exp(slice(y, 1, middle, middle + 1) * 0.01);
    };
    Checked checked({{1, length, 1}}, network);
    Numbers slopes = checked.slopes(checked.randomArguments(3), {1.0})[0];
    auto isReached = [](double slope) { return slope != 0; };
    auto begin = std::find_if(slopes.begin(), slopes.end(), isReached);
    auto end = std::find_if(slopes.rbegin(), slopes.rend(), isReached).base();
    EXPECT_EQ(end - begin, receptiveField(layers));
    EXPECT_EQ(std::count_if(slopes.begin(), slopes.end(), isReached),
              receptiveField(layers));
  }
}

} // namespace
