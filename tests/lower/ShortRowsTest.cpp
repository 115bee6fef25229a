//===- ShortRowsTest.cpp - columns that lie in several short rows ---------===//
//
// The gradient of a convolution's weights has a row of columns (places of the
// kernel, channels) for each row of the kernel.  Vectors take one each where
// that fills them, and all of a vector behind it must be left alone: operands
// and results end where guarded memory begins.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/EntryCases.h"

using namespace sinter;
using namespace sinter::test;

namespace {
class ShortRows : public EntryCases {
protected:
  /// Σ over images and places of the results' gradients of `features` and an
  /// image of `channels`, for a kernel of height × width.
  static Case gradient(const std::string &element, int height, int width,
                       int channels, int features, int stride) {
    auto type = [&](std::initializer_list<int> extents) {
      std::string text = "tensor<";
      for (int extent : extents)
        text += std::to_string(extent) + "x";
      return text + element + ">";
    };
    const int images = 3, rows = 4, places = 7;
    std::string x = type({images, stride * (height - 1) + rows,
                          width + places - 1, channels}),
                d = type({images, rows, places, features}),
                w = type({images, height, width, rows, places, channels}),
                y = type({features, height, width, channels});
    std::string sizes = std::to_string(rows) + ", " + std::to_string(places);
    return {{d, x},
            "  %w = sinter.windows %x1 dims [1, 2] sizes [" + sizes +
                "] strides [" + std::to_string(stride) +
                ", 1] dilations [1, 1] : " + x + " -> " + w +
                "\n  %p = sinter.dot_general %x0, %w contract [0, 1, 2] x [0, "
                "3, 4] batch [] x [] : " +
                d + ", " + w + " -> " + y + "\n  %y = sinter.neg %p : " + y,
            y,
            element[0] == 'f' ? 65536.0 : 0.0,
            element[0] == 'f' ? 0u : 1u};
  }
};

TEST_P(ShortRows, OfEveryFill) {
  std::vector<Case> cases;
  for (const char *element : {"f32", "f64", "i32"})
    for (int stride : {1, 2})
      for (int features : {1, 8, 13}) {
        cases.push_back(gradient(element, 5, 5, 3, features, stride));
        cases.push_back(gradient(element, 3, 4, 4, features, stride));
        cases.push_back(gradient(element, 7, 4, 2, features, stride));
        cases.push_back(gradient(element, 2, 7, 1, features, stride));
        // Too many rows for one tile, and one that is too long for a vector.
        cases.push_back(gradient(element, 9, 5, 3, features, stride));
        cases.push_back(gradient(element, 3, 6, 3, features, stride));
      }
  check(cases);
}

INSTANTIATE_TEST_SUITE_P(Targets, ShortRows, testing::ValuesIn(allTargets));
} // namespace
