//===- RecurrentTest.cpp - a recurrent network's training step ------------===//
//
// Differentiated and simplified, each step of the forward loop holds the one
// product that needs the carry, each step of the backward loop the one that
// carries the cotangent; the weights' gradients are single contractions.
//
//===----------------------------------------------------------------------===//

#include "passes/differentiate/Stage.h"
#include "tests/passes/simplify/Simplify.h"

using namespace mlir;
using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using RecurrentTest = Simplify;

TEST_F(RecurrentTest, OneProductAStep) {
  // The reference is the differentiated module before simplification.
  std::string text = R"(module {
  sinter.entry @f(%xs: tensor<6x2x5xf64>, %w: tensor<5x3xf64>,
      %u: tensor<3x3xf64>, %b: tensor<3xf64>) -> (tensor<f64>, tensor<5x3xf64>,
      tensor<3x3xf64>, tensor<3xf64>, tensor<6x2x5xf64>) {
    %h0 = sinter.constant dense<0.0> : tensor<2x3xf64>
    %h = sinter.scan 6 carry(%c = %h0 : tensor<2x3xf64>)
        each(%x = %xs : tensor<6x2x5xf64>)
        with(%w1 = %w : tensor<5x3xf64>, %u1 = %u : tensor<3x3xf64>,
             %b1 = %b : tensor<3xf64>) index(%t) -> (tensor<2x3xf64>) {
      %p = sinter.dot_general %x, %w1 contract [1] x [0] batch [] x []
          : tensor<2x5xf64>, tensor<5x3xf64> -> tensor<2x3xf64>
      %q = sinter.dot_general %c, %u1 contract [1] x [0] batch [] x []
          : tensor<2x3xf64>, tensor<3x3xf64> -> tensor<2x3xf64>
      %s = sinter.add %p, %q : tensor<2x3xf64>
      %d = sinter.broadcast %b1 dims [1] : tensor<3xf64> -> tensor<2x3xf64>
      %a = sinter.add %s, %d : tensor<2x3xf64>
      %n = sinter.tanh %a : tensor<2x3xf64>
      sinter.yield %n : tensor<2x3xf64>
    }
    %sq = sinter.mul %h, %h : tensor<2x3xf64>
    %loss = sinter.reduce_sum %sq dims [0, 1] : tensor<2x3xf64> -> tensor<f64>
    %dw, %du, %db, %dx = sinter.gradient %loss wrt %w, %u, %b, %xs
        : tensor<f64> wrt tensor<5x3xf64>, tensor<3x3xf64>, tensor<3xf64>,
          tensor<6x2x5xf64>
    sinter.return %loss, %dw, %du, %db, %dx : tensor<f64>, tensor<5x3xf64>,
        tensor<3x3xf64>, tensor<3xf64>, tensor<6x2x5xf64>
  }
  })";
  auto differentiated =
      parseSourceString<ModuleOp>(text, ParserConfig(&context));
  ASSERT_TRUE(differentiated);
  PassManager gradient(&context);
  buildGradientStage(gradient);
  ASSERT_TRUE(succeeded(gradient.run(*differentiated)));
  std::string entry;
  llvm::raw_string_ostream stream(entry);
  differentiated->lookupSymbol<EntryOp>("f").print(stream);
  stage(entry.substr(entry.find("@f") + 2), 1e-13);

  std::vector<ScanOp> scans;
  module->walk([&](ScanOp scan) { scans.push_back(scan); });
  ASSERT_EQ(scans.size(), 2u) << this->text();
  for (ScanOp scan : scans) {
    auto dots = scan.getBody().getOps<DotGeneralOp>();
    EXPECT_EQ(std::distance(dots.begin(), dots.end()), 1) << this->text();
    EXPECT_EQ(scan.getNumCarried(), 1u) << this->text();
  }
  // The input's product; dw, du and dx.
  EXPECT_EQ(count("sinter.dot_general", /*inside=*/false), 4);
}
} // namespace
