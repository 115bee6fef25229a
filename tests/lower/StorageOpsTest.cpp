//===- StorageOpsTest.cpp - every op on bf16, compiled --------------------===//
//
// Against the interpreter, on odd shapes and every target.  Numbers are
// multiples of 1/8 below 8, so that sums of a few thousand products are exact
// in f32 whatever their order: then what is rounded once to bf16 has one right
// answer, which a sum kept in bf16 would miss.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "mlir/Parser/Parser.h"
#include "tests/lower/Bf16.h"
#include "tests/lower/Compiled.h"
#include "tests/lower/EveryOp.h"

#include <random>
#include <set>

using namespace sinter;
using namespace sinter::test;

namespace {

struct Case {
  /// With %a %b of 37, %m of 5x37, %big of 67x131, %flags, %places, %key, …
  std::string op, type;
  /// Units in the last place that compiled code may be off.
  double ulps = 0;
};

const std::string V = "tensor<37xbf16>", M = "tensor<5x37xbf16>";

/// The tensors that cases use, in the order of the entries' inputs.
const std::pair<const char *, std::string> operands[] = {
    {"a", V},
    {"b", V},
    {"p", "tensor<37xbf16>"},
    {"m", M},
    {"big", "tensor<67x131xbf16>"},
    {"side", "tensor<131x53xbf16>"},
    {"image", "tensor<2x9x11x6xbf16>"},
    {"weights", "tensor<3x3x6x5xbf16>"},
    {"each", "tensor<3x3x1x6xbf16>"},
    {"shown", "tensor<4x3x33xbf16>"},
    {"flags", "tensor<37xi1>"},
    {"places", "tensor<21xi32>"},
    {"more", "tensor<21xbf16>"},
    {"key", "tensor<2xi64>"}};

std::vector<Case> makeCases() {
  std::vector<Case> cases;
  for (const char *op : {"neg", "abs", "sign", "sqrt", "floor", "ceil", "round",
                         "stop_gradient"})
    cases.push_back({std::string(op) + " %a : " + V, V});
  // A function within its bound in f32 may fall on the other side of a middle.
  for (const char *op :
       {"exp",  "exp2", "expm1", "log",   "log2",  "log1p",    "rsqrt", "tanh",
        "sinh", "cosh", "asinh", "acosh", "atanh", "logistic", "sin",   "cos",
        "tan",  "asin", "acos",  "atan",  "cbrt",  "erf",      "lgamma"})
    cases.push_back({std::string(op) + " %a : " + V, V, 1});
  cases.push_back({"polygamma %p order 1 : " + V, V, 1});
  for (const char *op : {"add", "sub", "mul", "div", "rem", "max", "min"})
    cases.push_back({std::string(op) + " %a, %b : " + V, V});
  cases.push_back({"pow %p, %b : " + V, V, 1});
  cases.push_back({"atan2 %a, %b : " + V, V, 1});
  for (const char *relation : {"eq", "ne", "lt", "le", "gt", "ge"})
    cases.push_back({std::string("compare ") + relation + " %a, %b : " + V,
                     "tensor<37xi1>"});
  cases.push_back({"select %flags, %a, %b : " + V, V});
  cases.push_back({"cast %a : " + V + " to tensor<37xf32>", "tensor<37xf32>"});
  cases.push_back({"constant dense<1.5> : " + V, V});
  cases.push_back({"constant dense<[1.5, -0.0, 0x7F80, 0xFFC1]> : "
                   "tensor<4xbf16>",
                   "tensor<4xbf16>"});
  cases.push_back({"iota dim 1 : tensor<3x601xbf16>", "tensor<3x601xbf16>"});
  for (const Movement &move : movements()) {
    std::string type = "tensor<" + move.shape + "xbf16>";
    cases.push_back({move.op + " : " + M + " -> " + type, type});
  }
  cases.push_back({"concatenate %a, %b, %more dim 0 : " + V + ", " + V +
                       ", tensor<21xbf16> -> tensor<95xbf16>",
                   "tensor<95xbf16>"});
  cases.push_back({"gather %a[%places] axis 0 batch 0 : " + V +
                       ", tensor<21xi32> -> tensor<21xbf16>",
                   "tensor<21xbf16>"});
  cases.push_back({"scatter_add %a[%places] += %more axis 0 batch 0 : " + V +
                       ", tensor<21xi32>, tensor<21xbf16>",
                   V});
  for (const char *op :
       {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"})
    for (const char *dims : {"[1]", "[0]", "[0, 1]"}) {
      std::string type = dims[1] == '1'   ? "tensor<67xbf16>"
                         : dims[2] == ',' ? "tensor<bf16>"
                                          : "tensor<131xbf16>";
      // Products round in f32, in an order of their own.
      bool isProduct = std::string(op) == "reduce_prod";
      cases.push_back({std::string(op) + (isProduct ? " %near" : " %big") +
                           " dims " + dims + " : tensor<67x131xbf16> -> " +
                           type,
                       type, isProduct ? 1.0 : 0.0});
    }
  for (const char *op : {"argmax", "argmin"})
    cases.push_back({std::string(op) +
                         " %big dim 1 : tensor<67x131xbf16> -> tensor<67xi32>",
                     "tensor<67xi32>"});
  cases.push_back({"argsort %big dim 1 : tensor<67x131xbf16> -> "
                   "tensor<67x131xi32>",
                   "tensor<67x131xi32>"});
  for (const char *form : {"", " reverse", " exclusive"})
    cases.push_back({std::string("cumulative_sum %big dim 1") + form +
                         " : tensor<67x131xbf16>",
                     "tensor<67x131xbf16>"});
  cases.push_back({"dot_general %big, %side contract [1] x [0] batch [] x [] : "
                   "tensor<67x131xbf16>, tensor<131x53xbf16> -> "
                   "tensor<67x53xbf16>",
                   "tensor<67x53xbf16>"});
  cases.push_back({"dot_general %big, %big contract [1] x [1] batch [] x [] : "
                   "tensor<67x131xbf16>, tensor<67x131xbf16> -> "
                   "tensor<67x67xbf16>",
                   "tensor<67x67xbf16>"});
  cases.push_back({"dot_general %m, %a contract [1] x [0] batch [] x [] : " +
                       M + ", " + V + " -> tensor<5xbf16>",
                   "tensor<5xbf16>"});
  cases.push_back({"conv %image, %weights low [1, 1] high [1, 1] : "
                   "tensor<2x9x11x6xbf16>, tensor<3x3x6x5xbf16> -> "
                   "tensor<2x9x11x5xbf16>",
                   "tensor<2x9x11x5xbf16>"});
  cases.push_back({"conv %image, %each groups 6 : "
                   "tensor<2x9x11x6xbf16>, tensor<3x3x1x6xbf16> -> "
                   "tensor<2x7x9x6xbf16>",
                   "tensor<2x7x9x6xbf16>"});
  cases.push_back({"conv %image, %weights low [2, 2] high [2, 2] "
                   "input_dilation [2, 2] : "
                   "tensor<2x9x11x6xbf16>, tensor<3x3x6x5xbf16> -> "
                   "tensor<2x19x23x5xbf16>",
                   "tensor<2x19x23x5xbf16>"});
  cases.push_back({"fold_windows %shown dims [0] sizes [3] strides [2] "
                   "dilations [1] : tensor<4x3x33xbf16> -> tensor<9x33xbf16>",
                   "tensor<9x33xbf16>"});
  cases.push_back({"random_uniform %key stream 2 : " + M, M});
  cases.push_back({"random_normal %key stream 2 : " + M, M, 1});
  cases.push_back({"scan 5 carry(%c = %a : " + V + ") each(%x = %m : " + M +
                       ") index(%t) -> (" + V +
                       ") {\n  %n = sinter.add %c, "
                       "%x : " +
                       V + "\n  sinter.yield %n : " + V + "\n}",
                   V});
  return cases;
}

/// An entry for each case.
std::string moduleOf(const std::vector<Case> &cases) {
  std::string arguments, text = "module @m {\n";
  for (auto [name, type] : operands)
    arguments += std::string("%") + name + ": " + type + ", ";
  arguments += "%near: tensor<67x131xbf16>";
  for (auto [i, c] : llvm::enumerate(cases))
    text += "sinter.entry @e" + std::to_string(i) + "(" + arguments + ") -> " +
            c.type + " {\n  %y = sinter." + c.op +
            "\n  sinter.return %y : " + c.type + "\n}\n";
  return text + "}\n";
}

/// Multiples of 1/8, both signs; near 1 where products are taken.
std::vector<Array> makeOperands(llvm::ArrayRef<mlir::Type> types,
                                unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Array> inputs;
  for (auto [i, type] : llvm::enumerate(types)) {
    Array x = Array::zeros(type);
    llvm::StringRef name = i < std::size(operands) ? operands[i].first : "near";
    for (double &v : x.floats) {
      v = (static_cast<int>(random() % 128) - 64) / 8.0;
      if (name == "p")
        v = std::abs(v) + 0.125;
      if (name == "near")
        v = 1 + (static_cast<int>(random() % 9) - 4) / 128.0;
    }
    for (int64_t &v : x.ints)
      v = name == "flags" ? random() % 2
          : name == "key" ? random()
                          : static_cast<int64_t>(random() % 41) - 2;
    inputs.push_back(std::move(x));
  }
  return inputs;
}

class StorageOps : public testing::TestWithParam<Target> {};

TEST_P(StorageOps, AreRoundedF32OpsOnOddShapes) {
  auto [cpu, level] = GetParam();
  std::vector<Case> cases = makeCases();
  Compiled compiled(moduleOf(cases), cpu, level, From::Gradient);
  ASSERT_TRUE(compiled);
  // __truncsfbf2 and the like are in a library that nothing here links.
  EXPECT_EQ(compiled.assembly().find("bf2"), std::string::npos);
  for (unsigned seed : {1, 2}) {
    std::vector<Array> inputs = makeOperands(compiled.inputTypes("e0"), seed);
    for (auto [i, c] : llvm::enumerate(cases)) {
      std::string name = "e" + std::to_string(i);
      std::vector<Array> wanted = compiled.interpret(name, inputs);
      std::vector<Array> got = compiled.run(name, inputs);
      ASSERT_EQ(got.size(), 1u);
      ASSERT_EQ(wanted.size(), 1u);
      expectClose(got[0], wanted[0], c.ulps, c.op);
    }
  }
}

TEST_P(StorageOps, TakeInfinitiesAndNans) {
  auto [cpu, level] = GetParam();
  // Elements one by one: what sums overflow to depends on their order.
  std::vector<Case> pointwise;
  for (const Case &c : makeCases())
    if (c.op.find("%big") == std::string::npos &&
        (c.type == V || c.type == "tensor<37xi1>") && c.op.find("scan") != 0)
      pointwise.push_back(c);
  Compiled compiled(moduleOf(pointwise), cpu, level, From::Gradient);
  ASSERT_TRUE(compiled);
  for (unsigned seed : {3, 4}) {
    std::vector<Array> inputs =
        makeInputs(compiled.inputTypes("e0"), seed, /*special=*/8);
    for (auto [i, c] : llvm::enumerate(pointwise)) {
      std::string name = "e" + std::to_string(i);
      expectClose(compiled.run(name, inputs)[0],
                  compiled.interpret(name, inputs)[0], c.ulps, c.op);
    }
  }
}

/// The definition, word by word, by the interpreter's own f32.
TEST(StorageOpsInterpreted, AreF32OpsRoundedOnce) {
  std::vector<Case> cases = makeCases();
  // A scan is many ops, and these bits are those of bf16.
  llvm::erase_if(cases, [](const Case &c) {
    return llvm::StringRef(c.op).starts_with("scan") ||
           llvm::StringRef(c.op).contains("0x7F80");
  });
  std::string text = moduleOf(cases), wide = text;
  for (size_t at = 0; (at = wide.find("bf16", at)) != std::string::npos;)
    wide.replace(at, 4, "f32");
  mlir::MLIRContext context;
  context.loadDialect<ir::SinterDialect>();
  auto narrowModule = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  auto wideModule = mlir::parseSourceString<mlir::ModuleOp>(wide, &context);
  ASSERT_TRUE(narrowModule && wideModule);
  auto entry = narrowModule->lookupSymbol<ir::EntryOp>("e0");
  for (unsigned special : {0, 4}) {
    std::vector<Array> inputs =
        special ? makeInputs(entry.getArgumentTypes(), 5, special)
                : makeOperands(entry.getArgumentTypes(), 5);
    std::vector<Array> wideInputs = inputs;
    for (Array &input : wideInputs)
      if (input.elementType.isBF16())
        input.elementType = mlir::Float32Type::get(&context);
    for (auto [i, c] : llvm::enumerate(cases)) {
      std::string name = "e" + std::to_string(i);
      Array got =
          cantFail(interpret::Interpreter(*narrowModule).run(name, inputs))[0];
      Array wanted = cantFail(
          interpret::Interpreter(*wideModule).run(name, wideInputs))[0];
      for (int64_t k = 0; got.elementType.isBF16() && k < wanted.size(); ++k)
        wanted.floats[k] =
            std::isnan(wanted.floats[k])
                ? wanted.floats[k]
                : valueOfBf16(nearestOfAllBf16(wanted.floats[k]));
      wanted.elementType = got.elementType;
      EXPECT_TRUE(interpret::identical(got, wanted)) << c.op;
    }
  }
}

TEST(StorageOpsInterpreted, HaveACaseEach) {
  std::set<std::string> covered = {"random_bernoulli", "windows"};
  for (const Case &c : makeCases())
    covered.insert(c.op.substr(0, c.op.find(' ')));
  expectEveryOpOn("bf16", covered);
}

INSTANTIATE_TEST_SUITE_P(Targets, StorageOps, testing::ValuesIn(allTargets));

} // namespace
