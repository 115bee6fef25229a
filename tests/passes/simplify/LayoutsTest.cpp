//===- LayoutsTest.cpp - channels where convolutions need them ------------===//

#include "passes/simplify/MinimumCut.h"
#include "tests/passes/simplify/Simplify.h"

#include <random>

using namespace mlir;
using namespace sinter::passes;
using namespace sinter::ir;

namespace {
class LayoutsTest : public Simplify {
protected:
  void choose(llvm::StringRef function) {
    rewrite(
        function,
        [](OpPassManager &passes) {
          passes.addPass(createMergeEqualOps());
          passes.addPass(createChooseLayouts());
          passes.addPass(createFoldConstants());
          passes.addPass(createCanonicalize());
          passes.addPass(createMergeEqualOps());
        },
        1e-9);
  }
};

/// What a convolution makes of %x is %first, its channels before the places.
const std::string fromConvolution = R"(
    %last = sinter.conv %x, %w
        : tensor<2x6x5x4xf32>, tensor<1x1x4x4xf32> -> tensor<2x6x5x4xf32>
    %first = sinter.transpose %last [0, 3, 1, 2]
        : tensor<2x6x5x4xf32> -> tensor<2x4x6x5xf32>)";
/// And the result is what a convolution makes of such a one, %image.
const std::string intoConvolution = R"(
    %turned = sinter.transpose %image [0, 2, 3, 1]
        : tensor<2x4x6x5xf32> -> tensor<2x6x5x4xf32>
    %result = sinter.conv %turned, %w
        : tensor<2x6x5x4xf32>, tensor<1x1x4x4xf32> -> tensor<2x6x5x4xf32>
    sinter.return %result : tensor<2x6x5x4xf32>
  })";

TEST_F(LayoutsTest, TransposesBetweenConvolutionsMeet) {
  choose(R"((%x: tensor<2x3x6x5xf32>, %w: tensor<3x3x3x4xf32>,
      %v: tensor<1x1x4x2xf32>, %b: tensor<4xf32>) -> tensor<2x2x4x3xf32> {
    %0 = sinter.transpose %x [0, 2, 3, 1]
        : tensor<2x3x6x5xf32> -> tensor<2x6x5x3xf32>
    %1 = sinter.conv %0, %w
        : tensor<2x6x5x3xf32>, tensor<3x3x3x4xf32> -> tensor<2x4x3x4xf32>
    %2 = sinter.transpose %1 [0, 3, 1, 2]
        : tensor<2x4x3x4xf32> -> tensor<2x4x4x3xf32>
    %m = sinter.reduce_sum %2 dims [0, 2, 3]
        : tensor<2x4x4x3xf32> -> tensor<4xf32>
    %c = sinter.add %m, %b : tensor<4xf32>
    %d = sinter.broadcast %c dims [1] : tensor<4xf32> -> tensor<2x4x4x3xf32>
    %3 = sinter.sub %2, %d : tensor<2x4x4x3xf32>
    %4 = sinter.transpose %3 [0, 2, 3, 1]
        : tensor<2x4x4x3xf32> -> tensor<2x4x3x4xf32>
    %5 = sinter.conv %4, %v
        : tensor<2x4x3x4xf32>, tensor<1x1x4x2xf32> -> tensor<2x4x3x2xf32>
    %6 = sinter.transpose %5 [0, 3, 1, 2]
        : tensor<2x4x3x2xf32> -> tensor<2x2x4x3xf32>
    sinter.return %6 : tensor<2x2x4x3xf32>
  })");
  EXPECT_EQ(ops(), "transpose conv reduce_sum add broadcast sub conv transpose")
      << text();
}

// What is half as large is turned instead: after the pooling, not before.
TEST_F(LayoutsTest, TheLeastIsTurned) {
  choose(R"((%x: tensor<2x6x5x4xf32>, %w: tensor<1x1x4x4xf32>)
      -> tensor<2x4x3x5xf32> {)" +
         fromConvolution + R"(
    %1 = sinter.exp %first : tensor<2x4x6x5xf32>
    %2 = sinter.slice %1 offsets [0, 0, 1, 0] sizes [2, 4, 3, 5]
        strides [1, 1, 2, 1] : tensor<2x4x6x5xf32> -> tensor<2x4x3x5xf32>
    sinter.return %2 : tensor<2x4x3x5xf32>
  })");
  EXPECT_EQ(ops(), "conv exp slice transpose") << text();
}

