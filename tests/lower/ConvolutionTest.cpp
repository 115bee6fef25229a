//===- ConvolutionTest.cpp - compiled convolutions and poolings -----------===//
//
// Random convolutions (every attribute, one to three dimensions, groups up to
// depthwise) against loops that follow the definition, exactly: whole numbers,
// so small that the order of sums does not show.  As they stand, and through
// the simplified stage, where they are contractions of windows; both
// derivatives against the interpreter's conv.
//
//===----------------------------------------------------------------------===//

#include "tests/interpret/ConvolutionCase.h"
#include "tests/lower/Compiled.h"

using namespace sinter;
using namespace sinter::test;
using sinter::tests::ConvolutionCase;
using Extents = ConvolutionCase::Extents;

namespace {
class Convolutions
    : public ::testing::TestWithParam<std::tuple<const char *, int>> {};

std::vector<double> wholeNumbers(std::mt19937 &random, const Extents &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  std::vector<double> result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(static_cast<double>(random() % 9) - 4);
  return result;
}

std::string tensor(const Extents &shape, const std::string &element) {
  return ConvolutionCase::tensor(shape, element);
}

/// y = conv(x, w), and with `derivatives` those of Σ conv(x, w)·s.
std::string entryOf(const ConvolutionCase &c, size_t number,
                    const std::string &element, bool derivatives) {
  std::string x = tensor(c.inputShape(), element);
  std::string w = tensor(c.kernelShape(), element);
  std::string y = tensor(c.outputShape(), element);
  std::string text = "sinter.entry @e" + std::to_string(number) + "(%x: " + x +
                     ", %w: " + w + ", %s: " + y + ") -> (" + y;
  if (derivatives)
    text += ", " + x + ", " + w;
  text += ") {\n  %y = sinter." + c.text("%x", "%w", element) + "\n";
  std::string values = "%y", types = y;
  if (derivatives) {
    text += "  %dx, %dw = sinter.vjp (%y) wrt (%x, %w) cotangents (%s) : (" +
            y + ") wrt (" + x + ", " + w + ")\n";
    values += ", %dx, %dw";
    types += ", " + x + ", " + w;
  }
  return text + "  sinter.return " + values + " : " + types + "\n}\n";
}

void check(std::vector<ConvolutionCase> cases, const char *cpu, int level,
           From from, const std::string &element) {
  std::mt19937 random(11);
  bool derivatives = from == From::Gradient;
  std::string text = "module @m {\n";
  for (auto [number, c] : llvm::enumerate(cases))
    text += entryOf(c, number, element, derivatives);
  Compiled compiled(text + "}\n", cpu, level, from);
  ASSERT_TRUE(compiled);
  for (auto [number, c] : llvm::enumerate(cases)) {
    SCOPED_TRACE(c.text("%x", "%w", element));
    std::string entry = "e" + std::to_string(number);
    std::vector<double> x = wholeNumbers(random, c.inputShape());
    std::vector<double> w = wholeNumbers(random, c.kernelShape());
    std::vector<double> s = wholeNumbers(random, c.outputShape());
    llvm::ArrayRef<mlir::Type> types = compiled.inputTypes(entry);
    std::vector<Array> inputs = {Array::of(types[0], x), Array::of(types[1], w),
                                 Array::of(types[2], s)};
    for (Guard guard : {Guard::Behind, Guard::Before}) {
      std::vector<Array> got = compiled.run(entry, inputs, guard);
      ASSERT_EQ(got.size(), derivatives ? 3u : 1u);
      EXPECT_EQ(got[0].floats, c.reference(x, w));
      if (!derivatives)
        continue;
      std::vector<Array> wanted = compiled.interpret(entry, inputs);
      EXPECT_EQ(got[1].floats, wanted[1].floats) << "input";
      EXPECT_EQ(got[2].floats, wanted[2].floats) << "kernel";
    }
  }
}

std::vector<ConvolutionCase> randomCases(unsigned seed, int count) {
  std::mt19937 random(seed);
  std::vector<ConvolutionCase> cases;
  for (int i = 0; i < count; ++i)
    cases.push_back(ConvolutionCase::random(random));
  return cases;
}

TEST_P(Convolutions, AreTheirDefinition) {
  auto [cpu, level] = GetParam();
  check(randomCases(1, 24), cpu, level, From::Gradient, "f32");
}

TEST_P(Convolutions, AreTheirDefinitionInDoubles) {
  auto [cpu, level] = GetParam();
  check(randomCases(2, 8), cpu, level, From::Gradient, "f64");
}

TEST_P(Convolutions, AreTheirDefinitionUnsimplified) {
  auto [cpu, level] = GetParam();
  check(randomCases(3, 16), cpu, level, From::Fused, "f32");
}

// Extents that fill register tiles and vectors, and that leave some over.
TEST_P(Convolutions, FillTiles) {
  auto [cpu, level] = GetParam();
  auto square = [](int64_t samples, int64_t size, int64_t channels,
                   int64_t kernel, int64_t features, int64_t stride,
                   int64_t pad, int64_t groups = 1) {
    return ConvolutionCase{samples,          channels,     features,
                           groups,           {size, size}, {kernel, kernel},
                           {stride, stride}, {pad, pad},   {pad, pad},
                           {1, 1},           {1, 1}};
  };
  check(
      {
          square(3, 18, 3, 5, 8, 1, 0),
          square(2, 14, 8, 5, 16, 1, 0),
          square(1, 16, 16, 3, 64, 1, 1),
          square(2, 9, 20, 3, 33, 2, 1),
          // Windows of which nothing but the border is seen.
          square(2, 6, 8, 3, 16, 1, 4),
          square(2, 5, 16, 4, 8, 3, 6),
          square(1, 30, 1, 7, 6, 2, 3),
          square(2, 11, 48, 1, 40, 1, 0),
          square(2, 11, 5, 1, 7, 2, 0),
          square(2, 12, 36, 3, 36, 1, 1, 36),
          square(1, 13, 24, 3, 12, 2, 1, 12),
          square(1, 8, 32, 3, 64, 1, 1, 4),
          square(2, 12, 4, 4, 24, 4, 0),
          // Few features: vectors of several steps.
          square(3, 20, 16, 3, 4, 1, 1),
          square(2, 17, 8, 3, 2, 1, 0),
          square(2, 12, 16, 1, 3, 2, 0),
          square(1, 9, 32, 2, 1, 1, 1),
          // Too few features for a vector: rows of places.
          square(3, 20, 5, 3, 1, 1, 1),
          square(2, 35, 4, 3, 7, 2, 1),
          square(2, 9, 8, 5, 3, 1, 4),
          {2, 20, 1, 1, {40}, {3}, {1}, {1}, {1}, {1}, {2}},
          {2,
           3,
           2,
           1,
           {4, 5, 18},
           {2, 3, 3},
           {1, 2, 1},
           {0, 0, 0},
           {0, 1, 0},
           {1, 1, 1},
           {1, 1, 1}},
      },
      cpu, level, From::Gradient, "f32");
}

INSTANTIATE_TEST_SUITE_P(Targets, Convolutions,
                         ::testing::Values(std::tuple("native", 0),
                                           std::tuple("native", 2),
                                           std::tuple("x86-64-v3", 2),
                                           std::tuple("generic", 2)));

//===----------------------------------------------------------------------===//
// Poolings
//===----------------------------------------------------------------------===//

class Poolings
    : public ::testing::TestWithParam<std::tuple<const char *, int>> {};

/// Maximum and sum over windows, and the cotangent of both with respect to x.
std::string poolingOf(size_t number, const std::string &x,
                      const std::string &windows, const std::string &wide,
                      const std::string &dims, const std::string &y) {
  return "sinter.entry @e" + std::to_string(number) + "(%x: " + x +
         ", %s: " + y + ", %r: " + y + ") -> (" + y + ", " + y + ", " + x +
         ") {\n  %u = sinter.windows %x " + windows + " : " + x + " -> " +
         wide + "\n  %m = sinter.reduce_max %u dims " + dims + " : " + wide +
         " -> " + y + "\n  %a = sinter.reduce_sum %u dims " + dims + " : " +
         wide + " -> " + y +
         "\n  %dx = sinter.vjp (%m, %a) wrt (%x) cotangents (%s, %r) : (" + y +
         ", " + y + ") wrt (" + x + ")\n  sinter.return %m, %a, %dx : " + y +
         ", " + y + ", " + x + "\n}\n";
}

TEST_P(Poolings, AreTheInterpreters) {
  auto [cpu, level] = GetParam();
  std::vector<std::string> entries;
  auto add = [&](const std::string &x, const std::string &windows,
                 const std::string &wide, const std::string &dims,
                 const std::string &y) {
    auto t = [](const std::string &shape) {
      return "tensor<" + shape + "xf32>";
    };
    entries.push_back(
        poolingOf(entries.size(), t(x), windows, t(wide), dims, t(y)));
  };
  add("2x8x8x8", "dims [1, 2] sizes [2, 2] strides [2, 2] dilations [1, 1]",
      "2x4x4x2x2x8", "[3, 4]", "2x4x4x8");
  add("2x7x9x3", "dims [1, 2] sizes [2, 2] strides [2, 2] dilations [1, 1]",
      "2x3x4x2x2x3", "[3, 4]", "2x3x4x3");
  add("1x9x7x20", "dims [1, 2] sizes [3, 3] strides [2, 2] dilations [1, 1]",
      "1x4x3x3x3x20", "[3, 4]", "1x4x3x20");
  add("2x6x5x17", "dims [1, 2] sizes [6, 5] strides [1, 1] dilations [1, 1]",
      "2x1x1x6x5x17", "[3, 4]", "2x1x1x17");
  add("3x19x33", "dims [1] sizes [4] strides [3] dilations [2]", "3x5x4x33",
      "[2]", "3x5x33");
  add("2x4x6x5x2",
      "dims [1, 2, 3] sizes [2, 3, 2] strides [2, 1, 3] dilations "
      "[1, 1, 1]",
      "2x2x4x2x2x3x2x2", "[4, 5, 6]", "2x2x4x2x2");
  // Channels first: windows are rows.
  add("2x3x8x9", "dims [2, 3] sizes [2, 3] strides [2, 3] dilations [1, 1]",
      "2x3x4x3x2x3", "[4, 5]", "2x3x4x3");
  add("2x3x7x40", "dims [2, 3] sizes [3, 2] strides [1, 1] dilations [2, 1]",
      "2x3x3x39x3x2", "[4, 5]", "2x3x3x39");
  std::string text = "module @m {\n";
  for (const std::string &entry : entries)
    text += entry;
  Compiled compiled(text + "}\n", cpu, level, From::Gradient);
  ASSERT_TRUE(compiled);
  std::mt19937 random(5);
  for (size_t number = 0; number < entries.size(); ++number) {
    SCOPED_TRACE(entries[number]);
    std::string entry = "e" + std::to_string(number);
    std::vector<Array> inputs;
    // Few different numbers: many ties.
    for (mlir::Type type : compiled.inputTypes(entry)) {
      auto tensor = mlir::cast<mlir::RankedTensorType>(type);
      Extents shape(tensor.getShape().begin(), tensor.getShape().end());
      inputs.push_back(Array::of(type, wholeNumbers(random, shape)));
    }
    auto got = compiled.run(entry, inputs);
    auto wanted = compiled.interpret(entry, inputs);
    for (size_t i = 0; i < 3; ++i)
      EXPECT_EQ(got[i].floats, wanted[i].floats) << i;
  }
}

/// A window's row that is written out keeps more numbers than there are
/// registers.
TEST(Spills, DoNotStraddleCacheLines) {
  Compiled compiled(
      "module @m {\nsinter.entry @f(%x: tensor<1x33x33x3xf32>, %w: "
      "tensor<5x4x3x8xf32>) -> tensor<1x29x30x8xf32> {\n"
      "%u = sinter.windows %x dims [1, 2] sizes [5, 4] strides [1, 1] "
      "dilations [1, 1] : tensor<1x33x33x3xf32> -> "
      "tensor<1x29x30x5x4x3xf32>\n"
      "%y = sinter.dot_general %u, %w contract [3, 4, 5] x [0, 1, 2] batch [] "
      "x [] : tensor<1x29x30x5x4x3xf32>, tensor<5x4x3x8xf32> -> "
      "tensor<1x29x30x8xf32>\n"
      "sinter.return %y : tensor<1x29x30x8xf32>\n}\n}\n",
      "x86-64-v4");
  ASSERT_TRUE(compiled);
  std::string code = compiled.assembly();
  EXPECT_NE(code.find("(%rsp)"), std::string::npos) << "nothing was spilled";
  for (const char *registers : {"%ymm", "%zmm"})
    for (size_t at = 0; (at = code.find(std::string("vmovups\t") + registers,
                                        at)) != std::string::npos;
         ++at) {
      std::string line = code.substr(at, code.find('\n', at) - at);
      EXPECT_EQ(line.find("(%rsp)"), std::string::npos) << line;
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, Poolings,
                         ::testing::Values(std::tuple("native", 0),
                                           std::tuple("native", 2),
                                           std::tuple("x86-64-v3", 2),
                                           std::tuple("generic", 2)));
} // namespace
