//===- RequestsTest.cpp - what a request means in a graph -----------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
using Requests = Derivatives;

TEST_F(Requests, GradientOfALayerIsTheFormula) {
  // L = Σ (x·w + b)², dw = 2 xᵀ r, db = 2 Σ r
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<2x2xf64>, %w: tensor<2x1xf64>, %b: tensor<1xf64>)
        -> (tensor<2x1xf64>, tensor<1xf64>) {
      %p = sinter.dot_general %x, %w contract [1] x [0] batch [] x []
           : tensor<2x2xf64>, tensor<2x1xf64> -> tensor<2x1xf64>
      %bb = sinter.broadcast %b dims [1] : tensor<1xf64> -> tensor<2x1xf64>
      %r = sinter.add %p, %bb : tensor<2x1xf64>
      %q = sinter.mul %r, %r : tensor<2x1xf64>
      %l = sinter.reduce_sum %q dims [0, 1] : tensor<2x1xf64> -> tensor<f64>
      %dw, %db = sinter.gradient %l wrt %w, %b
          : tensor<f64> wrt tensor<2x1xf64>, tensor<1xf64>
      sinter.return %dw, %db : tensor<2x1xf64>, tensor<1xf64>
    }
  })",
                 {array("tensor<2x2xf64>", {1, 2, 3, 4}),
                  array("tensor<2x1xf64>", {5, 6}), array("tensor<1xf64>", {7})});
  // r = (24, 46)
  EXPECT_EQ(out[0].floats, (Numbers{2 * (24 + 3 * 46), 2 * (2 * 24 + 4 * 46)}));
  EXPECT_EQ(out[1].floats, (Numbers{2 * (24 + 46)}));
}

TEST_F(Requests, SumsTheCotangentsOfEveryUse) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<f64>) -> tensor<f64> {
      %a = sinter.add %x, %x : tensor<f64>
      %b = sinter.add %a, %x : tensor<f64>
      %c = sinter.sub %b, %x : tensor<f64>
      %d = sinter.add %c, %x : tensor<f64>
      %dx = sinter.gradient %d wrt %x : tensor<f64> wrt tensor<f64>
      sinter.return %dx : tensor<f64>
    }
  })",
                 {array("tensor<f64>", {2})});
  EXPECT_EQ(out[0].floats, Numbers{3});
}
} // namespace
