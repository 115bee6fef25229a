//===- SortsTest.cpp - orders of which only the front is read -------------===//

#include "tests/passes/simplify/Simplify.h"

#include "compiler/ir/SortRow.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using SortsTest = Simplify;

TEST_F(SortsTest, SlicesSayHowMuchIsRead) {
  stage(R"((%x: tensor<4x40xf32>) -> (tensor<4x3xi32>, tensor<4x2xi32>) {
    %o = sinter.argsort %x dim 1 : tensor<4x40xf32> -> tensor<4x40xi32>
    %y = sinter.slice %o offsets [0, 0] sizes [4, 3] strides [1, 1]
        : tensor<4x40xi32> -> tensor<4x3xi32>
    %z = sinter.slice %o offsets [0, 1] sizes [4, 2] strides [1, 4]
        : tensor<4x40xi32> -> tensor<4x2xi32>
    sinter.return %y, %z : tensor<4x3xi32>, tensor<4x2xi32>
  })");
  EXPECT_EQ(SortRow(only<ArgSortOp>()).read, 6);
  EXPECT_TRUE(SortRow(only<ArgSortOp>()).isSelected());
}

TEST_F(SortsTest, AnyOtherReaderReadsAll) {
  stage(R"((%x: tensor<4x40xf32>) -> (tensor<4x3xi32>, tensor<4x40xi32>) {
    %o = sinter.argsort %x dim 1 : tensor<4x40xf32> -> tensor<4x40xi32>
    %y = sinter.slice %o offsets [0, 0] sizes [4, 3] strides [1, 1]
        : tensor<4x40xi32> -> tensor<4x3xi32>
    sinter.return %y, %o : tensor<4x3xi32>, tensor<4x40xi32>
  })");
  EXPECT_EQ(SortRow(only<ArgSortOp>()).read, 40);
  EXPECT_FALSE(SortRow(only<ArgSortOp>()).isSelected());
}
} // namespace
