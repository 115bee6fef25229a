//===- StorageTest.cpp - ops on bf16 become ops on f32 --------------------===//

#include "Simplify.h"

using namespace sinter;
using namespace sinter::passes;

namespace {

using StorageTest = Simplify;

TEST_F(StorageTest, EachOpIsWidenedAndRounded) {
  stage(R"((%x: tensor<40xbf16>, %y: tensor<40xbf16>) -> tensor<40xbf16> {
    %p = sinter.mul %x, %y : tensor<40xbf16>
    %s = sinter.add %p, %x : tensor<40xbf16>
    sinter.return %s : tensor<40xbf16>
  })");
  EXPECT_EQ(ops(), "cast cast mul cast cast add cast");
  EXPECT_TRUE(mlir::getElementTypeOrSelf(only<ir::MulOp>().getType()).isF32());
}

TEST_F(StorageTest, AlgebraSeesTheOpsAsTheyWereWritten) {
  stage(R"((%x: tensor<40xbf16>, %y: tensor<40xbf16>) -> tensor<40xbf16> {
    %n = sinter.neg %y : tensor<40xbf16>
    %s = sinter.add %x, %n : tensor<40xbf16>
    sinter.return %s : tensor<40xbf16>
  })");
  EXPECT_EQ(ops(), "cast cast sub cast");
}

TEST_F(StorageTest, MovementStaysInBf16) {
  stage(R"((%x: tensor<5x8xbf16>, %i: tensor<3xi32>, %c: tensor<8x5xi1>)
      -> (tensor<8x5xbf16>, tensor<3x8xbf16>, tensor<6x8xbf16>) {
    %t = sinter.transpose %x [1, 0] : tensor<5x8xbf16> -> tensor<8x5xbf16>
    %r = sinter.reverse %t dims [0] : tensor<8x5xbf16> -> tensor<8x5xbf16>
    %s = sinter.select %c, %t, %r : tensor<8x5xbf16>
    %g = sinter.gather %x[%i] axis 0 batch 0
         : tensor<5x8xbf16>, tensor<3xi32> -> tensor<3x8xbf16>
    %p = sinter.pad %x low [1, 0] high [0, 0] interior [0, 0]
         : tensor<5x8xbf16> -> tensor<6x8xbf16>
    sinter.return %s, %g, %p
        : tensor<8x5xbf16>, tensor<3x8xbf16>, tensor<6x8xbf16>
  })");
  EXPECT_EQ(count("sinter.cast"), 0) << text();
}

TEST_F(StorageTest, RoundingAndBackIsKept) {
  stage(R"((%x: tensor<40xf32>, %y: tensor<40xbf16>)
      -> (tensor<40xf32>, tensor<40xbf16>) {
    %b = sinter.cast %x : tensor<40xf32> to tensor<40xbf16>
    %f = sinter.cast %b : tensor<40xbf16> to tensor<40xf32>
    %w = sinter.cast %y : tensor<40xbf16> to tensor<40xf32>
    %n = sinter.cast %w : tensor<40xf32> to tensor<40xbf16>
    sinter.return %f, %n : tensor<40xf32>, tensor<40xbf16>
  })");
  EXPECT_EQ(ops(), "cast cast") << "of y, there and back is nothing";
}

TEST_F(StorageTest, ResultsThatAreMovedAreRoundedFirst) {
  stage(R"((%x: tensor<5x8xf32>) -> tensor<8x5xbf16> {
    %t = sinter.transpose %x [1, 0] : tensor<5x8xf32> -> tensor<8x5xf32>
    %b = sinter.cast %t : tensor<8x5xf32> to tensor<8x5xbf16>
    sinter.return %b : tensor<8x5xbf16>
  })");
  EXPECT_EQ(ops(), "cast transpose");
}

// What a convolution is expanded to is several ops: none of them rounds.
TEST_F(StorageTest, ConvolutionsRoundOnce) {
  stage(R"((%x: tensor<2x9x4xbf16>, %w: tensor<3x1x4xbf16>,
            %v: tensor<3x4x5xbf16>)
      -> (tensor<2x7x4xbf16>, tensor<2x19x5xbf16>) {
    %y = sinter.conv %x, %w groups 4
         : tensor<2x9x4xbf16>, tensor<3x1x4xbf16> -> tensor<2x7x4xbf16>
    %z = sinter.conv %x, %v low [2] high [2] input_dilation [2]
         : tensor<2x9x4xbf16>, tensor<3x4x5xbf16> -> tensor<2x19x5xbf16>
    sinter.return %y, %z : tensor<2x7x4xbf16>, tensor<2x19x5xbf16>
  })",
        /*tolerance=*/1e-12);
  int rounded = 0;
  module->walk([&](ir::CastOp op) {
    rounded += mlir::getElementTypeOrSelf(op.getType()).isBF16();
  });
  EXPECT_EQ(rounded, 2) << text();
}

TEST_F(StorageTest, NormalNumbersAreDrawnInF32AndRoundedOnce) {
  stage(R"((%k: tensor<2xi64>) -> tensor<40xbf16> {
    %n = sinter.random_normal %k stream 4 : tensor<40xbf16>
    sinter.return %n : tensor<40xbf16>
  })");
  EXPECT_EQ(count("sinter.cast"), 1) << text();
}

TEST_F(StorageTest, ConstantsAreFolded) {
  stage(R"(() -> tensor<3xbf16> {
    %a = sinter.constant dense<[1.0, 256.0, 3.0]> : tensor<3xbf16>
    %b = sinter.constant dense<1.0> : tensor<3xbf16>
    %c = sinter.add %a, %b : tensor<3xbf16>
    sinter.return %c : tensor<3xbf16>
  })");
  EXPECT_EQ(ops(), "constant");
}

TEST_F(StorageTest, CarriesOfScansKeepTheirType) {
  stage(R"((%c0: tensor<4xbf16>, %xs: tensor<6x4xbf16>) -> tensor<4xbf16> {
    %c = sinter.scan 6 carry(%c = %c0 : tensor<4xbf16>)
        each(%x = %xs : tensor<6x4xbf16>) index(%t) -> (tensor<4xbf16>) {
      %s = sinter.sin %c : tensor<4xbf16>
      %n = sinter.add %s, %x : tensor<4xbf16>
      sinter.yield %n : tensor<4xbf16>
    }
    sinter.return %c : tensor<4xbf16>
  })");
  EXPECT_EQ(count("sinter.cast"), 5) << text();
}

} // namespace
