//===- OpRulesTest.cpp - every op's two modes against differences ---------===//
//
// One line an op (or more, where attributes matter): the op on operands %a, %b,
// %c, with result %y.  For each
//
//   Jv     against central differences of the op itself along v,
//   Jᵀw    by ⟨Jv, w⟩ = ⟨v, Jᵀw⟩,
//   second order, of ⟨f(x), w⟩ and where f is smooth: Hv against central
//          differences of the gradient, and the symmetry ⟨Hv, u⟩ = ⟨v, Hu⟩;
//          forward over reverse and reverse over reverse agree.
//
// An op that has rules and no line here fails the test.
//
//===----------------------------------------------------------------------===//

#include "tests/rules/Derivatives.h"

#include <set>

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
/// Where an op's operands lie.
enum Domain { real, positive, withinOne, aboveOne };
struct Case {
  std::string op;
  /// Types of %a, %b, %c; a type of integers is filled with `indices`.
  std::vector<std::string> operands;
  std::string result;
  Domain domain = real;
  std::vector<int64_t> indices = {};
};

const std::string four = "tensor<4xf64>";
Case unary(const std::string &op, Domain domain = real,
           const std::string &attributes = "") {
  return {op + " %a " + attributes + ": " + four, {four}, four, domain};
}
Case binary(const std::string &op, const std::string &type = four,
            Domain domain = real) {
  return {op + " %a, %b : " + type, {type, type}, type, domain};
}

