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

// Each element of a matrix serves one product with a vector: it is read as it
// lies, whichever side it stands on.
TEST_F(SimplifyContractionTest, RowsTimesAVectorAreSums) {
  stage(R"((%a: tensor<5x3xf32>, %v: tensor<3x1xf32>, %w: tensor<1x3xf32>)
      -> (tensor<5x1xf32>, tensor<1x5xf32>) {
    %y = sinter.dot_general %a, %v contract [1] x [0] batch [] x []
        : tensor<5x3xf32>, tensor<3x1xf32> -> tensor<5x1xf32>
    %z = sinter.dot_general %w, %a contract [1] x [1] batch [] x []
        : tensor<1x3xf32>, tensor<5x3xf32> -> tensor<1x5xf32>
    sinter.return %y, %z : tensor<5x1xf32>, tensor<1x5xf32>
  })");
  EXPECT_EQ(count("sinter.dot_general"), 0) << text();
  EXPECT_EQ(count("sinter.reduce_sum"), 2) << text();
}

TEST_F(SimplifyContractionTest, RowsOfABatchTimesAVectorEachAreSums) {
  stage(R"((%a: tensor<4x3x5x2xf32>, %v: tensor<5x1x3x4xf32>)
      -> tensor<3x4x2x1xf32> {
    %y = sinter.dot_general %a, %v contract [2] x [0] batch [1, 0] x [2, 3]
        : tensor<4x3x5x2xf32>, tensor<5x1x3x4xf32> -> tensor<3x4x2x1xf32>
    sinter.return %y : tensor<3x4x2x1xf32>
  })");
  // Results lie side by side there: the vector goes to the left.
  EXPECT_EQ(count("sinter.reduce_sum"), 0) << text();
  EXPECT_EQ(only<DotGeneralOp>().getLhsFree().size(), 1u);
  stage(R"((%a: tensor<4x3x2x5xf32>, %v: tensor<5x1x3x4xf32>)
      -> tensor<3x4x2x1xf32> {
    %y = sinter.dot_general %a, %v contract [3] x [0] batch [1, 0] x [2, 3]
        : tensor<4x3x2x5xf32>, tensor<5x1x3x4xf32> -> tensor<3x4x2x1xf32>
    sinter.return %y : tensor<3x4x2x1xf32>
  })");
  EXPECT_EQ(count("sinter.reduce_sum"), 1) << text();
}

TEST_F(SimplifyContractionTest, ColumnsTimesAVectorAreARowTimesColumns) {
  stage(R"((%a: tensor<5x3xf32>, %v: tensor<5x1xf32>) -> tensor<3x1xf32> {
    %y = sinter.dot_general %a, %v contract [0] x [0] batch [] x []
        : tensor<5x3xf32>, tensor<5x1xf32> -> tensor<3x1xf32>
    sinter.return %y : tensor<3x1xf32>
  })");
  auto type = llvm::cast<mlir::ShapedType>(only<DotGeneralOp>().getType());
  EXPECT_EQ(type.getDimSize(0), 1) << text();
}

// On the right, a constant is packed for good.
TEST_F(SimplifyContractionTest, AConstantTableTimesAColumnIsOnTheRight) {
  algebra(R"((%x: tensor<3x1xf32>) -> tensor<2x1xf32> {
    %w = sinter.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]>
        : tensor<2x3xf32>
    %y = sinter.dot_general %w, %x contract [1] x [0] batch [] x []
        : tensor<2x3xf32>, tensor<3x1xf32> -> tensor<2x1xf32>
    sinter.return %y : tensor<2x1xf32>
  })");
  EXPECT_EQ(ops(), "constant dot_general reshape");
  EXPECT_TRUE(only<DotGeneralOp>().getRhs().getDefiningOp<ConstantOp>());
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

// Heads of attention: where each product of the batch lies does not matter.
TEST_F(SimplifyContractionTest, AbsorbsTransposesThatPartTheBatch) {
  algebra(R"((%q: tensor<2x5x3x4xf32>, %k: tensor<2x6x3x4xf32>)
      -> tensor<2x3x5x6xf32> {
    %a = sinter.transpose %q [0, 2, 1, 3]
        : tensor<2x5x3x4xf32> -> tensor<2x3x5x4xf32>
    %b = sinter.transpose %k [0, 2, 1, 3]
        : tensor<2x6x3x4xf32> -> tensor<2x3x6x4xf32>
    %y = sinter.dot_general %a, %b contract [3] x [3] batch [0, 1] x [0, 1]
        : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32> -> tensor<2x3x5x6xf32>
    sinter.return %y : tensor<2x3x5x6xf32>
  })");
  EXPECT_EQ(ops(), "dot_general");
}

