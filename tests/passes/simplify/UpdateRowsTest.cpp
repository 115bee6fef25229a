//===- UpdateRowsTest.cpp - updates of the rows that were read ------------===//

#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using UpdateRowsTest = Simplify;

std::string descent(int rows) {
  std::string i = "tensor<" + std::to_string(rows) + "xi32>",
              u = "tensor<" + std::to_string(rows) + "xf32>";
  return "(%i: " + i + ", %u: " + u + R"() -> tensor<f32> {
    %w = sinter.read @v : tensor<4xf32>
    %z = sinter.constant dense<0.0> : tensor<4xf32>
    %g = sinter.scatter_add %z[%i] += %u axis 0 batch 0
        : tensor<4xf32>, )" +
         i + ", " + u + R"(
    %r = sinter.constant dense<0.3> : tensor<4xf32>
    %s = sinter.mul %g, %r : tensor<4xf32>
    %n = sinter.sub %w, %s : tensor<4xf32>
    sinter.write @v, %n : tensor<4xf32>
    %y = sinter.reduce_sum %w dims [0] : tensor<4xf32> -> tensor<f32>
    sinter.return %y : tensor<f32>
  })";
}

TEST_F(UpdateRowsTest, FewRowsAreAddedToTheTable) {
  stage(descent(2), 1e-13);
  EXPECT_EQ(count("sinter.sub"), 0) << text();
  EXPECT_TRUE(only<ScatterAddOp>().getOperand().getDefiningOp<ReadOp>());
}

TEST_F(UpdateRowsTest, ManyRowsAreNot) {
  stage(descent(3), 1e-13);
  EXPECT_EQ(count("sinter.sub"), 1) << text();
}
} // namespace