const Case cases[] = {
    unary("neg"),
    unary("abs"),
    unary("sign"),
    unary("exp"),
    unary("expm1"),
    unary("exp2"),
    unary("log", positive),
    unary("log2", positive),
    unary("log1p", positive),
    unary("sqrt", positive),
    unary("rsqrt", positive),
    unary("cbrt"),
    unary("sinh"),
    unary("cosh"),
    unary("asinh"),
    unary("acosh", aboveOne),
    unary("atanh", withinOne),
    unary("tanh"),
    unary("logistic"),
    unary("sin"),
    unary("cos"),
    unary("tan", withinOne),
    unary("asin", withinOne),
    unary("acos", withinOne),
    unary("atan"),
    unary("erf"),
    unary("lgamma", positive),
    unary("polygamma", positive, "order 0 "),
    unary("polygamma", aboveOne, "order 3 "),
    unary("floor"),
    unary("ceil"),
    unary("round"),
    binary("add"),
    binary("sub"),
    {"sub %a, %a : tensor<4xf64>", {"tensor<4xf64>"}, "tensor<4xf64>"},
    binary("mul"),
    {"mul %a, %a : tensor<4xf64>", {"tensor<4xf64>"}, "tensor<4xf64>"},
    binary("div"),
    binary("max", "tensor<9xf64>"),
    binary("min", "tensor<9xf64>"),
    binary("pow", four, positive),
    binary("atan2"),
    binary("rem"),
    {"select %c, %a, %b : tensor<4xf64>",
     {"tensor<4xf64>", "tensor<4xf64>", "tensor<4xi1>"},
     "tensor<4xf64>",
     real,
     {1, 0, 0, 1}},
    {"cast %a : tensor<4xf64> to tensor<4xf32>",
     {"tensor<4xf64>"},
     "tensor<4xf32>"},
    {"reshape %a : tensor<2x6xf64> -> tensor<3x4xf64>",
     {"tensor<2x6xf64>"},
     "tensor<3x4xf64>"},
    {"transpose %a [2, 0, 1] : tensor<2x3x4xf64> -> tensor<4x2x3xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<4x2x3xf64>"},
    {"broadcast %a dims [0, 2] : tensor<1x3xf64> -> tensor<4x2x3xf64>",
     {"tensor<1x3xf64>"},
     "tensor<4x2x3xf64>"},
    {"broadcast %a dims [] : tensor<f64> -> tensor<2x3xf64>",
     {"tensor<f64>"},
     "tensor<2x3xf64>"},
    {"slice %a offsets [1, 0] sizes [2, 3] strides [1, 2] : tensor<4x6xf64> "
     "-> tensor<2x3xf64>",
     {"tensor<4x6xf64>"},
     "tensor<2x3xf64>"},
    {"pad %a low [1, 0] high [1, 2] interior [0, 1] : tensor<2x3xf64> -> "
     "tensor<4x7xf64>",
     {"tensor<2x3xf64>"},
     "tensor<4x7xf64>"},
    {"concatenate %a, %b, %a dim 1 : tensor<2x3xf64>, tensor<2x1xf64>, "
     "tensor<2x3xf64> -> tensor<2x7xf64>",
     {"tensor<2x3xf64>", "tensor<2x1xf64>"},
     "tensor<2x7xf64>"},
    {"reverse %a dims [1] : tensor<2x3xf64> -> tensor<2x3xf64>",
     {"tensor<2x3xf64>"},
     "tensor<2x3xf64>"},
    // Repeated indices, and one out of range.
    {"gather %a[%b] axis 0 batch 0 : tensor<3x2xf64>, tensor<5xi32> -> "
     "tensor<5x2xf64>",
     {"tensor<3x2xf64>", "tensor<5xi32>"},
     "tensor<5x2xf64>",
     real,
     {1, 0, 1, 7, 2}},
    {"gather %a[%b] axis 2 batch 1 : tensor<2x3x4xf64>, tensor<2x2xi64> -> "
     "tensor<2x3x2xf64>",
     {"tensor<2x3x4xf64>", "tensor<2x2xi64>"},
     "tensor<2x3x2xf64>",
     real,
     {3, 3, 0, -1}},
    {"scatter_add %a[%c] += %b axis 0 batch 0 : tensor<3x2xf64>, "
     "tensor<4xi32>, tensor<4x2xf64>",
     {"tensor<3x2xf64>", "tensor<4x2xf64>", "tensor<4xi32>"},
     "tensor<3x2xf64>",
     real,
     {1, 1, 9, 0}},
    // Rows that no window reaches, everything dilated.
    {"conv %a, %b strides [3] low [2] high [2] input_dilation [2] "
     "kernel_dilation [2] : tensor<2x6x2xf64>, tensor<3x2x3xf64> -> "
     "tensor<2x4x3xf64>",
     {"tensor<2x6x2xf64>", "tensor<3x2x3xf64>"},
     "tensor<2x4x3xf64>"},
    // Less than all of the input, padded by more than the kernel.
    {"conv %a, %b low [-1, 4] high [2, -2] : tensor<1x4x5x2xf64>, "
     "tensor<2x3x2x2xf64> -> tensor<1x4x5x2xf64>",
     {"tensor<1x4x5x2xf64>", "tensor<2x3x2x2xf64>"},
     "tensor<1x4x5x2xf64>"},
    {"conv %a, %b strides [2, 1] groups 2 : tensor<2x5x3x4xf64>, "
     "tensor<2x2x2x6xf64> -> tensor<2x2x2x6xf64>",
     {"tensor<2x5x3x4xf64>", "tensor<2x2x2x6xf64>"},
     "tensor<2x2x2x6xf64>"},
    // Depthwise, and two channels for each feature.
    {"conv %a, %b low [1] high [1] groups 3 : tensor<2x4x3xf64>, "
     "tensor<2x1x3xf64> -> tensor<2x5x3xf64>",
     {"tensor<2x4x3xf64>", "tensor<2x1x3xf64>"},
     "tensor<2x5x3xf64>"},
    {"conv %a, %b strides [2] groups 2 : tensor<2x5x4xf64>, "
     "tensor<3x2x2xf64> -> tensor<2x2x2xf64>",
     {"tensor<2x5x4xf64>", "tensor<3x2x2xf64>"},
     "tensor<2x2x2xf64>"},
    {"conv %a, %b strides [1, 2, 1] high [0, 1, 1] : tensor<1x2x3x2x2xf64>, "
     "tensor<2x2x2x2x1xf64> -> tensor<1x1x2x2x1xf64>",
     {"tensor<1x2x3x2x2xf64>", "tensor<2x2x2x2x1xf64>"},
     "tensor<1x1x2x2x1xf64>"},
    {"windows %a dims [0, 2] sizes [2, 3] strides [2, 1] dilations [1, 2] : "
     "tensor<5x2x6xf64> -> tensor<2x2x2x2x3xf64>",
     {"tensor<5x2x6xf64>"},
     "tensor<2x2x2x2x3xf64>"},
    {"fold_windows %a dims [0, 2] sizes [2, 3] strides [2, 1] dilations "
     "[1, 2] : tensor<2x2x2x2x3xf64> -> tensor<5x2x6xf64>",
     {"tensor<2x2x2x2x3xf64>"},
     "tensor<5x2x6xf64>"},
    {"dot_general %a, %b contract [1] x [0] batch [] x [] : tensor<2x3xf64>, "
     "tensor<3x4xf64> -> tensor<2x4xf64>",
     {"tensor<2x3xf64>", "tensor<3x4xf64>"},
     "tensor<2x4xf64>"},
    {"dot_general %a, %b contract [0] x [1] batch [] x [] : tensor<3x2xf64>, "
     "tensor<4x3xf64> -> tensor<2x4xf64>",
     {"tensor<3x2xf64>", "tensor<4x3xf64>"},
     "tensor<2x4xf64>"},
    {"dot_general %a, %a contract [0] x [0] batch [] x [] : tensor<3xf64>, "
     "tensor<3xf64> -> tensor<f64>",
     {"tensor<3xf64>"},
     "tensor<f64>"},
    // Two contracting dimensions in another order, a batch dimension inside.
    {"dot_general %a, %b contract [3, 0] x [0, 2] batch [1] x [3] : "
     "tensor<2x3x4x5xf64>, tensor<5x6x2x3xf64> -> tensor<3x4x6xf64>",
     {"tensor<2x3x4x5xf64>", "tensor<5x6x2x3xf64>"},
     "tensor<3x4x6xf64>"},
    {"reduce_sum %a dims [0, 2] : tensor<2x3x4xf64> -> tensor<3xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<3xf64>"},
    {"reduce_max %a dims [0, 2] : tensor<2x3x4xf64> -> tensor<3xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<3xf64>"},
    {"reduce_min %a dims [1] : tensor<2x3x4xf64> -> tensor<2x4xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<2x4xf64>"},
    {"reduce_prod %a dims [0, 2] : tensor<2x3x3xf64> -> tensor<3xf64>",
     {"tensor<2x3x3xf64>"},
     "tensor<3xf64>"},
    {"reduce_prod %a dims [0] : tensor<7xf64> -> tensor<f64>",
     {"tensor<7xf64>"},
     "tensor<f64>"},
    {"cumulative_sum %a dim 1 : tensor<2x3x2xf64>",
     {"tensor<2x3x2xf64>"},
     "tensor<2x3x2xf64>"},
    {"cumulative_sum %a dim 1 reverse exclusive : tensor<2x5xf64>",
     {"tensor<2x5xf64>"},
     "tensor<2x5xf64>"},
    {"scan 3 reverse carry(%h = %a : tensor<2xf64>) each(%x = %b : "
     "tensor<3x2xf64>) index(%t) -> (tensor<2xf64>) {\n"
     "%p = sinter.mul %h, %x : tensor<2xf64>\n"
     "%n = sinter.sin %p : tensor<2xf64>\n"
     "sinter.yield %n : tensor<2xf64>\n}",
     {"tensor<2xf64>", "tensor<3x2xf64>"},
     "tensor<2xf64>"},
};

