//===- FuseTest.cpp - which kernels become of a model ---------------------===//

#include "Fusing.h"
#include "FusionModels.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

const MlpSizes small = {5, 7, 6, 4, 3};

TEST_F(Fusing, ForwardPassOfTheMlpIsThreeKernelsAndTheLoss) {
  auto module = fused(mlpText({}));
  auto names = callNames(*module, "predict");
  ASSERT_EQ(names.size(), 4u);
  EXPECT_EQ(names[0], "train_hidden1_matmul_bias_relu");
  EXPECT_EQ(names[1], "train_hidden2_matmul_bias_relu");
  EXPECT_EQ(names[2], "train_logits_matmul_bias");
  auto steps = calls(*module, "train");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(kind(kernelOf(steps[i])), "contraction");
  EXPECT_EQ(kind(kernelOf(steps[3])), "reduction");
  EXPECT_EQ(kernelOf(steps[3]).getResultTypes().size(), 3u)
      << "losses, hits and the gradient of the logits";
}

TEST_F(Fusing, TrainingStepOfTheMlpIsFifteenKernels) {
  // Forward 3, loss and gradient 1, means 1, weights with their Adam 3, masked
  // cotangents 2, bias sums 3, counters 1, Adam of biases 1.
  auto module = fused(mlpText({}));
  EXPECT_EQ(calls(*module, "train").size(), 15u);
}

/// The gradients of weights are products that nothing but Adam reads: each
/// stays in registers, and its weight is updated right there.
TEST_F(Fusing, AdamOfAWeightIsTheEpilogueOfItsGradient) {
  auto module = fused(mlpText({}));
  int updates = 0;
  for (CallOp call : calls(*module, "train")) {
    KernelOp kernel = kernelOf(call);
    if (kind(kernel) != "contraction" || kernel.getResultTypes().size() != 3)
      continue;
    ++updates;
    for (mlir::Value result : call.getResults()) {
      ASSERT_TRUE(result.hasOneUse());
      auto write = llvm::dyn_cast<WriteOp>(*result.user_begin());
      ASSERT_TRUE(write) << "nothing is left of the gradient";
      // Each slot is written over itself.
      unsigned number = llvm::cast<mlir::OpResult>(result).getResultNumber();
      int64_t argument = (*kernel.getOverwrites())[number];
      ASSERT_GE(argument, 0);
      auto read = call.getOperand(argument).getDefiningOp<ReadOp>();
      ASSERT_TRUE(read);
      EXPECT_EQ(read.getVariable(), write.getVariable());
    }
  }
  EXPECT_EQ(updates, 3);
}

/// Those of biases are sums, which join.
TEST_F(Fusing, AdamOfAllBiasesIsOneKernelOfSegments) {
  auto module = fused(mlpText({}));
  KernelOp update;
  for (CallOp call : calls(*module, "train"))
    if (number(kernelOf(call), "segments") > 0) {
      EXPECT_FALSE(update) << "a second one";
      update = kernelOf(call);
    }
  ASSERT_TRUE(update);
  EXPECT_EQ(number(update, "segments"), 3);
  EXPECT_EQ(number(update, "segment_arguments"), 4);
  EXPECT_EQ(number(update, "segment_results"), 3);
  // Each slot is written over itself.
  auto overwrites = *update.getOverwrites();
  for (int segment = 0; segment < 3; ++segment)
    for (int i = 0; i < 3; ++i) {
      int64_t argument = overwrites[segment * 3 + i];
      EXPECT_EQ(argument / 4, segment);
      EXPECT_NE(argument % 4, 0) << "the gradient";
    }
}

TEST_F(Fusing, MlpComputesTheSame) { expectUnchanged(mlpText(small)); }

TEST_F(Fusing, ScanBodyComputesTheSame) {
  expectUnchanged(recurrentText(4, 3, 5));
  expectUnchanged(recurrentText(1, 3, 5));
  expectUnchanged(recurrentText(0, 3, 5));
}

