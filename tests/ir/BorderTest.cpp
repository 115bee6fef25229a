//===- BorderTest.cpp - what a product may leave out ----------------------===//

#include "Parse.h"
#include "compiler/ir/ContractionForm.h"

namespace sinter::ir {
namespace {

class BorderTest : public Parse {
protected:
  /// Of the product of windows of a padded image, with `between` on the way.
  ContractionForm of(const std::string &pads, const std::string &between,
                     int places) {
    std::string n = std::to_string(places);
    module = parse(
        R"(!w = tensor<3x3x3x4xf32>
sinter.kernel @k(%x: tensor<1x5x8x3xf32>, %w: !w) -> tensor<1x)" +
        n + R"(x6x4xf32> {
  %p = sinter.pad %x )" +
        pads + R"(
      : tensor<1x5x8x3xf32> -> tensor<1x7x8x3xf32>
  %u = sinter.windows %p dims [1, 2] sizes [3, 3] strides [1, 1]
      dilations [1, 1] : tensor<1x7x8x3xf32> -> tensor<1x5x6x3x3x3xf32>
)" + between +
        R"(  %y = sinter.dot_general %s, %w contract [3, 4, 5] x [0, 1, 2] batch [] x []
      : tensor<1x)" +
        n + R"(x6x3x3x3xf32>, !w -> tensor<1x)" + n +
        R"(x6x4xf32>
  sinter.return %y : tensor<1x)" +
        n + "x6x4xf32>\n}\n");
    EXPECT_TRUE(module) << messages;
    if (!module)
      return {};
    KernelOp kernel = *module->getOps<KernelOp>().begin();
    return ContractionForm::of(findContraction(kernel));
  }

  const std::string rows = "low [0, 1, 0, 0] high [0, 1, 0, 0] "
                           "interior [0, 0, 0, 0]";
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(BorderTest, RowsOfPaddingAreLeftOutOfTheSum) {
  ContractionForm form =
      of(rows,
         "  %s = sinter.transpose %u [0, 1, 2, 3, 4, 5]"
         " : tensor<1x5x6x3x3x3xf32> -> tensor<1x5x6x3x3x3xf32>\n",
         5);
  ASSERT_TRUE(form.lhs);
  ASSERT_TRUE(form.border);
  EXPECT_EQ(form.border->low, 1);
  EXPECT_EQ(form.border->extent, 5);
  // Row 0 of the padded image would be one row before the buffer.
  EXPECT_EQ(form.lhs->offset, -8 * 3);
  EXPECT_TRUE(form.rowLoops(false)[0].bounded);
  EXPECT_TRUE(form.depthLoops(false, 0)[0].bounded);
}

TEST_F(BorderTest, ASliceOfTheWindowsHidesTheBorder) {
  ContractionForm form =
      of(rows,
         "  %s = sinter.slice %u offsets [0, 0, 0, 0, 0, 0] sizes [1, 4, 6, 3, "
         "3, 3] strides [1, 1, 1, 1, 1, 1] : tensor<1x5x6x3x3x3xf32> -> "
         "tensor<1x4x6x3x3x3xf32>\n",
         4);
  EXPECT_FALSE(form.lhs) << "read past the border";
  EXPECT_FALSE(form.border);
}

} // namespace
} // namespace sinter::ir
