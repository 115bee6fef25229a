//===- LongModelsTest.cpp - fusion of models of very many ops -------------===//
//
// Longer than any walk may recurse, and than any that looks at all pairs would
// finish.
//
//===----------------------------------------------------------------------===//

#include "Fusing.h"
#include "passes/differentiate/Stage.h"
#include "passes/fuse/GrowClusters.h"
#include "passes/simplify/Stage.h"

#include <set>

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

class LongModels : public Fusing {
protected:
  /// %v0 … : each op on the one before and perhaps %x.
  static std::string chain(int length, const char *op, bool withInput) {
    std::string text, last = "%x";
    for (int i = 1; i <= length; ++i) {
      std::string next = "%v" + std::to_string(i);
      text += next + " = sinter." + op + " " + last +
              (withInput ? ", %x" : "") + " : !v\n";
      last = next;
    }
    return text;
  }

  /// The chain's last value, and nothing else, as a model.
  static std::string chainModel(int length, const char *op, bool withInput) {
    return "!v = tensor<8xf32>\nmodule {\n"
           "sinter.entry @run(%x: !v) -> !v {\n" +
           chain(length, op, withInput) + "sinter.return %v" +
           std::to_string(length) + " : !v\n}\n}";
  }

  /// The stages up to `simplified`.
  void simplify(mlir::ModuleOp module) {
    mlir::PassManager manager(&context);
    passes::buildGradientStage(manager);
    passes::buildSimplifiedStage(manager);
    ASSERT_TRUE(succeeded(manager.run(module)));
  }

  /// Fuses, compares results, and looks at the size of every kernel.
  void expectSmallKernels(mlir::ModuleOp before) {
    mlir::OwningOpRef<mlir::ModuleOp> after = before.clone();
    ASSERT_TRUE(fuse(*after));
    expectSame(before, *after);
    for (KernelOp kernel : kernels(*after)) {
      size_t costly = 0;
      for (mlir::Operation &op : kernel.getBody().front())
        costly += passes::costOf(&op) >= passes::tooExpensive;
      EXPECT_LE(costly, passes::largestCluster + 1);
    }
    fusedCalls = calls(*after, "run").size();
  }

  size_t fusedCalls = 0;
};

constexpr int length = 20000;

TEST_F(LongModels, AChainIsCutIntoFullKernels) {
  auto module = parse(chainModel(length, "tanh", false));
  ASSERT_TRUE(module);
  expectSmallKernels(*module);
  EXPECT_EQ(fusedCalls, llvm::divideCeil(length, passes::largestCluster));
}

TEST_F(LongModels, AChainOfCheapOpsOnOneInputIsCutToo) {
  auto module = parse(chainModel(length, "min", true));
  ASSERT_TRUE(module);
  expectSmallKernels(*module);
  EXPECT_LE(fusedCalls, length / passes::largestCluster + 1);
}

TEST_F(LongModels, AChainAndItsGradient) {
  auto module = parse("!v = tensor<8xf32>\nmodule {\n"
                      "sinter.entry @run(%x: !v) -> !v {\n" +
                      chain(length, "tanh", false) +
                      "%l = sinter.reduce_sum %v" + std::to_string(length) +
                      " dims [0] : !v -> tensor<f32>\n"
                      "%g = sinter.gradient %l wrt %x : tensor<f32> wrt !v\n"
                      "sinter.return %g : !v\n}\n}");
  ASSERT_TRUE(module);
  simplify(*module);
  expectSmallKernels(*module);
  // Forward, and three ops a step back, of which some stay between kernels.
  EXPECT_LE(fusedCalls, 8 * length / passes::largestCluster);
}

TEST_F(LongModels, ReshapesAreMovedOverALongChain) {
  auto module =
      parse("!v = tensor<8xf32>\n!m = tensor<2x4xf32>\nmodule {\n"
            "sinter.entry @run(%x: !v, %w: tensor<4x3xf32>) -> "
            "tensor<2x3xf32> {\n" +
            chain(length, "neg", false) + "%m = sinter.reshape %v" +
            std::to_string(length) +
            " : !v -> !m\n"
            "%d = sinter.dot_general %m, %w contract [1] x [0] batch [] x [] "
            ": !m, tensor<4x3xf32> -> tensor<2x3xf32>\n"
            "sinter.return %d : tensor<2x3xf32>\n}\n}");
  ASSERT_TRUE(module);
  expectSmallKernels(*module);
}

TEST_F(LongModels, EachOfManyVariablesIsUpdatedOverItself) {
  constexpr int variables = 500;
  std::string declared, body;
  for (int i = 0; i < variables; ++i) {
    std::string n = std::to_string(i);
    std::string type = "tensor<" + std::to_string(2 + i % 7) + "xf32>";
    for (std::string name : {"p" + n, "m" + n}) {
      declared += "sinter.variable @" + name + " : " + type + "\n";
      body += "%" + name + " = sinter.read @" + name + " : " + type + "\n";
    }
    body += "%f" + n + " = sinter.mul %m" + n + ", %m" + n + " : " + type +
            "\n%q" + n + " = sinter.sub %p" + n + ", %f" + n + " : " + type +
            "\nsinter.write @p" + n + ", %q" + n + " : " + type +
            "\nsinter.write @m" + n + ", %f" + n + " : " + type + "\n";
  }
  auto module = fused("module {\n" + declared + "sinter.entry @run() {\n" +
                      body + "sinter.return\n}\n}");
  ASSERT_TRUE(module);
  ASSERT_EQ(kernels(*module).size(), 1u);
  KernelOp update = kernels(*module)[0];
  EXPECT_EQ(number(update, "segments"), variables);
  std::set<int64_t> replaced;
  auto overwrites = update.getOverwrites();
  ASSERT_TRUE(overwrites);
  for (int64_t argument : *overwrites) {
    EXPECT_GE(argument, 0);
    EXPECT_TRUE(replaced.insert(argument).second);
  }
  EXPECT_EQ(replaced.size(), 2u * variables);
}

} // namespace
