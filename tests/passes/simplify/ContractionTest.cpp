//===- ContractionTest.cpp - contractions in their plainest form ----------===//

#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using SimplifyContractionTest = Simplify;

TEST_F(SimplifyContractionTest, AbsorbsTransposedOperands) {
  algebra(R"((%x: tensor<5x3xf32>, %w: tensor<4x5xf32>) -> tensor<3x4xf32> {
    %a = sinter.transpose %x [1, 0] : tensor<5x3xf32> -> tensor<3x5xf32>
    %b = sinter.transpose %w [1, 0] : tensor<4x5xf32> -> tensor<5x4xf32>
    %y = sinter.dot_general %a, %b contract [1] x [0] batch [] x []
        : tensor<3x5xf32>, tensor<5x4xf32> -> tensor<3x4xf32>
    sinter.return %y : tensor<3x4xf32>
  })");
  EXPECT_EQ(ops(), "dot_general");
  EXPECT_EQ(only<DotGeneralOp>().getLhsContracting(),
            llvm::ArrayRef<int64_t>({0}));
  EXPECT_EQ(only<DotGeneralOp>().getRhsContracting(),
            llvm::ArrayRef<int64_t>({1}));
}

// The shape in which the transpose rule states a weight's gradient.
TEST_F(SimplifyContractionTest, TransposedResultSwapsTheOperands) {
  algebra(R"((%dy: tensor<8x4xf32>, %x: tensor<8x3xf32>) -> tensor<3x4xf32> {
    %p = sinter.dot_general %dy, %x contract [0] x [0] batch [] x []
        : tensor<8x4xf32>, tensor<8x3xf32> -> tensor<4x3xf32>
    %y = sinter.transpose %p [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
    sinter.return %y : tensor<3x4xf32>
  })");
  EXPECT_EQ(ops(), "dot_general");
}

TEST_F(SimplifyContractionTest, BatchedTransposedResultSwapsTheOperands) {
  algebra(R"((%a: tensor<2x8x4xf32>, %x: tensor<2x8x3xf32>)
      -> tensor<2x3x4xf32> {
    %p = sinter.dot_general %a, %x contract [1] x [1] batch [0] x [0]
        : tensor<2x8x4xf32>, tensor<2x8x3xf32> -> tensor<2x4x3xf32>
    %y = sinter.transpose %p [0, 2, 1]
        : tensor<2x4x3xf32> -> tensor<2x3x4xf32>
    sinter.return %y : tensor<2x3x4xf32>
  })");
  EXPECT_EQ(ops(), "dot_general");
}

TEST_F(SimplifyContractionTest, TransposeOfFreeDimensionsStays) {
  algebra(R"((%x: tensor<2x5x3xf32>, %w: tensor<3x4xf32>)
      -> tensor<5x2x4xf32> {
    %a = sinter.transpose %x [1, 0, 2] : tensor<2x5x3xf32> -> tensor<5x2x3xf32>
    %y = sinter.dot_general %a, %w contract [2] x [0] batch [] x []
        : tensor<5x2x3xf32>, tensor<3x4xf32> -> tensor<5x2x4xf32>
    sinter.return %y : tensor<5x2x4xf32>
  })");
  EXPECT_EQ(count("sinter.transpose"), 1);
}

// Summed dimensions that lie side by side on both sides are one; reading
// through the transpose would lose that.
TEST_F(SimplifyContractionTest, KeepsATransposeThatMakesAMatrixProduct) {
  algebra(R"((%x: tensor<4x7x3xf32>, %z: tensor<7x4x5xf32>) -> tensor<3x5xf32> {
    %a = sinter.transpose %x [1, 0, 2] : tensor<4x7x3xf32> -> tensor<7x4x3xf32>
    %y = sinter.dot_general %a, %z contract [0, 1] x [0, 1] batch [] x []
        : tensor<7x4x3xf32>, tensor<7x4x5xf32> -> tensor<3x5xf32>
    sinter.return %y : tensor<3x5xf32>
  })");
  EXPECT_EQ(ops(), "transpose reshape reshape dot_general");
}

TEST_F(SimplifyContractionTest, NeighboursOfOneRoleAreOneDimension) {
  algebra(R"((%x: tensor<2x3x4x5x6xf32>, %w: tensor<2x3x5x6x7xf32>)
      -> tensor<2x3x4x7xf32> {
    %y = sinter.dot_general %x, %w contract [3, 4] x [2, 3] batch [0, 1] x [0, 1]
        : tensor<2x3x4x5x6xf32>, tensor<2x3x5x6x7xf32> -> tensor<2x3x4x7xf32>
    sinter.return %y : tensor<2x3x4x7xf32>
  })");
  EXPECT_EQ(ops(), "reshape reshape dot_general reshape");
  EXPECT_EQ(only<DotGeneralOp>().getType().getShape(),
            llvm::ArrayRef<int64_t>({6, 4, 7}));
}

TEST_F(SimplifyContractionTest, UnitDimensionsGo) {
  algebra(R"((%x: tensor<1x4x1x5xf32>, %w: tensor<1x5x7xf32>)
      -> tensor<1x4x1x7xf32> {
    %y = sinter.dot_general %x, %w contract [3] x [1] batch [0] x [0]
        : tensor<1x4x1x5xf32>, tensor<1x5x7xf32> -> tensor<1x4x1x7xf32>
    sinter.return %y : tensor<1x4x1x7xf32>
  })");
  EXPECT_EQ(only<DotGeneralOp>().getType().getShape(),
            llvm::ArrayRef<int64_t>({4, 7}));
}

// A vector stays a matrix of one row, which emitters know.
TEST_F(SimplifyContractionTest, TheLastDimensionOfARoleStays) {
  algebra(R"((%x: tensor<1x5xf32>, %w: tensor<5x7xf32>) -> tensor<1x7xf32> {
    %y = sinter.dot_general %x, %w contract [1] x [0] batch [] x []
        : tensor<1x5xf32>, tensor<5x7xf32> -> tensor<1x7xf32>
    sinter.return %y : tensor<1x7xf32>
  })");
  EXPECT_EQ(ops(), "dot_general");
}
} // namespace
