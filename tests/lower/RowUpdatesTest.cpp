//===- RowUpdatesTest.cpp - tables of which few rows are updated ----------===//
//
// Gradient descent on a table in place: rows named once, several times and not
// at all, indices out of range, and a second reader of the old rows.  Numbers
// are small and whole and rates powers of two, hence exact: state and outputs
// are the interpreter's over several steps.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

using namespace sinter;
using namespace sinter::test;

namespace {
const char *const model = R"(module @m {
  sinter.variable @w : tensor<40x33xf32>
  sinter.entry @step(%i: tensor<9xi32>, %x: tensor<9x33xf32>,
                     %rate: tensor<f32>) -> (tensor<9x33xf32>) {
    %w = sinter.read @w : tensor<40x33xf32>
    %old = sinter.gather %w[%i] axis 0 batch 0
        : tensor<40x33xf32>, tensor<9xi32> -> tensor<9x33xf32>
    %u = sinter.add %old, %x : tensor<9x33xf32>
    %z = sinter.constant dense<0.0> : tensor<40x33xf32>
    %g = sinter.scatter_add %z[%i] += %u axis 0 batch 0
        : tensor<40x33xf32>, tensor<9xi32>, tensor<9x33xf32>
    %r = sinter.broadcast %rate dims [] : tensor<f32> -> tensor<40x33xf32>
    %s = sinter.mul %r, %g : tensor<40x33xf32>
    %n = sinter.sub %w, %s : tensor<40x33xf32>
    sinter.write @w, %n : tensor<40x33xf32>
    sinter.return %u : tensor<9x33xf32>
  }
})";

class RowUpdates : public testing::TestWithParam<Target> {};

TEST_P(RowUpdates, AreTheInterpretersInPlace) {
  auto [cpu, level] = GetParam();
  Compiled compiled(model, cpu, level, From::Gradient);
  ASSERT_TRUE(compiled);
  unsigned seed = 1;
  auto whole = [&](mlir::Type type) {
    Array array = Array::zeros(type);
    for (double &x : array.floats)
      x = static_cast<int>((seed = seed * 1103515245 + 12345) >> 16) % 9 - 4;
    return array;
  };
  State state;
  for (auto [name, type] : compiled.variableTypes())
    state[name] = whole(type);
  compiled.setState(state);
  interpret::Interpreter interpreter(compiled.module(), Precision::Native);
  interpreter.state() = state;
  for (std::vector<int64_t> rows :
       {std::vector<int64_t>{3, 7, 3, 39, 0, 3, 11, 40, -1},
        {5, 5, 5, 5, 5, 5, 5, 5, 5},
        {0, 1, 2, 3, 4, 5, 6, 7, 8}}) {
    auto types = compiled.inputTypes("step");
    std::vector<Array> inputs;
    for (mlir::Type type : types)
      inputs.push_back(whole(type));
    inputs[0].ints = rows;
    inputs[2].floats = {0.5};
    auto got = compiled.run("step", inputs);
    auto wanted = interpreter.run("step", inputs);
    ASSERT_TRUE(static_cast<bool>(wanted));
    expectClose(got[0], (*wanted)[0], 0, "what was read");
    expectClose(compiled.getState()["w"], interpreter.state()["w"], 0, "w");
  }
  // The gradient is nowhere.
  if (level > 0) {
    EXPECT_LT(compiled.workspaceBytes("step"), 40 * 33 * 4);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, RowUpdates, testing::ValuesIn(allTargets),
                         [](const auto &info) {
                           std::string name = std::get<0>(info.param);
                           for (char &c : name)
                             c = c == '-' ? '_' : c;
                           return name + "_O" +
                                  std::to_string(std::get<1>(info.param));
                         });
} // namespace
