//===- WindowsTest.cpp - windows, and what convolutions become ------------===//

#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using WindowsTest = Simplify;

TEST_F(WindowsTest, SideBySideAlongOneDimensionAreAReshape) {
  algebra(R"((%x: tensor<2x6x3xf32>) -> tensor<2x3x2x3xf32> {
    %y = sinter.windows %x dims [1] sizes [2] strides [2] dilations [1]
        : tensor<2x6x3xf32> -> tensor<2x3x2x3xf32>
    sinter.return %y : tensor<2x3x2x3xf32>
  })");
  EXPECT_EQ(ops(), "reshape");
}

TEST_F(WindowsTest, WhatTheLastDoesNotReachIsSlicedOff) {
  algebra(R"((%x: tensor<2x5x7x3xf32>) -> tensor<2x2x3x2x2x3xf32> {
    %y = sinter.windows %x dims [1, 2] sizes [2, 2] strides [2, 2]
        dilations [1, 1] : tensor<2x5x7x3xf32> -> tensor<2x2x3x2x2x3xf32>
    sinter.return %y : tensor<2x2x3x2x2x3xf32>
  })");
  EXPECT_EQ(ops(), "slice reshape transpose");
}

TEST_F(WindowsTest, OneWindowOfEverythingIsAReshape) {
  algebra(R"((%x: tensor<2x5x7x3xf32>) -> tensor<2x1x1x5x7x3xf32> {
    %y = sinter.windows %x dims [1, 2] sizes [5, 7] strides [1, 3]
        dilations [1, 1] : tensor<2x5x7x3xf32> -> tensor<2x1x1x5x7x3xf32>
    sinter.return %y : tensor<2x1x1x5x7x3xf32>
  })");
  EXPECT_EQ(ops(), "reshape");
}

TEST_F(WindowsTest, WindowsOfOneElementAreASlice) {
  algebra(R"((%x: tensor<2x6x3xf32>) -> tensor<2x3x1x3xf32> {
    %y = sinter.windows %x dims [1] sizes [1] strides [2] dilations [5]
        : tensor<2x6x3xf32> -> tensor<2x3x1x3xf32>
    sinter.return %y : tensor<2x3x1x3xf32>
  })");
  EXPECT_EQ(ops(), "slice reshape");
}

TEST_F(WindowsTest, ThoseThatOverlapOrHaveGapsStay) {
  algebra(R"((%x: tensor<9xf32>) -> (tensor<4x3xf32>, tensor<2x3xf32>) {
    %a = sinter.windows %x dims [0] sizes [3] strides [2] dilations [1]
        : tensor<9xf32> -> tensor<4x3xf32>
    %b = sinter.windows %x dims [0] sizes [3] strides [3] dilations [2]
        : tensor<9xf32> -> tensor<2x3xf32>
    sinter.return %a, %b : tensor<4x3xf32>, tensor<2x3xf32>
  })");
  EXPECT_EQ(ops(), "windows windows");
}

TEST_F(WindowsTest, FoldedSideBySideAreTheWayBack) {
  algebra(R"((%x: tensor<2x2x3x2x2x3xf32>) -> tensor<2x5x7x3xf32> {
    %y = sinter.fold_windows %x dims [1, 2] sizes [2, 2] strides [2, 2]
        dilations [1, 1] : tensor<2x2x3x2x2x3xf32> -> tensor<2x5x7x3xf32>
    sinter.return %y : tensor<2x5x7x3xf32>
  })");
  EXPECT_EQ(ops(), "transpose reshape pad");
}

TEST_F(WindowsTest, FoldedWindowsOfOneElementArePadded) {
  algebra(R"((%x: tensor<2x3x1x3xf32>) -> tensor<2x6x3xf32> {
    %y = sinter.fold_windows %x dims [1] sizes [1] strides [2] dilations [1]
        : tensor<2x3x1x3xf32> -> tensor<2x6x3xf32>
    sinter.return %y : tensor<2x6x3xf32>
  })");
  EXPECT_EQ(ops(), "reshape pad");
}

TEST_F(WindowsTest, APoolingBySizeIsAReductionOfAReshape) {
  algebra(R"((%x: tensor<2x4x6x3xf32>) -> tensor<2x2x3x3xf32> {
    %u = sinter.windows %x dims [1, 2] sizes [2, 2] strides [2, 2]
        dilations [1, 1] : tensor<2x4x6x3xf32> -> tensor<2x2x3x2x2x3xf32>
    %y = sinter.reduce_max %u dims [3, 4]
        : tensor<2x2x3x2x2x3xf32> -> tensor<2x2x3x3xf32>
    sinter.return %y : tensor<2x2x3x3xf32>
  })");
  EXPECT_EQ(ops(), "reshape reduce_max");
}

