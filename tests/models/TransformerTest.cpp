//===- TransformerTest.cpp - norms, embeddings, attention -----------------===//
//
// The functions a transformer is made of, compiled, against the text books'
// formulas written here as plain loops.
//
//===----------------------------------------------------------------------===//

#include "tests/models/Checked.h"

#include <cmath>
#include <numeric>

using namespace sinter;
using namespace sinter::test;

namespace {

Numbers normalized(const Numbers &x, int64_t width, bool center) {
  Numbers y(x.size());
  for (size_t row = 0; row < x.size(); row += width) {
    double mean = 0, square = 0;
    for (int64_t i = 0; center && i < width; ++i)
      mean += x[row + i] / static_cast<double>(width);
    for (int64_t i = 0; i < width; ++i)
      square += std::pow(x[row + i] - mean, 2) / static_cast<double>(width);
    for (int64_t i = 0; i < width; ++i)
      y[row + i] = (x[row + i] - mean) / std::sqrt(square + 1e-5);
  }
  return y;
}

TEST(LayerNorm, EqualsItsFormula) {
  for (int64_t width : {1, 5, 40})
    expectFormula(
        {{3, width}},
        [](Model &m, auto &xs) { return nn::layer_norm(m, "norm", xs[0]); },
        [=](auto &of) {
          Numbers y = normalized(of[0], width, true);
          for (size_t i = 0; i < y.size(); ++i)
            y[i] = y[i] * of[1][i % width] + of[2][i % width];
          return y;
        });
}

TEST(LayerNorm, NormalizesSeveralDimensionsTogether) {
  expectFormula(
      {{2, 3, 4}},
      [](Model &m, auto &xs) {
        return nn::layer_norm(m, "norm", xs[0], {.dims = 2, .shift = false});
      },
      [](auto &of) {
        Numbers y = normalized(of[0], 12, true);
        for (size_t i = 0; i < y.size(); ++i)
          y[i] *= of[1][i % 12];
        return y;
      });
}

TEST(LayerNorm, DoesNotCancelFarFromZero) {
  Checked checked({{2, 8}}, [](Model &m, auto &xs) {
    return nn::layer_norm(m, "norm", xs[0], {.scale = false, .shift = false});
  });
  Numbers x = randomNumbers(16, 3), want = normalized(x, 8, true);
  for (double &number : x)
    number += 1e6;
  expectNear(checked.value({x}), want, 1e-8, "shifted");
}

TEST(RmsNorm, EqualsItsFormula) {
  for (int64_t width : {1, 7, 32})
    expectFormula(
        {{2, 2, width}},
        [](Model &m, auto &xs) { return nn::rms_norm(m, "norm", xs[0]); },
        [=](auto &of) {
          Numbers y = normalized(of[0], width, false);
          for (size_t i = 0; i < y.size(); ++i)
            y[i] *= of[1][i % width];
          return y;
        });
}

/// x [batch, places, channels]: what shares a sample and a group of channels.
Numbers normalizedInGroups(const Numbers &x, int64_t places, int64_t channels,
                           int64_t groups) {
  int64_t each = channels / groups;
  int64_t samples = static_cast<int64_t>(x.size()) / (places * channels);
  Numbers y(x.size());
  for (int64_t sample = 0; sample < samples; ++sample)
    for (int64_t group = 0; group < groups; ++group) {
      std::vector<int64_t> at;
      Numbers members;
      for (int64_t place = 0; place < places; ++place)
        for (int64_t c = group * each; c < (group + 1) * each; ++c) {
          at.push_back((sample * places + place) * channels + c);
          members.push_back(x[at.back()]);
        }
      Numbers standard = normalized(members, places * each, true);
      for (size_t i = 0; i < at.size(); ++i)
        y[at[i]] = standard[i];
    }
  return y;
}

TEST(GroupNorm, EqualsItsFormula) {
  for (int64_t groups : {1, 3, 6})
    expectFormula(
        {{2, 2, 5, 6}},
        [=](Model &m, auto &xs) {
          return groups == 6 ? nn::instance_norm(m, "norm", xs[0])
                             : nn::group_norm(m, "norm", xs[0], groups);
        },
        [=](auto &of) {
          Numbers y = normalizedInGroups(of[0], 10, 6, groups);
          for (size_t i = 0; i < y.size(); ++i)
            y[i] = y[i] * of[1][i % 6] + of[2][i % 6];
          return y;
        });
}

TEST(Embedding, ReadsRowsAndAddsIntoThem) {
  // Twice the same row, and one that there is not.
  const std::vector<int64_t> indices = {2, 0, 2, 5, 1, 2};
  expectFormula(
      {},
      [&](Model &m, auto &) {
        Tensor which = constant(indices, {2, 3}, i32);
        return nn::embedding(m, "table", which, 4, 3, {.dtype = f64});
      },
      [&](auto &of) {
        Numbers y;
        for (int64_t index : indices)
          for (int64_t i = 0; i < 3; ++i)
            y.push_back(index < 4 ? of[0][index * 3 + i] : 0);
        return y;
      });
}

/// One group of heads, each [n, d], [m, d] and [m, w]; sees(group, i, j).
Numbers attended(const Numbers &q, const Numbers &k, const Numbers &v,
                 int64_t groups, int64_t n, int64_t m, int64_t d, int64_t w,
                 const std::function<bool(int64_t, int64_t, int64_t)> &sees) {
  Numbers y(groups * n * w);
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t i = 0; i < n; ++i) {
      double total = 0;
      for (int64_t j = 0; j < m; ++j) {
        if (!sees(g, i, j))
          continue;
        double score = 0;
        for (int64_t c = 0; c < d; ++c)
          score += q[(g * n + i) * d + c] * k[(g * m + j) * d + c];
        double weight = std::exp(score / std::sqrt(static_cast<double>(d)));
        total += weight;
        for (int64_t c = 0; c < w; ++c)
          y[(g * n + i) * w + c] += weight * v[(g * m + j) * w + c];
      }
      for (int64_t c = 0; total > 0 && c < w; ++c)
        y[(g * n + i) * w + c] /= total;
    }
  return y;
}
bool everything(int64_t, int64_t, int64_t) { return true; }

