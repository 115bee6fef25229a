//===- PointwiseTest.cpp - every pointwise op, type and width of vector ---===//

#include "tests/lower/Compiled.h"

#include "compiler/ir/Sinter.h"

using namespace sinter;
using namespace sinter::test;

namespace {
struct Case {
  std::string op;     // with %0, %1, %2 for operands
  std::string type;   // element type of the operands
  std::string result; // element type of the result
  unsigned operands;
  double ulps;
};

std::string tensor(const std::string &shape, const std::string &element) {
  return "tensor<" + shape + (shape.empty() ? "" : "x") + element + ">";
}

std::vector<Case> allCases() {
  std::vector<Case> cases;
  auto add = [&](const std::string &name, unsigned operands,
                 std::vector<std::string> types, double ulps = 0) {
    for (const std::string &type : types)
      cases.push_back({name, type, type, operands, ulps});
  };
  std::vector<std::string> floats{"f32", "f64"};
  std::vector<std::string> numbers{"f32", "f64", "i64", "i32", "i8", "ui8"};
  std::vector<std::string> bits{"i64", "i32", "i8", "ui8", "i1"};
  for (const char *name : {"neg", "abs", "sign"})
    add(name, 1, numbers);
  for (const char *name : {"exp", "expm1", "log", "log1p", "tanh", "logistic",
                           "sin", "cos", "erf"})
    add(name, 1, floats, 6);
  for (const char *name : {"exp2", "log2", "sinh", "cosh", "asinh", "acosh",
                           "atanh", "tan", "asin", "acos", "atan", "cbrt"})
    add(name, 1, floats, 5);
  add("atan2", 2, floats, 5);
  for (const char *name : {"sqrt", "floor", "ceil", "round"})
    add(name, 1, floats);
  add("rsqrt", 1, floats, 2);
  add("not", 1, bits);
  for (const char *name : {"add", "sub", "mul", "div", "max", "min", "rem"})
    add(name, 2, numbers);
  add("pow", 2, floats, 8);
  for (const char *name : {"and", "or", "xor"})
    add(name, 2, bits);
  return cases;
}

/// One entry a case, all of one shape, in one module.
std::string entryOf(const Case &c, const std::string &shape, unsigned number) {
  std::string type = tensor(shape, c.type), result = tensor(shape, c.result);
  std::string text = "sinter.entry @e" + std::to_string(number) + "(";
  std::string operands, types;
  for (unsigned i = 0; i < c.operands; ++i) {
    std::string name = "%" + std::string(1, 'a' + i);
    text += (i ? ", " : "") + name + ": " + type + " {sinter.name = \"" +
            std::string(1, 'a' + i) + "\"}";
    operands += (i ? ", " : "") + name;
  }
  text += ") -> (" + result + " {sinter.name = \"y\"}) {\n";
  if (c.op == "cast")
    text += "  %y = sinter.cast " + operands + " : " + type + " to " + result;
  else
    text += "  %y = sinter." + c.op + " " + operands + " : " + type;
  return text + "\n  sinter.return %y : " + result + "\n}\n";
}

void check(llvm::ArrayRef<Case> cases, const std::string &shape,
           llvm::StringRef cpu, int level) {
  std::string text = "module @m {\n";
  for (auto [number, c] : llvm::enumerate(cases))
    text += entryOf(c, shape, number);
  Compiled compiled(text + "}\n", cpu, level);
  ASSERT_TRUE(compiled);
  for (auto [number, c] : llvm::enumerate(cases)) {
    std::string entry = "e" + std::to_string(number);
    std::vector<Array> inputs =
        makeInputs(compiled.inputTypes(entry), number * 7);
    std::vector<Array> got = compiled.run(entry, inputs);
    std::vector<Array> wanted = compiled.interpret(entry, inputs);
    ASSERT_EQ(got.size(), wanted.size());
    expectClose(got[0], wanted[0], c.ulps,
                c.op + " " + c.type + " to " + c.result + " [" + shape +
                    "] on " + cpu.str());
  }
}

class Pointwise : public testing::TestWithParam<Target> {};

TEST_P(Pointwise, EveryOpAndTypeAgreesWithTheInterpreter) {
  auto [cpu, level] = GetParam();
  for (const char *shape : {"37x3", "1", "", "0x5", "128"})
    check(allCases(), shape, cpu, level);
}

TEST_P(Pointwise, ComparisonsAreFalseForNanExceptNe) {
  auto [cpu, level] = GetParam();
  std::vector<Case> cases;
  for (const char *relation : {"eq", "ne", "lt", "le", "gt", "ge"})
    for (const char *type : {"f32", "f64", "i64", "i32", "i8", "ui8", "i1"})
      cases.push_back({std::string("compare ") + relation, type, "i1", 2, 0});
  check(cases, "67", cpu, level);
}

TEST_P(Pointwise, CastsSaturateAndWrap) {
  auto [cpu, level] = GetParam();
  std::vector<Case> cases;
  const char *types[] = {"f32", "f64", "i64", "i32", "i8", "ui8", "i1"};
  for (const char *from : types)
    for (const char *to : types)
      if (from != std::string(to))
        cases.push_back({"cast", from, to, 1, 0});
  check(cases, "67", cpu, level);
  check(cases, "1", cpu, level);
}

TEST_P(Pointwise, SelectTakesFlagsFromMemory) {
  auto [cpu, level] = GetParam();
  Compiled compiled(R"(module @m {
    sinter.entry @f(%c: tensor<41xi1> {sinter.name = "c"},
                    %a: tensor<41xui8> {sinter.name = "a"},
                    %b: tensor<41xui8> {sinter.name = "b"})
        -> (tensor<41xui8> {sinter.name = "y"}, tensor<41xi1> {sinter.name = "n"}) {
      %y = sinter.select %c, %a, %b : tensor<41xui8>
      %n = sinter.not %c : tensor<41xi1>
      sinter.return %y, %n : tensor<41xui8>, tensor<41xi1>
    }
  })",
                    cpu, level);
  ASSERT_TRUE(compiled);
  std::vector<Array> inputs = makeInputs(compiled.inputTypes("f"), 0);
  auto got = compiled.run("f", inputs),
       wanted = compiled.interpret("f", inputs);
  expectClose(got[0], wanted[0], 0, "select");
  expectClose(got[1], wanted[1], 0, "not");
}

INSTANTIATE_TEST_SUITE_P(Targets, Pointwise, testing::ValuesIn(allTargets));
} // namespace
