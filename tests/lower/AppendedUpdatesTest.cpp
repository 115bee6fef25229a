//===- AppendedUpdatesTest.cpp - updates behind their gradients -----------===//
//
// Variables whose gradients are products, of every form and of sizes that fit
// no tile, are updated by formulas with and without slots, in state that lies
// between inaccessible pages, over several steps.  The products are of whole
// numbers, hence exact, and all else is rounded op by op: state and outputs
// must be the interpreter's bit for bit.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/ContractionForms.h"

using namespace sinter;
using namespace sinter::test;

namespace {

/// A formula for %NEW of %w, the gradient %y, slots and the scalars %rate and
/// %scale; writes the slots.
struct Formula {
  const char *name;
  std::vector<std::string> slots;
  /// One op a line, without its type.
  std::vector<std::string> ops;
};
const Formula formulas[] = {
    {"descent", {}, {"%step = mul %y, %rate", "%new = sub %w, %step"}},
    {"momentum",
     {"m"},
     {"%old = mul %m, %scale", "%mn = add %old, %y", "%step = mul %mn, %rate",
      "%new = sub %w, %step"}},
    {"adam",
     {"m", "v"},
     {"%m1 = mul %m, %half", "%y1 = mul %y, %half", "%mn = add %m1, %y1",
      "%v1 = mul %v, %half", "%yy = mul %y, %y", "%y2 = mul %yy, %half",
      "%vn = add %v1, %y2", "%vs = mul %vn, %scale", "%root = sqrt %vs",
      "%below = add %root, %half", "%above = mul %mn, %rate",
      "%step = div %above, %below", "%decay = mul %w, %rate",
      "%less = sub %w, %decay", "%new = sub %less, %step"}},
};

/// Products whose results update variables of their shapes, in one entry.
class Step {
public:
  void add(const Form &form, const Formula &formula,
           const std::string &element = "f32") {
    std::string n = std::to_string(count++), type = tensor(form.result, "f32");
    auto line = [&](std::string op, const std::string &of) {
      // Names are the variable's own.
      for (size_t at = 0; (at = op.find('%', at)) != std::string::npos; ++at)
        op.insert(at + 1, "v" + n);
      body += op + " : " + of + "\n";
    };
    for (auto [operand, shape] : {std::pair("a", form.lhs), {"b", form.rhs}})
      arguments += (arguments.empty() ? "%v" : ", %v") + n + operand + ": " +
                   tensor(shape, element);
    std::vector<std::string> variables = formula.slots;
    variables.push_back("w");
    for (const std::string &variable : variables) {
      declared += "sinter.variable @v" + n + variable + " : " + type + "\n";
      line("%" + variable + " = sinter.read @v" + n + variable, type);
    }
    body += "%v" + n + "half = sinter.constant dense<0.5> : " + type + "\n";
    for (const char *scalar : {"rate", "scale"})
      body += "%v" + n + scalar + " = sinter.broadcast %" + scalar +
              " dims [] : tensor<f32> -> " + type + "\n";
    // y = a·b; of bf16 as it is stored, the product rounded to it.
    std::string a = "%v" + n + "a", b = "%v" + n + "b", y = "%v" + n + "y";
    auto cast = [&](std::string &value, const std::vector<int64_t> &shape,
                    const std::string &from, const std::string &to) {
      body += value + to + " = sinter.cast " + value + " : " +
              tensor(shape, from) + " to " + tensor(shape, to) + "\n";
      value += to;
    };
    if (element != "f32") {
      cast(a, form.lhs, element, "f32");
      cast(b, form.rhs, element, "f32");
    }
    std::string dot = form.op("f32", a, b);
    body += (element == "f32" ? y : y + "f32") + dot.substr(2);
    if (element != "f32") {
      body += y + element + " = sinter.cast " + y + "f32 : " + type + " to " +
              tensor(form.result, element) + "\n" + y + " = sinter.cast " + y +
              element + " : " + tensor(form.result, element) + " to " + type +
              "\n";
    }
    for (std::string op : formula.ops)
      line(op.insert(op.find("= ") + 2, "sinter."), type);
    for (const std::string &variable : variables)
      line("sinter.write @v" + n + variable + ", %" +
               (variable == "w" ? "new" : variable + "n"),
           type);
  }

  std::string text() const {
    return "module @m {\n" + declared + "sinter.entry @step(" + arguments +
           ", %rate: tensor<f32>, %scale: tensor<f32>) {\n" + body +
           "sinter.return\n}\n}\n";
  }