TEST(Attention, EqualsItsFormula) {
  // One query, one key, a matrix, a batch of batches; widths differ.
  const int64_t sizes[][6] = {
      {1, 1, 1, 4, 3, 2}, {1, 1, 5, 1, 8, 8}, {2, 3, 4, 7, 5, 6}};
  for (auto [a, b, n, m, d, w] : sizes)
    expectFormula(
        {{a, b, n, d}, {a, b, m, d}, {a, b, m, w}},
        [](Model &, auto &xs) { return attention(xs[0], xs[1], xs[2]); },
        [=, a = a, b = b, n = n, m = m, d = d, w = w](auto &of) {
          return attended(of[0], of[1], of[2], a * b, n, m, d, w, everything);
        });
  expectFormula(
      {{3, 2}, {4, 2}, {4, 5}},
      [](Model &, auto &xs) { return attention(xs[0], xs[1], xs[2]); },
      [](auto &of) {
        return attended(of[0], of[1], of[2], 1, 3, 4, 2, 5, everything);
      });
}

TEST(Attention, SeesWhatItsMasksAllow) {
  // Row 1 of group 1 sees nothing.
  auto padding = [](int64_t g, int64_t i, int64_t j) {
    return !(g == 1 && i == 1) && (i + j) % 3 != g;
  };
  auto mask = [=] {
    std::vector<int64_t> allowed;
    for (int64_t g = 0; g < 2; ++g)
      for (int64_t i = 0; i < 4; ++i)
        for (int64_t j = 0; j < 5; ++j)
          allowed.push_back(padding(g, i, j));
    return not_equal(constant(allowed, {2, 4, 5}, i32), 0);
  };
  for (bool causal : {false, true})
    for (bool masked : {false, true})
      expectFormula(
          {{2, 4, 3}, {2, 5, 3}, {2, 5, 2}},
          [=](Model &, auto &xs) {
            AttentionOptions options{.causal = causal};
            if (masked)
              options.mask = mask();
            return attention(xs[0], xs[1], xs[2], options);
          },
          [=](auto &of) {
            return attended(of[0], of[1], of[2], 2, 4, 5, 3, 2,
                            [=](int64_t g, int64_t i, int64_t j) {
                              return (!causal || j <= i) &&
                                     (!masked || padding(g, i, j));
                            });
          });
}

