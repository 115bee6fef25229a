//===- FusionInvariantsTest.cpp - what holds of fusion on any model -------===//
//
// No value that costs anything is computed twice: how often each op stands in
// the kernels that run is compared with how often it stands in the model.  A
// residual block that no example has is looked at kernel by kernel.
//
//===----------------------------------------------------------------------===//

#include "Fusing.h"
#include "FusionModels.h"
#include "RandomGraph.h"
#include "passes/differentiate/Stage.h"
#include "passes/simplify/Stage.h"

#include <map>

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

using Counts = std::map<std::string, int>;

/// Whether a copy of the op may be made for each of its readers: exactly
/// rounded and cheaper than a trip through memory.
bool isCheap(mlir::Operation &op) {
  return llvm::isa<NegOp, AbsOp, SignOp, NotOp, AddOp, SubOp, MulOp, DivOp,
                   MaxOp, MinOp, AndOp, OrOp, XorOp, CompareOp, SelectOp,
                   CastOp, FloorOp, CeilOp, RoundOp, ConstantOp, IotaOp,
                   BroadcastOp, TransposeOp, SliceOp, PadOp, ReverseOp,
                   ReshapeOp, WindowsOp>(op);
}

void countBlock(mlir::Block &block, Counts &counts) {
  for (mlir::Operation &op : block.without_terminator()) {
    if (auto scan = llvm::dyn_cast<ScanOp>(op))
      countBlock(scan.getBody().front(), counts);
    else if (auto call = llvm::dyn_cast<CallOp>(op))
      countBlock(call->getParentOfType<mlir::ModuleOp>()
                     .lookupSymbol<KernelOp>(call.getKernel())
                     .getBody()
                     .front(),
                 counts);
    else if (!isCheap(op) && !llvm::isa<ReadOp, WriteOp>(op))
      ++counts[op.getName().stripDialect().str()];
  }
}

/// The ops that cost something and how often they are computed in a call.
Counts countCostly(mlir::ModuleOp module) {
  Counts counts;
  for (auto entry : module.getOps<EntryOp>())
    countBlock(entry.getBody().front(), counts);
  return counts;
}

class FusionInvariants : public Fusing {
protected:
  void expectNothingTwice(mlir::ModuleOp model, mlir::ModuleOp fused) {
    Counts before = countCostly(model);
    for (auto &[name, count] : countCostly(fused))
      EXPECT_LE(count, before[name]) << name << " is computed again\n"
                                     << print(fused);
  }
  /// `model` as `simplified` would give it.
  mlir::OwningOpRef<mlir::ModuleOp> simplified(const std::string &text) {
    auto module = parse(text);
    mlir::PassManager manager(&context);
    passes::buildGradientStage(manager);
    passes::buildSimplifiedStage(manager);
    EXPECT_TRUE(succeeded(manager.run(*module)));
    return module;
  }
};

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

//===----------------------------------------------------------------------===//
// A model that is not in the repository
//===----------------------------------------------------------------------===//

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

TEST_F(FusionInvariants, ResidualBlockIsFiveKernels) {
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

TEST_F(FusionInvariants, ResidualBlockTrainsTheSame) {
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
