//===- RandomGraphsTest.cpp - graphs nobody wrote, compiled ---------------===//
//
// Random graphs go through all stages and run two steps on random inputs and
// state; outputs and new state are compared with the interpreter in f64, with
// the interpreter in the graph's own types, and between levels and CPUs.
//
// Exact graphs (reals are small whole numbers) must agree bit for bit.  In the
// others an element may be off by what rounding may do to it: 16 times the
// spread of the same graph under stochastic rounding (RoundingSpread.h), plus 8
// units in the last place.  Integers that do not hang on rounded numbers have
// no spread, hence no leave.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/PackedCode.h"
#include "tests/lower/RoundingSpread.h"
#include "tests/passes/RandomGraph.h"

#include <cmath>
#include <random>

using namespace sinter;
using namespace sinter::test;
using sinter::tests::GraphOptions;
using sinter::tests::randomGraph;

namespace {
constexpr int steps = 2, samples = 6;

/// What one run left: outputs and state of every step, one after the other.
using Trace = std::vector<Array>;

struct Counts {
  int64_t elements = 0, compared = 0, tight = 0;
};

class RandomGraphs : public testing::Test {
protected:
  void check(uint32_t seed, const GraphOptions &options);

  static void append(Trace &trace, const std::vector<Array> &outputs,
                     const State &state) {
    trace.insert(trace.end(), outputs.begin(), outputs.end());
    for (const auto &[name, value] : state)
      trace.push_back(value);
  }
  Array number(mlir::Type type) {
    Array array = Array::zeros(type);
    for (double &x : array.floats) {
      x = exact ? static_cast<int>(random() % 17) - 8
                : static_cast<double>(random()) * 0x1p-30 - 2;
      if (array.elementType.isF32())
        x = static_cast<float>(x);
      if (array.elementType.isBF16())
        x = interpret::nearestBf16(x);
    }
    for (int64_t &x : array.ints)
      x = interpret::wrap(random(), array.elementType);
    return array;
  }
  void compare(const Trace &got, const std::string &what);
  void compareElement(const Array &got, int64_t tensor, int64_t i,
                      const std::string &what);
  /// Every kernel that reads something without packed instructions has a reason
  /// for that.
  void checkPacked(Compiled &compiled);

  std::mt19937 random;
  bool exact = false;
  Trace wanted, native;
  std::vector<Trace> perturbed;
  Counts counts;
};

void RandomGraphs::compareElement(const Array &got, int64_t tensor, int64_t i,
                                  const std::string &what) {
  ++counts.elements;
  double have = got.number(i), want = wanted[tensor].number(i);
  double own = native[tensor].number(i);
  double spread = 0;
  auto same = [](double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
  };
  bool isStable = same(want, own);
  for (const Trace &trace : perturbed) {
    double other = trace[tensor].number(i);
    isStable &= same(want, other);
    spread = std::max(spread, std::abs(other - want));
  }
  auto place = [&] {
    return what + ": value " + std::to_string(tensor) + " at " +
           std::to_string(i);
  };
  if (exact || isStable) {
    ++counts.compared;
    ++counts.tight;
    ASSERT_PRED2(same, have, want) << place();
    return;
  }
  // Overflow at the edge of the type is rounding's affair too.
  const double largest = got.elementType.isF32() ? 1e37 : 1e300;
  if (!(std::abs(want) < largest && std::abs(own) < largest &&
        std::isfinite(spread)))
    return;
  double unit = !got.isFloat()            ? 0
                : got.elementType.isF32() ? 0x1p-23
                                          : 0x1p-52;
  double tiny = got.elementType.isF32() ? 0x1p-126 : 0x1p-1022;
  double bound = 16 * spread + 8 * unit * std::abs(want) + tiny;
  ++counts.compared;
  counts.tight += bound <= 1e-3 * (1 + std::abs(want));
  ASSERT_LE(std::abs(have - want), bound) << place() << ", in f64 " << want;
  ASSERT_LE(std::abs(have - own), bound) << place() << ", natively " << own;
}

void RandomGraphs::compare(const Trace &got, const std::string &what) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t tensor = 0; tensor < got.size(); ++tensor) {
    ASSERT_EQ(got[tensor].size(), wanted[tensor].size());
    for (int64_t i = 0; i < got[tensor].size() && !HasFatalFailure(); ++i)
      compareElement(got[tensor], tensor, i, what);
  }
}