TEST(Attention, LetsNoGradientThroughItsMasks) {
  const int64_t n = 6, d = 3;
  for (bool empty : {false, true}) {
    Checked checked({{n, d}, {n, d}, {n, d}}, [=](Model &, auto &xs) {
      AttentionOptions options{.causal = true};
      if (empty) // the last query sees nothing
        options.mask = iota({n, n}, 0) < n - 1;
      return attention(xs[0], xs[1], xs[2], options);
    });
    // Huge scores where they must not matter.
    std::vector<Numbers> arguments = checked.randomArguments(4);
    for (double &number : arguments[1])
      number *= 1e3;
    for (int64_t t = 0; t < n; ++t) {
      Numbers weights(n * d);
      std::fill_n(weights.begin() + t * d, d, 1);
      std::vector<Numbers> slopes = checked.slopes(arguments, weights);
      bool blind = empty && t == n - 1;
      for (const Numbers &slope : slopes)
        for (double number : slope)
          EXPECT_TRUE(std::isfinite(number));
      for (int64_t s = blind ? 0 : t + 1; s < n; ++s)
        for (int64_t c = 0; c < d; ++c) {
          EXPECT_EQ(slopes[1][s * d + c], 0) << t << " " << s;
          EXPECT_EQ(slopes[2][s * d + c], 0) << t << " " << s;
        }
      if (!blind) {
        EXPECT_NE(slopes[2][t * d], 0);
      }
    }
    if (empty) {
      Numbers y = checked.value(arguments);
      expectNear({y.end() - d, y.end()}, Numbers(d), 0, "blind query");
    }
  }
}

TEST(Attention, OfEqualAndOfSaturatedScores) {
  Checked checked({{1, 2}, {4, 2}, {4, 3}}, [](Model &, auto &xs) {
    return attention(xs[0], xs[1], xs[2]);
  });
  Numbers v = randomNumbers(12, 8), mean(3);
  for (int64_t i = 0; i < 12; ++i)
    mean[i % 3] += v[i] / 4;
  expectNear(checked.value({{0, 0}, randomNumbers(8, 5), v}), mean, 1e-14,
             "equal scores");
  expectNear(checked.value({{1e5, 0}, {0, 1, 1, 0, -1, 2, 0.5, 0}, v}),
             {v[3], v[4], v[5]}, 0, "saturated scores");
}

TEST(Attention, TreatsPositionsAlike) {
  const int64_t n = 5, d = 4;
  Checked checked({{n, d}}, [](Model &, auto &xs) {
    return attention(xs[0], xs[0], xs[0]);
  });
  const int64_t order[] = {3, 0, 4, 1, 2};
  auto permuted = [&](const Numbers &x) {
    Numbers y;
    for (int64_t i : order)
      y.insert(y.end(), x.begin() + i * d, x.begin() + (i + 1) * d);
    return y;
  };
  Numbers x = randomNumbers(n * d, 6);
  expectNear(checked.value({permuted(x)}), permuted(checked.value({x})), 1e-12,
             "permuted");
}

