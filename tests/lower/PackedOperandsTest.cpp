//===- PackedOperandsTest.cpp - what stays the same, as panels ------------===//
//
// Contractions whose B is a constant of the entry, or the same in all steps of
// a loop, against the interpreter, which knows no panels: any form and odd
// size, views of constants, kernels that some calls give a constant and some a
// value.  Panels that are equal are one, and the constant behind them is gone.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Panels.h"
#include "mlir/Parser/Parser.h"
#include "tests/lower/Compiled.h"
#include "tests/lower/ContractionForms.h"

using namespace sinter;
using namespace sinter::test;

namespace {

/// Small integers: every order of summation is exact.
std::string constant(llvm::ArrayRef<int64_t> shape, llvm::StringRef element,
                     unsigned seed) {
  std::mt19937 random(seed);
  std::string suffix = element.starts_with("f") ? ".0" : "";
  auto number = [&] {
    int64_t value = static_cast<int64_t>(random() % 9);
    return std::to_string(element.starts_with("u") ? value : value - 4) +
           suffix;
  };
  std::function<std::string(llvm::ArrayRef<int64_t>)> nest =
      [&](llvm::ArrayRef<int64_t> rest) {
        if (rest.empty())
          return number();
        std::string text = "[";
        for (int64_t i = 0; i < rest.front(); ++i)
          text += (i ? ", " : "") + nest(rest.drop_front());
        return text + "]";
      };
  return "sinter.constant dense<" + nest(shape) +
         "> : " + tensor(shape, element);
}

std::string entry(const std::string &name, const std::vector<int64_t> &a,
                  const std::vector<int64_t> &z, const std::string &element,
                  const std::string &body) {
  return "sinter.entry @" + name + "(%a: " + tensor(a, element) +
         " {sinter.name = \"a\"}) -> (" + tensor(z, element) +
         " {sinter.name = \"z\"}) {\n" + body +
         "sinter.return %y : " + tensor(z, element) + "\n}\n";
}

/// The op with another name for its result.
std::string named(const std::string &op, const std::string &name) {
  return name + op.substr(2);
}

size_t count(llvm::StringRef text, llvm::StringRef part) {
  return text.count(part);
}

class PackedOperands : public testing::TestWithParam<const char *> {
protected:
  /// Entries e0, e1, … on %a, with %y as their result.
  std::string text;
  std::vector<std::string> bodies;

  void add(const Form &form, const std::string &element,
           const std::string &body) {
    text += entry("e" + std::to_string(bodies.size()), form.lhs, form.result,
                  element, body);
    bodies.push_back(body);
  }

  std::unique_ptr<Compiled> check() {
    auto compiled =
        std::make_unique<Compiled>("module @m {\n" + text + "}\n", GetParam());
    EXPECT_TRUE(*compiled);
    if (!*compiled)
      return compiled;
    for (size_t i = 0; i < bodies.size(); ++i) {
      std::string name = "e" + std::to_string(i);
      Array input = Array::zeros(compiled->inputTypes(name)[0]);
      std::mt19937 random(static_cast<unsigned>(i));
      for (double &x : input.floats)
        x = static_cast<double>(random() % 9) - 4;
      for (int64_t &x : input.ints)
        x = static_cast<int64_t>(random() % 9);
      expectClose(compiled->run(name, {input})[0],
                  compiled->interpret(name, {input})[0], 0,
                  bodies[i].substr(0, 2000));
    }
    return compiled;
  }
};

TEST_P(PackedOperands, OddShapesInEitherOrder) {
  for (bool transposed : {false, true})
    for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{{1, 100, 7},
                                                              {1, 257, 40},
                                                              {3, 17, 9},
                                                              {14, 32, 9},
                                                              {29, 75, 33},
                                                              {65, 48, 16},
                                                              {8, 130, 3},
                                                              {33, 300, 21},
                                                              {40, 10, 20}})
      for (bool left : {false, true}) {
        Form form = matrix(m, n, k, left, transposed);
        add(form, "f32",
            "%b = " + constant(form.rhs, "f32", m) + "\n" + form.op("f32"));
      }
  check();
}