/// Ops with rules whose results carry no derivative: no floats come in or none
/// go out.
const char *const derivativeFree[] = {"not",
                                      "and",
                                      "or",
                                      "xor",
                                      "compare",
                                      "constant",
                                      "iota",
                                      "argmax",
                                      "argmin",
                                      "argsort",
                                      "random_uniform",
                                      "random_normal",
                                      "random_bernoulli",
                                      "stop_gradient"};
/// Ops that are no part of what is differentiated.
const char *const withoutRules[] = {
    "variable", "entry", "read", "write",      "return", "yield",
    "gradient", "vjp",   "jvp",  "kernel",     "call",   "buffer",
    "launch",   "copy",  "loop", "store_index"};

std::string nameOf(const Case &c) { return c.op.substr(0, c.op.find(' ')); }

bool isFloat(const std::string &type) {
  return type.find('f') != std::string::npos;
}

class OpRules : public Derivatives {
protected:
  /// A module whose @f takes the operands, directions %va …, another %ua … and
  /// %w, and returns what `returned` names.
  std::string module(const Case &c, const std::string &requests,
                     const std::string &returned, const std::string &types) {
    std::string signature, directions;
    for (size_t i = 0; i < c.operands.size(); ++i) {
      std::string name(1, static_cast<char>('a' + i));
      signature += (i ? ", %" : "%") + name + ": " + c.operands[i];
      if (isFloat(c.operands[i]))
        directions += ", %v" + name + ": " + c.operands[i] + ", %u" + name +
                      ": " + c.operands[i];
    }
    return "module @m {\nsinter.entry @f(" + signature + directions +
           ", %w: " + c.result + ") -> (" + types + ") {\n%y = sinter." + c.op +
           "\n" + requests + "sinter.return " + returned + " : " + types +
           "\n}\n}\n";
  }

