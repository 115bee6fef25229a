//===- JoinedContractionsTest.cpp - products that share an operand --------===//
//
// Several contractions of one matrix, which are one kernel of a segment each,
// against the interpreter, which knows no segments: any form and odd size, as
// whole products and as blocks, operands packed ahead, beside and as panels,
// epilogues that read and that overwrite arguments of the segment's own.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/ContractionForms.h"

using namespace sinter;
using namespace sinter::test;

namespace {

std::string number(const std::string &name, int64_t i) {
  return name + std::to_string(i);
}

/// The op with another name for its result.
std::string named(const std::string &op, const std::string &name) {
  return name + op.substr(2);
}

/// Small integers: every order of summation is exact.
Array integers(mlir::Type type, unsigned seed) {
  Array array = Array::zeros(type);
  std::mt19937 random(seed);
  for (double &x : array.floats)
    x = static_cast<double>(random() % 9) - 4;
  for (int64_t &x : array.ints)
    x = static_cast<int64_t>(random() % 9);
  return array;
}

enum class Shares { Left, Right };

class JoinedContractions : public testing::TestWithParam<const char *> {
protected:
  std::string text;
  std::vector<std::string> entries;

  /// An entry of so many products with one operand in common, to each of which
  /// an argument is added.
  void add(const Form &form, const std::string &element, int64_t count,
           Shares shares) {
    std::string a = tensor(form.lhs, element), b = tensor(form.rhs, element),
                z = tensor(form.result, element);
    bool isLeft = shares == Shares::Left;
    std::string signature = (isLeft ? "%x: " + a : "%x: " + b) +
                            " {sinter.name = \"x\"}",
                results, values, body;
    for (int64_t i = 0; i < count; ++i) {
      std::string w = number("%w", i), c = number("%c", i);
      signature += ", " + w + ": " + (isLeft ? b : a) + " {sinter.name = \"" +
                   w.substr(1) + "\"}, " + c + ": " + z + " {sinter.name = \"" +
                   c.substr(1) + "\"}";
      results +=
          (i ? ", " : "") + z + " {sinter.name = \"" + number("z", i) + "\"}";
      values += (i ? ", " : "") + number("%z", i);
      body += named(form.op(element, isLeft ? "%x" : w, isLeft ? w : "%x"),
                    number("%p", i)) +
              number("%z", i) + " = sinter.add " + number("%p", i) + ", " + c +
              " : " + z + "\n";
    }
    std::string types;
    for (int64_t i = 0; i < count; ++i)
      types += (i ? ", " : "") + z;
    addEntry(signature, results,
             body + "sinter.return " + values + " : " + types + "\n");
  }

  void addEntry(const std::string &signature, const std::string &results,
                const std::string &body) {
    std::string name = number("e", static_cast<int64_t>(entries.size()));
    text += "sinter.entry @" + name + "(" + signature + ") -> (" + results +
            ") {\n" + body + "}\n";
    entries.push_back(name);
  }

  std::unique_ptr<Compiled> check() {
    auto compiled =
        std::make_unique<Compiled>("module @m {\n" + text + "}\n", GetParam());
    EXPECT_TRUE(*compiled);
    if (!*compiled)
      return compiled;
    for (auto [i, entry] : llvm::enumerate(entries)) {
      std::vector<Array> inputs;
      for (mlir::Type type : compiled->inputTypes(entry))
        inputs.push_back(
            integers(type, static_cast<unsigned>(100 * i + inputs.size())));
      std::vector<Array> got = compiled->run(entry, inputs),
                         wanted = compiled->interpret(entry, inputs);
      for (auto [x, y] : llvm::zip_equal(got, wanted))
        expectClose(x, y, 0, entry);
    }
    return compiled;
  }

  static size_t count(const std::string &text, llvm::StringRef part) {
    return llvm::StringRef(text).count(part);
  }
};

TEST_P(JoinedContractions, OfAnyForm) {
  std::mt19937 random(11);
  for (int i = 0; i < 30; ++i)
    add(randomForm(random), "f32", 2 + i % 3,
        i % 2 ? Shares::Left : Shares::Right);
  std::unique_ptr<Compiled> compiled = check();
  size_t joined = count(compiled->fused(), "segments = 2") +
                  count(compiled->fused(), "segments = 3") +
                  count(compiled->fused(), "segments = 4");
  EXPECT_GT(joined, entries.size() / 2) << "most forms are contractions";
}

TEST_P(JoinedContractions, OddSizesTransposedOrNot) {
  for (bool left : {false, true})
    for (bool right : {false, true})
      for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{{1, 100, 7},
                                                                {3, 17, 9},
                                                                {29, 75, 33},
                                                                {40, 3, 64},
                                                                {65, 48, 1},
                                                                {33, 300, 21}})
        add(matrix(m, n, k, left, right), "f32", 3, Shares::Left);
  check();
}

/// Sizes that threads share: as blocks of all products, as whole products, and
/// with B packed ahead (it lies transposed) or beside.
TEST_P(JoinedContractions, InTasks) {
  for (auto [m, n, k, right] :
       std::vector<std::tuple<int64_t, int64_t, int64_t, bool>>{
           {128, 200, 130, false},
           {128, 200, 130, true},
           {1, 700, 900, false},
           {70, 512, 300, false},
           {300, 48, 200, false}})
    for (int64_t products : {2, 3, 5})
      add(matrix(m, n, k, false, right), "f32", products, Shares::Left);
  std::unique_ptr<Compiled> compiled = check();
  EXPECT_LT(count(compiled->fused(), "tasks = 1 "), entries.size());
  EXPECT_GT(count(compiled->fused(), "pack_rhs"), 0u);
}

