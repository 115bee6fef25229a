//===- TilingTest.cpp - tiles that fit the machine -----------------------===//

#include "Fusing.h"

using namespace sinter;
using namespace sinter::tests;

namespace {

class Tiling : public Fusing {
protected:
  /// The kernel of A·B with so many rows, columns and products to a sum.
  ir::KernelOp product(int64_t m, int64_t n, int64_t k) {
    auto type = [](int64_t rows, int64_t columns) {
      return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) +
             "xf32>";
    };
    module = fused(
        "module attributes {sinter.target = {cpu = \"znver5\", features = "
        "\"\", fma = true, l1_bytes = 49152 : i64, l2_bytes = 1048576 : i64, "
        "l3_bytes = 33554432 : i64, vector_bits = 512 : i64}} {\n"
        "sinter.entry @run(%a: " +
        type(m, k) + ", %b: " + type(k, n) + ") -> " + type(m, n) +
        " {\n%y = sinter.dot_general %a, %b contract [1] x [0] batch [] x [] "
        ": " +
        type(m, k) + ", " + type(k, n) + " -> " + type(m, n) +
        "\nsinter.return %y : " + type(m, n) + "\n}\n}");
    return kernels(*module).at(0);
  }

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

} // namespace