  /// "%va, %vb" for prefix "%v", floats only.
  std::string list(const Case &c, const std::string &prefix) {
    std::string result;
    for (size_t i = 0; i < c.operands.size(); ++i)
      if (isFloat(c.operands[i]))
        result +=
            (result.empty() ? "" : ", ") + prefix + static_cast<char>('a' + i);
    return result;
  }
  std::string floatTypes(const Case &c) {
    std::string result;
    for (const std::string &type : c.operands)
      if (isFloat(type))
        result += (result.empty() ? "" : ", ") + type;
    return result;
  }

  void check(const Case &c);
};

/// Σ ⟨a_i, b_i⟩ over arrays.
double dot(llvm::ArrayRef<Array> a, llvm::ArrayRef<Array> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += sinter::dot(a[i], b[i]);
  return sum;
}
double norm(llvm::ArrayRef<Array> a) { return std::sqrt(dot(a, a)); }

void OpRules::check(const Case &c) {
  SCOPED_TRACE(c.op);
  std::string xs = list(c, "%"), xTypes = floatTypes(c);
  std::string tangentRequest = "%j = sinter.jvp (%y) wrt (" + xs +
                               ") tangents (" + list(c, "%v") + ") : (" +
                               c.result + ") wrt (" + xTypes + ")\n";
  std::string cotangentRequest = list(c, "%d") + " = sinter.vjp (%y) wrt (" +
                                 xs + ") cotangents (%w) : (" + c.result +
                                 ") wrt (" + xTypes + ")\n";
  auto second = [&](const std::string &name, bool forward,
                    const std::string &direction) {
    return list(c, name) + (forward ? " = sinter.jvp (" : " = sinter.vjp (") +
           list(c, "%d") + ") wrt (" + xs +
           (forward ? ") tangents (" : ") cotangents (") + list(c, direction) +
           ") : (" + xTypes + ") wrt (" + xTypes + ")\n";
  };

  // Operands x, directions v and u, cotangent w.
  std::vector<Array> inputs, v, u;
  SmallVector<size_t> floats;
  unsigned seed = 1;
  for (const std::string &text : c.operands) {
    if (!isFloat(text)) {
      inputs.push_back(Array::ofInts(type(text), c.indices));
      continue;
    }
    floats.push_back(inputs.size());
    inputs.push_back(random(text, seed++));
    // Numbers are between 0.3 and 1.7, of either sign.
    for (double &x : inputs.back().floats)
      x = c.domain == positive    ? std::abs(x)
          : c.domain == withinOne ? x / 2
          : c.domain == aboveOne  ? std::abs(x) + 1
                                  : x;
  }
  for (size_t i : floats) {
    v.push_back(random(c.operands[i], seed++));
    u.push_back(random(c.operands[i], seed++));
    inputs.push_back(v.back());
    inputs.push_back(u.back());
  }
  Array w = random(c.result, seed++);
  inputs.push_back(w);
  auto moved = [&](double step) {
    std::vector<Array> result = inputs;
    for (auto [i, direction] : llvm::zip(floats, v))
      for (size_t e = 0; e < direction.floats.size(); ++e)
        result[i].floats[e] += step * direction.floats[e];
    return result;
  };
  /// Derivative along v of what a module returns, by a difference of order 4.
  auto difference = [&](const std::string &text) {
    const double h = 1e-3;
    auto graph = expand(text);
    std::vector<Array> sum = evaluate(*graph, moved(h));
    for (Array &a : sum)
      std::fill(a.floats.begin(), a.floats.end(), 0);
    for (auto [step, weight] :
         {std::pair(-2 * h, 1.0), {-h, -8.0}, {h, 8.0}, {2 * h, -1.0}}) {
      std::vector<Array> part = evaluate(*graph, moved(step));
      for (size_t i = 0; i < sum.size(); ++i)
        for (size_t e = 0; e < sum[i].floats.size(); ++e)
          sum[i].floats[e] += weight * part[i].floats[e] / (12 * h);
    }
    return sum;
  };

  std::vector<Array> jv =
      run(module(c, tangentRequest, "%j", c.result), inputs);
  std::vector<Array> primal = difference(module(c, "", "%y", c.result));
  ASSERT_EQ(jv.size(), 1u);
  double single = StringRef(c.op).contains("f32") ? singleUnit : 0;
  expectClose(jv[0].floats, primal[0].floats, 1e-8 + single / 1e-3);

  std::string gradients = module(c, cotangentRequest, list(c, "%d"), xTypes);
  std::vector<Array> jtw = run(gradients, inputs);
  ASSERT_EQ(jtw.size(), v.size());
  EXPECT_NEAR(dot(jv, {w}), dot(v, jtw),
              (1e-12 + single) *
                  (norm(jv) * sinter::norm(w) + norm(v) * norm(jtw)));

  std::vector<Array> hv =
      run(module(c, cotangentRequest + second("%h", true, "%v"), list(c, "%h"),
                 xTypes),
          inputs);
  std::vector<Array> hvReverse =
      run(module(c, cotangentRequest + second("%h", false, "%v"), list(c, "%h"),
                 xTypes),
          inputs);
  std::vector<Array> hu =
      run(module(c, cotangentRequest + second("%h", true, "%u"), list(c, "%h"),
                 xTypes),
          inputs);
  std::vector<Array> slopes = difference(gradients);
  for (size_t i = 0; i < hv.size(); ++i) {
    expectClose(hv[i].floats, slopes[i].floats, 1e-7);
    expectClose(hvReverse[i].floats, hv[i].floats, 1e-12);
  }
  EXPECT_NEAR(dot(hv, u), dot(v, hu), 1e-11 * (norm(hv) * norm(u) + 1));
}

