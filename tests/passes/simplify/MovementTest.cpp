//===- MovementTest.cpp - movement in its plainest form -------------------===//

#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using MovementTest = Simplify;

TEST_F(MovementTest, TransposeOfUnitDimensionsIsAReshape) {
  algebra(R"((%x: tensor<1x5x3xf32>) -> tensor<5x1x3xf32> {
    %y = sinter.transpose %x [1, 0, 2] : tensor<1x5x3xf32> -> tensor<5x1x3xf32>
    sinter.return %y : tensor<5x1x3xf32>
  })");
  EXPECT_EQ(ops(), "reshape");
}

TEST_F(MovementTest, RealTransposeStays) {
  algebra(R"((%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
    %y = sinter.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
    sinter.return %y : tensor<3x2xf32>
  })");
  EXPECT_EQ(ops(), "transpose");
}

TEST_F(MovementTest, TransposeOfBroadcastIsABroadcast) {
  algebra(R"((%x: tensor<3xf32>) -> tensor<3x2xf32> {
    %b = sinter.broadcast %x dims [1] : tensor<3xf32> -> tensor<2x3xf32>
    %y = sinter.transpose %b [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
    sinter.return %y : tensor<3x2xf32>
  })");
  EXPECT_EQ(ops(), "broadcast");
}

TEST_F(MovementTest, TransposeOfBroadcastThatReordersTransposesTheOperand) {
  algebra(R"((%x: tensor<3x4xf32>) -> tensor<4x2x3xf32> {
    %b = sinter.broadcast %x dims [0, 2] : tensor<3x4xf32> -> tensor<3x2x4xf32>
    %y = sinter.transpose %b [2, 1, 0] : tensor<3x2x4xf32> -> tensor<4x2x3xf32>
    sinter.return %y : tensor<4x2x3xf32>
  })");
  EXPECT_EQ(ops(), "transpose broadcast");
}

// The keep-dimensions idiom: what a reduction drops and a broadcast restores
// needs no unit dimension in between.
TEST_F(MovementTest, UnitDimensionsVanishUnderBroadcasts) {
  algebra(R"((%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
    %s = sinter.reduce_max %x dims [1] : tensor<4x6xf32> -> tensor<4xf32>
    %k = sinter.reshape %s : tensor<4xf32> -> tensor<4x1xf32>
    %b = sinter.broadcast %k dims [0, 1] : tensor<4x1xf32> -> tensor<4x6xf32>
    sinter.return %b : tensor<4x6xf32>
  })");
  EXPECT_EQ(ops(), "reduce_max broadcast");
}

TEST_F(MovementTest, TwoBroadcastsAreOne) {
  algebra(R"((%x: tensor<3xf32>) -> tensor<5x2x3xf32> {
    %a = sinter.broadcast %x dims [1] : tensor<3xf32> -> tensor<2x3xf32>
    %b = sinter.broadcast %a dims [1, 2] : tensor<2x3xf32> -> tensor<5x2x3xf32>
    sinter.return %b : tensor<5x2x3xf32>
  })");
  EXPECT_EQ(ops(), "broadcast");
  EXPECT_EQ(only<BroadcastOp>().getDimensions(), llvm::ArrayRef<int64_t>({2}));
}

TEST_F(MovementTest, ReversesCancel) {
  algebra(R"((%x: tensor<3x1x2xi64>) -> tensor<3x1x2xi64> {
    %a = sinter.reverse %x dims [0, 1] : tensor<3x1x2xi64> -> tensor<3x1x2xi64>
    %b = sinter.reverse %a dims [0] : tensor<3x1x2xi64> -> tensor<3x1x2xi64>
    sinter.return %b : tensor<3x1x2xi64>
  })");
  EXPECT_EQ(ops(), "");
}

TEST_F(MovementTest, SumOfOneElementIsThatElement) {
  algebra(R"((%x: tensor<4x1xf32>) -> tensor<4xf32> {
    %s = sinter.reduce_sum %x dims [1] : tensor<4x1xf32> -> tensor<4xf32>
    sinter.return %s : tensor<4xf32>
  })");
  EXPECT_EQ(ops(), "reshape");
}