TEST_F(Fusing, ScanBodyIsOneKernelAStep) {
  auto module = fused(recurrentText(4, 3, 5));
  auto scan = *module->lookupSymbol<EntryOp>("run").getOps<ScanOp>().begin();
  auto inner = scan.getBody().getOps<CallOp>();
  ASSERT_EQ(std::distance(inner.begin(), inner.end()), 1);
  EXPECT_EQ((*inner.begin()).getKernel(), "run_state_matmul_tanh");
}

/// Whether the kernel holds an op of this name.
bool holds(KernelOp kernel, llvm::StringRef name) {
  return llvm::any_of(kernel.getBody().front(), [&](mlir::Operation &op) {
    return op.getName().stripDialect() == name;
  });
}

// What simplification leaves of a convolution with bias and activation.
const char *convolution = R"(module @m {
  sinter.entry @run(%x: tensor<2x9x9x3xf32>, %w: tensor<3x3x3x8xf32>,
      %b: tensor<8xf32>) -> (tensor<2x4x4x8xf32>) {
    %p = sinter.pad %x low [0, 1, 1, 0] high [0, 0, 0, 0] interior [0, 0, 0, 0]
        : tensor<2x9x9x3xf32> -> tensor<2x10x10x3xf32>
    %u = sinter.windows %p dims [1, 2] sizes [3, 3] strides [2, 2]
        dilations [1, 1] : tensor<2x10x10x3xf32> -> tensor<2x4x4x3x3x3xf32>
    %d = sinter.dot_general %u, %w contract [3, 4, 5] x [0, 1, 2]
        batch [] x [] : tensor<2x4x4x3x3x3xf32>, tensor<3x3x3x8xf32>
        -> tensor<2x4x4x8xf32>
    %c = sinter.broadcast %b dims [3] : tensor<8xf32> -> tensor<2x4x4x8xf32>
    %a = sinter.add %d, %c : tensor<2x4x4x8xf32>
    %z = sinter.constant dense<0.0> : tensor<2x4x4x8xf32>
    %y = sinter.max %a, %z : tensor<2x4x4x8xf32>
    sinter.return %y : tensor<2x4x4x8xf32>
  }
})";

TEST_F(Fusing, AConvolutionReadsTheWindowsOfItsPaddedInput) {
  auto module = fused(convolution);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_TRUE(holds(kernelOf(steps[0]), "pad"));
  KernelOp kernel = kernelOf(steps[1]);
  EXPECT_EQ(kind(kernel), "contraction");
  for (const char *op : {"windows", "dot_general", "add", "max"})
    EXPECT_TRUE(holds(kernel, op)) << op;
  // Nothing is copied: neither the windows nor the weights.
  EXPECT_EQ(number(kernel, "scratch_bytes"), 0);
  expectUnchanged(convolution);
}

// Columns of zeros are stored, rows of them are not.
TEST_F(Fusing, AConvolutionLeavesOutTheRowsOfItsPadding) {
  auto module = fused(convolution);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 2u);
  auto image = cast<mlir::RankedTensorType>(steps[0].getResult(0).getType());
  EXPECT_EQ(image.getShape(), (llvm::ArrayRef<int64_t>{2, 9, 10, 3}));
  EXPECT_TRUE(holds(kernelOf(steps[1]), "pad"));
}

// A place that is a row of the product's tiles is not known outside of them.
TEST_F(Fusing, AConvolutionAlongOneDimensionKeepsItsPadding) {
  const char *text = R"(module @m {
    sinter.entry @run(%x: tensor<2x9x3xf32>, %w: tensor<3x3x8xf32>)
        -> (tensor<2x9x8xf32>) {
      %p = sinter.pad %x low [0, 1, 0] high [0, 1, 0] interior [0, 0, 0]
          : tensor<2x9x3xf32> -> tensor<2x11x3xf32>
      %u = sinter.windows %p dims [1] sizes [3] strides [1] dilations [1]
          : tensor<2x11x3xf32> -> tensor<2x9x3x3xf32>
      %y = sinter.dot_general %u, %w contract [2, 3] x [0, 1] batch [] x []
          : tensor<2x9x3x3xf32>, tensor<3x3x8xf32> -> tensor<2x9x8xf32>
      sinter.return %y : tensor<2x9x8xf32>
    }
  })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_FALSE(holds(kernelOf(steps[1]), "pad"));
  expectUnchanged(text);
}

