//===- TilingTest.cpp - tiles that fit the machine -----------------------===//

#include "Fusing.h"

#include "compiler/ir/VerifySchedule.h"

using namespace sinter;
using namespace sinter::tests;

namespace {

class Tiling : public Fusing {
protected:
  /// The kernel of A·B with so many rows, columns and products to a sum; A may
  /// lie transposed.
  ir::KernelOp product(int64_t m, int64_t n, int64_t k,
                       bool transposed = false) {
    auto type = [](int64_t rows, int64_t columns) {
      return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) +
             "xf32>";
    };
    std::string lhs = transposed ? type(k, m) : type(m, k);
    module = fused(zen5 + "sinter.entry @run(%a: " + lhs +
                   ", %b: " + type(k, n) + ") -> " + type(m, n) +
                   " {\n%y = sinter.dot_general %a, %b contract [" +
                   (transposed ? "0" : "1") + "] x [0] batch [] x [] : " + lhs +
                   ", " + type(k, n) + " -> " + type(m, n) +
                   "\nsinter.return %y : " + type(m, n) + "\n}\n}");
    return kernels(*module).at(0);
  }

  const std::string zen5 =
      "module attributes {sinter.target = {cpu = \"znver5\", features = \"\", "
      "fma = true, l1_bytes = 49152 : i64, l2_bytes = 1048576 : i64, l3_bytes "
      "= "
      "33554432 : i64, vector_bits = 512 : i64}} {\n";
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Of 12 ways, three are for B.
TEST_F(Tiling, RowsThatShareASetOfL1AllFindRoom) {
  EXPECT_GT(number(product(1008, 1024, 1008), "tile_rows"), 9);
  for (int64_t k : {1024, 2048, 3072})
    EXPECT_LE(number(product(1008, 1024, k), "tile_rows"), 9) << k;
  // Every other row is in another set.
  EXPECT_GT(number(product(1008, 1024, 512), "tile_rows"), 9);
}

/// Blocks that are passed several times: still enough of them for threads, and
/// none whose waiting sums fill more than L2.
TEST_F(Tiling, LongSumsAreSharedAndWaitNearTheCores) {
  ir::KernelOp kernel = product(64, 48, 40000);
  EXPECT_GT(number(kernel, "block_depth"), 0);
  EXPECT_GE(number(kernel, "tasks"), 4);
  kernel = product(256, 12000, 40000);
  EXPECT_GT(number(kernel, "block_depth"), 0);
  EXPECT_LE(4 * number(kernel, "block_rows") * number(kernel, "block_columns"),
            1048576);
}

/// B is packed while the first tile is computed where one block has all the
/// rows and walks B often; before, where several blocks would do it again; and
/// not at all where it is short.
TEST_F(Tiling, FirstTilesPackWhereOneBlockHasAllRows) {
  auto has = [&](int64_t m, int64_t n, int64_t k, const char *entry) {
    return product(m, n, k).getScheduleAttr().contains(entry);
  };
  EXPECT_TRUE(has(64, 512, 784, "pack_beside"));
  EXPECT_FALSE(has(64, 512, 784, "pack_rhs"));
  EXPECT_FALSE(has(4096, 1000, 1000, "pack_beside"));
  EXPECT_TRUE(has(4096, 1000, 1000, "pack_rhs"));
  EXPECT_FALSE(has(64, 40, 784, "pack_beside"));
  // Rows 4096 bytes apart leave L2 before the next tile reads them.
  EXPECT_TRUE(has(16, 1024, 1024, "pack_beside"));
  EXPECT_FALSE(has(16, 1000, 1000, "pack_beside"));
}

/// A loop's end costs nothing beside many multiply-adds.
TEST_F(Tiling, LoopsRepeatAsManyStepsAsTheirEndNeeds) {
  EXPECT_EQ(number(product(64, 512, 784), "unroll"), 2);
  EXPECT_EQ(number(product(1, 512, 784), "unroll"), 4);
  EXPECT_EQ(number(product(64, 512, 784, /*transposed=*/true), "unroll"), 4);
}

/// 13 rows would have a hundredth fewer loads, and a tile for what is left.
TEST_F(Tiling, NoRowsAreLeftWhereThatTakesAsLong) {
  for (int64_t m : {64, 128})
    EXPECT_EQ(m % number(product(m, 128, 84), "tile_rows"), 0) << m;
}

/// Vectors to the end of each row; but not once more for what a single loop
/// leaves of a group of random numbers, if they are costly.
TEST_F(Tiling, OneLoopOfCostlyDrawsEndsInScalars) {
  auto tail = [&](const std::string &bias, const std::string &function) {
    module = fused(
        zen5 + "sinter.entry @run(%key: tensor<2xi64>, %b: tensor<" + bias +
        "xf32>) -> tensor<10x" + bias +
        "xf32> {\n%u = sinter.random_uniform %key stream 3 : tensor<10x" +
        bias + "xf32>\n%f = sinter." + function + " %u : tensor<10x" + bias +
        "xf32>\n%c = sinter.broadcast %b dims [1] : tensor<" + bias +
        "xf32> -> tensor<10x" + bias + "xf32>\n%y = sinter.mul %f, " +
        (bias == "1" ? "%f" : "%c") + " : tensor<10x" + bias +
        "xf32>\nsinter.return %y : tensor<10x" + bias + "xf32>\n}\n}");
    ir::KernelOp kernel = kernels(*module).at(0);
    return kernel.getScheduleAttr().getAs<mlir::StringAttr>("tail").str();
  };
  EXPECT_EQ(tail("48", "log"), "masked");
  EXPECT_EQ(tail("1", "sqrt"), "masked");
  EXPECT_EQ(tail("1", "log"), "scalar");
}

/// A block of its own for the rows that fill no tile would walk all of B again.
TEST_F(Tiling, WhatIsLeftOfATileIsInTheBlockOfAllRows) {
  for (int64_t m : {33, 85, 103}) {
    ir::KernelOp kernel = product(m, 1024, 1024);
    EXPECT_NE(m % number(kernel, "tile_rows"), 0) << m;
    EXPECT_GE(number(kernel, "block_rows"), m) << m;
  }
}

/// One load of A is to serve a whole vector of multiply-adds.
TEST_F(Tiling, VectorsTakeSeveralStepsOfFewColumns) {
  for (auto [n, steps] : {std::pair(2, 8), {3, 4}, {4, 4}, {8, 2}}) {
    ir::KernelOp kernel = product(200, n, 100);
    EXPECT_EQ(number(kernel, "vector_steps"), steps) << n;
    EXPECT_EQ(number(kernel, "vector_columns") * steps, 16) << n;
  }
  auto hasSteps = [&](int64_t m, int64_t n, int64_t k) {
    return product(m, n, k).getScheduleAttr().contains("vector_steps");
  };
  EXPECT_FALSE(hasSteps(200, 9, 100));
  // A row's bits do not depend on how many others there are.
  EXPECT_TRUE(hasSteps(2, 4, 100));
  EXPECT_FALSE(hasSteps(200, 2, 15));
}

/// Steps that A does not have side by side, or for which B is not packed.
TEST_F(Tiling, RefusesStepsThatAreNotThere) {
  for (bool packs : {true, false}) {
    ir::KernelOp kernel = product(200, 4, 100);
    mlir::Builder builder(kernel.getContext());
    mlir::NamedAttrList schedule(kernel.getScheduleAttr());
    if (packs)
      schedule.set("vector_steps", builder.getI64IntegerAttr(8));
    else
      schedule.erase("pack_rhs");
    kernel.setScheduleAttr(schedule.getDictionary(kernel.getContext()));
    mlir::ScopedDiagnosticHandler handler(
        kernel.getContext(),
        [](mlir::Diagnostic &) { return mlir::success(); });
    EXPECT_TRUE(failed(ir::verifySchedule(kernel))) << packs;
  }
}

/// Rows that are read together leave L2 together, unless each is read at once.
TEST_F(Tiling, OneRowWalksRowsThatCrowdL2) {
  EXPECT_EQ(number(product(1, 4096, 1024), "block_depth"), 12);
  EXPECT_LE(number(product(1, 32768, 1024), "block_columns"), 4096);
  EXPECT_FALSE(
      product(1, 1000, 4096).getScheduleAttr().contains("block_depth"));
  EXPECT_FALSE(
      product(2, 4096, 1024).getScheduleAttr().contains("block_depth"));
}

/// Five places of three channels: of 16 lanes one is masked.
TEST_F(Tiling, VectorsTakeShortRowsOfColumns) {
  module = fused(
      zen5 +
      "sinter.entry @run(%d: tensor<2x8x8x8xf32>, %x: tensor<2x12x12x3xf32>) "
      "-> tensor<8x5x5x3xf32> {\n"
      "%w = sinter.windows %x dims [1, 2] sizes [8, 8] strides [1, 1] "
      "dilations "
      "[1, 1] : tensor<2x12x12x3xf32> -> tensor<2x5x5x8x8x3xf32>\n"
      "%y = sinter.dot_general %d, %w contract [0, 1, 2] x [0, 3, 4] batch [] "
      "x "
      "[] : tensor<2x8x8x8xf32>, tensor<2x5x5x8x8x3xf32> -> "
      "tensor<8x5x5x3xf32>\n"
      "sinter.return %y : tensor<8x5x5x3xf32>\n}\n}");
  ir::KernelOp kernel = kernels(*module).at(0);
  EXPECT_EQ(number(kernel, "vector_columns"), 15);
  // Sums that wait between passes lie in whole vectors.
  mlir::Builder builder(kernel.getContext());
  mlir::NamedAttrList schedule(kernel.getScheduleAttr());
  schedule.set("block_depth", builder.getI64IntegerAttr(1));
  schedule.set("scratch_bytes", builder.getI64IntegerAttr(1 << 20));
  kernel.setScheduleAttr(schedule.getDictionary(kernel.getContext()));
  std::string message;
  mlir::ScopedDiagnosticHandler handler(kernel.getContext(),
                                        [&](mlir::Diagnostic &diagnostic) {
                                          message = diagnostic.str();
                                          return mlir::success();
                                        });
  EXPECT_TRUE(failed(ir::verifySchedule(kernel)));
  EXPECT_EQ(message, "'sinter.kernel' op passes its blocks several times, but "
                     "its vectors take short rows or several steps");
  EXPECT_EQ(number(kernel, "tile_vectors"), 5);
  EXPECT_FALSE(kernel.getScheduleAttr().contains("pack_rhs"));
}

} // namespace
