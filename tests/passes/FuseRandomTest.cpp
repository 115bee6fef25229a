//===- FuseRandomTest.cpp - fusion changes no bit of any model ------------===//

#include "Fusing.h"
#include "RandomGraph.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

TEST_F(Fusing, RandomGraphsComputeTheSame) {
  for (uint32_t seed = 0; seed < 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    expectUnchanged(randomGraph(seed, 15 + seed % 40));
  }
}

TEST_F(Fusing, RandomGraphsComputeTheSameWithoutFusion) {
  for (uint32_t seed = 0; seed < 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::string text = randomGraph(seed, 40);
    text.replace(0, std::string("module @random").size(),
                 "module @random attributes "
                 "{sinter.options = {opt_level = 0 : i64}}");
    expectUnchanged(text);
    auto module = fused(text);
    for (KernelOp kernel : kernels(*module)) {
      EXPECT_EQ(kind(kernel), "scalar");
      // Constants are part of the op that reads them, or alone.
      int ops = 0, constants = 0;
      for (mlir::Operation &op : kernel.getBody().front().without_terminator())
        ++(llvm::isa<ConstantOp>(op) ? constants : ops);
      EXPECT_TRUE(ops == 1 || (ops == 0 && constants == 1));
    }
  }
}

TEST_F(Fusing, IsDeterministic) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::string text = randomGraph(seed, 50);
    std::string first = print(*fused(text));
    // Another context has other addresses.
    mlir::MLIRContext other;
    other.loadDialect<SinterDialect>();
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        text, mlir::ParserConfig(&other));
    std::vector<std::unique_ptr<char[]>> noise;
    for (int i = 0; i < 100; ++i)
      noise.push_back(std::make_unique<char[]>(17 * i + 1));
    mlir::PassManager manager(&other);
    passes::buildFusedStage(manager);
    ASSERT_TRUE(succeeded(manager.run(*module)));
    EXPECT_EQ(first, print(*module));
  }
}

} // namespace