TEST_F(Fusing, APoolingIsAReductionThatReadsWindows) {
  const char *text = R"(module @m {
    sinter.entry @run(%x: tensor<2x9x9x3xf32>) -> (tensor<2x4x4x3xf32>) {
      %u = sinter.windows %x dims [1, 2] sizes [3, 3] strides [2, 2]
          dilations [1, 1] : tensor<2x9x9x3xf32> -> tensor<2x4x4x3x3x3xf32>
      %y = sinter.reduce_max %u dims [3, 4]
          : tensor<2x4x4x3x3x3xf32> -> tensor<2x4x4x3xf32>
      sinter.return %y : tensor<2x4x4x3xf32>
    }
  })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(kind(kernelOf(steps[0])), "reduction");
  expectUnchanged(text);
}

// Rows of tables that are summed, as those of a bag of words, are read where
// they lie.
TEST_F(Fusing, ASumOfGatheredRowsReadsTheTables) {
  const char *text = R"(module @m {
    sinter.entry @run(%t: tensor<7x5xf32>, %i: tensor<4x3xi32>,
                      %u: tensor<6x5xf32>, %j: tensor<4x3xi32>)
        -> (tensor<4x5xf32>, tensor<4x3xf32>) {
      %a = sinter.gather %t[%i] axis 0 batch 0
          : tensor<7x5xf32>, tensor<4x3xi32> -> tensor<4x3x5xf32>
      %y = sinter.reduce_sum %a dims [1]
          : tensor<4x3x5xf32> -> tensor<4x5xf32>
      %b = sinter.gather %t[%j] axis 0 batch 0
          : tensor<7x5xf32>, tensor<4x3xi32> -> tensor<4x3x5xf32>
      %c = sinter.gather %u[%i] axis 0 batch 0
          : tensor<6x5xf32>, tensor<4x3xi32> -> tensor<4x3x5xf32>
      %p = sinter.mul %b, %c : tensor<4x3x5xf32>
      %z = sinter.reduce_sum %p dims [2]
          : tensor<4x3x5xf32> -> tensor<4x3xf32>
      sinter.return %y, %z : tensor<4x5xf32>, tensor<4x3xf32>
    }
  })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(kind(kernelOf(steps[0])), "reduction");
  EXPECT_EQ(kind(kernelOf(steps[1])), "reduction");
  expectUnchanged(text);
}

// A graph's messages go from row to row; what a second reader needs is stored.
TEST_F(Fusing, AScatterOfGatheredRowsIsOneKernel) {
  const char *text = R"(module @m {
    sinter.entry @run(%t: tensor<7x5xf32>, %i: tensor<9xi32>,
                      %j: tensor<9xi32>, %w: tensor<5x5xf32>)
        -> (tensor<7x5xf32>, tensor<7x5xf32>, tensor<9x5xf32>) {
      %z = sinter.constant dense<0.0> : tensor<7x5xf32>
      %a = sinter.gather %t[%i] axis 0 batch 0
          : tensor<7x5xf32>, tensor<9xi32> -> tensor<9x5xf32>
      %y = sinter.scatter_add %z[%j] += %a axis 0 batch 0
          : tensor<7x5xf32>, tensor<9xi32>, tensor<9x5xf32>
      %b = sinter.gather %t[%j] axis 0 batch 0
          : tensor<7x5xf32>, tensor<9xi32> -> tensor<9x5xf32>
      %x = sinter.scatter_add %z[%i] += %b axis 0 batch 0
          : tensor<7x5xf32>, tensor<9xi32>, tensor<9x5xf32>
      %v = sinter.dot_general %b, %w contract [1] x [0] batch [] x []
          : tensor<9x5xf32>, tensor<5x5xf32> -> tensor<9x5xf32>
      sinter.return %y, %x, %v
          : tensor<7x5xf32>, tensor<7x5xf32>, tensor<9x5xf32>
    }
  })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(kind(kernelOf(steps[0])), "scatter");
  EXPECT_TRUE(holds(kernelOf(steps[0]), "gather"));
  EXPECT_EQ(kind(kernelOf(steps[1])), "gather");
  expectUnchanged(text);
}