// Two inputs would have to be turned to save one transpose.
TEST_F(LayoutsTest, WhatWouldCostMoreStays) {
  choose(R"((%x: tensor<2x4x6x5xf32>, %y: tensor<2x4x6x5xf32>,
      %w: tensor<1x1x4x4xf32>) -> tensor<2x6x5x4xf32> {
    %1 = sinter.exp %x : tensor<2x4x6x5xf32>
    %image = sinter.add %1, %y : tensor<2x4x6x5xf32>)" +
         intoConvolution);
  EXPECT_EQ(ops(), "exp add transpose conv") << text();
}

// Every op that carries dimensions, between two convolutions of one dimension.
TEST_F(LayoutsTest, OpsOfAllKindsAreTurned) {
  choose(R"((%x: tensor<2x8x4xf32>, %w: tensor<1x4x4xf32>,
      %i: tensor<6xi32>) -> (tensor<2x11x4xf32>, tensor<2x4xi32>) {
    %1 = sinter.conv %x, %w
        : tensor<2x8x4xf32>, tensor<1x4x4xf32> -> tensor<2x8x4xf32>
    %2 = sinter.transpose %1 [0, 2, 1] : tensor<2x8x4xf32> -> tensor<2x4x8xf32>
    %3 = sinter.pad %2 low [0, 1, 1] high [0, 0, 2] interior [0, 0, 1]
        : tensor<2x4x8xf32> -> tensor<2x5x18xf32>
    %4 = sinter.slice %3 offsets [0, 1, 2] sizes [2, 4, 8] strides [1, 1, 2]
        : tensor<2x5x18xf32> -> tensor<2x4x8xf32>
    %5 = sinter.reverse %4 dims [2] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
    %6 = sinter.gather %5[%i] axis 2 batch 0
        : tensor<2x4x8xf32>, tensor<6xi32> -> tensor<2x4x6xf32>
    %7 = sinter.scatter_add %5[%i] += %6 axis 2 batch 0
        : tensor<2x4x8xf32>, tensor<6xi32>, tensor<2x4x6xf32>
    %8 = sinter.windows %7 dims [2] sizes [3] strides [2] dilations [1]
        : tensor<2x4x8xf32> -> tensor<2x4x3x3xf32>
    %9 = sinter.reduce_max %8 dims [3]
        : tensor<2x4x3x3xf32> -> tensor<2x4x3xf32>
    %n = sinter.broadcast %9 dims [0, 1, 2]
        : tensor<2x4x3xf32> -> tensor<2x4x3x3xf32>
    %m = sinter.mul %8, %n : tensor<2x4x3x3xf32>
    %f = sinter.fold_windows %m dims [2] sizes [3] strides [2] dilations [1]
        : tensor<2x4x3x3xf32> -> tensor<2x4x8xf32>
    %p = sinter.iota dim 2 : tensor<2x4x8xf32>
    %q = sinter.add %f, %p : tensor<2x4x8xf32>
    %c = sinter.concatenate %q, %9 dim 2
        : tensor<2x4x8xf32>, tensor<2x4x3xf32> -> tensor<2x4x11xf32>
    %k = sinter.argmax %c dim 2 : tensor<2x4x11xf32> -> tensor<2x4xi32>
    %t = sinter.transpose %c [0, 2, 1]
        : tensor<2x4x11xf32> -> tensor<2x11x4xf32>
    %y = sinter.conv %t, %w
        : tensor<2x11x4xf32>, tensor<1x4x4xf32> -> tensor<2x11x4xf32>
    sinter.return %y, %k : tensor<2x11x4xf32>, tensor<2x4xi32>
  })");
  EXPECT_EQ(count("sinter.transpose"), 0) << text();
}

// Nearest neighbours: a reshape that leaves samples and channels alone.
TEST_F(LayoutsTest, ReshapesOfPlacesAreTurned) {
  choose(R"((%x: tensor<2x3x5x4xf32>, %w: tensor<1x1x4x4xf32>)
      -> tensor<2x6x5x4xf32> {
    %1 = sinter.conv %x, %w
        : tensor<2x3x5x4xf32>, tensor<1x1x4x4xf32> -> tensor<2x3x5x4xf32>
    %2 = sinter.transpose %1 [0, 3, 1, 2]
        : tensor<2x3x5x4xf32> -> tensor<2x4x3x5xf32>
    %3 = sinter.broadcast %2 dims [0, 1, 2, 4]
        : tensor<2x4x3x5xf32> -> tensor<2x4x3x2x5xf32>
    %image = sinter.reshape %3
        : tensor<2x4x3x2x5xf32> -> tensor<2x4x6x5xf32>)" +
         intoConvolution);
  EXPECT_EQ(ops(), "conv broadcast reshape conv") << text();
}