TEST_P(PackedOperands, AnyDimensionsAndViews) {
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    Form form = randomForm(random);
    std::vector<int64_t> offsets, sizes = form.rhs, wide, strides;
    for (int64_t extent : form.rhs) {
      offsets.push_back(random() % 2);
      strides.push_back(1 + random() % 4 / 3);
      wide.push_back(offsets.back() + extent * strides.back());
    }
    std::string all = i % 2 ? tensor(wide, "f32") : tensor(sizes, "f32");
    std::string body = i % 2 ? "%w = " + constant(wide, "f32", i) +
                                   "\n%b = sinter.slice %w offsets " +
                                   list(offsets) + " sizes " + list(sizes) +
                                   " strides " + list(strides) + " : " + all +
                                   " -> " + tensor(sizes, "f32") + "\n"
                             : "%b = " + constant(sizes, "f32", i) + "\n";
    add(form, "f32", body + form.op("f32"));
  }
  check();
}

TEST_P(PackedOperands, EveryTypeOfNumber) {
  for (const char *type : {"f64", "f32", "i64", "i32", "i8", "ui8"}) {
    Form form = matrix(9, 37, 11, false, true);
    add(form, type,
        "%b = " + constant(form.rhs, type, 3) + "\n" + form.op(type));
    check();
    text.clear();
    bodies.clear();
  }
}

/// Two entries, one of them with another batch in which the tiles are alike.
TEST_P(PackedOperands, EqualPanelsAreOneAndTheConstantIsGone) {
  for (int64_t m : {28, 56}) {
    Form form = matrix(m, 96, 20, false, true);
    add(form, "f32",
        "%b = " + constant(form.rhs, "f32", 1) + "\n" + form.op("f32"));
    add(form, "f32",
        "%b = " + constant(form.rhs, "f32", 1) + "\n" + form.op("f32"));
  }
  std::unique_ptr<Compiled> compiled = check();
  EXPECT_EQ(count(compiled->loops(), "memref.global "), 1u);
  EXPECT_EQ(count(compiled->loops(), "memref<96x20xf32> ="), 0u);
  // Nothing is packed in the call.
  EXPECT_EQ(count(compiled->loops(), "scratch_bytes = 0"),
            count(compiled->loops(), "scratch_bytes = "));
}

TEST_P(PackedOperands, WhoReadsItAsItIsGetsItAsItIs) {
  Form form = matrix(20, 20, 20, false, true);
  std::string type = tensor(form.rhs, "f32");
  add(form, "f32",
      "%b = " + constant(form.rhs, "f32", 1) + "\n" +
          named(form.op("f32"), "%p") + "%y = sinter.mul %p, %b : " + type +
          "\n");
  check();
}

/// One kernel, called with a constant and with a value.
TEST_P(PackedOperands, AValueInItsPlaceIsPackedAsBefore) {
  Form form = matrix(24, 24, 24, false, false);
  add(form, "f32",
      "%b = " + constant(form.rhs, "f32", 1) + "\n" +
          named(form.op("f32"), "%p") +
          named(form.op("f32", "%p", "%a"), "%q") + form.op("f32", "%q", "%b"));
  check();
}

