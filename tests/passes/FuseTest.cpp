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
  // Forward 3, loss and gradient 1, means 1, weights 3, masked cotangents 2,
  // bias sums 3, counters 1, Adam 1.
  auto module = fused(mlpText({}));
  EXPECT_EQ(calls(*module, "train").size(), 15u);
}

TEST_F(Fusing, AdamOfAllParametersIsOneKernelOfSegments) {
  auto module = fused(mlpText({}));
  KernelOp update;
  for (CallOp call : calls(*module, "train"))
    if (number(kernelOf(call), "segments") > 0) {
      EXPECT_FALSE(update) << "a second one";
      update = kernelOf(call);
    }
  ASSERT_TRUE(update);
  EXPECT_EQ(number(update, "segments"), 6);
  EXPECT_EQ(number(update, "segment_arguments"), 4);
  EXPECT_EQ(number(update, "segment_results"), 3);
  // Each slot is written over itself.
  auto overwrites = *update.getOverwrites();
  for (int segment = 0; segment < 6; ++segment)
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

} // namespace