TEST_F(WindowsTest, AConvolutionIsAContractionOfWindows) {
  stage(R"((%x: tensor<2x6x6x3xf32>, %w: tensor<3x3x3x4xf32>)
      -> tensor<2x6x6x4xf32> {
    %y = sinter.conv %x, %w low [1, 1] high [1, 1]
        : tensor<2x6x6x3xf32>, tensor<3x3x3x4xf32> -> tensor<2x6x6x4xf32>
    sinter.return %y : tensor<2x6x6x4xf32>
  })");
  EXPECT_EQ(ops(), "pad windows dot_general");
}

// Vectors of four, as without a target: two features would fill half of one,
// and nine neighbours are no pairs.
TEST_F(WindowsTest, AConvolutionToFewFeaturesIsAProductForEachRow) {
  stage(R"((%x: tensor<3x10x10x3xf32>, %w: tensor<3x3x3x2xf32>)
      -> tensor<3x8x8x2xf32> {
    %y = sinter.conv %x, %w
        : tensor<3x10x10x3xf32>, tensor<3x3x3x2xf32> -> tensor<3x8x8x2xf32>
    sinter.return %y : tensor<3x8x8x2xf32>
  })");
  EXPECT_EQ(ops(), "transpose windows broadcast dot_general transpose");
}

// A vector takes two of twelve neighbours for each of two features.
TEST_F(WindowsTest, AConvolutionToFewFeaturesOfManyChannelsStaysAsItLies) {
  stage(R"((%x: tensor<3x10x10x4xf32>, %w: tensor<3x3x4x2xf32>)
      -> tensor<3x8x8x2xf32> {
    %y = sinter.conv %x, %w
        : tensor<3x10x10x4xf32>, tensor<3x3x4x2xf32> -> tensor<3x8x8x2xf32>
    sinter.return %y : tensor<3x8x8x2xf32>
  })");
  EXPECT_EQ(count("sinter.transpose"), 0) << text();
}

// The kernel's gradient: rows of three places times four channels.
TEST_F(WindowsTest, AGradientToFewFeaturesReadsTheImageAsItLies) {
  stage(R"((%x: tensor<3x10x10x4xf32>, %dy: tensor<3x8x8x2xf32>)
      -> tensor<3x3x4x2xf32> {
    %a = sinter.transpose %x [3, 1, 2, 0]
        : tensor<3x10x10x4xf32> -> tensor<4x10x10x3xf32>
    %b = sinter.transpose %dy [1, 2, 0, 3]
        : tensor<3x8x8x2xf32> -> tensor<8x8x3x2xf32>
    %c = sinter.conv %a, %b
        : tensor<4x10x10x3xf32>, tensor<8x8x3x2xf32> -> tensor<4x3x3x2xf32>
    %dw = sinter.transpose %c [1, 2, 0, 3]
        : tensor<4x3x3x2xf32> -> tensor<3x3x4x2xf32>
    sinter.return %dw : tensor<3x3x4x2xf32>
  })");
  EXPECT_NE(text().find("windows %arg0 "), std::string::npos) << text();
  EXPECT_EQ(count("sinter.broadcast"), 1) << text();
}

TEST_F(WindowsTest, AConvolutionByOneElementIsAMatrixProduct) {
  stage(R"((%x: tensor<2x6x6x3xf32>, %w: tensor<1x1x3x4xf32>)
      -> tensor<2x6x6x4xf32> {
    %y = sinter.conv %x, %w
        : tensor<2x6x6x3xf32>, tensor<1x1x3x4xf32> -> tensor<2x6x6x4xf32>
    sinter.return %y : tensor<2x6x6x4xf32>
  })");
  EXPECT_EQ(ops(), "reshape reshape dot_general reshape");
}

TEST_F(WindowsTest, ADepthwiseConvolutionIsASumOfProducts) {
  stage(R"((%x: tensor<2x6x5xf32>, %w: tensor<3x1x5xf32>)
      -> tensor<2x4x5xf32> {
    %y = sinter.conv %x, %w groups 5
        : tensor<2x6x5xf32>, tensor<3x1x5xf32> -> tensor<2x4x5xf32>
    sinter.return %y : tensor<2x4x5xf32>
  })",
        1e-15);
  EXPECT_EQ(ops(), "reshape windows broadcast mul reduce_sum");
}