TEST_F(MovementTest, PointwiseOpsMoveAboveBroadcasts) {
  algebra(R"((%x: tensor<3xf32>, %z: tensor<3xf32>) -> tensor<2x3xf32> {
    %c = sinter.constant dense<2.0> : tensor<2x3xf32>
    %a = sinter.broadcast %x dims [1] : tensor<3xf32> -> tensor<2x3xf32>
    %b = sinter.broadcast %z dims [1] : tensor<3xf32> -> tensor<2x3xf32>
    %p = sinter.mul %a, %c : tensor<2x3xf32>
    %y = sinter.add %p, %b : tensor<2x3xf32>
    sinter.return %y : tensor<2x3xf32>
  })");
  EXPECT_EQ(ops(), "constant mul add broadcast");
}

TEST_F(MovementTest, WhatIsReducedIsNotTransposed) {
  algebra(R"((%x: tensor<3x2x4x2x5xf32>, %m: tensor<3x4x5xf32>)
      -> tensor<3x4x5xf32> {
    %t = sinter.transpose %x [0, 2, 1, 3, 4]
        : tensor<3x2x4x2x5xf32> -> tensor<3x4x2x2x5xf32>
    %b = sinter.broadcast %m dims [0, 1, 4]
        : tensor<3x4x5xf32> -> tensor<3x4x2x2x5xf32>
    %i = sinter.iota dim 3 : tensor<3x4x2x2x5xf32>
    %d = sinter.sub %t, %b : tensor<3x4x2x2x5xf32>
    %e = sinter.mul %d, %i : tensor<3x4x2x2x5xf32>
    %y = sinter.reduce_max %e dims [2, 3]
        : tensor<3x4x2x2x5xf32> -> tensor<3x4x5xf32>
    sinter.return %y : tensor<3x4x5xf32>
  })");
  EXPECT_EQ(ops(), "iota broadcast sub mul reduce_max");
}

// What is kept would change its order.
TEST_F(MovementTest, WhatIsKeptStaysTransposed) {
  algebra(R"((%x: tensor<5x4x3xf32>, %m: tensor<3x4xf32>) -> tensor<3x4xf32> {
    %t = sinter.transpose %x [2, 1, 0]
        : tensor<5x4x3xf32> -> tensor<3x4x5xf32>
    %b = sinter.broadcast %m dims [0, 1] : tensor<3x4xf32> -> tensor<3x4x5xf32>
    %d = sinter.sub %t, %b : tensor<3x4x5xf32>
    %y = sinter.reduce_max %d dims [2] : tensor<3x4x5xf32> -> tensor<3x4xf32>
    sinter.return %y : tensor<3x4xf32>
  })");
  EXPECT_EQ(ops(), "transpose broadcast sub reduce_max");
}

TEST_F(MovementTest, SlicesReadThrough) {
  algebra(R"((%x: tensor<8x5xf32>, %z: tensor<3x5xf32>) -> (tensor<2x2xf32>,
      tensor<2x5xf32>, tensor<2x3xf32>, tensor<2x4xf32>) {
    %a = sinter.slice %x offsets [1, 0] sizes [4, 3] strides [2, 1]
        : tensor<8x5xf32> -> tensor<4x3xf32>
    %b = sinter.slice %a offsets [1, 1] sizes [2, 2] strides [2, 1]
        : tensor<4x3xf32> -> tensor<2x2xf32>
    %j = sinter.concatenate %x, %z dim 0
        : tensor<8x5xf32>, tensor<3x5xf32> -> tensor<11x5xf32>
    %c = sinter.slice %j offsets [9, 0] sizes [2, 5] strides [1, 1]
        : tensor<11x5xf32> -> tensor<2x5xf32>
    %p = sinter.pad %z low [2, 1] high [0, 3] interior [0, 1]
        : tensor<3x5xf32> -> tensor<5x13xf32>
    %d = sinter.slice %p offsets [3, 3] sizes [2, 3] strides [1, 2]
        : tensor<5x13xf32> -> tensor<2x3xf32>
    %s = sinter.reduce_max %x dims [1] : tensor<8x5xf32> -> tensor<8xf32>
    %w = sinter.broadcast %s dims [0] : tensor<8xf32> -> tensor<8x9xf32>
    %e = sinter.slice %w offsets [6, 2] sizes [2, 4] strides [1, 2]
        : tensor<8x9xf32> -> tensor<2x4xf32>
    sinter.return %b, %c, %d, %e : tensor<2x2xf32>, tensor<2x5xf32>,
        tensor<2x3xf32>, tensor<2x4xf32>
  })");
  EXPECT_EQ(count("sinter.concatenate"), 0);
  EXPECT_EQ(count("sinter.pad"), 0);
  EXPECT_EQ(count("sinter.slice"), 4);
}

