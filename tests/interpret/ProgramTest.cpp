//===- ProgramTest.cpp - entries, state, scans, kernels, errors -----------===//

#include "tests/interpret/Run.h"

using namespace sinter::interpret;
using Ints = std::vector<int64_t>;

namespace {
class Program : public Interpret {
protected:
  std::string errorOf(Interpreter &interpreter, llvm::StringRef name,
                      llvm::ArrayRef<Array> inputs) {
    auto outputs = interpreter.run(name, inputs);
    return outputs ? "" : llvm::toString(outputs.takeError());
  }
};

// c ← 2c + x; ys are the carries before the step, so order shows in both.
TEST_F(Program, ScanForwardsAndBackwards) {
  for (bool reverse : {false, true}) {
    std::string text = R"(sinter.kernel @f(%a: tensor<i64>, %xs: tensor<3xi64>,
        %w: tensor<i64>) -> (tensor<i64>, tensor<3xi64>, tensor<3xi64>) {
      %r:3 = sinter.scan 3 )" +
                       std::string(reverse ? "reverse" : "") + R"(
          carry(%c = %a : tensor<i64>) each(%x = %xs : tensor<3xi64>)
          with(%v = %w : tensor<i64>) index(%t)
          -> (tensor<i64>, tensor<3xi64>, tensor<3xi64>) {
        %d = sinter.mul %c, %v : tensor<i64>
        %n = sinter.add %d, %x : tensor<i64>
        sinter.yield %n, %c, %t : tensor<i64>, tensor<i64>, tensor<i64>
      }
      sinter.return %r#0, %r#1, %r#2 : tensor<i64>, tensor<3xi64>, tensor<3xi64>
    })";
    auto y = run(text,
                 {ints("tensor<i64>", {1}), ints("tensor<3xi64>", {10, 20, 30}),
                  ints("tensor<i64>", {2})});
    ASSERT_EQ(y.size(), 3u);
    EXPECT_EQ(y[0].ints, reverse ? Ints{((2 + 30) * 2 + 20) * 2 + 10}
                                 : Ints{((2 + 10) * 2 + 20) * 2 + 30});
    EXPECT_EQ(y[1].ints, reverse ? (Ints{84, 32, 1}) : (Ints{1, 12, 44}));
    EXPECT_EQ(y[2].ints, (Ints{0, 1, 2}));
  }
}

TEST_F(Program, ScanOfNoStepsGivesItsInit) {
  auto y = run(R"(sinter.kernel @f(%a: tensor<2xf32>)
      -> (tensor<2xf32>, tensor<0x2xf32>) {
    %r:2 = sinter.scan 0 carry(%c = %a : tensor<2xf32>) index(%t)
        -> (tensor<2xf32>, tensor<0x2xf32>) {
      %n = sinter.exp %c : tensor<2xf32>
      sinter.yield %n, %n : tensor<2xf32>, tensor<2xf32>
    }
    sinter.return %r#0, %r#1 : tensor<2xf32>, tensor<0x2xf32>
  })",
               {floats("tensor<2xf32>", {1, 2})});
  ASSERT_EQ(y.size(), 2u);
  EXPECT_EQ(y[0].floats, (std::vector<double>{1, 2}));
  EXPECT_EQ(y[1].size(), 0);
}

const char *const counter = R"(module @m {
  sinter.variable @a : tensor<i64>
  sinter.variable @b : tensor<i64>
  sinter.kernel @twice(%x: tensor<i64>) -> tensor<i64> {
    %y = sinter.add %x, %x : tensor<i64>
    sinter.return %y : tensor<i64>
  }
  sinter.entry @init(%seed: tensor<i64>) {
    %one = sinter.constant dense<1> : tensor<i64>
    sinter.write @a, %seed : tensor<i64>
    sinter.write @b, %one : tensor<i64>
    sinter.return
  }
  sinter.entry @swap(%x: tensor<i64>) -> tensor<i64> {
    %a = sinter.read @a : tensor<i64>
    sinter.write @b, %a : tensor<i64>
    %b = sinter.read @b : tensor<i64>
    sinter.write @a, %b : tensor<i64>
    %y = sinter.call @twice(%x) : (tensor<i64>) -> tensor<i64>
    sinter.return %y : tensor<i64>
  }
  sinter.entry @broken(%x: tensor<f32>) -> tensor<f32> {
    %one = sinter.constant dense<7> : tensor<i64>
    sinter.write @a, %one : tensor<i64>
    %g = sinter.gradient %x wrt %x : tensor<f32> wrt tensor<f32>
        loc("model.cpp":12:3)
    sinter.return %g : tensor<f32>
  }
})";

// Both reads see the state as it was when the entry began.
TEST_F(Program, EntriesReadASnapshotAndWriteAtTheEnd) {
  auto module = parse(counter);
  Interpreter interpreter(*module);
  EXPECT_EQ(interpreter.state().at("a").ints, Ints{0});
  EXPECT_EQ(errorOf(interpreter, "init", {ints("tensor<i64>", {5})}), "");
  auto y = interpreter.run("swap", {ints("tensor<i64>", {21})});
  ASSERT_TRUE(static_cast<bool>(y));
  EXPECT_EQ(y->at(0).ints, Ints{42});
  EXPECT_EQ(interpreter.state().at("a").ints, Ints{1});
  EXPECT_EQ(interpreter.state().at("b").ints, Ints{5});
}

TEST_F(Program, ErrorsNameThePlaceAndLeaveTheState) {
  auto module = parse(counter);
  Interpreter interpreter(*module);
  std::string message =
      errorOf(interpreter, "broken", {floats("tensor<f32>", {1})});
  EXPECT_EQ(message,
            "model.cpp:12:3: sinter.gradient: cannot be interpreted: expand "
            "derivative requests first (the gradient stage does)");
  EXPECT_EQ(interpreter.state().at("a").ints, Ints{0});
}

TEST_F(Program, WrongCallsAreErrors) {
  auto module = parse(counter);
  Interpreter interpreter(*module);
  EXPECT_NE(errorOf(interpreter, "nothing", {}).find("no entry or kernel"),
            std::string::npos);
  EXPECT_NE(errorOf(interpreter, "swap", {}).find("takes 1 inputs, not 0"),
            std::string::npos);
  EXPECT_NE(errorOf(interpreter, "swap", {floats("tensor<f32>", {1})})
                .find("input 0 of @swap is tensor<i64>, not tensor<f32>"),
            std::string::npos);
}

TEST_F(Program, PlannedEntriesAreRefused) {
  auto module = parse(R"(module @m {
    sinter.entry @e(%x: tensor<f32>) -> tensor<f32>
        attributes {workspace_bytes = 0 : i64} {
      sinter.return
    }
  })");
  Interpreter interpreter(*module);
  EXPECT_NE(errorOf(interpreter, "e", {floats("tensor<f32>", {1})})
                .find("interpret an earlier stage"),
            std::string::npos);
}

// Every registered op is either evaluated or known not to be: an op that is
// added without its evaluation fails here.
TEST_F(Program, EveryOpIsKnown) {
  const std::set<std::string> others = {
      "sinter.gradient", "sinter.vjp",      "sinter.jvp",
      "sinter.buffer",   "sinter.launch",   "sinter.copy",
      "sinter.loop",     "sinter.variable", "sinter.store_index"};
  int number = 0;
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations()) {
    if (name.getDialectNamespace() != "sinter")
      continue;
    ++number;
    EXPECT_EQ(canEvaluate(name.getStringRef()),
              !others.count(name.getStringRef().str()))
        << name.getStringRef().str();
  }
  EXPECT_GT(number, 60);
}
} // namespace