/// x [rows, in] · w [in, out] + b.
Numbers projected(const Numbers &x, const Numbers &w, const Numbers &b) {
  int64_t out = static_cast<int64_t>(b.size());
  int64_t in = static_cast<int64_t>(w.size()) / out;
  Numbers y;
  for (size_t row = 0; row < x.size(); row += in)
    for (int64_t j = 0; j < out; ++j) {
      y.push_back(b[j]);
      for (int64_t i = 0; i < in; ++i)
        y.back() += x[row + i] * w[i * out + j];
    }
  return y;
}
/// Columns [begin, begin + heads·width) of rows of `columns` numbers, as
/// [batch, heads, rows, width].
Numbers headsOf(const Numbers &x, int64_t batch, int64_t rows, int64_t columns,
                int64_t begin, int64_t heads, int64_t width) {
  Numbers y;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t c = 0; c < width; ++c)
          y.push_back(x[(b * rows + i) * columns + begin + h * width + c]);
  return y;
}
/// [batch, heads, rows, width] as [batch, rows, heads·width].
Numbers besideEachOther(const Numbers &x, int64_t batch, int64_t heads,
                        int64_t rows, int64_t width) {
  Numbers y;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t c = 0; c < width; ++c)
          y.push_back(x[((b * heads + h) * rows + i) * width + c]);
  return y;
}

TEST(MultiHeadAttention, OfASequenceToItself) {
  const int64_t batch = 2, n = 4, width = 6, heads = 3;
  // Widths of a head as they follow, and as they are given.
  for (auto [key, value] : {std::pair<int64_t, int64_t>{2, 2}, {3, 5}})
    expectFormula(
        {{batch, n, width}},
        [=, key = key, value = value](Model &m, auto &xs) {
          nn::MultiHeadAttentionOptions options{.heads = heads, .causal = true};
          if (key != value)
            options.key_width = key, options.value_width = value;
          return nn::multi_head_attention(m, "attention", xs[0], options);
        },
        [=, key = key, value = value](auto &of) {
          Numbers qkv = projected(of[0], of[1], of[2]);
          int64_t columns = heads * (2 * key + value);
          auto part = [&](int64_t begin, int64_t each) {
            return headsOf(qkv, batch, n, columns, begin, heads, each);
          };
          Numbers y = attended(
              part(0, key), part(heads * key, key),
              part(2 * heads * key, value), batch * heads, n, n, key, value,
              [](int64_t, int64_t i, int64_t j) { return j <= i; });
          return projected(besideEachOther(y, batch, heads, n, value), of[3],
                           of[4]);
        });
}

TEST(MultiHeadAttention, OfASequenceToAnotherWithPadding) {
  const int64_t batch = 2, n = 3, m = 5, width = 4, other = 6, heads = 2;
  // Sequence 0 of the memory is 2 long, sequence 1 all of 5.
  auto seen = [](int64_t g, int64_t, int64_t j) { return g / 2 == 1 || j < 2; };
  expectFormula(
      {{batch, n, width}, {batch, m, other}},
      [=](Model &model, auto &xs) {
        Tensor lengths =
            constant(std::vector<int64_t>{2, 5}, {2, 1, 1, 1}, i32);
        return nn::multi_head_attention(
            model, "attention", xs[0], xs[1],
            {.heads = heads, .mask = iota({m}, 0) < lengths});
      },
      [=](auto &of) {
        Numbers q = projected(of[0], of[2], of[3]);
        Numbers kv = projected(of[1], of[4], of[5]);
        Numbers y = attended(headsOf(q, batch, n, 4, 0, heads, 2),
                             headsOf(kv, batch, m, 8, 0, heads, 2),
                             headsOf(kv, batch, m, 8, 4, heads, 2),
                             batch * heads, n, m, 2, 2, seen);
        return projected(besideEachOther(y, batch, heads, n, 2), of[6], of[7]);
      });
}

TEST(PositionalEncoding, EqualsItsFormula) {
  for (int64_t width : {6, 7})
    expectFormula(
        {{3, 50, width}},
        [=](Model &, auto &xs) {
          return xs[0] + positional_encoding(50, width, f64);
        },
        [=](auto &of) {
          Numbers y = of[0];
          for (int64_t i = 0; i < 150 * width; ++i) {
            int64_t column = i % width, t = i / width % 50;
            double angle = static_cast<double>(t) /
                           std::pow(1e4, 2 * static_cast<double>(column / 2) /
                                             static_cast<double>(width));
            y[i] += column % 2 ? std::cos(angle) : std::sin(angle);
          }
          return y;
        });
}

} // namespace