TEST_P(PackedOperands, LoopsSeeThemAsInvariants) {
  Form form = matrix(5, 40, 40, false, true);
  std::string type = tensor(form.lhs, "f32"), weights = tensor(form.rhs, "f32");
  std::string body = "%w = " + constant(form.rhs, "f32", 1) + "\n" +
                     "%v = " + constant(form.rhs, "f32", 2) + "\n" +
                     "%y = sinter.scan 3 carry(%c = %a : " + type +
                     ") with(%w1 = %w : " + weights +
                     ", %v1 = %v : " + weights + ") index(%t) -> (" + type +
                     ") {\n" + named(form.op("f32", "%c", "%w1"), "%p") +
                     "%h = sinter.sign %p : " + type + "\n" +
                     named(form.op("f32", "%h", "%v1"), "%q") +
                     "%n = sinter.sign %q : " + type +
                     "\nsinter.yield %n : " + type + "\n}\n";
  text = entry("e0", form.lhs, form.result, "f32", body);
  bodies.push_back(body);
  std::unique_ptr<Compiled> compiled = check();
  EXPECT_EQ(count(compiled->loops(), "memref.global "), 2u);
  EXPECT_EQ(count(compiled->loops(), "memref<40x40xf32> ="), 0u);
}

/// `steps` steps of sign(%c · w), from %a on; a step's text may read %w1.
std::string loop(const Form &form, int64_t steps, const std::string &w,
                 const std::string &from, const std::string &to,
                 const std::string &before = "", const std::string &b = "%w1") {
  std::string type = tensor(form.lhs, "f32"), weights = tensor(form.rhs, "f32");
  return to + " = sinter.scan " + std::to_string(steps) +
         " carry(%c = " + from + " : " + type + ") with(%w1 = " + w + " : " +
         weights + ") index(%t) -> (" + type + ") {\n" + before +
         named(form.op("f32", "%c", b), "%p") +
         "%n = sinter.sign %p : " + type + "\nsinter.yield %n : " + type +
         "\n}\n";
}

/// B and the rows that go through it, made of the input.
std::string operands(const Form &form) {
  std::string all = tensor(form.lhs, "f32"), b = tensor(form.rhs, "f32");
  return "%f = sinter.reshape %a : " + all + " -> " + tensor({4080}, "f32") +
         "\n%s = sinter.slice %f offsets [7] sizes [1600] strides [2] : " +
         tensor({4080}, "f32") + " -> " + tensor({1600}, "f32") +
         "\n%b = sinter.reshape %s : " + tensor({1600}, "f32") + " -> " + b +
         "\n";
}

TEST_P(PackedOperands, LoopsFindWhatTheyOnlyHandOnPacked) {
  for (bool transposed : {false, true}) {
    Form form = matrix(102, 40, 40, false, transposed);
    // Twice the same, of a value that begins behind the entry's start.
    add(form, "f32",
        operands(form) + loop(form, 5, "%b", "%a", "%x") +
            loop(form, 6, "%b", "%x", "%y"));
  }
  std::unique_ptr<Compiled> compiled = check();
  EXPECT_EQ(count(compiled->loops(), "func.func private @e0_matmul_panels("),
            1u);
}

/// Panels of odd width, views of B made in the kernel, a loop in a loop.
TEST_P(PackedOperands, LoopsOfAnyForm) {
  std::mt19937 random(7);
  for (int i = 0; i < 30; ++i) {
    Form form = randomForm(random);
    std::string result = tensor(form.result, "f32"),
                b = tensor(form.rhs, "f32"), rows = tensor(form.lhs, "f32");
    int64_t elements = 1;
    for (int64_t extent : form.rhs)
      elements *= extent;
    std::string flat = tensor({elements}, "f32");
    std::string outer = "%i = sinter.iota dim 0 : " + flat +
                        "\n%r = sinter.sin %i : " + flat +
                        "\n%v = sinter.sign %r : " + flat +
                        "\n%b = sinter.reshape %v : " + flat + " -> " + b +
                        "\n%z = sinter.constant dense<0.0> : " + result + "\n";
    std::string body = named(form.op("f32", "%a1", "%w1"), "%p") +
                       "%n = sinter.sub %p, %c : " + result +
                       "\nsinter.yield %n : " + result + "\n";
    add(form, "f32",
        outer + "%y = sinter.scan " + std::to_string(4 + i % 3) +
            " carry(%c = %z : " + result + ") with(%w1 = %b : " + b +
            ", %a1 = %a : " + rows + ") index(%t) -> (" + result + ") {\n" +
            body + "}\n");
  }
  std::unique_ptr<Compiled> compiled = check();
  // Most have more elements than stand in kernels.
  EXPECT_GT(count(compiled->loops(), "_panels("), bodies.size() / 2);
}

