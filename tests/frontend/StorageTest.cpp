//===- StorageTest.cpp - bf16 in the DSL ----------------------------------===//

#include "compiler/ir/Storage.h"
#include "tests/frontend/Build.h"

using namespace sinter;

namespace {

/// Functions of the library that are several ops.
TEST(Storage, LibraryFunctionsRoundOnce) {
  std::vector<std::pair<const char *, std::function<Tensor(Model &, Tensor)>>>
      functions = {
          {"gelu", [](Model &, Tensor x) { return gelu(x); }},
          {"gelu_tanh", [](Model &, Tensor x) { return gelu_tanh(x); }},
          {"silu", [](Model &, Tensor x) { return silu(x); }},
          {"softplus", [](Model &, Tensor x) { return softplus(x); }},
          {"softsign", [](Model &, Tensor x) { return softsign(x); }},
          {"elu", [](Model &, Tensor x) { return elu(x); }},
          {"selu", [](Model &, Tensor x) { return selu(x); }},
          {"hard_sigmoid", [](Model &, Tensor x) { return hard_sigmoid(x); }},
          {"hard_swish", [](Model &, Tensor x) { return hard_swish(x); }},
          {"mish", [](Model &, Tensor x) { return mish(x); }},
          {"average_pool",
           [](Model &, Tensor x) {
             return average_pool(reshape(x, {2, 2, 3, 2}), {2, 2},
                                 {.padding = Padding::same});
           }},
          {"softmax", [](Model &, Tensor x) { return softmax(x); }},
          {"log_softmax", [](Model &, Tensor x) { return log_softmax(x); }},
          {"log_sum_exp", [](Model &, Tensor x) { return log_sum_exp(x); }},
          {"mean", [](Model &, Tensor x) { return mean(x); }},
          {"variance", [](Model &, Tensor x) { return variance(x, {0}); }},
          {"layer_norm",
           [](Model &m, Tensor x) { return nn::layer_norm(m, "n", x); }},
          {"rms_norm",
           [](Model &m, Tensor x) { return nn::rms_norm(m, "n", x); }},
          {"group_norm",
           [](Model &m, Tensor x) { return nn::group_norm(m, "n", x, 3); }},
          {"mse", [](Model &, Tensor x) { return nn::mse(x, x); }},
          {"cross_entropy",
           [](Model &, Tensor x) { return nn::cross_entropy(x, x); }},
          {"binary_cross_entropy",
           [](Model &, Tensor x) { return nn::binary_cross_entropy(x, x); }}};
  for (const auto &[name, function] : functions) {
    SCOPED_TRACE(name);
    Built built([&](Model &m) {
      m.entry("e", [&](Entry &e) {
        e.output("y", function(m, e.input("x", bf16, {4, 6})));
      });
    });
    for (const Mistake &mistake : built.mistakes)
      ADD_FAILURE() << mistake.render();
    ASSERT_TRUE(built.module);
    int rounded = 0;
    for (mlir::Operation &op : built.entry("e").getBody().front()) {
      EXPECT_FALSE(ir::computesInStorage(&op))
          << op.getName().getStringRef().str();
      if (llvm::isa<ir::CastOp>(op))
        rounded +=
            mlir::getElementTypeOrSelf(op.getResult(0).getType()).isBF16();
    }
    EXPECT_EQ(rounded, 1);
    EXPECT_TRUE(mlir::getElementTypeOrSelf(built.entry("e").getResultTypes()[0])
                    .isBF16());
  }
}

TEST(Storage, NumbersAreRoundedOnceFromWhatIsWritten) {
  Computed model([](Model &m) {
    m.entry("e", [](Entry &e) {
      // Just above the middle of 1 and the next, where f32 would be on it.
      e.output("a", full({2}, 1 + 0x1p-8 + 0x1p-30, bf16));
      e.output("b", constant(std::vector<double>{0.1, -1e-40}, {2}, bf16));
    });
  });
  auto outputs = model.run("e");
  expectNear(outputs[0], {1 + 0x1p-7, 1 + 0x1p-7}, 0);
  expectNear(outputs[1], {0x1.9ap-4, -0x1p-133}, 0);
}

TEST(Storage, VariablesAndSlots) {
  Built built([](Model &m) {
    m.entry("train", [&](Entry &e) {
      Variable w = m.parameter("w", {3}, init::normal(1), bf16);
      Tensor loss = sum(square(w));
      optim::adam(m, loss);
      e.output("loss", loss);
    });
  });
  ASSERT_TRUE(built.module);
  auto typeOf = [&](llvm::StringRef name) {
    return mlir::getElementTypeOrSelf(
        built.module->lookupSymbol<ir::VariableOp>(name).getType());
  };
  EXPECT_TRUE(typeOf("w").isBF16());
  EXPECT_TRUE(typeOf("w.adam.m").isF32());
  EXPECT_TRUE(typeOf("w.adam.v").isF32());
}

TEST(Storage, LayersKeepTheirWeightsAsAsked) {
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", bf16, {4, 6});
      Tensor y = nn::dense(m, "kept", x, 5, {.parameters = f32});
      EXPECT_EQ(y.dtype(), bf16);
      y = nn::dense(m, "half", y, 3);
      e.output("y", y);
    });
  });
  ASSERT_TRUE(built.module);
  auto typeOf = [&](llvm::StringRef name) {
    return mlir::getElementTypeOrSelf(
        built.module->lookupSymbol<ir::VariableOp>(name).getType());
  };
  EXPECT_TRUE(typeOf("kept.weight").isF32());
  EXPECT_TRUE(typeOf("kept.bias").isF32());
  EXPECT_TRUE(typeOf("half.weight").isBF16());
}

} // namespace
