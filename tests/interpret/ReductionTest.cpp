//===- ReductionTest.cpp - reductions at their edges ----------------------===//

#include "tests/interpret/Run.h"
#include <cmath>
#include <limits>

using namespace sinter::interpret;

namespace {
using ReductionTest = Interpret;
const double inf = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();

TEST_F(ReductionTest, OverOuterInnerAndAllDimensions) {
  Array x = ints("tensor<2x3xi64>", {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(apply("sinter.reduce_sum %0 dims [0] : tensor<2x3xi64> -> "
                  "tensor<3xi64>",
                  "tensor<3xi64>", {x})
                .ints,
            (std::vector<int64_t>{5, 7, 9}));
  EXPECT_EQ(apply("sinter.reduce_prod %0 dims [1] : tensor<2x3xi64> -> "
                  "tensor<2xi64>",
                  "tensor<2xi64>", {x})
                .ints,
            (std::vector<int64_t>{6, 120}));
  EXPECT_EQ(apply("sinter.reduce_max %0 dims [0, 1] : tensor<2x3xi64> -> "
                  "tensor<i64>",
                  "tensor<i64>", {x})
                .ints,
            (std::vector<int64_t>{6}));
}

TEST_F(ReductionTest, EmptyGivesTheNeutralElement) {
  auto reduce = [&](const std::string &op, const std::string &type) {
    return apply("sinter." + op + " %0 dims [0] : tensor<0x" + type +
                     "> -> tensor<" + type + ">",
                 "tensor<" + type + ">",
                 {Array::zeros(this->type("tensor<0x" + type + ">"))})
        .number(0);
  };
  EXPECT_EQ(reduce("reduce_sum", "f32"), 0);
  EXPECT_EQ(reduce("reduce_prod", "i32"), 1);
  EXPECT_EQ(reduce("reduce_max", "f32"), -inf);
  EXPECT_EQ(reduce("reduce_min", "f64"), inf);
  EXPECT_EQ(reduce("reduce_max", "i8"), -128);
  EXPECT_EQ(reduce("reduce_min", "ui8"), 255);
  EXPECT_EQ(reduce("reduce_max", "i1"), 0);
  EXPECT_EQ(reduce("reduce_min", "i1"), 1);
}

TEST_F(ReductionTest, ASumBeginsWithItsFirstElement) {
  EXPECT_TRUE(std::signbit(
      apply("sinter.reduce_sum %0 dims [0] : tensor<2xf32> -> tensor<f32>",
            "tensor<f32>", {floats("tensor<2xf32>", {-0.0, -0.0})})
          .floats[0]));
}

TEST_F(ReductionTest, F32SumsAreF32SumsInNativePrecisionOnly) {
  Array x = floats("tensor<3xf32>", {16777216, 1, 1});
  const char *sum =
      "sinter.reduce_sum %0 dims [0] : tensor<3xf32> -> tensor<f32>";
  EXPECT_EQ(apply(sum, "tensor<f32>", {x}).floats[0], 16777216);
  EXPECT_EQ(apply(sum, "tensor<f32>", {x}, Precision::F64).floats[0], 16777218);
}

TEST_F(ReductionTest, ExtremaPropagateNan) {
  Array x = floats("tensor<2x3xf32>", {1, nan, 3, -1, -2, -3});
  Array max = apply("sinter.reduce_max %0 dims [1] : tensor<2x3xf32> -> "
                    "tensor<2xf32>",
                    "tensor<2xf32>", {x});
  EXPECT_TRUE(std::isnan(max.floats[0]));
  EXPECT_EQ(max.floats[1], -1);
  Array min = apply("sinter.reduce_min %0 dims [1] : tensor<2x3xf32> -> "
                    "tensor<2xf32>",
                    "tensor<2xf32>", {x});
  EXPECT_TRUE(std::isnan(min.floats[0]));
  EXPECT_EQ(min.floats[1], -3);
}

TEST_F(ReductionTest, IntegersWrapAndLogicalsAreOrAnd) {
  EXPECT_EQ(
      apply("sinter.reduce_sum %0 dims [0] : tensor<3xui8> -> tensor<ui8>",
            "tensor<ui8>", {ints("tensor<3xui8>", {200, 50, 10})})
          .ints[0],
      4);
  EXPECT_EQ(apply("sinter.reduce_max %0 dims [0] : tensor<2xi1> -> tensor<i1>",
                  "tensor<i1>", {ints("tensor<2xi1>", {0, 1})})
                .ints[0],
            1);
  EXPECT_EQ(apply("sinter.reduce_min %0 dims [0] : tensor<2xi1> -> tensor<i1>",
                  "tensor<i1>", {ints("tensor<2xi1>", {0, 1})})
                .ints[0],
            0);
}

// Rows: first of equals; a nan beats inf; the first nan; −0 equals 0.
TEST_F(ReductionTest, ArgExtremaTakeTheFirst) {
  Array x = floats("tensor<4x3xf32>",
                   {2, 5, 5, inf, nan, nan, nan, 1, nan, -0.0, 0.0, -1});
  EXPECT_EQ(apply("sinter.argmax %0 dim 1 : tensor<4x3xf32> -> tensor<4xi64>",
                  "tensor<4xi64>", {x})
                .ints,
            (std::vector<int64_t>{1, 1, 0, 0}));
  Array z = floats("tensor<3x3xf32>", {2, 1, 1, -inf, nan, 0, 3, 3, 3});
  EXPECT_EQ(apply("sinter.argmin %0 dim 1 : tensor<3x3xf32> -> tensor<3xi32>",
                  "tensor<3xi32>", {z})
                .ints,
            (std::vector<int64_t>{1, 1, 0}));
  EXPECT_EQ(apply("sinter.argmax %0 dim 0 : tensor<2x3xui8> -> tensor<3xi32>",
                  "tensor<3xi32>",
                  {ints("tensor<2x3xui8>", {200, 1, 7, 100, 2, 7})})
                .ints,
            (std::vector<int64_t>{0, 1, 0}));
}
} // namespace
