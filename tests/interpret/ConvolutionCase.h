//===- ConvolutionCase.h - convolutions by their formula --------*- C++ -*-===//
//
// A convolution as text of the dialect and as loops that follow its definition
// element by element: which input element a kernel position meets is asked for
// each product, nothing is padded or dilated.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_INTERPRET_CONVOLUTIONCASE_H
#define SINTER_TESTS_INTERPRET_CONVOLUTIONCASE_H

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace sinter::tests {

struct ConvolutionCase {
  using Extents = std::vector<int64_t>;
  int64_t samples, channels, features, groups = 1;
  /// An entry a spatial dimension.
  Extents input, kernel, strides, low, high, input_dilation, kernel_dilation;

  int64_t rank() const { return input.size(); }
  int64_t output(int64_t d) const {
    int64_t span = input[d] == 0 ? 0 : (input[d] - 1) * input_dilation[d] + 1;
    int64_t padded = span + low[d] + high[d];
    return (padded - (kernel[d] - 1) * kernel_dilation[d] - 1) / strides[d] + 1;
  }
  /// Whether the window fits at all.
  bool fits() const {
    for (int64_t d = 0; d < rank(); ++d) {
      int64_t span = input[d] == 0 ? 0 : (input[d] - 1) * input_dilation[d] + 1;
      if (span + low[d] + high[d] < (kernel[d] - 1) * kernel_dilation[d] + 1)
        return false;
    }
    return true;
  }

  static std::string tensor(const Extents &shape, const std::string &element) {
    std::string text = "tensor<";
    for (int64_t extent : shape)
      text += std::to_string(extent) + "x";
    return text + element + ">";
  }
  Extents inputShape() const { return shape(samples, input, channels); }
  Extents kernelShape() const {
    Extents result(kernel);
    result.push_back(channels / groups);
    result.push_back(features);
    return result;
  }
  Extents outputShape() const {
    Extents spatial;
    for (int64_t d = 0; d < rank(); ++d)
      spatial.push_back(output(d));
    return shape(samples, spatial, features);
  }

  /// `conv x, w …` with types of `element`.
  std::string text(const std::string &x, const std::string &w,
                   const std::string &element) const {
    auto list = [](const std::string &name, const Extents &numbers) {
      std::string text = " " + name + " [";
      for (size_t i = 0; i < numbers.size(); ++i)
        text += (i ? ", " : "") + std::to_string(numbers[i]);
      return text + "]";
    };
    return "conv " + x + ", " + w + list("strides", strides) +
           list("low", low) + list("high", high) +
           list("input_dilation", input_dilation) +
           list("kernel_dilation", kernel_dilation) + " groups " +
           std::to_string(groups) + " : " + tensor(inputShape(), element) +
           ", " + tensor(kernelShape(), element) + " -> " +
           tensor(outputShape(), element);
  }

  template <typename Number>
  std::vector<Number> reference(const std::vector<Number> &x,
                                const std::vector<Number> &w) const {
    // All of it in three dimensions; missing ones have one element.
    std::array<int64_t, 3> s = widen(input, 1), k = widen(kernel, 1),
                           step = widen(strides, 1), before = widen(low, 0),
                           apart = widen(input_dilation, 1),
                           open = widen(kernel_dilation, 1), o{1, 1, 1};
    for (int64_t d = 0; d < rank(); ++d)
      o[d] = output(d);
    int64_t perGroup = channels / groups, own = features / groups;
    std::vector<Number> y;
    for (int64_t n = 0; n < samples; ++n)
      for (int64_t a = 0; a < o[0]; ++a)
        for (int64_t b = 0; b < o[1]; ++b)
          for (int64_t c = 0; c < o[2]; ++c)
            for (int64_t f = 0; f < features; ++f) {
              Number sum = 0;
              for (int64_t i = 0; i < k[0]; ++i)
                for (int64_t j = 0; j < k[1]; ++j)
                  for (int64_t l = 0; l < k[2]; ++l) {
                    std::array<int64_t, 3> at{
                        a * step[0] + i * open[0] - before[0],
                        b * step[1] + j * open[1] - before[1],
                        c * step[2] + l * open[2] - before[2]};
                    bool there = true;
                    for (int d = 0; d < 3; ++d) {
                      there &= at[d] >= 0 && at[d] % apart[d] == 0 &&
                               at[d] / apart[d] < s[d];
                      at[d] /= apart[d];
                    }
                    if (!there)
                      continue;
                    for (int64_t q = 0; q < perGroup; ++q) {
                      int64_t channel = f / own * perGroup + q;
                      int64_t from =
                          (((n * s[0] + at[0]) * s[1] + at[1]) * s[2] + at[2]) *
                              channels +
                          channel;
                      int64_t with =
                          (((i * k[1] + j) * k[2] + l) * perGroup + q) *
                              features +
                          f;
                      sum += x[from] * w[with];
                    }
                  }
              y.push_back(sum);
            }
    return y;
  }

  /// Whatever may be: one to three dimensions, every attribute, groups up to
  /// depthwise.  Numbers stay small enough for loops.
  static ConvolutionCase random(std::mt19937 &random) {
    auto below = [&](int64_t n) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
    };
    while (true) {
      int64_t rank = 1 + below(3), most = rank == 1 ? 19 : rank == 2 ? 9 : 5;
      ConvolutionCase c;
      c.samples = below(12) == 0 ? 0 : 1 + below(3);
      c.groups = below(3) ? 1 : 1 + below(5);
      c.channels = c.groups * (1 + below(rank == 3 ? 3 : 7));
      c.features = c.groups * (below(3) ? 1 + below(20) : 1);
      for (int64_t d = 0; d < rank; ++d) {
        c.input.push_back(1 + below(most));
        c.kernel.push_back(1 + below(4));
        c.strides.push_back(1 + below(3));
        c.low.push_back(below(4) - (below(4) == 0 ? 2 : 0));
        c.high.push_back(below(4) - (below(4) == 0 ? 2 : 0));
        c.input_dilation.push_back(below(3) ? 1 : 2);
        c.kernel_dilation.push_back(below(3) ? 1 : 2);
      }
      if (c.fits())
        return c;
    }
  }

private:
  static Extents shape(int64_t first, const Extents &spatial, int64_t last) {
    Extents result{first};
    result.insert(result.end(), spatial.begin(), spatial.end());
    result.push_back(last);
    return result;
  }
  static std::array<int64_t, 3> widen(const Extents &extents, int64_t fill) {
    std::array<int64_t, 3> result{fill, fill, fill};
    for (size_t d = 0; d < extents.size(); ++d)
      result[d] = extents[d];
    return result;
  }
};

} // namespace sinter::tests

#endif // SINTER_TESTS_INTERPRET_CONVOLUTIONCASE_H