void RandomGraphs::checkPacked(Compiled &compiled) {
  std::map<std::string, FunctionCode> functions =
      findFunctions(compiled.assembly());
  for (const auto &[kernel, reason] : compiled.scalarReasons()) {
    auto function = functions.find(kernel);
    ASSERT_NE(function, functions.end()) << "no function of kernel " << kernel;
    EXPECT_TRUE(function->second.isPacked || !function->second.readsData ||
                !reason.empty())
        << kernel << " has neither vectors nor a reason:\n"
        << function->second.text;
  }
}

void RandomGraphs::check(uint32_t seed, const GraphOptions &options) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::string text = randomGraph(seed, options);
  exact = options.exact;
  random.seed(seed);
  std::vector<std::pair<const char *, int>> targets = {{"native", 2},
                                                       {"native", 0}};
  if (seed % 4 == 1)
    targets.push_back({"x86-64-v3", 2});
  if (seed % 4 == 3)
    targets.push_back({"generic", 2});

  // Arrays live in the context of the first.
  std::vector<std::unique_ptr<Compiled>> all;
  for (auto [cpu, level] : targets) {
    all.push_back(std::make_unique<Compiled>(text, cpu, level, From::Gradient));
    ASSERT_TRUE(*all.back()) << text;
  }
  Compiled &first = *all.front();
  std::vector<std::vector<Array>> inputs(steps);
  for (std::vector<Array> &step : inputs)
    for (mlir::Type type : first.inputTypes("run"))
      step.push_back(number(type));
  State before;
  for (const auto &[name, type] : first.variableTypes())
    before[name] = number(type);
  auto interpret = [&](mlir::ModuleOp module, Precision precision) {
    interpret::Interpreter interpreter(module, precision);
    interpreter.state() = before;
    Trace trace;
    for (const std::vector<Array> &step : inputs) {
      std::vector<Array> outputs = llvm::cantFail(interpreter.run("run", step));
      append(trace, outputs, interpreter.state());
    }
    return trace;
  };
  wanted = interpret(first.module(), Precision::F64);
  native = interpret(first.module(), Precision::Native);
  // Sums are exact in f32; what is stored of them is rounded.
  if (exact && options.real == "bf16")
    wanted = native;
  perturbed.clear();
  for (int i = 0; i < samples && !exact; ++i)
    perturbed.push_back(interpret(*perturb(first.module(), i), Precision::F64));

  for (auto [target, compiled] : llvm::zip_equal(targets, all)) {
    auto [cpu, level] = target;
    compiled->setState(before);
    Trace got;
    for (int step = 0; step < steps; ++step) {
      std::vector<Array> outputs = compiled->run(
          "run", inputs[step], step == 0 ? Guard::Behind : Guard::Before);
      append(got, outputs, compiled->getState());
    }
    std::string what = std::string(cpu) + " -O" + std::to_string(level);
    compare(got, what);
    if (level > 0)
      checkPacked(*compiled);
    if (HasFailure()) {
      ADD_FAILURE() << what << "\n" << text;
      return;
    }
  }
}

const std::vector<int64_t> extents = {1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 33};

/// Few extents a graph, so that shapes meet.
std::vector<int64_t> chooseExtents(uint32_t seed) {
  std::mt19937 random(seed + 1000);
  std::vector<int64_t> chosen;
  for (int i = 0; i < 4; ++i)
    chosen.push_back(extents[random() % extents.size()]);
  return chosen;
}

TEST_F(RandomGraphs, ExactArithmeticAgreesBitForBit) {
  for (uint32_t seed = 0; seed < 30 && !HasFailure(); ++seed) {
    GraphOptions options;
    options.ops = 18 + seed % 15;
    options.extents = chooseExtents(seed);
    options.everyOp = options.exact = true;
    check(seed, options);
  }
}

TEST_F(RandomGraphs, StoredInBf16TheyAgreeBitForBit) {
  for (uint32_t seed = 200; seed < 230 && !HasFailure(); ++seed) {
    GraphOptions options;
    options.ops = 18 + seed % 15;
    options.extents = chooseExtents(seed);
    options.everyOp = options.exact = true;
    options.real = "bf16";
    check(seed, options);
  }
}

TEST_F(RandomGraphs, RoundedArithmeticAgreesWithinItsSpread) {
  for (uint32_t seed = 100; seed < 150 && !HasFailure(); ++seed) {
    GraphOptions options;
    options.ops = 18 + seed % 15;
    options.extents = chooseExtents(seed);
    options.everyOp = true;
    options.gradient = seed % 2;
    if (seed % 3 == 0)
      options.real = "f64";
    check(seed, options);
  }
  // The comparison says something.
  EXPECT_GT(counts.compared, counts.elements * 95 / 100);
  EXPECT_GT(counts.tight, counts.compared * 80 / 100);
}

} // namespace
