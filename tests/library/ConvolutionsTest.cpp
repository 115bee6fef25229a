//===- ConvolutionsTest.cpp - convolutions computed by oneDNN -------------===//
//
// Random convolutions (every attribute, one to three dimensions, groups up to
// depthwise) and both derivatives of each, as oneDNN's three kinds, exactly:
// whole numbers against loops that follow the definition and the interpreter.
//
//===----------------------------------------------------------------------===//

#include "tests/interpret/ConvolutionCase.h"
#include "tests/lower/Compiled.h"

using namespace sinter;
using namespace sinter::test;
using sinter::tests::ConvolutionCase;
using Extents = ConvolutionCase::Extents;

namespace {

std::vector<double> wholeNumbers(std::mt19937 &random, const Extents &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  std::vector<double> result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(static_cast<double>(random() % 9) - 4);
  return result;
}

std::string ofType(const Extents &shape) {
  return ConvolutionCase::tensor(shape, "f32");
}

/// y = conv(x, w), followed by `behind` from %y to %z, and the derivatives of
/// Σ z·s.
std::string entryOf(const ConvolutionCase &c, size_t number,
                    const std::string &behind) {
  std::string x = ofType(c.inputShape()), w = ofType(c.kernelShape()),
              y = ofType(c.outputShape());
  return "sinter.entry @e" + std::to_string(number) + "(%x: " + x +
         ", %w: " + w + ", %s: " + y + ") -> (" + y + ", " + x + ", " + w +
         ") {\n  %y = " + "sinter." + c.text("%x", "%w", "f32") + "\n" +
         behind +
         "  %dx, %dw = sinter.vjp (%z) wrt (%x, %w) cotangents (%s) : (" + y +
         ") wrt (" + x + ", " + w + ")\n  sinter.return %z, %dx, %dw : " + y +
         ", " + x + ", " + w + "\n}\n";
}

/// What oneDNN computed of the cases, one line a kernel.
std::string check(const std::vector<ConvolutionCase> &cases, int fewest,
                  bool hasRelu = false) {
  std::mt19937 random(11);
  std::string text = "module @m {\n";
  for (auto [number, c] : llvm::enumerate(cases)) {
    std::string y = ofType(c.outputShape());
    text += entryOf(c, number,
                    hasRelu ? "  %o = sinter.constant dense<0.0> : " + y +
                                  "\n  %z = sinter.max %y, %o : " + y + "\n"
                            : "  %z = sinter.neg %y : " + y + "\n");
  }
  // A build without oneDNN is told so by ContractionsTest.
  Compiled compiled(text + "}\n", "native", 2, From::Gradient,
                    hasOneDnn() ? "onednn:all" : "");
  EXPECT_TRUE(compiled);
  if (!compiled)
    return "";
  int calls = 0;
  std::string choices;
  for (const auto &[kernel, choice] : compiled.libraryChoices()) {
    calls += choice.starts_with("oneDNN (");
    choices += kernel + ": " + choice + "\n";
  }
  EXPECT_GE(calls, hasOneDnn() ? fewest : 0) << choices;
  for (auto [number, c] : llvm::enumerate(cases)) {
    SCOPED_TRACE(c.text("%x", "%w", "f32"));
    std::string entry = "e" + std::to_string(number);
    llvm::ArrayRef<mlir::Type> types = compiled.inputTypes(entry);
    std::vector<double> x = wholeNumbers(random, c.inputShape()),
                        w = wholeNumbers(random, c.kernelShape());
    std::vector<Array> inputs = {
        Array::of(types[0], x), Array::of(types[1], w),
        Array::of(types[2], wholeNumbers(random, c.outputShape()))};
    std::vector<Array> wanted = compiled.interpret(entry, inputs);
    for (Guard guard : {Guard::Behind, Guard::Before}) {
      std::vector<Array> got = compiled.run(entry, inputs, guard);
      EXPECT_EQ(got.size(), 3u);
      for (size_t r = 0; r < got.size(); ++r)
        EXPECT_EQ(got[r].floats, wanted[r].floats) << (r == 0   ? "result"
                                                       : r == 1 ? "input"
                                                                : "kernel");
    }
    std::vector<double> reference = c.reference(x, w);
    for (double &value : reference)
      value = hasRelu ? std::max(value, 0.0) : 0 - value;
    EXPECT_EQ(wanted[0].floats, reference);
  }
  return choices;
}

TEST(Convolutions, RandomOnesAndTheirDerivatives) {
  for (unsigned seed : {1, 2}) {
    std::mt19937 random(seed);
    std::vector<ConvolutionCase> cases;
    for (int i = 0; i < 24; ++i)
      cases.push_back(ConvolutionCase::random(random));
    check(cases, 12);
  }
}

ConvolutionCase square(int64_t samples, int64_t size, int64_t channels,
                       int64_t kernel, int64_t features, int64_t stride,
                       int64_t pad, int64_t groups = 1) {
  return {samples,          channels,     features,
          groups,           {size, size}, {kernel, kernel},
          {stride, stride}, {pad, pad},   {pad, pad},
          {1, 1},           {1, 1}};
}

const std::vector<ConvolutionCase> usual = {
    square(3, 18, 3, 5, 8, 1, 0),       square(2, 14, 8, 5, 16, 1, 0),
    square(1, 16, 16, 3, 64, 1, 1),     square(2, 9, 20, 3, 33, 2, 1),
    square(2, 11, 48, 1, 40, 1, 0),     square(2, 12, 36, 3, 36, 1, 1, 36),
    square(1, 13, 24, 3, 12, 2, 1, 12), square(1, 8, 32, 3, 64, 1, 1, 4)};

TEST(Convolutions, UsualLayers) { check(usual, 12); }

TEST(Convolutions, WithRelu) { check(usual, 10, /*hasRelu=*/true); }

/// All three of oneDNN's kinds are met, not only the forward one.
TEST(Convolutions, DerivativesAreOfTheirOwnKinds) {
  std::string text =
      "module @m {\n" +
      entryOf(square(2, 12, 16, 3, 32, 2, 1), 0,
              "  %z = sinter.neg %y : " + ofType({2, 6, 6, 32}) + "\n") +
      "}\n";
  Compiled compiled(text, "native", 2, From::Gradient,
                    hasOneDnn() ? "onednn:all" : "");
  ASSERT_TRUE(compiled);
  for (const char *form : {"form = \"convolution\"", "form = \"backward_data\"",
                           "form = \"backward_weights\""})
    EXPECT_EQ(compiled.fused().find(form) != std::string::npos, hasOneDnn())
        << form;
}

/// oneDNN writes beside nothing that is the plan's: its scratch is part of the
/// workspace, which `check` runs between guarded pages.
TEST(Convolutions, ScratchIsInThePlan) {
  std::string y = ofType({1, 16, 16, 64});
  std::string text = "module @m {\n" +
                     entryOf(square(1, 16, 16, 3, 64, 1, 1), 0,
                             "  %z = sinter.neg %y : " + y + "\n") +
                     "}\n";
  Compiled compiled(text, "native", 2, From::Gradient,
                    hasOneDnn() ? "onednn:all" : "");
  ASSERT_TRUE(compiled);
  int64_t most = 0;
  const std::string &fused = compiled.fused();
  for (size_t at = 0;
       (at = fused.find("sinter.library_call", at)) != std::string::npos;
       ++at) {
    const std::string entry = "scratch_bytes = ";
    most = std::max<int64_t>(
        most, std::stoll(fused.substr(fused.find(entry, at) + entry.size())));
  }
  EXPECT_EQ(most > 0, hasOneDnn());
  EXPECT_GE(compiled.workspaceBytes("e0"), most);
}

} // namespace
