//===- MixedPrecisionTest.cpp - a network in bf16 learns ------------------===//
//
// Two ways to train one network: bf16 activations with weights kept in f32, and
// bf16 throughout.  Every step of compiled code is compared with the
// interpreter's from the same state; sums run in another order, so that a
// rounding to bf16 may fall on the other side of a middle, and what follows
// differ by about a unit of bf16 of the largest.
//
//===----------------------------------------------------------------------===//

#include "tests/frontend/Build.h"
#include "tests/lower/Compiled.h"

#include <cmath>
#include <random>

using namespace sinter;
using sinter::interpret::Array;
using sinter::interpret::State;
using sinter::test::Compiled;
using sinter::test::From;

namespace {

constexpr int64_t samples = 33, features = 13, hidden = 27, classes = 3;

using Train = std::function<void(Model &, Tensor loss)>;

/// Classes of points, by two layers whose activations are bf16.
std::string makeModel(DType parameters, const Train &train) {
  Built built([&](Model &m) {
    m.entry("train", [&](Entry &e) {
      Tensor x = cast(e.input("x", f32, {samples, features}), bf16);
      Tensor labels = e.input("labels", i32, {samples});
      x = relu(nn::dense(m, "hidden", x, hidden, {.parameters = parameters}));
      x = tanh(nn::dense(m, "more", x, hidden, {.parameters = parameters}));
      x = nn::dense(m, "logits", x, classes, {.parameters = parameters});
      Tensor loss = nn::cross_entropy(cast(x, f32), labels);
      train(m, loss);
      e.output("loss", loss);
    });
  });
  for (const auto &mistake : built.mistakes)
    ADD_FAILURE() << mistake.render();
  if (!built.module)
    return {};
  std::string text;
  llvm::raw_string_ostream(text) << *built.module;
  return text;
}

/// Points around a center for each class.
std::vector<Array> makeData(llvm::ArrayRef<mlir::Type> types) {
  std::mt19937 random(7);
  auto number = [&] { return static_cast<double>(random() % 2001) / 1000 - 1; };
  std::vector<double> centers(classes * features), x;
  std::vector<int64_t> labels;
  for (double &c : centers)
    c = number();
  for (int64_t i = 0; i < samples; ++i) {
    labels.push_back(i % classes);
    for (int64_t j = 0; j < features; ++j)
      x.push_back(centers[i % classes * features + j] + number() / 2);
  }
  return {Array::of(types[0], x), Array::ofInts(types[1], labels)};
}

double largest(const Array &array) {
  double size = 0;
  for (double x : array.floats)
    size = std::max(size, std::abs(x));
  return size;
}
double distance(const Array &a, const Array &b) {
  double size = 0;
  for (auto [x, y] : llvm::zip_equal(a.floats, b.floats))
    size = std::max(size, std::abs(x - y));
  return size;
}

struct Way {
  const char *name;
  DType parameters;
  Train train;
  int steps;
  /// Of the first loss, at the end.
  double share;
  /// Whether a step is continuous in the gradient, and may be compared.
  bool compared;
};

class MixedPrecision
    : public testing::TestWithParam<std::tuple<Way, const char *>> {};

TEST_P(MixedPrecision, LearnsAndIsWhatTheInterpreterSays) {
  auto [way, cpu] = GetParam();
  std::string text = makeModel(way.parameters, way.train);
  Compiled compiled(text, cpu, 2, From::Gradient);
  ASSERT_TRUE(compiled);
  std::vector<Array> data = makeData(compiled.inputTypes("train"));
  interpret::Interpreter reference(compiled.module());
  Array seed = Array::ofInts(compiled.inputTypes("init")[0], {11});
  cantFail(reference.run("init", {seed}));
  double first = 0, last = 0;
  for (int step = 0; step < way.steps; ++step) {
    State before = reference.state();
    if (way.compared || step == 0)
      compiled.setState(before);
    double loss = compiled.run("train", data)[0].floats[0];
    if (step == 0)
      first = loss;
    last = loss;
    if (!way.compared)
      continue;
    double wanted = cantFail(reference.run("train", data))[0].floats[0];
    ASSERT_NEAR(loss, wanted, 0x1p-7 * std::max(1.0, wanted)) << step;
    for (const auto &[name, value] : compiled.getState()) {
      if (!value.isFloat())
        continue;
      const Array &after = reference.state().at(name);
      // A share of the step that was taken, and the rounding of the result.
      double unit = value.elementType.isBF16() ? 0x1p-7 : 0x1p-22;
      double bound =
          0x1p-5 * distance(before.at(name), after) + unit * largest(after);
      ASSERT_LE(distance(value, after), bound) << name << " in step " << step;
    }
  }
  EXPECT_LT(last, way.share * first);
  EXPECT_GT(first, 0.5);
}

const Way ways[] = {
    {"KeptInF32", f32,
     [](Model &m, Tensor loss) {
       optim::momentum(m, loss, {.learning_rate = 0.05});
     },
     25, 0.35, true},
    {"AllBf16", bf16,
     [](Model &m, Tensor loss) { optim::sgd(m, loss, {.learning_rate = 0.2}); },
     25, 0.35, true},
    {"AdamKeptInF32", f32,
     [](Model &m, Tensor loss) {
       optim::adam(m, loss, {.learning_rate = 0.01});
     },
     60, 0.2, false},
    {"AdamAllBf16", bf16,
     [](Model &m, Tensor loss) {
       optim::adam(m, loss, {.learning_rate = 0.01});
     },
     60, 0.2, false}};

INSTANTIATE_TEST_SUITE_P(Ways, MixedPrecision,
                         testing::Combine(testing::ValuesIn(ways),
                                          testing::ValuesIn(test::allCpus)),
                         [](const auto &info) {
                           std::string cpu = std::get<1>(info.param);
                           std::replace(cpu.begin(), cpu.end(), '-', '_');
                           return std::string(std::get<0>(info.param).name) +
                                  "_" + cpu;
                         });

TEST(MixedPrecision, GradientsHaveTheTypeOfWhatTheyAreOf) {
  Built built([&](Model &m) {
    m.entry("slopes", [&](Entry &e) {
      Tensor x = e.input("x", bf16, {4});
      Tensor w = e.input("w", f32, {4});
      Tensor y = sum(x * cast(w, bf16));
      std::vector<Tensor> slopes = gradient(y, {x, w});
      e.output("dx", slopes[0]);
      e.output("dw", slopes[1]);
      EXPECT_EQ(slopes[0].dtype(), bf16);
      EXPECT_EQ(slopes[1].dtype(), f32);
    });
  });
  EXPECT_TRUE(built.mistakes.empty());
}

} // namespace
