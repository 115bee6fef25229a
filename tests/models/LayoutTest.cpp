//===- LayoutTest.cpp - networks written channels first and last ----------===//
//
// One network is written in both layouts.  Compiled code of each is compared
// with the interpreter, which runs the model as it was written, in f64: result
// and all derivatives.  Networks are drawn at random from what stands between
// convolutions, in 1 to 3 dimensions, with odd extents, strides and groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ImageLayouts.h"
#include "mlir/Parser/Parser.h"
#include "passes/simplify/Stage.h"
#include "tests/frontend/Build.h"
#include "tests/lower/Compiled.h"

#include <random>

using namespace sinter;
using sinter::interpret::Array;
using sinter::test::Compiled;
using sinter::test::From;

namespace {

/// A network in either layout, drawn by a seed.
class Network {
public:
  Network(Model &m, unsigned seed, bool first, int64_t spatial)
      : m(m), random(seed), first(first), spatial(spatial) {}

  Tensor draw(Tensor x) {
    x = conv(x);
    Tensor other = x;
    for (int i = 0; i < 4; ++i) {
      Tensor before = x;
      x = step(x);
      if (below(3) == 0 && other.shape() == x.shape())
        x = x + other;
      else if (below(3) == 0)
        other = before;
    }
    return conv(x);
  }

  int64_t below(int64_t n) { return static_cast<int64_t>(random() % n); }
  int64_t channelsAt() const { return first ? 1 : spatial + 1; }
  int64_t placesAt() const { return first ? 2 : 1; }

  Tensor conv(Tensor x) {
    Scope scope("c" + std::to_string(number++));
    int64_t channels = x.dim(channelsAt());
    int64_t groups = below(3) == 0                        ? channels
                     : channels % 2 == 0 && below(3) == 0 ? 2
                                                          : 1;
    int64_t features = groups * (1 + below(groups == 1 ? 9 : 3));
    std::vector<int64_t> kernel(spatial);
    for (int64_t &size : kernel)
      size = 1 + below(3);
    Padding padding = below(2) ? Padding::same : Padding({0});
    for (int64_t d = 0; d < spatial; ++d)
      if (x.dim(placesAt() + d) < 4)
        padding = Padding::same;
    int64_t stride = below(4) == 0 && x.dim(placesAt()) > 4 ? 2 : 1;
    return nn::conv(m, "conv", x, features, kernel,
                    {.strides = {stride},
                     .padding = padding,
                     .groups = groups,
                     .channels_first = first,
                     .bias = below(2) == 0});
  }

private:
  Dims places(bool withSamples) const {
    std::vector<int64_t> dims;
    if (withSamples)
      dims.push_back(0);
    for (int64_t d = 0; d < spatial; ++d)
      dims.push_back(placesAt() + d);
    return dims;
  }
  /// [C] beside an image.
  Tensor beside(Tensor v) const {
    if (!first)
      return v;
    std::vector<int64_t> shape(spatial + 1, 1);
    shape[0] = v.dim(0);
    return reshape(v, shape);
  }
  std::vector<int64_t> atPlaces(int64_t value) const {
    std::vector<int64_t> result(spatial + 2, 0);
    for (int64_t d = 0; d < spatial; ++d)
      result[placesAt() + d] = value;
    return result;
  }

  Tensor step(Tensor x) {
    int64_t channels = x.dim(channelsAt());
    std::string name = "s" + std::to_string(number++);
    switch (below(10)) {
    case 0:
    case 1:
      return tanh(conv(x));
    case 2:
      return conv(conv(x));
    case 3: { // Batch normalization.
      Scope scope(name);
      Variable scale = m.parameter("scale", {channels}, init::constant(1), f64);
      Tensor mu = mean(x, places(true), true), apart = x - mu;
      Tensor variance = mean(apart * apart, places(true), true);
      return apart * rsqrt(variance + 0.1) * beside(scale);
    }
    case 4:
      for (int64_t d = 0; d < spatial; ++d)
        if (x.dim(placesAt() + d) < 3)
          return x * 0.5;
      return max_pool(x, std::vector<int64_t>(spatial, 2),
                      {.strides = {1 + below(2)}, .channels_first = first});
    case 5:
      if (x.dim(placesAt()) > 6)
        return sin(x);
      return upsample_nearest(x, std::vector<int64_t>(spatial, 2), first);
    case 6:
      return concatenate({x, tanh(x * 0.3)}, channelsAt());
    case 7: // What every channel weighs.
      return x * sigmoid(mean(x, places(false), true));
    case 8:
      return pad(x, atPlaces(1), atPlaces(below(2)));
    default:
      if (x.dim(placesAt()) > 6)
        return cos(x);
      return upsample_linear(x, std::vector<int64_t>(spatial, 2), first);
    }
  }