// Reshapes apart, the mask of the activation included.
TEST_F(Fusing, APoolingAndItsDerivativeAreOneWalkOverWindows) {
  const char *text = R"(module @m {
    sinter.entry @run(%x: tensor<2x8x6x5xf32>, %g: tensor<2x4x3x5xf32>)
        -> (tensor<2x4x3x5xf32>, tensor<2x8x6x5xf32>) {
      %z = sinter.constant dense<0.0> : tensor<2x8x6x5xf32>
      %r = sinter.max %x, %z : tensor<2x8x6x5xf32>
      %s = sinter.reshape %r : tensor<2x8x6x5xf32> -> tensor<2x4x2x3x2x5xf32>
      %y = sinter.reduce_max %s dims [2, 4]
          : tensor<2x4x2x3x2x5xf32> -> tensor<2x4x3x5xf32>
      %b = sinter.broadcast %y dims [0, 1, 3, 5]
          : tensor<2x4x3x5xf32> -> tensor<2x4x2x3x2x5xf32>
      %c = sinter.compare eq %s, %b : tensor<2x4x2x3x2x5xf32>
      %h = sinter.broadcast %g dims [0, 1, 3, 5]
          : tensor<2x4x3x5xf32> -> tensor<2x4x2x3x2x5xf32>
      %n = sinter.constant dense<0.0> : tensor<2x4x2x3x2x5xf32>
      %k = sinter.select %c, %h, %n : tensor<2x4x2x3x2x5xf32>
      %d = sinter.reshape %k : tensor<2x4x2x3x2x5xf32> -> tensor<2x8x6x5xf32>
      %p = sinter.compare gt %r, %z : tensor<2x8x6x5xf32>
      %v = sinter.select %p, %d, %z : tensor<2x8x6x5xf32>
      sinter.return %y, %v : tensor<2x4x3x5xf32>, tensor<2x8x6x5xf32>
    }
  })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(kind(kernelOf(steps[0])), "pointwise");
  EXPECT_EQ(kind(kernelOf(steps[1])), "reduction");
  EXPECT_EQ(kernelOf(steps[1]).getResultTypes().size(), 2u);
  expectUnchanged(text);
}

// What several windows show is computed once, before them.
TEST_F(Fusing, WhatWindowsRepeatIsNotComputedBehindThem) {
  const char *text = R"(module @m {
    sinter.entry @run(%i: tensor<2x9x9x3xui8>, %w: tensor<3x3x3x8xf32>)
        -> (tensor<2x7x7x8xf32>) {
      %x = sinter.cast %i : tensor<2x9x9x3xui8> to tensor<2x9x9x3xf32>
      %u = sinter.windows %x dims [1, 2] sizes [3, 3] strides [1, 1]
          dilations [1, 1] : tensor<2x9x9x3xf32> -> tensor<2x7x7x3x3x3xf32>
      %y = sinter.dot_general %u, %w contract [3, 4, 5] x [0, 1, 2]
          batch [] x [] : tensor<2x7x7x3x3x3xf32>, tensor<3x3x3x8xf32>
          -> tensor<2x7x7x8xf32>
      sinter.return %y : tensor<2x7x7x8xf32>
    }
  })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_TRUE(holds(kernelOf(steps[0]), "cast"));
  EXPECT_FALSE(holds(kernelOf(steps[1]), "cast"));
  expectUnchanged(text);
}

TEST_F(Fusing, ASumOfWindowsTakesWhatFollows) {
  const char *text = R"(module @m {
    sinter.entry @run(%u: tensor<4x3x5xf32>, %r: tensor<9x5xf32>)
        -> (tensor<9x5xf32>) {
      %y = sinter.fold_windows %u dims [0] sizes [3] strides [2] dilations [1]
          : tensor<4x3x5xf32> -> tensor<9x5xf32>
      %z = sinter.mul %y, %r : tensor<9x5xf32>
      sinter.return %z : tensor<9x5xf32>
    }
  })";
  auto module = fused(text);
  auto steps = calls(*module, "run");
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(kind(kernelOf(steps[0])), "window");
  expectUnchanged(text);
}

} // namespace