  void check(llvm::StringRef cpu, int level = 2) const {
    Compiled compiled(text(), cpu, level);
    ASSERT_TRUE(compiled) << text();
    State state;
    unsigned seed = 0;
    for (const auto &[name, type] : compiled.variableTypes())
      state[name] = whole(type, ++seed, name.back() == 'v' ? 0 : -4);
    compiled.setState(state);
    interpret::Interpreter interpreter(compiled.module(),
                                       interpret::Precision::Native);
    interpreter.state() = state;
    for (int step = 0; step < 3; ++step) {
      std::vector<Array> inputs;
      for (mlir::Type type : compiled.inputTypes("step"))
        inputs.push_back(whole(type, ++seed, -4));
      for (int scalar : {1, 2})
        inputs[inputs.size() - scalar].floats[0] = 0.25 * scalar;
      compiled.run("step", inputs, step % 2 ? Guard::Before : Guard::Behind);
      llvm::cantFail(interpreter.run("step", inputs));
      for (auto &[name, got] : compiled.getState())
        expectClose(got, interpreter.state()[name], 0,
                    name + " after step " + std::to_string(step) + "\n" +
                        text());
      if (HasFailure())
        return;
    }
  }

private:
  static bool HasFailure() { return testing::Test::HasFailure(); }

  static Array whole(mlir::Type type, unsigned seed, int least) {
    Array array = Array::zeros(type);
    std::mt19937 random(seed);
    for (double &x : array.floats)
      x = static_cast<double>(random() % 9) + least;
    return array;
  }

  std::string declared, arguments, body;
  int count = 0;
};

class AppendedUpdates : public testing::TestWithParam<const char *> {};

/// Deep products, whose epilogues wait for the next tile, and shallow ones;
/// tiles and blocks that are whole, and what is left of them.
TEST_P(AppendedUpdates, OfProductsOfAnySizeAreTheInterpreters) {
  for (const Formula &formula : formulas) {
    SCOPED_TRACE(formula.name);
    Step step;
    for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{{1, 1, 1},
                                                              {5, 1, 300},
                                                              {30, 17, 3},
                                                              {24, 32, 64},
                                                              {25, 33, 61},
                                                              {41, 10, 128},
                                                              {60, 96, 48},
                                                              {100, 70, 57},
                                                              {131, 7, 90}})
      step.add(matrix(m, n, k, /*lhsTransposed=*/true, (m + n) % 2), formula);
    step.check(GetParam());
  }
}

TEST_P(AppendedUpdates, OfProductsOfAnyFormAreTheInterpreters) {
  std::mt19937 random(5);
  Step step;
  for (int i = 0; i < 24; ++i)
    step.add(randomForm(random), formulas[i % 3]);
  step.check(GetParam());
}

/// Several blocks, which threads share: what waits is each one's own.
TEST_P(AppendedUpdates, OfManyBlocksAreTheInterpreters) {
  Step step;
  step.add(matrix(300, 260, 130, true, false), formulas[2]);
  step.add(matrix(260, 300, 70, false, true), formulas[1]);
  step.check(GetParam());
}

/// The gradient is rounded to the parameters' type, the state is not.
TEST_P(AppendedUpdates, OfRoundedGradientsAreTheInterpreters) {
  Step step;
  step.add(matrix(50, 37, 80, true, false), formulas[2], "bf16");
  step.add(matrix(30, 64, 60, false, true), formulas[1], "bf16");
  step.check(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cpus, AppendedUpdates, testing::ValuesIn(allCpus),
                         nameOfCpu);

TEST(AppendedUpdates, LeaveNoGradientInTheWorkspace) {
  constexpr int64_t m = 600, n = 40, k = 8;
  Step step;
  step.add(matrix(m, n, k, true, false), formulas[1]);
  step.add(matrix(m, n, k, true, false), formulas[1]);
  step.add(matrix(m, n, k, true, false), formulas[1], "bf16");
  Compiled compiled(step.text());
  ASSERT_TRUE(compiled);
  EXPECT_LT(compiled.workspaceBytes("step"),
            m * n * static_cast<int64_t>(sizeof(int16_t)));
}

/// Where there are steps enough.
TEST(AppendedUpdates, WaitForTheNextTile) {
  for (auto [depth, wait] : {std::pair(8, false), {300, true}}) {
    Step step;
    step.add(matrix(100, 70, depth, true, false), formulas[2]);
    Compiled compiled(step.text());
    ASSERT_TRUE(compiled);
    EXPECT_EQ(compiled.fused().find("defer_epilogue") != std::string::npos,
              wait)
        << depth;
  }
}

} // namespace
