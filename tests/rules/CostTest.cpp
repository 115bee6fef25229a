//===- CostTest.cpp - what derivatives cost, in operations ---------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
using Cost = Derivatives;

/// Arithmetic operations: one an element, two for each product in a sum.
int64_t countFlops(ModuleOp module) {
  int64_t total = 0;
  module.walk([&](Operation *op) {
    if (op->getNumResults() != 1)
      return;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (auto product = dyn_cast<DotGeneralOp>(op)) {
      auto lhs = cast<RankedTensorType>(product.getLhs().getType());
      int64_t work = 2 * type.getNumElements();
      for (int64_t d : product.getLhsContracting())
        work *= lhs.getDimSize(d);
      total += work;
    } else if (op->hasTrait<Reduction>()) {
      total +=
          cast<RankedTensorType>(op->getOperand(0).getType()).getNumElements();
    } else if (op->hasTrait<Pointwise>()) {
      total += type.getNumElements();
    }
  });
  return total;
}

/// f(x) = Σ tanh(Wx)·x + Σ exp(x), from R²⁵⁶ to R.
std::string costly(const std::string &requests, const std::string &returned,
                   const std::string &types) {
  return R"(module @m {
    sinter.entry @f(%x: tensor<256xf64>, %W: tensor<256x256xf64>, %v: tensor<256xf64>) -> ()" +
         types + R"() {
      %a = sinter.dot_general %W, %x contract [1] x [0] batch [] x [] : tensor<256x256xf64>, tensor<256xf64> -> tensor<256xf64>
      %h = sinter.tanh %a : tensor<256xf64>
      %p = sinter.mul %h, %x : tensor<256xf64>
      %e = sinter.exp %x : tensor<256xf64>
      %q = sinter.add %p, %e : tensor<256xf64>
      %l = sinter.reduce_sum %q dims [0] : tensor<256xf64> -> tensor<f64>
)" + requests +
         "sinter.return " + returned + " : " + types + "\n}\n}";
}

TEST_F(Cost, AGradientCostsAtMostFiveTimesItsFunction) {
  auto function = expand(costly("", "%l", "tensor<f64>"));
  auto gradient = expand(costly(
      "%d = sinter.gradient %l wrt %x : tensor<f64> wrt tensor<256xf64>\n",
      "%l, %d", "tensor<f64>, tensor<256xf64>"));
  int64_t f = countFlops(*function), g = countFlops(*gradient);
  EXPECT_GT(f, 2 * 256 * 256);
  EXPECT_GT(g, 2 * f - 10 * 256);
  EXPECT_LE(g, 5 * f);
}

TEST_F(Cost, ForwardModeTakesOnePassForEachDirection) {
  std::string requests, returned, types;
  for (int i = 0; i < 7; ++i) {
    std::string d = "%d" + std::to_string(i);
    requests += d + " = sinter.jvp (%l) wrt (%x) tangents (%v) : "
                    "(tensor<f64>) wrt (tensor<256xf64>)\n";
    returned += (i ? ", " : "") + d;
    types += i ? ", tensor<f64>" : "tensor<f64>";
  }
  auto module = expand(costly(requests, returned, types));
  EXPECT_EQ(countOps(*module, "sinter.dot_general"), 1u + 7u);
  EXPECT_EQ(countOps(*module, "sinter.reduce_sum"), 7u);
}

// The Jacobian of R³ → R², by rows in reverse and by columns in forward mode.
TEST_F(Cost, BothModesGiveTheSameJacobian) {
  auto direction = [&](const char *kind, const char *given, const char *size,
                       int i, int n) {
    Numbers unit(n);
    unit[i] = 1;
    return run(std::string(R"(module @m {
      sinter.entry @f(%x: tensor<3xf64>, %A: tensor<2x3xf64>, %u: tensor<)") +
                   size + R"(xf64>) -> tensor<)" + (n == 2 ? "3" : "2") +
                   R"(xf64> {
        %a = sinter.dot_general %A, %x contract [1] x [0] batch [] x [] : tensor<2x3xf64>, tensor<3xf64> -> tensor<2xf64>
        %y = sinter.sin %a : tensor<2xf64>
        %d = sinter.)" +
                   kind + " (%y) wrt (%x) " + given +
                   " (%u) : (tensor<2xf64>) wrt (tensor<3xf64>)\n" +
                   "sinter.return %d : tensor<" + (n == 2 ? "3" : "2") +
                   "xf64>\n}\n}",
               {array("tensor<3xf64>", {0.1, 0.2, 0.3}),
                array("tensor<2x3xf64>", {1, 2, 3, 4, 5, 6}),
                array("tensor<" + std::string(size) + "xf64>", unit)})[0]
        .floats;
  };
  for (int row = 0; row < 2; ++row)
    for (int column = 0; column < 3; ++column)
      expectClose({direction("vjp", "cotangents", "2", row, 2)[column]},
                  {direction("jvp", "tangents", "3", column, 3)[row]}, 1e-15);
}
} // namespace