  Model &m;
  std::mt19937 random;
  bool first;
  int64_t spatial;
  int number = 0;
};

std::string makeModel(unsigned seed, bool first, int64_t spatial, bool mixed) {
  Built built([&](Model &m) {
    m.entry("run", [&](Entry &e) {
      std::mt19937 random(seed + 1000);
      int64_t samples = 1 + static_cast<int64_t>(random() % 3),
              channels = 1 + static_cast<int64_t>(random() % 5);
      std::vector<int64_t> shape{samples};
      for (int64_t d = 0; d < spatial; ++d)
        shape.push_back((spatial == 3 ? 4 : 6) +
                        static_cast<int64_t>(random() % 4));
      shape.insert(first ? shape.begin() + 1 : shape.end(), channels);
      Tensor x = e.input("x", f64, shape);
      Tensor y = Network(m, seed, first, spatial).draw(x);
      if (mixed) {
        // The other half is written the other way.
        std::vector<int64_t> order{0};
        for (int64_t d = 0; d < spatial; ++d)
          order.push_back(first ? d + 2 : d + 1);
        order.insert(first ? order.end() : order.begin() + 1,
                     first ? 1 : spatial + 1);
        Scope scope("other");
        y = Network(m, seed + 1, !first, spatial).draw(transpose(y, order));
      }
      Tensor loss = sum(sin(y) * cos(y * 0.5));
      std::vector<Tensor> of{x};
      for (const Variable &parameter : m.trained())
        of.push_back(parameter);
      std::vector<Tensor> slopes = gradient(loss, of);
      e.output("y", y);
      for (size_t i = 0; i < of.size(); ++i)
        e.output("d" + std::to_string(i), slopes[i]);
    });
  });
  for (const auto &mistake : built.mistakes)
    ADD_FAILURE() << "seed " << seed << ": " << mistake.render();
  std::string text;
  if (built.module)
    llvm::raw_string_ostream(text) << *built.module;
  return text;
}

Array numbers(mlir::Type type, unsigned seed) {
  std::mt19937 random(seed);
  Array array = Array::zeros(type);
  for (double &x : array.floats)
    x = (random() >> 8) * 0x1p-23 - 1;
  for (int64_t &x : array.ints)
    x = random() % 1000;
  return array;
}

/// Compares what both give for all entries' results.
void expectEqual(const std::vector<Array> &have, const std::vector<Array> &want,
                 const std::string &text) {
  ASSERT_EQ(want.size(), have.size());
  for (size_t i = 0; i < want.size(); ++i)
    for (size_t j = 0; j < want[i].floats.size(); ++j)
      ASSERT_NEAR(have[i].floats[j], want[i].floats[j],
                  1e-9 * std::max(1.0, std::abs(want[i].floats[j])))
          << "result " << i << ", element " << j << "\n"
          << text;
}

using Layout = std::tuple<int, bool, const char *>;
class Networks : public testing::TestWithParam<Layout> {};

TEST_P(Networks, AreWhatTheInterpreterSays) {
  auto [spatial, first, cpu] = GetParam();
  for (unsigned seed = 0; seed < 2; ++seed) {
    std::string text =
        makeModel(seed * 7 + spatial, first, spatial, seed == 1 && spatial < 3);
    ASSERT_FALSE(text.empty());
    Compiled compiled(text, cpu, 2, From::Gradient);
    ASSERT_TRUE(compiled) << text;
    interpret::Interpreter reference(compiled.module());
    Array key = Array::ofInts(compiled.inputTypes("init")[0], {11});
    cantFail(reference.run("init", {key}));
    compiled.setState(reference.state());
    std::vector<Array> inputs{numbers(compiled.inputTypes("run")[0], seed)};
    expectEqual(compiled.run("run", inputs),
                cantFail(reference.run("run", inputs)), text);
  }
}

std::string nameOfLayout(const testing::TestParamInfo<Layout> &info) {
  std::string cpu = std::get<2>(info.param);
  std::replace(cpu.begin(), cpu.end(), '-', '_');
  return std::to_string(std::get<0>(info.param)) + "d_" +
         (std::get<1>(info.param) ? "First_" : "Last_") + cpu;
}
INSTANTIATE_TEST_SUITE_P(Layouts, Networks,
                         testing::Combine(testing::Values(1, 2, 3),
                                          testing::Bool(),
                                          testing::Values("native")),
                         nameOfLayout);
INSTANTIATE_TEST_SUITE_P(
    OtherCpus, Networks,
    testing::Combine(testing::Values(2), testing::Values(true),
                     testing::Values("x86-64-v3", "generic")),
    nameOfLayout);

/// Many more, as far as the stage that chooses layouts.
TEST(Layouts, TheStageKeepsTheMeaningOfNetworks) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    bool first = seed % 4 != 3;
    int64_t spatial = 1 + seed % 3;
    std::string text =
        makeModel(seed * 13 + 100, first, spatial, seed % 5 == 4);
    SCOPED_TRACE("seed " + std::to_string(seed));
    mlir::MLIRContext context;
    context.loadDialect<ir::SinterDialect>();
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    ASSERT_TRUE(module);
    mlir::PassManager gradients(&context);
    passes::buildGradientStage(gradients);
    ASSERT_TRUE(succeeded(gradients.run(*module)));
    mlir::OwningOpRef<mlir::ModuleOp> written = module->clone();
    mlir::PassManager manager(&context);
    passes::buildSimplifiedStage(manager);
    ASSERT_TRUE(succeeded(manager.run(*module)));
    interpret::Interpreter one(*written), two(*module);
    auto entry = module->lookupSymbol<ir::EntryOp>("run");
    auto init = module->lookupSymbol<ir::EntryOp>("init");
    Array key = Array::ofInts(init.getArgumentTypes()[0], {11});
    cantFail(one.run("init", {key}));
    cantFail(two.run("init", {key}));
    std::vector<Array> inputs{numbers(entry.getArgumentTypes()[0], seed)};
    expectEqual(cantFail(two.run("run", inputs)),
                cantFail(one.run("run", inputs)), text);
    if (testing::Test::HasFailure())
      return;
  }
}