TEST_F(MovementTest, SliceThatTouchesPaddingStays) {
  algebra(R"((%z: tensor<3xf32>) -> tensor<4xf32> {
    %p = sinter.pad %z low [2] high [0] interior [0]
        : tensor<3xf32> -> tensor<5xf32>
    %d = sinter.slice %p offsets [1] sizes [4] strides [1]
        : tensor<5xf32> -> tensor<4xf32>
    sinter.return %d : tensor<4xf32>
  })");
  EXPECT_EQ(ops(), "pad slice");
}

TEST_F(MovementTest, PadsMerge) {
  algebra(R"((%z: tensor<3xf32>) -> tensor<9xf32> {
    %p = sinter.pad %z low [2] high [0] interior [0]
        : tensor<3xf32> -> tensor<5xf32>
    %d = sinter.pad %p low [1] high [3] interior [0]
        : tensor<5xf32> -> tensor<9xf32>
    sinter.return %d : tensor<9xf32>
  })");
  EXPECT_EQ(ops(), "pad");
}

// What the derivative of four slices (an LSTM's gates) becomes.  Bit for bit:
// a −0 in a piece meets the others' zeros and becomes 0.
TEST_F(MovementTest, SumOfDisjointPadsIsAConcatenation) {
  algebra(R"((%i: tensor<2x3xf32>, %g: tensor<2x3xf32>, %o: tensor<2x2xf32>)
      -> tensor<2x11xf32> {
    %a = sinter.pad %i low [0, 0] high [0, 8] interior [0, 0]
        : tensor<2x3xf32> -> tensor<2x11xf32>
    %b = sinter.pad %g low [0, 6] high [0, 2] interior [0, 0]
        : tensor<2x3xf32> -> tensor<2x11xf32>
    %c = sinter.pad %o low [0, 3] high [0, 6] interior [0, 0]
        : tensor<2x2xf32> -> tensor<2x11xf32>
    %s = sinter.add %b, %a : tensor<2x11xf32>
    %y = sinter.add %s, %c : tensor<2x11xf32>
    sinter.return %y : tensor<2x11xf32>
  })");
  EXPECT_EQ(count("sinter.pad"), 0);
  EXPECT_EQ(count("sinter.concatenate"), 1);
}

TEST_F(MovementTest, SumOfOverlappingPadsStays) {
  algebra(R"((%i: tensor<3xf32>, %g: tensor<3xf32>) -> tensor<5xf32> {
    %a = sinter.pad %i low [0] high [2] interior [0]
        : tensor<3xf32> -> tensor<5xf32>
    %b = sinter.pad %g low [2] high [0] interior [0]
        : tensor<3xf32> -> tensor<5xf32>
    %s = sinter.add %b, %a : tensor<5xf32>
    sinter.return %s : tensor<5xf32>
  })");
  EXPECT_EQ(ops(), "pad pad add");
}

// Parts that lie apart are joined wherever they are in a longer sum.
TEST_F(MovementTest, DisjointPadsWithinALargerSumAreConcatenated) {
  algebra(R"((%i: tensor<3xf32>, %g: tensor<2xf32>, %x: tensor<5xf32>)
      -> tensor<5xf32> {
    %a = sinter.pad %i low [0] high [2] interior [0]
        : tensor<3xf32> -> tensor<5xf32>
    %b = sinter.pad %g low [3] high [0] interior [0]
        : tensor<2xf32> -> tensor<5xf32>
    %c = sinter.pad %g low [2] high [1] interior [0]
        : tensor<2xf32> -> tensor<5xf32>
    %s = sinter.add %b, %a : tensor<5xf32>
    %t = sinter.add %s, %c : tensor<5xf32>
    %y = sinter.add %x, %t : tensor<5xf32>
    sinter.return %y : tensor<5xf32>
  })");
  EXPECT_EQ(count("sinter.pad"), 1);
  EXPECT_EQ(count("sinter.concatenate"), 1);
}

