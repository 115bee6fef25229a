//===- FusionInvariantsTest.cpp - what holds of fusion on any model -------===//

#include "FusionInvariants.h"
#include "FusionModels.h"
#include "RandomGraph.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

TEST_F(FusionInvariants, RandomGraphsComputeNothingCostlyTwice) {
  for (uint32_t seed = 1000; seed < 1300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::string text = randomGraph(seed, 15 + seed % 40);
    expectNothingTwice(*parse(text), *fused(text));
  }
}

TEST_F(FusionInvariants, ModelsComputeNothingCostlyTwice) {
  for (const std::string &text :
       {mlpText({}), recurrentText(4, 3, 5), adamText({{3}, {4, 5}})})
    expectNothingTwice(*parse(text), *fused(text));
}

//===----------------------------------------------------------------------===//
// Values with several users
//===----------------------------------------------------------------------===//

TEST_F(FusionInvariants, ValueWithReadersInTwoKernelsIsAResult) {
  // The exponential goes with the rows; columns and a product read it.
  auto module = fused(R"(
    !m = tensor<4x6xf32>
    module {
      sinter.entry @run(%x: !m, %w: tensor<6x3xf32>)
          -> (tensor<4xf32>, tensor<6xf32>, tensor<4x3xf32>) {
        %e = sinter.exp %x : !m
        %r = sinter.reduce_sum %e dims [1] : !m -> tensor<4xf32>
        %c = sinter.reduce_sum %e dims [0] : !m -> tensor<6xf32>
        %d = sinter.dot_general %e, %w contract [1] x [0] batch [] x []
             : !m, tensor<6x3xf32> -> tensor<4x3xf32>
        sinter.return %r, %c, %d
             : tensor<4xf32>, tensor<6xf32>, tensor<4x3xf32>
      }
    })");
  ASSERT_EQ(kernels(*module).size(), 3u);
  EXPECT_EQ(countCostly(*module)["exp"], 1);
  KernelOp rows;
  for (KernelOp kernel : kernels(*module))
    if (!kernel.getBody().getOps<ExpOp>().empty())
      rows = kernel;
  EXPECT_EQ(rows.getResultTypes().size(), 2u);
}

TEST_F(FusionInvariants, ShiftedExponentialIsNeverCopied) {
  // A softmax that attention reads: sum and quotient must see the same bits of
  // the exponential, and so must the gradient that is taken later.
  const std::string text = R"(
    !m = tensor<5x7xf32>
    !r = tensor<5xf32>
    module {
      sinter.entry @run(%x: !m, %v: tensor<7x3xf32>, %w: !m)
          -> (tensor<5x3xf32>, !m, tensor<7xf32>) {
        %max = sinter.reduce_max %x dims [1] : !m -> !r
        %maxes = sinter.broadcast %max dims [0] : !r -> !m
        %shifted = sinter.sub %x, %maxes : !m
        %e = sinter.exp %shifted : !m
        %sum = sinter.reduce_sum %e dims [1] : !m -> !r
        %sums = sinter.broadcast %sum dims [0] : !r -> !m
        %p = sinter.div %e, %sums : !m
        %a = sinter.dot_general %p, %v contract [1] x [0] batch [] x []
             : !m, tensor<7x3xf32> -> tensor<5x3xf32>
        %g = sinter.mul %e, %w : !m
        %c = sinter.reduce_sum %e dims [0] : !m -> tensor<7xf32>
        sinter.return %a, %g, %c : tensor<5x3xf32>, !m, tensor<7xf32>
      }
    })";
  auto module = fused(text);
  EXPECT_EQ(countCostly(*module)["exp"], 1);
  // And the shift, which is cheap, stays with it.
  int shifts = 0;
  module->walk([&](SubOp) { ++shifts; });
  EXPECT_EQ(shifts, 1);
  expectUnchanged(text);
}

//===----------------------------------------------------------------------===//
// Optimizers
//===----------------------------------------------------------------------===//

TEST_F(FusionInvariants, AdamOfAnyShapesIsOneKernelAndTheCounters) {
  const std::vector<std::vector<std::vector<int64_t>>> cases = {
      {{3}, {5}},
      {{1}, {13}, {7, 11}, {3, 5, 2}, {1, 9}},
      {{2, 2}, {2, 2}, {2, 2}},
      {{257}, {17, 3}, {0}, {31}, {1, 1}, {64}, {8, 8}, {5, 1, 5}, {129}, {6}},
  };
  for (const auto &shapes : cases) {
    auto module = fused(adamText(shapes));
    ASSERT_EQ(calls(*module, "train").size(), 2u) << print(*module);
    KernelOp update = kernelOf(calls(*module, "train")[1]);
    if (number(update, "segments") < 0)
      update = kernelOf(calls(*module, "train")[0]);
    EXPECT_EQ(number(update, "segments"), int64_t(shapes.size()));
    EXPECT_EQ(number(update, "segment_arguments"), 4);
    EXPECT_EQ(number(update, "segment_results"), 3);
    expectUnchanged(adamText(shapes));
  }
}

