//===- FuseStorageTest.cpp - bf16 between kernels, f32 within -------------===//
//
// Models in bf16, widened: fusion must take the casts into the kernels that
// compute, so that no f32 crosses from one kernel to the next.
//
//===----------------------------------------------------------------------===//

#include "Fusing.h"
#include "FusionModels.h"

#include "passes/simplify/Stage.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

class FuseStorage : public Fusing {
protected:
  static std::string inBf16(std::string text) {
    for (size_t at = 0; (at = text.find("f32", at)) != std::string::npos;)
      text.replace(at, 3, "bf16");
    return text;
  }
  mlir::OwningOpRef<mlir::ModuleOp> simplified(const std::string &text) {
    auto module = parse(text);
    mlir::PassManager manager(&context);
    passes::buildSimplifiedStage(manager);
    EXPECT_TRUE(succeeded(manager.run(*module))) << text;
    return module;
  }
  /// A count that is summed in f32 may be passed on in it, a value a row.
  static void expectBf16(mlir::ModuleOp module) {
    module.walk([](CallOp call) {
      for (mlir::Value result : call.getResults())
        EXPECT_FALSE(
            mlir::cast<mlir::RankedTensorType>(result.getType()).getRank() >
                1 &&
            mlir::getElementTypeOrSelf(result.getType()).isF32())
            << call.getKernel().str();
    });
  }
};

TEST_F(FuseStorage, NoF32CrossesKernelsOfTheMlp) {
  std::string text = inBf16(mlpText({5, 7, 6, 4, 3}));
  auto before = parse(text), module = simplified(text);
  ASSERT_TRUE(before && module && fuse(*module));
  expectBf16(*module);
  expectSame(*before, *module);
}

TEST_F(FuseStorage, ReadersOfAValueWidenItThemselves) {
  auto module = simplified(R"(module @m {
    sinter.entry @e(%x: tensor<8x16xbf16>, %w: tensor<16x16xbf16>)
        -> (tensor<8x16xbf16>, tensor<8xbf16>, tensor<8x16xi1>) {
      %p = sinter.dot_general %x, %w contract [1] x [0] batch [] x []
           : tensor<8x16xbf16>, tensor<16x16xbf16> -> tensor<8x16xbf16>
      %zero = sinter.constant dense<0.0> : tensor<8x16xbf16>
      %r = sinter.max %p, %zero : tensor<8x16xbf16>
      %q = sinter.dot_general %r, %w contract [1] x [0] batch [] x []
           : tensor<8x16xbf16>, tensor<16x16xbf16> -> tensor<8x16xbf16>
      %s = sinter.reduce_sum %r dims [1] : tensor<8x16xbf16> -> tensor<8xbf16>
      %c = sinter.compare gt %p, %zero : tensor<8x16xbf16>
      sinter.return %q, %s, %c : tensor<8x16xbf16>, tensor<8xbf16>,
                                 tensor<8x16xi1>
    }
  })");
  ASSERT_TRUE(module && fuse(*module));
  expectBf16(*module);
  EXPECT_EQ(calls(*module, "e").size(), 3u) << print(*module);
}

TEST_F(FuseStorage, RefusesKernelsThatComputeOnIt) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    message += d.str();
    return mlir::success();
  });
  auto module = parse(R"(module @m {
    sinter.entry @e(%x: tensor<8xbf16>) -> tensor<8xbf16> {
      %y = sinter.exp %x : tensor<8xbf16>
      sinter.return %y : tensor<8xbf16>
    }
  })");
  EXPECT_FALSE(fuse(*module));
  EXPECT_NE(message.find("computes on bf16: widen"), std::string::npos)
      << message;
}

} // namespace