TEST_F(OpRules, BothModesAreRightToSecondOrder) {
  for (const Case &c : cases)
    check(c);
}

TEST_F(OpRules, EveryRegisteredOpHasALine) {
  std::set<std::string> covered, exempt, registered;
  for (const Case &c : cases)
    covered.insert("sinter." + nameOf(c));
  for (const char *name : derivativeFree)
    covered.insert(std::string("sinter.") + name);
  for (const char *name : withoutRules)
    exempt.insert(std::string("sinter.") + name);
  for (RegisteredOperationName name : context.getRegisteredOperations()) {
    if (name.getDialectNamespace() != "sinter")
      continue;
    std::string text = name.getStringRef().str();
    registered.insert(text);
    if (name.hasInterface<Differentiable>())
      EXPECT_TRUE(covered.count(text)) << text << " has no derivative test";
    else
      EXPECT_TRUE(exempt.count(text))
          << text << " has neither a derivative rule nor a reason";
  }
  for (const std::string &name : covered)
    EXPECT_TRUE(registered.count(name)) << name << " is no op";
  EXPECT_FALSE(registered.empty());
}

// Where an operand is of floats, the derivative of these is asked for and is
// zero, whatever lies between.
TEST_F(OpRules, StepsAndIndicesHaveDerivativeZero) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<3xf64>) -> (tensor<3xf64>, tensor<f64>) {
      %zero = sinter.constant dense<0.0> : tensor<3xf64>
      %c = sinter.compare gt %x, %zero : tensor<3xf64>
      %cf = sinter.cast %c : tensor<3xi1> to tensor<3xf64>
      %i = sinter.argmax %x dim 0 : tensor<3xf64> -> tensor<i64>
      %if = sinter.cast %i : tensor<i64> to tensor<f64>
      %ib = sinter.broadcast %if dims [] : tensor<f64> -> tensor<3xf64>
      %s = sinter.stop_gradient %x : tensor<3xf64>
      %k = sinter.cast %x : tensor<3xf64> to tensor<3xi32>
      %kf = sinter.cast %k : tensor<3xi32> to tensor<3xf64>
      %a = sinter.mul %cf, %ib : tensor<3xf64>
      %b = sinter.mul %a, %s : tensor<3xf64>
      %d = sinter.mul %b, %kf : tensor<3xf64>
      %l = sinter.reduce_sum %d dims [0] : tensor<3xf64> -> tensor<f64>
      %dx = sinter.gradient %l wrt %x : tensor<f64> wrt tensor<3xf64>
      %dl = sinter.jvp (%l) wrt (%x) tangents (%x) : (tensor<f64>) wrt (tensor<3xf64>)
      sinter.return %dx, %dl : tensor<3xf64>, tensor<f64>
    }
  })",
                 {array("tensor<3xf64>", {1, 2, 3})});
  EXPECT_EQ(out[0].floats, (Numbers{0, 0, 0}));
  EXPECT_EQ(out[1].floats, (Numbers{0}));
}
} // namespace