// A sum as long as a model: it is looked at from its root only, and without
// recursion.
TEST_F(MovementTest, APairOfPadsAtTheFarEndOfALongSumIsFound) {
  std::string text =
      R"((%i: tensor<3xf32>, %g: tensor<2xf32>, %x: tensor<5xf32>)
      -> tensor<5xf32> {
    %a = sinter.pad %i low [0] high [2] interior [0]
        : tensor<3xf32> -> tensor<5xf32>
    %b = sinter.pad %g low [3] high [0] interior [0]
        : tensor<2xf32> -> tensor<5xf32>
    %s0 = sinter.add %b, %a : tensor<5xf32>
)";
  constexpr int length = 20000;
  for (int i = 1; i <= length; ++i)
    text += "%s" + std::to_string(i) + " = sinter.add %s" +
            std::to_string(i - 1) + ", %x : tensor<5xf32>\n";
  text += "sinter.return %s" + std::to_string(length) + " : tensor<5xf32>\n}";
  algebra(text);
  EXPECT_EQ(count("sinter.pad"), 0);
  EXPECT_EQ(count("sinter.concatenate"), 1);
}

TEST_F(MovementTest, ConcatenationsFlatten) {
  algebra(R"((%a: tensor<2xi8>, %b: tensor<0xi8>, %c: tensor<1xi8>)
      -> tensor<5xi8> {
    %x = sinter.concatenate %a, %b dim 0 : tensor<2xi8>, tensor<0xi8>
        -> tensor<2xi8>
    %y = sinter.concatenate %a, %c dim 0 : tensor<2xi8>, tensor<1xi8>
        -> tensor<3xi8>
    %z = sinter.concatenate %x, %y dim 0 : tensor<2xi8>, tensor<3xi8>
        -> tensor<5xi8>
    sinter.return %z : tensor<5xi8>
  })");
  EXPECT_EQ(ops(), "concatenate");
  EXPECT_EQ(only<ConcatenateOp>().getInputs().size(), 3u);
}

TEST_F(MovementTest, HeadsAreJoinedBeforeTheyAreMerged) {
  // Of 2 and of 1 heads; both of width 3.
  algebra(R"((%a: tensor<2x4x3xf32>, %b: tensor<1x4x3xf32>) -> tensor<4x9xf32> {
    %at = sinter.transpose %a [1, 0, 2] : tensor<2x4x3xf32> -> tensor<4x2x3xf32>
    %bt = sinter.transpose %b [1, 2, 0] : tensor<1x4x3xf32> -> tensor<4x3x1xf32>
    %am = sinter.reshape %at : tensor<4x2x3xf32> -> tensor<4x6xf32>
    %bm = sinter.reshape %bt : tensor<4x3x1xf32> -> tensor<4x3xf32>
    %y = sinter.concatenate %am, %bm dim 1
        : tensor<4x6xf32>, tensor<4x3xf32> -> tensor<4x9xf32>
    sinter.return %y : tensor<4x9xf32>
  })");
  EXPECT_EQ(count("sinter.concatenate"), 1);
  algebra(
      R"((%a: tensor<2x4x3xf32>, %b: tensor<5x4x3xf32>) -> tensor<4x21xf32> {
    %at = sinter.transpose %a [1, 0, 2] : tensor<2x4x3xf32> -> tensor<4x2x3xf32>
    %bt = sinter.transpose %b [1, 0, 2] : tensor<5x4x3xf32> -> tensor<4x5x3xf32>
    %am = sinter.reshape %at : tensor<4x2x3xf32> -> tensor<4x6xf32>
    %bm = sinter.reshape %bt : tensor<4x5x3xf32> -> tensor<4x15xf32>
    %y = sinter.concatenate %am, %bm dim 1
        : tensor<4x6xf32>, tensor<4x15xf32> -> tensor<4x21xf32>
    sinter.return %y : tensor<4x21xf32>
  })");
  EXPECT_EQ(ops(), "transpose transpose concatenate reshape");
}

TEST_F(MovementTest, HeadsOfOtherWidthsAreMergedFirst) {
  algebra(
      R"((%a: tensor<2x4x3xf32>, %b: tensor<3x4x2xf32>) -> tensor<4x12xf32> {
    %at = sinter.transpose %a [1, 0, 2] : tensor<2x4x3xf32> -> tensor<4x2x3xf32>
    %bt = sinter.transpose %b [1, 0, 2] : tensor<3x4x2xf32> -> tensor<4x3x2xf32>
    %am = sinter.reshape %at : tensor<4x2x3xf32> -> tensor<4x6xf32>
    %bm = sinter.reshape %bt : tensor<4x3x2xf32> -> tensor<4x6xf32>
    %y = sinter.concatenate %am, %bm dim 1
        : tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x12xf32>
    sinter.return %y : tensor<4x12xf32>
  })");
  EXPECT_EQ(count("sinter.reshape"), 2);
}
} // namespace