TEST_F(WindowsTest, NegativePaddingCuts) {
  stage(R"((%x: tensor<2x6x5xf32>, %w: tensor<2x5x4xf32>)
      -> tensor<2x5x4xf32> {
    %y = sinter.conv %x, %w low [-2] high [2]
        : tensor<2x6x5xf32>, tensor<2x5x4xf32> -> tensor<2x5x4xf32>
    sinter.return %y : tensor<2x5x4xf32>
  })");
  EXPECT_EQ(count("sinter.slice"), 1);
  EXPECT_EQ(count("sinter.pad"), 1);
}

// What a stride leaves out is not multiplied by zero on the way back.
TEST_F(WindowsTest, ADilatedInputIsScattered) {
  stage(R"((%x: tensor<2x3x4x5xf32>, %w: tensor<3x3x5x4xf32>)
      -> tensor<2x6x7x4xf32> {
    %y = sinter.conv %x, %w low [1, 1] high [2, 1] input_dilation [2, 2]
        : tensor<2x3x4x5xf32>, tensor<3x3x5x4xf32> -> tensor<2x6x7x4xf32>
    sinter.return %y : tensor<2x6x7x4xf32>
  })",
        1e-13);
  EXPECT_EQ(count("sinter.fold_windows"), 1) << text();
  EXPECT_EQ(count("sinter.windows"), 0) << text();
}

TEST_F(WindowsTest, ADilatedInputUnderAStrideIsPadded) {
  stage(R"((%x: tensor<2x4x5xf32>, %w: tensor<3x5x4xf32>)
      -> tensor<2x4x4xf32> {
    %y = sinter.conv %x, %w strides [2] low [1] high [1] input_dilation [2]
        : tensor<2x4x5xf32>, tensor<3x5x4xf32> -> tensor<2x4x4xf32>
    sinter.return %y : tensor<2x4x4xf32>
  })");
  EXPECT_EQ(count("sinter.pad"), 1) << text();
  EXPECT_EQ(count("sinter.windows"), 1) << text();
}

// The gradient of a transposed convolution's kernel: no place of a small result
// adds up a whole image of products.
TEST_F(WindowsTest, ADilatedInputUnderABigKernelIsTheKernel) {
  stage(R"((%x: tensor<3x4x5x2xf32>, %w: tensor<9x11x2x5xf32>)
      -> tensor<3x3x2x5xf32> {
    %y = sinter.conv %x, %w low [1, 0] high [3, 3] input_dilation [2, 2]
        : tensor<3x4x5x2xf32>, tensor<9x11x2x5xf32> -> tensor<3x3x2x5xf32>
    sinter.return %y : tensor<3x3x2x5xf32>
  })",
        1e-13);
  EXPECT_EQ(count("sinter.fold_windows"), 0) << text();
  EXPECT_EQ(count("sinter.windows"), 1) << text();
  EXPECT_EQ(count("sinter.dot_general"), 1) << text();
}

TEST_F(WindowsTest, KernelsOfGroupsStridesAndDistancesAreExchangedToo) {
  auto exchange = [](mlir::OpPassManager &passes) {
    passes.addPass(createExchangeKernels());
  };
  rewrite(R"((%x: tensor<3x4x6xf32>, %w: tensor<7x2x9xf32>)
      -> tensor<3x3x9xf32> {
    %y = sinter.conv %x, %w strides [3] low [4] high [9] input_dilation [2]
        kernel_dilation [2] groups 3
        : tensor<3x4x6xf32>, tensor<7x2x9xf32> -> tensor<3x3x9xf32>
    sinter.return %y : tensor<3x3x9xf32>
  })",
          exchange, 1e-13);
  EXPECT_EQ(only<ConvOp>().getInputDilation()[0], 2);
  EXPECT_EQ(only<ConvOp>().getKernelDilation()[0], 2);
  EXPECT_EQ(only<ConvOp>().getKernel().getType().getShape()[0], 4);
}

