//===- MovementTest.cpp - movement, gather, scatter against loops ---------===//

#include "tests/interpret/Run.h"
#include <numeric>

using namespace sinter::interpret;
using Ints = std::vector<int64_t>;

namespace {
class Movement : public Interpret {
protected:
  Array counted(const std::string &type) {
    Array x = Array::zeros(this->type(type));
    std::iota(x.ints.begin(), x.ints.end(), 1);
    return x;
  }
};

TEST_F(Movement, Reshape) {
  Array y = apply("sinter.reshape %0 : tensor<2x3xi64> -> tensor<3x1x2xi64>",
                  "tensor<3x1x2xi64>", {counted("tensor<2x3xi64>")});
  EXPECT_EQ(y.ints, (Ints{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(y.shape, (llvm::SmallVector<int64_t>{3, 1, 2}));
}

// y[i, j, k] = x[j, k, i]: not its own inverse, so a swapped reading shows.
TEST_F(Movement, TransposeByACycle) {
  Array y = apply(
      "sinter.transpose %0 [2, 0, 1] : tensor<2x3x2xi64> -> tensor<2x2x3xi64>",
      "tensor<2x2x3xi64>", {counted("tensor<2x3x2xi64>")});
  EXPECT_EQ(y.ints, (Ints{1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10, 12}));
}

TEST_F(Movement, BroadcastNewAndUnitDimensions) {
  Array y = apply("sinter.broadcast %0 dims [0, 2] : tensor<2x1xi64> -> "
                  "tensor<2x2x2xi64>",
                  "tensor<2x2x2xi64>", {counted("tensor<2x1xi64>")});
  EXPECT_EQ(y.ints, (Ints{1, 1, 1, 1, 2, 2, 2, 2}));
}

TEST_F(Movement, SliceByStrides) {
  Array y = apply("sinter.slice %0 offsets [1, 0] sizes [2, 2] strides [2, 3] "
                  ": tensor<4x5xi64> -> tensor<2x2xi64>",
                  "tensor<2x2xi64>", {counted("tensor<4x5xi64>")});
  EXPECT_EQ(y.ints, (Ints{6, 9, 16, 19}));
}

TEST_F(Movement, PadAroundAndBetween) {
  Array y = apply("sinter.pad %0 low [0, 1] high [1, 0] interior [0, 2] : "
                  "tensor<2x2xi64> -> tensor<3x5xi64>",
                  "tensor<3x5xi64>", {counted("tensor<2x2xi64>")});
  EXPECT_EQ(y.ints, (Ints{0, 1, 0, 0, 2, 0, 3, 0, 0, 4, 0, 0, 0, 0, 0}));
}

TEST_F(Movement, ConcatenateAlongTheLast) {
  Array y = apply("sinter.concatenate %0, %1 dim 1 : tensor<2x1xi64>, "
                  "tensor<2x2xi64> -> tensor<2x3xi64>",
                  "tensor<2x3xi64>",
                  {counted("tensor<2x1xi64>"), counted("tensor<2x2xi64>")});
  EXPECT_EQ(y.ints, (Ints{1, 1, 2, 2, 3, 4}));
}

TEST_F(Movement, ReverseSomeDimensions) {
  Array y =
      apply("sinter.reverse %0 dims [1] : tensor<2x3xi64> -> tensor<2x3xi64>",
            "tensor<2x3xi64>", {counted("tensor<2x3xi64>")});
  EXPECT_EQ(y.ints, (Ints{3, 2, 1, 6, 5, 4}));
}

TEST_F(Movement, EmptyAndScalarShapes) {
  EXPECT_EQ(apply("sinter.transpose %0 [1, 0] : tensor<0x3xi64> -> "
                  "tensor<3x0xi64>",
                  "tensor<3x0xi64>", {counted("tensor<0x3xi64>")})
                .size(),
            0);
  EXPECT_EQ(apply("sinter.pad %0 low [1] high [1] interior [5] : "
                  "tensor<0xi64> -> tensor<2xi64>",
                  "tensor<2xi64>", {counted("tensor<0xi64>")})
                .ints,
            (Ints{0, 0}));
  EXPECT_EQ(apply("sinter.broadcast %0 dims [] : tensor<i64> -> tensor<2xi64>",
                  "tensor<2xi64>", {counted("tensor<i64>")})
                .ints,
            (Ints{1, 1}));
}

// Movement keeps every bit of a nan, signalling ones too.
TEST_F(Movement, KeepsNanPayloads) {
  const uint32_t signalling = 0x7f812345;
  std::vector<char> bytes(4);
  std::memcpy(bytes.data(), &signalling, 4);
  auto x = Array::fromBytes(type("tensor<1xf32>"), bytes);
  ASSERT_TRUE(static_cast<bool>(x));
  Array y = apply("sinter.reverse %0 dims [0] : tensor<1xf32> -> tensor<1xf32>",
                  "tensor<1xf32>", {*x});
  EXPECT_EQ(y.toBytes(), bytes);
}

TEST_F(Movement, IotaAlongAnyDimension) {
  EXPECT_EQ(
      apply("sinter.iota dim 1 : tensor<2x3xi32>", "tensor<2x3xi32>", {}).ints,
      (Ints{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(apply("sinter.iota dim 0 : tensor<2x3xf32>", "tensor<2x3xf32>", {})
                .floats,
            (std::vector<double>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(apply("sinter.iota dim 0 : tensor<300xui8>", "tensor<300xui8>", {})
                .ints[299],
            43);
}

//===----------------------------------------------------------------------===//
// Gather, scatter_add
//===----------------------------------------------------------------------===//

TEST_F(Movement, GatherRowsAndZerosOutOfRange) {
  Array y =
      apply("sinter.gather %0[%1] axis 0 batch 0 : tensor<3x2xi64>, "
            "tensor<4xi32> -> tensor<4x2xi64>",
            "tensor<4x2xi64>",
            {counted("tensor<3x2xi64>"), ints("tensor<4xi32>", {2, -1, 3, 0})});
  EXPECT_EQ(y.ints, (Ints{5, 6, 0, 0, 0, 0, 1, 2}));
}

// y[p, a, s, r] = x[p, a, i[p, s], r] with one batch dimension and axis 2.
TEST_F(Movement, GatherWithBatchAndInnerDimensions) {
  const int64_t P = 2, A = 2, N = 3, S = 2, R = 2;
  Array x = counted("tensor<2x2x3x2xi64>");
  Array i = ints("tensor<2x2xui8>", {2, 0, 1, 9});
  Array y = apply("sinter.gather %0[%1] axis 2 batch 1 : tensor<2x2x3x2xi64>, "
                  "tensor<2x2xui8> -> tensor<2x2x2x2xi64>",
                  "tensor<2x2x2x2xi64>", {x, i});
  for (int64_t p = 0; p < P; ++p)
    for (int64_t a = 0; a < A; ++a)
      for (int64_t s = 0; s < S; ++s)
        for (int64_t r = 0; r < R; ++r) {
          int64_t index = i.ints[p * S + s];
          int64_t want =
              index < N ? x.ints[((p * A + a) * N + index) * R + r] : 0;
          EXPECT_EQ(y.ints[((p * A + a) * S + s) * R + r], want);
        }
}

TEST_F(Movement, ScatterAddsRepeatedAndDropsOutOfRange) {
  Array y = apply("sinter.scatter_add %0[%1] += %2 axis 0 batch 0 : "
                  "tensor<3xi8>, tensor<5xi64>, tensor<5xi8>",
                  "tensor<3xi8>",
                  {ints("tensor<3xi8>", {1, 2, 3}),
                   ints("tensor<5xi64>", {0, 2, 0, 7, -1}),
                   ints("tensor<5xi8>", {100, 1, 100, 5, 5})});
  EXPECT_EQ(y.ints, (Ints{201 - 256, 2, 4}));
}

TEST_F(Movement, ScatterAddsInOrder) {
  // (2²⁴ + 1) + 1 = 2²⁴ in f32, while 2²⁴ + 2 would be exact.
  Array y =
      apply("sinter.scatter_add %0[%1] += %2 axis 0 batch 0 : "
            "tensor<1xf32>, tensor<2xi32>, tensor<2xf32>",
            "tensor<1xf32>",
            {floats("tensor<1xf32>", {16777216}), ints("tensor<2xi32>", {0, 0}),
             floats("tensor<2xf32>", {1, 1})});
  EXPECT_EQ(y.floats[0], 16777216);
}
} // namespace
