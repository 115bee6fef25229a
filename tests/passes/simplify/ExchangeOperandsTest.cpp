//===- ExchangeOperandsTest.cpp - which operand vectors take --------------===//
//
// Without a target a vector has four floats: two rows are few.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using ExchangeOperandsTest = Simplify;

TEST_F(ExchangeOperandsTest, LargeRowsOfTermsStandOnTheLeft) {
  stage(R"((%a: tensor<2x8xf32>, %b: tensor<8x8xf32>) -> tensor<2x8xf32> {
    %y = sinter.dot_general %a, %b contract [1] x [1] batch [] x []
        : tensor<2x8xf32>, tensor<8x8xf32> -> tensor<2x8xf32>
    sinter.return %y : tensor<2x8xf32>
  })");
  EXPECT_EQ(ops(), "dot_general transpose");
  EXPECT_EQ(only<DotGeneralOp>().getType().getShape(),
            llvm::ArrayRef<int64_t>({8, 2}));
}

TEST_F(ExchangeOperandsTest, LargeRowsOfResultsStandOnTheRight) {
  stage(R"((%a: tensor<9x12xf32>, %b: tensor<9x2xf32>) -> tensor<12x2xf32> {
    %y = sinter.dot_general %a, %b contract [0] x [0] batch [] x []
        : tensor<9x12xf32>, tensor<9x2xf32> -> tensor<12x2xf32>
    sinter.return %y : tensor<12x2xf32>
  })");
  EXPECT_EQ(ops(), "dot_general transpose");
  EXPECT_EQ(only<DotGeneralOp>().getType().getShape(),
            llvm::ArrayRef<int64_t>({2, 12}));
}

TEST_F(ExchangeOperandsTest, ResultsKeepTheOrderOfTheirDimensions) {
  stage(R"((%a: tensor<2x5x6xf32>, %b: tensor<4x5x3x6xf32>)
      -> tensor<2x4x3xf32> {
    %y = sinter.dot_general %a, %b contract [1, 2] x [1, 3] batch [] x []
        : tensor<2x5x6xf32>, tensor<4x5x3x6xf32> -> tensor<2x4x3xf32>
    sinter.return %y : tensor<2x4x3xf32>
  })");
  EXPECT_EQ(only<TransposeOp>().getPermutation(),
            llvm::ArrayRef<int64_t>({2, 0, 1}));
}

TEST_F(ExchangeOperandsTest, LoopsKeepTheirs) {
  stage(R"((%a: tensor<2x8xf32>, %b: tensor<3x8x8xf32>) -> tensor<2x8xf32> {
    %r = sinter.scan 3 carry(%c = %a : tensor<2x8xf32>)
        each(%w = %b : tensor<3x8x8xf32>) index(%i) -> (tensor<2x8xf32>) {
      %t = sinter.tanh %c : tensor<2x8xf32>
      %y = sinter.dot_general %t, %w contract [1] x [1] batch [] x []
          : tensor<2x8xf32>, tensor<8x8xf32> -> tensor<2x8xf32>
      sinter.yield %y : tensor<2x8xf32>
    }
    sinter.return %r : tensor<2x8xf32>
  })");
  EXPECT_EQ(only<DotGeneralOp>().getType().getShape(),
            llvm::ArrayRef<int64_t>({2, 8}));
}

TEST_F(ExchangeOperandsTest, OthersStayWhereTheyAre) {
  // Too many rows, rows that lie well, too little to be worth a turn.
  for (auto [a, b, y] : {std::tuple("3x8", "16x8", "3x16"),
                         {"2x8", "4x8", "2x4"},
                         {"2x6", "8x6", "2x8"}}) {
    std::string types = " : tensor<" + std::string(a) + "xf32>, tensor<" + b +
                        "xf32> -> tensor<" + y + "xf32>";
    stage("(%a: tensor<" + std::string(a) + "xf32>, %b: tensor<" + b +
          "xf32>) -> tensor<" + y +
          "xf32> {\n%y = sinter.dot_general %a, %b contract [1] x [1] batch [] "
          "x []" +
          types + "\nsinter.return %y : tensor<" + y + "xf32>\n}");
    EXPECT_EQ(ops(), "dot_general");
  }
  stage(R"((%a: tensor<2x8xf32>, %b: tensor<8x8xf32>) -> tensor<2x8xf32> {
    %y = sinter.dot_general %a, %b contract [1] x [0] batch [] x []
        : tensor<2x8xf32>, tensor<8x8xf32> -> tensor<2x8xf32>
    sinter.return %y : tensor<2x8xf32>
  })");
  EXPECT_EQ(ops(), "dot_general");
  stage(R"((%a: tensor<3x2x8xf32>, %b: tensor<3x8x8xf32>)
      -> tensor<3x2x8xf32> {
    %y = sinter.dot_general %a, %b contract [2] x [2] batch [0] x [0]
        : tensor<3x2x8xf32>, tensor<3x8x8xf32> -> tensor<3x2x8xf32>
    sinter.return %y : tensor<3x2x8xf32>
  })");
  EXPECT_EQ(ops(), "dot_general");
}
} // namespace