TEST_F(SimplifyContractionTest, ReadsTheSliceOfAReshape) {
  // One of three parts of each row, as two heads.
  algebra(
      R"((%x: tensor<5x12xf32>, %k: tensor<2x7x2xf32>) -> tensor<2x5x7xf32> {
    %s = sinter.slice %x offsets [0, 4] sizes [5, 4] strides [1, 1]
        : tensor<5x12xf32> -> tensor<5x4xf32>
    %h = sinter.reshape %s : tensor<5x4xf32> -> tensor<5x2x2xf32>
    %y = sinter.dot_general %h, %k contract [2] x [2] batch [1] x [0]
        : tensor<5x2x2xf32>, tensor<2x7x2xf32> -> tensor<2x5x7xf32>
    sinter.return %y : tensor<2x5x7xf32>
  })");
  EXPECT_EQ(ops(), "reshape slice dot_general");
  EXPECT_EQ(only<SliceOp>().getOffsets(), llvm::ArrayRef<int64_t>({0, 2, 0}));
}

TEST_F(SimplifyContractionTest, ReadsTheSliceOfAReshapeOfOtherDimensionsToo) {
  // One sample, whose dimension the reshape leaves out.
  algebra(
      R"((%x: tensor<1x5x12xf32>, %k: tensor<2x7x2xf32>)
        -> tensor<2x5x7xf32> {
    %s = sinter.slice %x offsets [0, 0, 4] sizes [1, 5, 4] strides [1, 1, 1]
        : tensor<1x5x12xf32> -> tensor<1x5x4xf32>
    %h = sinter.reshape %s : tensor<1x5x4xf32> -> tensor<5x2x2xf32>
    %y = sinter.dot_general %h, %k contract [2] x [2] batch [1] x [0]
        : tensor<5x2x2xf32>, tensor<2x7x2xf32> -> tensor<2x5x7xf32>
    sinter.return %y : tensor<2x5x7xf32>
  })");
  EXPECT_EQ(ops(), "reshape slice dot_general");
  EXPECT_EQ(only<SliceOp>().getOffsets(), llvm::ArrayRef<int64_t>({0, 2, 0}));
}

TEST_F(SimplifyContractionTest, LeavesSlicesThatCutAcrossTheReshape) {
  // An offset and an extent that no head begins at, steps, two cut dimensions.
  for (const char *slice :
       {"%s = sinter.slice %x offsets [0, 3] sizes [5, 4] strides [1, 1]"
        " : tensor<5x12xf32> -> tensor<5x4xf32>",
        "%s = sinter.slice %x offsets [0, 4] sizes [5, 4] strides [1, 2]"
        " : tensor<5x12xf32> -> tensor<5x4xf32>",
        "%x7 = sinter.concatenate %x, %x dim 0"
        " : tensor<5x12xf32>, tensor<5x12xf32> -> tensor<10x12xf32>\n"
        "%s = sinter.slice %x7 offsets [3, 4] sizes [5, 4] strides [1, 1]"
        " : tensor<10x12xf32> -> tensor<5x4xf32>"}) {
    algebra(std::string("(%x: tensor<5x12xf32>, %k: tensor<2x7x2xf32>) "
                        "-> tensor<2x5x7xf32> {\n") +
            slice + R"(
      %h = sinter.reshape %s : tensor<5x4xf32> -> tensor<5x2x2xf32>
      %y = sinter.dot_general %h, %k contract [2] x [2] batch [1] x [0]
          : tensor<5x2x2xf32>, tensor<2x7x2xf32> -> tensor<2x5x7xf32>
      sinter.return %y : tensor<2x5x7xf32>
    })");
    EXPECT_TRUE(llvm::StringRef(ops()).ends_with("slice reshape dot_general"))
        << ops();
  }
}
} // namespace
