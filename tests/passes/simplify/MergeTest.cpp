//===- MergeTest.cpp - equal ops, dead ops, places, distributions ---------===//

#include "tests/passes/simplify/Simplify.h"

using namespace mlir;
using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using MergeTest = Simplify;

static void merge(OpPassManager &passes) {
  passes.addPass(createMergeEqualOps());
}

TEST_F(MergeTest, EqualOpsAreOneWithBothPlaces) {
  rewrite(R"((%x: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
    %a = sinter.add %x, %z : tensor<4xf32> loc("here")
    %b = sinter.add %z, %x : tensor<4xf32> loc("there")
    %c = sinter.sub %a, %b : tensor<4xf32>
    sinter.return %c : tensor<4xf32>
  })",
          merge);
  EXPECT_EQ(ops(), "add sub");
  auto fused = dyn_cast<FusedLoc>(only<AddOp>().getLoc());
  ASSERT_TRUE(fused);
  EXPECT_EQ(fused.getLocations().size(), 2u);
  EXPECT_EQ(getGivenName(fused), "here");
}

TEST_F(MergeTest, DeadOpsGoAndWritesStay) {
  rewrite(R"((%x: tensor<4xf32>) {
    %a = sinter.exp %x : tensor<4xf32>
    %b = sinter.log %a : tensor<4xf32>
    sinter.write @v, %x : tensor<4xf32>
    sinter.return
  })",
          merge);
  EXPECT_EQ(ops(), "write");
}

TEST_F(MergeTest, EqualScansAreOne) {
  rewrite(R"((%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
    %a = sinter.scan 3 carry(%c = %x : tensor<4xf32>) index(%t)
        -> (tensor<4xf32>) {
      %n = sinter.add %c, %c : tensor<4xf32>
      sinter.yield %n : tensor<4xf32>
    }
    %b = sinter.scan 3 carry(%c = %x : tensor<4xf32>) index(%t)
        -> (tensor<4xf32>) {
      %n = sinter.add %c, %c : tensor<4xf32>
      sinter.yield %n : tensor<4xf32>
    }
    %d = sinter.scan 3 carry(%c = %x : tensor<4xf32>) index(%t)
        -> (tensor<4xf32>) {
      %n = sinter.mul %c, %c : tensor<4xf32>
      sinter.yield %n : tensor<4xf32>
    }
    %y = sinter.sub %a, %b : tensor<4xf32>
    sinter.return %y, %d : tensor<4xf32>, tensor<4xf32>
  })",
          merge);
  EXPECT_EQ(ops(), "scan scan sub");
}

TEST_F(MergeTest, DistributionsBecomeUniformNumbers) {
  stage(R"((%k: tensor<2xi64>) -> (tensor<9xf32>, tensor<9xf64>, tensor<9xi1>) {
    %n = sinter.random_normal %k stream 8 : tensor<9xf32>
    %m = sinter.random_normal %k stream -6 : tensor<9xf64>
    %b = sinter.random_bernoulli %k stream 9 probability 0.3 : tensor<9xi1>
    sinter.return %n, %m, %b : tensor<9xf32>, tensor<9xf64>, tensor<9xi1>
  })");
  EXPECT_EQ(count("sinter.random_normal"), 0);
  EXPECT_EQ(count("sinter.random_bernoulli"), 0);
  // Stream 9 of f32 serves the second half of %n and all of %b.
  EXPECT_EQ(count("sinter.random_uniform"), 4);
}

TEST_F(MergeTest, TheStageRefusesRequestsAndUnknownPlaces) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str() + "\n";
  });
  auto verify = [&](StringRef text) {
    message.clear();
    auto parsed = parseSourceString<ModuleOp>(text, ParserConfig(&context));
    PassManager passes(&context);
    passes.addPass(createVerifySimplified());
    return failed(passes.run(*parsed));
  };
  EXPECT_TRUE(verify(R"(sinter.entry @f(%x: tensor<f32>) -> tensor<f32> {
    %g = sinter.gradient %x wrt %x : tensor<f32> wrt tensor<f32>
    sinter.return %g : tensor<f32>
  })"));
  EXPECT_NE(message.find("should be gone after the gradient stage"),
            std::string::npos)
      << message;
  EXPECT_TRUE(verify(R"(sinter.entry @f(%x: tensor<f32>) -> tensor<f32> {
    %g = sinter.exp %x : tensor<f32> loc(unknown)
    sinter.return %g : tensor<f32>
  })"));
  EXPECT_NE(message.find("has lost its place"), std::string::npos) << message;
}
} // namespace