TEST_P(JoinedContractions, EveryTypeOfNumber) {
  for (const char *type : {"f64", "f32", "i64", "i32"})
    add(matrix(19, 37, 11, false, false), type, 3, Shares::Left);
  check();
}

/// p' = p − xᵀ·d for each of three parameters: the products are added up in
/// place of what they are subtracted from.
TEST_P(JoinedContractions, UpdatesInPlace) {
  std::string p = tensor({60, 48}, "f32"), d = tensor({24, 48}, "f32"),
              x = tensor({24, 60}, "f32");
  std::string signature = "%x: " + x + " {sinter.name = \"x\"}", body,
              variables;
  for (int64_t i = 0; i < 3; ++i) {
    variables += "sinter.variable @" + number("p", i) + " : " + p + "\n";
    signature += ", " + number("%d", i) + ": " + d + " {sinter.name = \"" +
                 number("d", i) + "\"}";
    body += number("%p", i) + " = sinter.read @" + number("p", i) + " : " + p +
            "\n" + number("%g", i) + " = sinter.dot_general %x, " +
            number("%d", i) + " contract [0] x [0] batch [] x [] : " + x +
            ", " + d + " -> " + p + "\n" + number("%n", i) + " = sinter.sub " +
            number("%p", i) + ", " + number("%g", i) + " : " + p +
            "\nsinter.write @" + number("p", i) + ", " + number("%n", i) +
            " : " + p + "\n";
  }
  std::string z = tensor({24, 60}, "f32");
  body += "%z = sinter.add %x, %x : " + z + "\nsinter.return %z : " + z + "\n";
  text = variables;
  addEntry(signature, z + " {sinter.name = \"z\"}", body);
  Compiled compiled("module @m {\n" + text + "}\n", GetParam());
  ASSERT_TRUE(compiled);
  EXPECT_EQ(count(compiled.fused(), "segments = 3"), 1u);
  State state;
  for (const auto &[name, type] : compiled.variableTypes())
    state[name] = integers(type, static_cast<unsigned>(name.back()));
  compiled.setState(state);
  std::vector<Array> inputs;
  for (mlir::Type type : compiled.inputTypes("e0"))
    inputs.push_back(integers(type, static_cast<unsigned>(inputs.size())));
  for (int step = 0; step < 3; ++step) {
    compiled.run("e0", inputs);
    for (int64_t i = 0; i < 3; ++i) {
      Array &value = state[number("p", i)];
      for (int64_t r = 0; r < 60; ++r)
        for (int64_t c = 0; c < 48; ++c)
          for (int64_t k = 0; k < 24; ++k)
            value.floats[r * 48 + c] -=
                inputs[0].floats[k * 60 + r] * inputs[1 + i].floats[k * 48 + c];
      expectClose(compiled.getState()[number("p", i)], value, 0,
                  number("p", i));
    }
  }
}

/// The gates of a cell: in each step three products of the carry with weights
/// that the loop only hands on, which are panels.
TEST_P(JoinedContractions, InLoopsOfPanels) {
  for (int64_t rows : {1, 5, 17}) {
    std::string h = tensor({rows, 40}, "f32"), w = tensor({40, 40}, "f32");
    std::string signature = "%a: " + h + " {sinter.name = \"a\"}", with, step;
    for (int64_t i = 0; i < 3; ++i) {
      signature += ", " + number("%v", i) + ": " + w + " {sinter.name = \"" +
                   number("v", i) + "\"}";
      with += (i ? ", " : "") + number("%w", i) + " = " + number("%v", i) +
              " : " + w;
      step += number("%p", i) + " = sinter.dot_general %c, " + number("%w", i) +
              " contract [1] x [0] batch [] x [] : " + h + ", " + w + " -> " +
              h + "\n" + number("%s", i) + " = sinter.sign " + number("%p", i) +
              " : " + h + "\n";
    }
    std::string all = tensor({rows, 120}, "f32");
    addEntry(signature, h + " {sinter.name = \"z\"}",
             "%z = sinter.scan 6 carry(%c = %a : " + h + ") with(" + with +
                 ") index(%t) -> (" + h + ") {\n" + step +
                 "%k = sinter.concatenate %s0, %s1, %s2 dim 1 : " + h + ", " +
                 h + ", " + h + " -> " + all +
                 "\n%n = sinter.slice %k offsets [0, 30] sizes [" +
                 std::to_string(rows) + ", 40] strides [1, 1] : " + all +
                 " -> " + h + "\nsinter.yield %n : " + h +
                 "\n}\nsinter.return %z : " + h + "\n");
  }
  std::unique_ptr<Compiled> compiled = check();
  EXPECT_EQ(count(compiled->fused(), "segments = 3"), 3u);
}

INSTANTIATE_TEST_SUITE_P(Cpus, JoinedContractions, testing::ValuesIn(allCpus),
                         nameOfCpu);

} // namespace