// Both derivatives read one padded image, and nothing is transposed on its way.
TEST_F(WindowsTest, AKernelsGradientContractsTheSameWindows) {
  auto gradient = [](mlir::OpPassManager &passes) {
    buildSimplifiedStage(passes);
  };
  rewrite(R"((%x: tensor<2x5x5x3xf32>, %dy: tensor<2x5x5x4xf32>,
      %w: tensor<3x3x3x4xf32>) -> (tensor<2x5x5x4xf32>, tensor<3x3x3x4xf32>) {
    %y = sinter.conv %x, %w low [1, 1] high [1, 1]
        : tensor<2x5x5x3xf32>, tensor<3x3x3x4xf32> -> tensor<2x5x5x4xf32>
    %a = sinter.transpose %x [3, 1, 2, 0]
        : tensor<2x5x5x3xf32> -> tensor<3x5x5x2xf32>
    %b = sinter.transpose %dy [1, 2, 0, 3]
        : tensor<2x5x5x4xf32> -> tensor<5x5x2x4xf32>
    %c = sinter.conv %a, %b low [1, 1] high [1, 1]
        : tensor<3x5x5x2xf32>, tensor<5x5x2x4xf32> -> tensor<3x3x3x4xf32>
    %dw = sinter.transpose %c [1, 2, 0, 3]
        : tensor<3x3x3x4xf32> -> tensor<3x3x3x4xf32>
    sinter.return %y, %dw : tensor<2x5x5x4xf32>, tensor<3x3x3x4xf32>
  })",
          gradient);
  EXPECT_EQ(count("sinter.pad"), 1);
  EXPECT_EQ(count("sinter.dot_general"), 2);
  // Of %dy none, of the windows those that only rename what is read.
  EXPECT_EQ(count("sinter.reshape"), 0) << text();
}
// The derivative of a pooling is made in the image's order at once.
TEST_F(WindowsTest, ThePoolingsDerivativeIsNotTransposed) {
  algebra(R"((%i: tensor<2x2x3x5xi32>, %dy: tensor<2x2x3x5xf32>)
      -> (tensor<2x4x9x5xf32>, tensor<2x2x3x2x3x5xi32>) {
    %k = sinter.iota dim 4 : tensor<2x2x3x2x3x5xi32>
    %j = sinter.iota dim 3 : tensor<2x2x3x2x3x5xi32>
    %three = sinter.constant dense<3> : tensor<2x2x3x2x3x5xi32>
    %m = sinter.mul %j, %three : tensor<2x2x3x2x3x5xi32>
    %p = sinter.add %k, %m : tensor<2x2x3x2x3x5xi32>
    %b = sinter.broadcast %i dims [0, 1, 2, 5]
        : tensor<2x2x3x5xi32> -> tensor<2x2x3x2x3x5xi32>
    %d = sinter.broadcast %dy dims [0, 1, 2, 5]
        : tensor<2x2x3x5xf32> -> tensor<2x2x3x2x3x5xf32>
    %z = sinter.constant dense<0.0> : tensor<2x2x3x2x3x5xf32>
    %c = sinter.compare eq %p, %b : tensor<2x2x3x2x3x5xi32>
    %s = sinter.select %c, %d, %z : tensor<2x2x3x2x3x5xf32>
    %y = sinter.fold_windows %s dims [1, 2] sizes [2, 3] strides [2, 3]
        dilations [1, 1] : tensor<2x2x3x2x3x5xf32> -> tensor<2x4x9x5xf32>
    sinter.return %y, %p : tensor<2x4x9x5xf32>, tensor<2x2x3x2x3x5xi32>
  })");
  EXPECT_EQ(count("sinter.transpose"), 0) << text();
}

// Channels first between two layers: the transposes meet.
TEST_F(WindowsTest, TransposesAroundPointwiseOpsVanish) {
  algebra(R"((%x: tensor<2x4x3x5xf32>, %b: tensor<5xf32>)
      -> tensor<2x4x3x5xf32> {
    %t = sinter.transpose %x [0, 3, 1, 2]
        : tensor<2x4x3x5xf32> -> tensor<2x5x4x3xf32>
    %c = sinter.broadcast %b dims [1] : tensor<5xf32> -> tensor<2x5x4x3xf32>
    %a = sinter.add %t, %c : tensor<2x5x4x3xf32>
    %z = sinter.constant dense<0.0> : tensor<2x5x4x3xf32>
    %r = sinter.max %a, %z : tensor<2x5x4x3xf32>
    %y = sinter.transpose %r [0, 2, 3, 1]
        : tensor<2x5x4x3xf32> -> tensor<2x4x3x5xf32>
    sinter.return %y : tensor<2x4x3x5xf32>
  })");
  EXPECT_EQ(ops(), "constant broadcast add max") << text();
}

// Where others need the value as it is, the transpose stays.
TEST_F(WindowsTest, ATransposeOfWhatIsNeededElsewhereStays) {
  algebra(R"((%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3x2xf32>) {
    %t = sinter.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
    %e = sinter.exp %t : tensor<3x2xf32>
    %y = sinter.transpose %e [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
    sinter.return %y, %e : tensor<2x3xf32>, tensor<3x2xf32>
  })");
  EXPECT_EQ(count("sinter.exp"), 1);
  EXPECT_EQ(count("sinter.transpose"), 2);
}
} // namespace