/// How many kernels of the stage `fused` do nothing but turn many elements.
int transposeKernels(const std::string &fused) {
  mlir::MLIRContext context;
  context.loadDialect<ir::SinterDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(fused, &context);
  int number = 0;
  module->walk([&](ir::KernelOp kernel) {
    bool turns = false, computes = false;
    for (mlir::Operation &op : kernel.getBody().front())
      if (auto transpose = mlir::dyn_cast<ir::TransposeOp>(op))
        turns |= transpose.getType().getNumElements() > 4096;
      else
        computes |= !op.hasTrait<ir::Movement>() &&
                    !op.hasTrait<mlir::OpTrait::IsTerminator>();
    number += turns && !computes;
  });
  return number;
}

/// Two convolutions with batch normalization and a pooling between them.
std::string twoLayers(bool first, bool trains) {
  Built built([&](Model &m) {
    m.entry("run", [&](Entry &e) {
      Dims all = first ? Dims{0, 2, 3} : Dims{0, 1, 2};
      nn::ConvLayerOptions options{.padding = Padding::same,
                                   .channels_first = first};
      Tensor x = e.input("x", f32,
                         first ? Shape{4, 16, 12, 12} : Shape{4, 12, 12, 16});
      Tensor y = nn::conv(m, "one", x, 32, {3, 3}, options);
      Tensor apart = y - mean(y, all, true);
      y = relu(apart * rsqrt(mean(apart * apart, all, true) + 1e-5));
      y = max_pool(y, {2, 2}, {.channels_first = first});
      y = nn::conv(m, "two", y, 48, {3, 3}, options);
      Tensor z = mean(relu(y), first ? Dims{2, 3} : Dims{1, 2});
      if (trains)
        optim::sgd(m, sum(z * z), {.learning_rate = 0.01});
      e.output("z", z);
    });
  });
  std::string text;
  llvm::raw_string_ostream stream(text);
  built.module->print(stream, mlir::OpPrintingFlags().enableDebugInfo());
  return text;
}

TEST(Layouts, NothingIsTurnedBetweenTwoConvolutions) {
  for (bool trains : {false, true}) {
    Compiled last(twoLayers(false, trains), "native", 2, From::Gradient),
        first(twoLayers(true, trains), "native", 2, From::Gradient);
    ASSERT_TRUE(last && first);
    // The image that comes in, and nothing else.
    EXPECT_LE(transposeKernels(first.fused()),
              transposeKernels(last.fused()) + 1)
        << "trains: " << trains;
  }
}

TEST(Layouts, TheReportSaysHowAndWhy) {
  Compiled first(twoLayers(true, false), "native", 2, From::Gradient);
  mlir::MLIRContext context;
  context.loadDialect<ir::SinterDialect>();
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(first.fused(), &context);
  std::string lines;
  module->walk([&](ir::EntryOp entry) {
    if (auto found =
            entry->getAttrOfType<mlir::ArrayAttr>(ir::imageLayoutsAttr))
      for (auto line : found.getAsRange<mlir::StringAttr>())
        lines += line.str() + "\n";
  });
  EXPECT_EQ(lines, "image 'x' 4x16x12x12xf32: turned to channels last\n"
                   "conv 'one.conv' 4x12x12x32xf32: channels last: vectors "
                   "along 32 features\n"
                   "conv 'two.conv' 4x6x6x48xf32: channels last: vectors "
                   "along 48 features\n");
}

} // namespace
