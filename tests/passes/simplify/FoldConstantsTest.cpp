//===- FoldConstantsTest.cpp - what is folded, and what must not be -------===//

#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using FoldConstantsTest = Simplify;

TEST_F(FoldConstantsTest, SmallTablesAreEvaluated) {
  algebra(R"(() -> tensor<2x2xf32> {
    %a = sinter.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    %t = sinter.transpose %a [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
    %s = sinter.div %a, %t : tensor<2x2xf32>
    %y = sinter.sqrt %s : tensor<2x2xf32>
    sinter.return %y : tensor<2x2xf32>
  })");
  EXPECT_EQ(ops(), "constant");
}

TEST_F(FoldConstantsTest, SplatsOfAnySizeAre) {
  algebra(R"(() -> tensor<1000x1000xf32> {
    %a = sinter.constant dense<2.0> : tensor<1000xf32>
    %b = sinter.broadcast %a dims [1]
        : tensor<1000xf32> -> tensor<1000x1000xf32>
    %y = sinter.mul %b, %b : tensor<1000x1000xf32>
    sinter.return %y : tensor<1000x1000xf32>
  })");
  EXPECT_EQ(ops(), "constant");
}

TEST_F(FoldConstantsTest, ATableIsNotRepeated) {
  algebra(R"(() -> tensor<3x2xf32> {
    %a = sinter.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %b = sinter.broadcast %a dims [1] : tensor<2xf32> -> tensor<3x2xf32>
    sinter.return %b : tensor<3x2xf32>
  })");
  EXPECT_EQ(ops(), "constant broadcast");
}

TEST_F(FoldConstantsTest, WhatCompiledCodeRoundsOtherwiseStays) {
  algebra(R"(() -> (tensor<2xf32>, tensor<f32>) {
    %a = sinter.constant dense<[0.1, 0.2]> : tensor<2xf32>
    %e = sinter.exp %a : tensor<2xf32>
    %s = sinter.reduce_sum %a dims [0] : tensor<2xf32> -> tensor<f32>
    sinter.return %e, %s : tensor<2xf32>, tensor<f32>
  })");
  EXPECT_EQ(ops(), "constant exp reduce_sum");
}

TEST_F(FoldConstantsTest, IntegerSumsAndExtremaAreFolded) {
  algebra(R"(() -> (tensor<i32>, tensor<f32>, tensor<i64>) {
    %a = sinter.constant dense<[7, 8]> : tensor<2xi32>
    %b = sinter.constant dense<[7.0, 8.0]> : tensor<2xf32>
    %s = sinter.reduce_sum %a dims [0] : tensor<2xi32> -> tensor<i32>
    %m = sinter.reduce_max %b dims [0] : tensor<2xf32> -> tensor<f32>
    %i = sinter.argmax %b dim 0 : tensor<2xf32> -> tensor<i64>
    sinter.return %s, %m, %i : tensor<i32>, tensor<f32>, tensor<i64>
  })");
  EXPECT_EQ(ops(), "constant constant constant");
}

TEST_F(FoldConstantsTest, ANanIsLeftToRunTime) {
  algebra(R"(() -> tensor<f32> {
    %z = sinter.constant dense<0.0> : tensor<f32>
    %y = sinter.div %z, %z : tensor<f32>
    sinter.return %y : tensor<f32>
  })");
  EXPECT_EQ(ops(), "constant div");
}

TEST_F(FoldConstantsTest, OneHotComparisonsStay) {
  algebra(R"((%l: tensor<4xi32>) -> tensor<4x3xi1> {
    %i = sinter.iota dim 1 : tensor<4x3xi32>
    %b = sinter.broadcast %l dims [0] : tensor<4xi32> -> tensor<4x3xi32>
    %y = sinter.compare eq %b, %i : tensor<4x3xi32>
    sinter.return %y : tensor<4x3xi1>
  })");
  EXPECT_EQ(ops(), "iota broadcast compare");
}

TEST_F(FoldConstantsTest, EveryTypeAndEmptyTensors) {
  algebra(R"(() -> (tensor<2xi1>, tensor<2xui8>, tensor<0xf32>, tensor<2xi64>) {
    %a = sinter.constant dense<[true, false]> : tensor<2xi1>
    %n = sinter.not %a : tensor<2xi1>
    %u = sinter.constant dense<[200, 100]> : tensor<2xui8>
    %v = sinter.add %u, %u : tensor<2xui8>
    %e = sinter.constant dense<> : tensor<0xf32>
    %f = sinter.neg %e : tensor<0xf32>
    %b = sinter.constant dense<[9223372036854775807, 9007199254740993]>
        : tensor<2xi64>
    %c = sinter.add %b, %b : tensor<2xi64>
    sinter.return %n, %v, %f, %c
        : tensor<2xi1>, tensor<2xui8>, tensor<0xf32>, tensor<2xi64>
  })");
  EXPECT_EQ(ops(), "constant constant constant constant");
}
} // namespace
