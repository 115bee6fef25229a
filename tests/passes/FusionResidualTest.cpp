//===- FusionResidualTest.cpp - a model that is in no example -------------===//
//
// A residual block is looked at kernel by kernel.
//
//===----------------------------------------------------------------------===//

#include "FusionInvariants.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {
using FusionResidual = FusionInvariants;

/// x + W₂·relu(W₁·norm(x) + b₁) + b₂, its softmax over classes, the best class,
/// and how active the hidden layer is.
std::string residualBlock(bool train) {
  std::string text = R"(
    !x = tensor<6x10xf32>
    !h = tensor<6x14xf32>
    !r = tensor<6xf32>
    module {
      sinter.variable @w1 : tensor<10x14xf32>
      sinter.variable @w2 : tensor<14x10xf32>
      sinter.entry @run(%x: !x, %g: tensor<10xf32>, %b: tensor<10xf32>,
                        %b1: tensor<14xf32>, %b2: tensor<10xf32>)
          -> (!x, !x, tensor<6xi32>, tensor<f32>) {
        %w1 = sinter.read @w1 : tensor<10x14xf32>
        %w2 = sinter.read @w2 : tensor<14x10xf32>
        %tenth = sinter.constant dense<0.1> : !r
        %tiny = sinter.constant dense<1.0e-05> : !r
        %total = sinter.reduce_sum %x dims [1] : !x -> !r
        %mean = sinter.mul %total, %tenth : !r
        %means = sinter.broadcast %mean dims [0] : !r -> !x
        %centred = sinter.sub %x, %means : !x
        %square = sinter.mul %centred, %centred : !x
        %squares = sinter.reduce_sum %square dims [1] : !x -> !r
        %variance = sinter.mul %squares, %tenth : !r
        %safe = sinter.add %variance, %tiny : !r
        %inverse = sinter.rsqrt %safe : !r
        %inverses = sinter.broadcast %inverse dims [0] : !r -> !x
        %unit = sinter.mul %centred, %inverses : !x
        %gs = sinter.broadcast %g dims [1] : tensor<10xf32> -> !x
        %bs = sinter.broadcast %b dims [1] : tensor<10xf32> -> !x
        %scaled = sinter.mul %unit, %gs : !x
        %norm = sinter.add %scaled, %bs : !x
        %p1 = sinter.dot_general %norm, %w1 contract [1] x [0] batch [] x []
              : !x, tensor<10x14xf32> -> !h
        %b1s = sinter.broadcast %b1 dims [1] : tensor<14xf32> -> !h
        %q1 = sinter.add %p1, %b1s : !h
        %zero = sinter.constant dense<0.0> : !h
        %hidden = sinter.max %q1, %zero : !h
        %p2 = sinter.dot_general %hidden, %w2 contract [1] x [0] batch [] x []
              : !h, tensor<14x10xf32> -> !x
        %b2s = sinter.broadcast %b2 dims [1] : tensor<10xf32> -> !x
        %q2 = sinter.add %p2, %b2s : !x
        %y = sinter.add %x, %q2 : !x
        %max = sinter.reduce_max %y dims [1] : !x -> !r
        %maxes = sinter.broadcast %max dims [0] : !r -> !x
        %shifted = sinter.sub %y, %maxes : !x
        %e = sinter.exp %shifted : !x
        %sum = sinter.reduce_sum %e dims [1] : !x -> !r
        %sums = sinter.broadcast %sum dims [0] : !r -> !x
        %probabilities = sinter.div %e, %sums : !x
        %best = sinter.argmax %y dim 1 : !x -> tensor<6xi32>
        %activity = sinter.reduce_sum %hidden dims [0, 1] : !h -> tensor<f32>
  )";
  if (train)
    text += R"(
        %d1, %d2 = sinter.gradient %activity wrt %w1, %w2
            : tensor<f32> wrt tensor<10x14xf32>, tensor<14x10xf32>
        %n1 = sinter.sub %w1, %d1 : tensor<10x14xf32>
        %n2 = sinter.sub %w2, %d2 : tensor<14x10xf32>
        sinter.write @w1, %n1 : tensor<10x14xf32>
        sinter.write @w2, %n2 : tensor<14x10xf32>
    )";
  return text + R"(
        sinter.return %y, %probabilities, %best, %activity
            : !x, !x, tensor<6xi32>, tensor<f32>
      }
    })";
}

TEST_F(FusionResidual, BlockIsFiveKernels) {
  // Normalized rows; product, bias, relu; product, bias, residual; softmax and
  // argmax of the same rows; the sum over everything.
  auto module = fused(residualBlock(false));
  std::vector<std::string> kinds;
  for (CallOp call : calls(*module, "run"))
    kinds.push_back(kind(kernelOf(call)).str());
  EXPECT_EQ(kinds,
            (std::vector<std::string>{"reduction", "contraction", "contraction",
                                      "reduction", "reduction"}))
      << print(*module);
  auto resultsOf = [&](int index) {
    return calls(*module, "run")[index].getNumResults();
  };
  for (int index : {0, 1, 2, 4})
    EXPECT_EQ(resultsOf(index), 1u);
  EXPECT_EQ(resultsOf(3), 2u) << "probabilities and the best class";
  expectNothingTwice(*parse(residualBlock(false)), *module);
  expectUnchanged(residualBlock(false));
}

TEST_F(FusionResidual, BlockTrainsTheSame) {
  auto before = simplified(residualBlock(true));
  mlir::OwningOpRef<mlir::ModuleOp> after = before->clone();
  ASSERT_TRUE(fuse(*after));
  expectNothingTwice(*before, *after);
  expectSame(*before, *after);
  // Updates are written over the variables they read.
  for (CallOp call : calls(*after, "run"))
    for (auto [r, result] : llvm::enumerate(call.getResults()))
      for (mlir::Operation *user : result.getUsers())
        if (llvm::isa<WriteOp>(user)) {
          EXPECT_GE((*kernelOf(call).getOverwrites())[r], 0);
        }
}
} // namespace
