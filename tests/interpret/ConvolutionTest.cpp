//===- ConvolutionTest.cpp - conv, windows and their sum ------------------===//
//
// Random convolutions against loops that follow the definition, on integers so
// that every product counts; windows and fold_windows against numbers counted
// by hand.
//
//===----------------------------------------------------------------------===//

#include "tests/interpret/ConvolutionCase.h"
#include "tests/interpret/Run.h"

using namespace sinter::interpret;
using sinter::tests::ConvolutionCase;

namespace {
using ConvolutionTest = Interpret;

std::vector<int64_t> numbers(std::mt19937 &random,
                             const ConvolutionCase::Extents &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  std::vector<int64_t> result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(static_cast<int64_t>(random() % 19) - 9);
  return result;
}

TEST_F(ConvolutionTest, FollowsItsDefinition) {
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    ConvolutionCase c = ConvolutionCase::random(random);
    std::vector<int64_t> x = numbers(random, c.inputShape());
    std::vector<int64_t> w = numbers(random, c.kernelShape());
    auto tensor = [&](const ConvolutionCase::Extents &shape,
                      const char *element) {
      return ConvolutionCase::tensor(shape, element);
    };
    SCOPED_TRACE(c.text("%0", "%1", "i32"));
    std::vector<int64_t> wanted = c.reference(x, w);
    Array y = apply("sinter." + c.text("%0", "%1", "i32"),
                    tensor(c.outputShape(), "i32"),
                    {ints(tensor(c.inputShape(), "i32"), x),
                     ints(tensor(c.kernelShape(), "i32"), w)});
    EXPECT_EQ(y.ints, wanted);
    // Small whole numbers are exact as floats too.
    Array z = apply("sinter." + c.text("%0", "%1", "f32"),
                    tensor(c.outputShape(), "f32"),
                    {floats(tensor(c.inputShape(), "f32"),
                            std::vector<double>(x.begin(), x.end())),
                     floats(tensor(c.kernelShape(), "f32"),
                            std::vector<double>(w.begin(), w.end()))});
    EXPECT_EQ(z.floats, std::vector<double>(wanted.begin(), wanted.end()));
  }
}

TEST_F(ConvolutionTest, IsNotFlipped) {
  // y[o] = x[o] + 10·x[o + 1] + 100·x[o + 2]
  Array y = apply("sinter.conv %0, %1 : tensor<1x4x1xf32>, tensor<3x1x1xf32> "
                  "-> tensor<1x2x1xf32>",
                  "tensor<1x2x1xf32>",
                  {floats("tensor<1x4x1xf32>", {1, 2, 3, 4}),
                   floats("tensor<3x1x1xf32>", {1, 10, 100})});
  EXPECT_EQ(y.floats, (std::vector<double>{321, 432}));
}

TEST_F(ConvolutionTest, NativeF32RoundsEachStepAndF64DoesNot) {
  Array x = floats("tensor<1x3x1xf32>", {16777216, 1, 1});
  Array w = floats("tensor<3x1x1xf32>", {1, 1, 1});
  const char *conv = "sinter.conv %0, %1 : tensor<1x3x1xf32>, "
                     "tensor<3x1x1xf32> -> tensor<1x1x1xf32>";
  EXPECT_EQ(apply(conv, "tensor<1x1x1xf32>", {x, w}).floats[0], 16777216);
  EXPECT_EQ(apply(conv, "tensor<1x1x1xf32>", {x, w}, Precision::F64).floats[0],
            16777218);
}

// Zeros of the padding are factors like others.
TEST_F(ConvolutionTest, PaddingTakesPartInTheSum) {
  Array y = apply("sinter.conv %0, %1 low [1] : tensor<1x1x1xf32>, "
                  "tensor<1x1x1xf32> -> tensor<1x2x1xf32>",
                  "tensor<1x2x1xf32>",
                  {floats("tensor<1x1x1xf32>", {1}),
                   floats("tensor<1x1x1xf32>", {HUGE_VAL})});
  EXPECT_TRUE(std::isnan(y.floats[0]));
  EXPECT_EQ(y.floats[1], HUGE_VAL);
}

TEST_F(ConvolutionTest, WindowsStandBehindWhatTheyWalk) {
  // [2, 5, 2]: 100·sample + 10·place + channel.
  std::vector<int64_t> x;
  for (int64_t i = 0; i < 20; ++i)
    x.push_back(i / 10 * 100 + i / 2 % 5 * 10 + i % 2);
  Array y = apply("sinter.windows %0 dims [1] sizes [2] strides [2] dilations "
                  "[2] : tensor<2x5x2xi32> -> tensor<2x2x2x2xi32>",
                  "tensor<2x2x2x2xi32>", {ints("tensor<2x5x2xi32>", x)});
  EXPECT_EQ(y.ints, (std::vector<int64_t>{0, 1, 20, 21, 20, 21, 40, 41, 100,
                                          101, 120, 121, 120, 121, 140, 141}));
}

TEST_F(ConvolutionTest, FoldedWindowsAddUpWhereTheyOverlap) {
  Array y = apply("sinter.fold_windows %0 dims [0] sizes [3] strides [2] "
                  "dilations [1] : tensor<2x3xf32> -> tensor<6xf32>",
                  "tensor<6xf32>",
                  {floats("tensor<2x3xf32>", {1, 2, 3, 40, 50, 60})});
  EXPECT_EQ(y.floats, (std::vector<double>{1, 2, 43, 50, 60, 0}));
}

// ⟨windows x, y⟩ = ⟨x, fold_windows y⟩ in two dimensions with gaps.
TEST_F(ConvolutionTest, FoldIsTheTransposeOfWindows) {
  std::mt19937 random(3);
  std::vector<int64_t> x = numbers(random, {3, 7, 2, 6});
  std::vector<int64_t> y = numbers(random, {3, 2, 2, 2, 3, 2});
  const char *attributes = " dims [1, 3] sizes [3, 2] strides [4, 3] dilations "
                           "[1, 2] : ";
  Array wx = apply("sinter.windows %0" + std::string(attributes) +
                       "tensor<3x7x2x6xi64> -> tensor<3x2x2x2x3x2xi64>",
                   "tensor<3x2x2x2x3x2xi64>", {ints("tensor<3x7x2x6xi64>", x)});
  Array fy = apply("sinter.fold_windows %0" + std::string(attributes) +
                       "tensor<3x2x2x2x3x2xi64> -> tensor<3x7x2x6xi64>",
                   "tensor<3x7x2x6xi64>", {ints("tensor<3x2x2x2x3x2xi64>", y)});
  ASSERT_EQ(wx.ints.size(), y.size());
  ASSERT_EQ(fy.ints.size(), x.size());
  int64_t left = 0, right = 0;
  for (size_t i = 0; i < y.size(); ++i)
    left += wx.ints[i] * y[i];
  for (size_t i = 0; i < x.size(); ++i)
    right += fy.ints[i] * x[i];
  EXPECT_EQ(left, right);
  EXPECT_NE(left, 0);
}
} // namespace