/// Layer norm as it is written with kept dimensions: reshapes stand between the
/// reductions and what reads them, in both directions once it is
/// differentiated.
TEST_F(FusionInvariants, NormalizedRowsAndTheirGradientAreAKernelEach) {
  auto before = simplified(R"(
    !x = tensor<6x10xf32>
    !r = tensor<6xf32>
    !k = tensor<6x1xf32>
    module {
      sinter.entry @run(%x: !x, %g: tensor<10xf32>, %w: tensor<10x4xf32>)
          -> !x {
        %tenth = sinter.constant dense<0.1> : !k
        %tiny = sinter.constant dense<1.0e-5> : !k
        %s = sinter.reduce_sum %x dims [1] : !x -> !r
        %s1 = sinter.reshape %s : !r -> !k
        %mean1 = sinter.mul %s1, %tenth : !k
        %mean = sinter.reshape %mean1 : !k -> !r
        %means = sinter.broadcast %mean dims [0] : !r -> !x
        %centred = sinter.sub %x, %means : !x
        %square = sinter.mul %centred, %centred : !x
        %squares = sinter.reduce_sum %square dims [1] : !x -> !r
        %squares1 = sinter.reshape %squares : !r -> !k
        %variance = sinter.mul %squares1, %tenth : !k
        %safe = sinter.add %variance, %tiny : !k
        %inverse1 = sinter.rsqrt %safe : !k
        %inverse = sinter.reshape %inverse1 : !k -> !r
        %inverses = sinter.broadcast %inverse dims [0] : !r -> !x
        %unit = sinter.mul %centred, %inverses : !x
        %gs = sinter.broadcast %g dims [1] : tensor<10xf32> -> !x
        %norm = sinter.mul %unit, %gs : !x
        %p = sinter.dot_general %norm, %w contract [1] x [0] batch [] x []
             : !x, tensor<10x4xf32> -> tensor<6x4xf32>
        %y = sinter.tanh %p : tensor<6x4xf32>
        %l = sinter.reduce_sum %y dims [0, 1] : tensor<6x4xf32> -> tensor<f32>
        %d = sinter.gradient %l wrt %x : tensor<f32> wrt !x
        sinter.return %d : !x
      }
    })");
  mlir::OwningOpRef<mlir::ModuleOp> after = before->clone();
  ASSERT_TRUE(fuse(*after));
  std::vector<std::string> kinds;
  for (CallOp call : calls(*after, "run"))
    kinds.push_back(kind(kernelOf(call)).str());
  EXPECT_EQ(kinds, (std::vector<std::string>{"reduction", "contraction",
                                             "contraction", "reduction"}))
      << print(*after);
  expectNothingTwice(*before, *after);
  expectSame(*before, *after);
}

/// What waits for the backward pass of gelu is its value and its slope.
TEST_F(FusionInvariants, ActivationOfOneValueStoresOneSlope) {
  auto before = simplified(R"(
    !h = tensor<6x16xf32>
    module {
      sinter.entry @run(%x: tensor<6x10xf32>, %w: tensor<10x16xf32>,
                        %v: tensor<16x10xf32>)
          -> (tensor<10x16xf32>, tensor<16x10xf32>) {
        %half = sinter.constant dense<0.5> : !h
        %one = sinter.constant dense<1.0> : !h
        %root = sinter.constant dense<0.707106769> : !h
        %p = sinter.dot_general %x, %w contract [1] x [0] batch [] x []
             : tensor<6x10xf32>, tensor<10x16xf32> -> !h
        %z = sinter.mul %p, %root : !h
        %e = sinter.erf %z : !h
        %s = sinter.add %e, %one : !h
        %n = sinter.mul %p, %half : !h
        %y = sinter.mul %n, %s : !h
        %q = sinter.dot_general %y, %v contract [1] x [0] batch [] x []
             : !h, tensor<16x10xf32> -> tensor<6x10xf32>
        %t = sinter.tanh %q : tensor<6x10xf32>
        %l = sinter.reduce_sum %t dims [0, 1] : tensor<6x10xf32> -> tensor<f32>
        %d, %f = sinter.gradient %l wrt %w, %v
            : tensor<f32> wrt tensor<10x16xf32>, tensor<16x10xf32>
        sinter.return %d, %f : tensor<10x16xf32>, tensor<16x10xf32>
      }
    })");
  mlir::OwningOpRef<mlir::ModuleOp> after = before->clone();
  ASSERT_TRUE(fuse(*after));
  auto steps = calls(*after, "run");
  ASSERT_EQ(steps.size(), 5u) << print(*after);
  EXPECT_EQ(steps[0].getNumResults(), 2u) << "the value and the slope";
  int products = 0;
  for (CallOp call : steps)
    if (call.getNumOperands() == 3) {
      ++products;
      EXPECT_EQ(call.getOperand(2), steps[0].getResult(1)) << print(*after);
    }
  EXPECT_EQ(products, 1) << "a product and the slope behind it";
  expectNothingTwice(*before, *after);
  expectSame(*before, *after);
}

/// Two products of the same value for rows that read both: the value itself is
/// the smaller thing to store.
TEST_F(FusionInvariants, ContractionStoresWhatItsReadersFork) {
  const char *text = R"(
    !x = tensor<6x10xf32>
    module {
      sinter.entry @run(%a: tensor<6x4xf32>, %b: tensor<4x10xf32>, %u: !x,
                        %v: !x) -> !x {
        %p = sinter.dot_general %a, %b contract [1] x [0] batch [] x []
             : tensor<6x4xf32>, tensor<4x10xf32> -> !x
        %pu = sinter.mul %p, %u : !x
        %pv = sinter.mul %p, %v : !x
        %s = sinter.reduce_sum %pu dims [1] : !x -> tensor<6xf32>
        %ss = sinter.broadcast %s dims [0] : tensor<6xf32> -> !x
        %y = sinter.add %pv, %ss : !x
        sinter.return %y : !x
      }
    })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 2u) << print(*module);
  EXPECT_EQ(steps[0].getNumResults(), 1u) << print(*module);
  expectUnchanged(text);
}

} // namespace