// A reshape that mixes channels with places keeps the order it was given.
TEST_F(LayoutsTest, ReshapesOfChannelsKeepTheirOrder) {
  choose(R"((%x: tensor<2x6x5x4xf32>, %w: tensor<1x1x4x4xf32>)
      -> tensor<2x120xf32> {)" +
         fromConvolution + R"(
    %1 = sinter.exp %first : tensor<2x4x6x5xf32>
    %2 = sinter.reshape %1 : tensor<2x4x6x5xf32> -> tensor<2x120xf32>
    sinter.return %2 : tensor<2x120xf32>
  })");
  EXPECT_EQ(count("sinter.transpose"), 1) << text();
}

// Reshapes give as many dimensions as anyone likes.
TEST_F(LayoutsTest, VeryManyDimensionsKeepTheirOrder) {
  std::string many = "tensor<2x";
  for (int i = 0; i < 30; ++i)
    many += "1x";
  many += "4x6x5xf32>";
  choose(R"((%x: tensor<2x6x5x4xf32>, %w: tensor<1x1x4x4xf32>)
      -> tensor<2x6x5x4xf32> {)" +
         fromConvolution + "\n%1 = sinter.reshape %first : " +
         "tensor<2x4x6x5xf32> -> " + many + "\n%2 = sinter.exp %1 : " + many +
         "\n%image = sinter.reshape %2 : " + many + " -> tensor<2x4x6x5xf32>" +
         intoConvolution);
  EXPECT_EQ(ops(), "conv transpose reshape exp reshape transpose conv")
      << text();
}

// A value that meets itself turned has no one place for its channels.
TEST_F(LayoutsTest, WhereRolesDisagreeNothingIsTurned) {
  choose(R"((%x: tensor<2x4x4xf32>, %w: tensor<1x4x4xf32>)
      -> tensor<2x4x4xf32> {
    %1 = sinter.conv %x, %w
        : tensor<2x4x4xf32>, tensor<1x4x4xf32> -> tensor<2x4x4xf32>
    %2 = sinter.transpose %1 [0, 2, 1] : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
    %3 = sinter.add %1, %2 : tensor<2x4x4xf32>
    %4 = sinter.conv %3, %w
        : tensor<2x4x4xf32>, tensor<1x4x4xf32> -> tensor<2x4x4xf32>
    sinter.return %4 : tensor<2x4x4xf32>
  })");
  EXPECT_EQ(count("sinter.transpose"), 1) << text();
}

// Against every choice there is.
TEST(MinimumCutTest, IsTheCheapestChoiceThatDoesTheLeast) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    constexpr int n = 7;
    int64_t done[n], left[n], between[n][n] = {};
    MinimumCut cut;
    int decisions[n];
    for (int i = 0; i < n; ++i) {
      decisions[i] = cut.addDecision();
      done[i] = random() % 3 ? random() % 20 : 0;
      left[i] = random() % 3 ? random() % 20 : 0;
      cut.costIfDone(decisions[i], done[i]);
      cut.costIfLeft(decisions[i], left[i]);
    }
    for (int k = 0; k < 12; ++k) {
      int i = random() % n, j = random() % n;
      if (i == j)
        continue;
      int64_t cost = random() % 8 == 0 ? MinimumCut::forbidden : random() % 15;
      between[i][j] = std::min(between[i][j] + cost, MinimumCut::forbidden);
      cut.costBetween(decisions[i], decisions[j], cost);
    }
    auto costOf = [&](unsigned choice) {
      int64_t cost = 0;
      for (int i = 0; i < n; ++i) {
        cost += choice >> i & 1 ? done[i] : left[i];
        for (int j = 0; j < n; ++j)
          if ((choice >> i & 1) && !(choice >> j & 1))
            cost = std::min(cost + between[i][j], MinimumCut::forbidden);
      }
      return cost;
    };
    int64_t least = MinimumCut::forbidden;
    for (unsigned choice = 0; choice < 1u << n; ++choice)
      least = std::min(least, costOf(choice));
    std::vector<bool> solution = cut.solve();
    unsigned chosen = 0;
    for (int i = 0; i < n; ++i)
      chosen |= solution[decisions[i]] << i;
    EXPECT_EQ(costOf(chosen), least);
    for (unsigned choice = 0; choice < 1u << n; ++choice)
      if (costOf(choice) == least) {
        EXPECT_EQ(choice & chosen, chosen);
      }
  }
}
} // namespace
