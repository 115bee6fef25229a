//===- UnitDimensionsTest.cpp - batches of one ----------------------------===//
//
// What is fused of several samples is fused of one: reshapes that add
// dimensions of one element, or leave them out, keep nothing apart.
//
//===----------------------------------------------------------------------===//

#include "Fusing.h"

#include "passes/differentiate/Stage.h"
#include "passes/simplify/Stage.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {
class UnitDimensions : public Fusing {
protected:
  /// The body of an entry on %x, with B for the batch, that computes %y of x's
  /// shape: as many kernels for one sample as for two, `count[0]`, and
  /// `count[1]` for the gradient of Σ y²/2.
  void expectKernels(std::vector<size_t> count, const std::string &shape,
                     const std::string &body) {
    for (int64_t batch : {1, 2}) {
      std::string type = "tensor<" + shape + "xf32>";
      std::string text = "module {\n";
      for (bool gradient : {false, true})
        text +=
            "sinter.entry @" + std::string(gradient ? "grad" : "run") +
            "(%x: " + type + ") -> " + type + " {\n" + body +
            (gradient ? "%z = sinter.vjp (%y) wrt (%x) cotangents (%y) : (" +
                            type + ") wrt (" + type + ")\n"
                      : "%z = sinter.neg %y : " + type + "\n") +
            "sinter.return %z : " + type + "\n}\n";
      text += "}\n";
      for (char &c : text)
        if (c == 'B')
          c = static_cast<char>('0' + batch);
      auto module = parse(text);
      ASSERT_TRUE(module);
      mlir::PassManager manager(&context);
      passes::buildGradientStage(manager);
      passes::buildSimplifiedStage(manager);
      ASSERT_TRUE(succeeded(manager.run(*module))) << text;
      mlir::OwningOpRef<mlir::ModuleOp> before = module->clone();
      ASSERT_TRUE(fuse(*module)) << text;
      expectSame(*before, *module);
      EXPECT_EQ(calls(*module, "run").size(), count[0]) << print(*module);
      EXPECT_EQ(calls(*module, "grad").size(), count[1]) << print(*module);
    }
  }
};

TEST_F(UnitDimensions, NormalizedRows) {
  expectKernels({1, 1}, "Bx6x8", R"(
    %s = sinter.reduce_sum %x dims [2] : tensor<Bx6x8xf32> -> tensor<Bx6xf32>
    %e = sinter.constant dense<0.125> : tensor<Bx6x1xf32>
    %k = sinter.reshape %s : tensor<Bx6xf32> -> tensor<Bx6x1xf32>
    %m = sinter.mul %k, %e : tensor<Bx6x1xf32>
    %b = sinter.broadcast %m dims [0, 1, 2]
        : tensor<Bx6x1xf32> -> tensor<Bx6x8xf32>
    %d = sinter.sub %x, %b : tensor<Bx6x8xf32>
    %q = sinter.mul %d, %d : tensor<Bx6x8xf32>
    %v = sinter.reduce_sum %q dims [2] : tensor<Bx6x8xf32> -> tensor<Bx6xf32>
    %w = sinter.reshape %v : tensor<Bx6xf32> -> tensor<Bx6x1xf32>
    %a = sinter.add %w, %e : tensor<Bx6x1xf32>
    %r = sinter.rsqrt %a : tensor<Bx6x1xf32>
    %c = sinter.broadcast %r dims [0, 1, 2]
        : tensor<Bx6x1xf32> -> tensor<Bx6x8xf32>
    %y = sinter.mul %d, %c : tensor<Bx6x8xf32>
  )");
}

TEST_F(UnitDimensions, Softmax) {
  expectKernels({1, 1}, "Bx6x8", R"(
    %s = sinter.reduce_max %x dims [2] : tensor<Bx6x8xf32> -> tensor<Bx6xf32>
    %k = sinter.reshape %s : tensor<Bx6xf32> -> tensor<Bx6x1xf32>
    %b = sinter.broadcast %k dims [0, 1, 2]
        : tensor<Bx6x1xf32> -> tensor<Bx6x8xf32>
    %d = sinter.sub %x, %b : tensor<Bx6x8xf32>
    %e = sinter.exp %d : tensor<Bx6x8xf32>
    %v = sinter.reduce_sum %e dims [2] : tensor<Bx6x8xf32> -> tensor<Bx6xf32>
    %w = sinter.reshape %v : tensor<Bx6xf32> -> tensor<Bx6x1xf32>
    %c = sinter.broadcast %w dims [0, 1, 2]
        : tensor<Bx6x1xf32> -> tensor<Bx6x8xf32>
    %y = sinter.div %e, %c : tensor<Bx6x8xf32>
  )");
}

/// Two heads of each row's parts, which are read where they lie.
TEST_F(UnitDimensions, HeadsOfAttention) {
  expectKernels({4, 10}, "Bx6x12", R"(
    %q = sinter.slice %x offsets [0, 0, 0] sizes [B, 6, 4] strides [1, 1, 1]
        : tensor<Bx6x12xf32> -> tensor<Bx6x4xf32>
    %k = sinter.slice %x offsets [0, 0, 4] sizes [B, 6, 4] strides [1, 1, 1]
        : tensor<Bx6x12xf32> -> tensor<Bx6x4xf32>
    %qh = sinter.reshape %q : tensor<Bx6x4xf32> -> tensor<Bx6x2x2xf32>
    %kh = sinter.reshape %k : tensor<Bx6x4xf32> -> tensor<Bx6x2x2xf32>
    %s = sinter.dot_general %qh, %kh contract [3] x [3] batch [0, 2] x [0, 2]
        : tensor<Bx6x2x2xf32>, tensor<Bx6x2x2xf32> -> tensor<Bx2x6x6xf32>
    %t = sinter.tanh %s : tensor<Bx2x6x6xf32>
    %o = sinter.dot_general %t, %kh contract [3] x [1] batch [0, 1] x [0, 2]
        : tensor<Bx2x6x6xf32>, tensor<Bx6x2x2xf32> -> tensor<Bx2x6x2xf32>
    %p = sinter.transpose %o [0, 2, 1, 3]
        : tensor<Bx2x6x2xf32> -> tensor<Bx6x2x2xf32>
    %z4 = sinter.reshape %p : tensor<Bx6x2x2xf32> -> tensor<Bx6x4xf32>
    %y = sinter.pad %z4 low [0, 0, 4] high [0, 0, 4] interior [0, 0, 0]
        : tensor<Bx6x4xf32> -> tensor<Bx6x12xf32>
  )");
}
} // namespace
