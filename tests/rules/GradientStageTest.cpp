//===- GradientStageTest.cpp - what the stage's verifier refuses ----------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;

namespace {
class GradientStage : public Derivatives {
protected:
  /// What the verifier alone says to the ops of an entry.
  std::string verify(const std::string &ops) {
    auto module = parse("module @m {\nsinter.entry @f(%x: tensor<f64>) -> "
                        "tensor<f64> {\n" +
                        ops + "\nsinter.return %y : tensor<f64>\n}\n}");
    std::string message;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return success();
    });
    PassManager manager(&context);
    manager.addPass(passes::createVerifyGradientStagePass());
    bool refused = failed(manager.run(*module));
    EXPECT_EQ(refused, !message.empty());
    return message;
  }
};

TEST_F(GradientStage, RefusesWhatLaterStagesDoNotKnow) {
  EXPECT_EQ(verify("%y = sinter.exp %x : tensor<f64>"), "");
  EXPECT_EQ(verify("%y = sinter.stop_gradient %x : tensor<f64>"),
            "'sinter.stop_gradient' is left after the gradient stage");
  EXPECT_EQ(verify("%y = sinter.gradient %x wrt %x : tensor<f64> wrt "
                   "tensor<f64>"),
            "'sinter.gradient' is left after the gradient stage");
  EXPECT_EQ(verify("%y = sinter.exp %x : tensor<f64> loc(unknown)"),
            "'sinter.exp' has no location after the gradient stage");
  EXPECT_EQ(verify("%y = sinter.exp %x : tensor<f64>\n"
                   "%z = sinter.exp %x : tensor<f64>"),
            "'sinter.exp' is dead after the gradient stage");
}

TEST_F(GradientStage, RefusesSizesThatNoProcessCanAddress) {
  // 2^62 · 4 elements of 8 bytes: neither can be counted in 64 bits.
  EXPECT_EQ(verify("%b = sinter.broadcast %x dims [] : tensor<f64> -> "
                   "tensor<4611686018427387904x4xf64>\n"
                   "%y = sinter.reduce_sum %b dims [0, 1] : "
                   "tensor<4611686018427387904x4xf64> -> tensor<f64>"),
            "a value of 'tensor<4611686018427387904x4xf64>' is larger than the "
            "140737488355328 bytes that a process can address: make its shape "
            "smaller");
  // An extent of 0 is no size at all.
  EXPECT_EQ(verify("%b = sinter.broadcast %x dims [] : tensor<f64> -> "
                   "tensor<4611686018427387904x4x0xf64>\n"
                   "%y = sinter.reduce_sum %b dims [0, 1, 2] : "
                   "tensor<4611686018427387904x4x0xf64> -> tensor<f64>"),
            "");
}

// Inside a loop's body as well.
TEST_F(GradientStage, LeavesNothingBehindInLoops) {
  auto module = expand(R"(module @m {
    sinter.entry @f(%x: tensor<f64>) -> tensor<f64> {
      %y = sinter.scan 3 carry(%c = %x : tensor<f64>) index(%t) -> (tensor<f64>) {
        %s = sinter.stop_gradient %c : tensor<f64>
        %p = sinter.mul %c, %s : tensor<f64>
        %dead = sinter.exp %p : tensor<f64>
        %g = sinter.gradient %p wrt %c : tensor<f64> wrt tensor<f64>
        sinter.yield %g : tensor<f64>
      }
      sinter.return %y : tensor<f64>
    }
  })");
  std::map<std::string, int> names;
  module->walk(
      [&](Operation *op) { ++names[op->getName().stripDialect().str()]; });
  EXPECT_EQ(names.count("exp") + names.count("stop_gradient") +
                names.count("gradient"),
            0u);
  EXPECT_EQ(names["scan"], 1);
}
} // namespace