/// Whether a B that these ops make of %p, all of whose dimensions are written
/// here, is one of panels.
bool isOfPanels(const std::string &panels, const std::string &transposed,
                const std::string &ops, const std::string &b,
                llvm::StringRef contracted, llvm::StringRef result) {
  mlir::DialectRegistry registry;
  registry.insert<ir::SinterDialect>();
  mlir::MLIRContext context(registry);
  bool isBatch = result.count('x') == 2;
  std::string a = isBatch ? "tensor<2x5x80xf32>" : "tensor<5x80xf32>";
  std::string end = "tensor<" + result.str() + "xf32>";
  std::string text =
      "sinter.entry @run(%a: " + a + ", %p: tensor<" + panels + "xf32>) -> (" +
      end + ") {\n%t = sinter.transpose %p [0, 2, 1, 3] : " + "tensor<" +
      panels + "xf32> -> tensor<" + transposed + "xf32>\n" + ops +
      "%y = sinter.dot_general %a, %b contract " + contracted.str() + " : " +
      a + ", tensor<" + b + "xf32> -> " + end + "\nsinter.return %y : " + end +
      "\n}\n";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  EXPECT_TRUE(module) << text;
  bool is = false;
  if (module)
    module->walk([&](ir::DotGeneralOp op) {
      is = ir::Panels::of(op, ir::ContractionForm::of(op)).has_value();
    });
  return is;
}

/// 80 × 37 in panels of 48 columns.
bool isOfPaddedPanels(const std::string &reshaped, const std::string &offsets) {
  std::string r = "tensor<" + reshaped + "xf32>";
  return isOfPanels(
      "1x1x80x48", "1x80x1x48",
      "%r = sinter.reshape %t : tensor<1x80x1x48xf32> -> " + r +
          "\n%s = sinter.slice %r offsets [" + offsets +
          "] sizes [1, 80, 37] strides [1, 1, 1] : " + r +
          " -> tensor<1x80x37xf32>\n"
          "%b = sinter.reshape %s : tensor<1x80x37xf32> -> tensor<80x37xf32>\n",
      "80x37", "[1] x [0] batch [] x []", "5x37");
}

TEST(Panels, OnlyWhatPanelsUnpackToIsOne) {
  EXPECT_TRUE(isOfPaddedPanels("1x80x48", "0, 0, 0"));
  EXPECT_FALSE(isOfPaddedPanels("1x80x48", "0, 0, 5"));
  // Other elements at the same places.
  EXPECT_FALSE(isOfPaddedPanels("1x96x40", "0, 0, 0"));
  // Nothing in no columns.
  EXPECT_FALSE(isOfPanels(
      "1x0x80x0", "1x80x0x0",
      "%r = sinter.reshape %t : tensor<1x80x0x0xf32> -> tensor<1x80x0xf32>\n"
      "%b = sinter.reshape %r : tensor<1x80x0xf32> -> tensor<80x0xf32>\n",
      "80x0", "[1] x [0] batch [] x []", "5x0"));
}

/// B is what the panels are as they lie: one reshape in all.
TEST(Panels, ABatchWithoutPaddingIsOne) {
  EXPECT_TRUE(isOfPanels(
      "2x3x80x16", "2x80x3x16",
      "%b = sinter.reshape %t : tensor<2x80x3x16xf32> -> tensor<2x80x48xf32>\n",
      "2x80x48", "[2] x [1] batch [0] x [0]", "2x5x48"));
}

INSTANTIATE_TEST_SUITE_P(Cpus, PackedOperands, testing::ValuesIn(allCpus),
                         nameOfCpu);

} // namespace
