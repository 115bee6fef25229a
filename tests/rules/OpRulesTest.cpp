//===- OpRulesTest.cpp - every op's two modes against differences ---------===//
//
// For each line of OpCases.cpp, the op on operands %a, %b, %c, with result %y,
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
#include "tests/rules/OpCases.h"

#include <set>

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
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
    "variable", "entry", "read", "write",       "return",      "yield",
    "gradient", "vjp",   "jvp",  "kernel",      "call",        "buffer",
    "launch",   "copy",  "loop", "store_index", "library_call"};

std::string nameOf(const OpCase &c) { return c.op.substr(0, c.op.find(' ')); }

bool isFloat(const std::string &type) {
  return type.find('f') != std::string::npos;
}

class OpRules : public Derivatives {
protected:
  /// A module whose @f takes the operands, directions %va …, another %ua … and
  /// %w, and returns what `returned` names.
  std::string module(const OpCase &c, const std::string &requests,
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
  std::string list(const OpCase &c, const std::string &prefix) {
    std::string result;
    for (size_t i = 0; i < c.operands.size(); ++i)
      if (isFloat(c.operands[i]))
        result +=
            (result.empty() ? "" : ", ") + prefix + static_cast<char>('a' + i);
    return result;
  }
  std::string floatTypes(const OpCase &c) {
    std::string result;
    for (const std::string &type : c.operands)
      if (isFloat(type))
        result += (result.empty() ? "" : ", ") + type;
    return result;
  }

  std::string tangentRequest(const OpCase &c) {
    return "%j = sinter.jvp (%y) wrt (" + list(c, "%") + ") tangents (" +
           list(c, "%v") + ") : (" + c.result + ") wrt (" + floatTypes(c) +
           ")\n";
  }
  std::string cotangentRequest(const OpCase &c) {
    return list(c, "%d") + " = sinter.vjp (%y) wrt (" + list(c, "%") +
           ") cotangents (%w) : (" + c.result + ") wrt (" + floatTypes(c) +
           ")\n";
  }
  /// An operand within the case's domain: numbers are between 0.3 and 1.7, of
  /// either sign, before.
  Array operand(const OpCase &c, size_t i, unsigned seed) {
    if (!isFloat(c.operands[i]))
      return Array::ofInts(type(c.operands[i]), c.indices);
    Array result = random(c.operands[i], seed);
    for (double &x : result.floats)
      x = c.domain == positive    ? std::abs(x)
          : c.domain == withinOne ? x / 2
          : c.domain == aboveOne  ? std::abs(x) + 1
                                  : x;
    return result;
  }

  void check(const OpCase &c);
  void checkStorage(const OpCase &c);
};

/// Σ ⟨a_i, b_i⟩ over arrays.
double dot(llvm::ArrayRef<Array> a, llvm::ArrayRef<Array> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += sinter::dot(a[i], b[i]);
  return sum;
}
double norm(llvm::ArrayRef<Array> a) { return std::sqrt(dot(a, a)); }

void OpRules::check(const OpCase &c) {
  SCOPED_TRACE(c.op);
  std::string xs = list(c, "%"), xTypes = floatTypes(c);
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
  for (size_t i = 0; i < c.operands.size(); ++i) {
    if (isFloat(c.operands[i]))
      floats.push_back(i);
    inputs.push_back(operand(c, i, seed));
    seed += isFloat(c.operands[i]);
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
      run(module(c, tangentRequest(c), "%j", c.result), inputs);
  std::vector<Array> primal = difference(module(c, "", "%y", c.result));
  ASSERT_EQ(jv.size(), 1u);
  double single = StringRef(c.op).contains("f32") ? singleUnit : 0;
  expectClose(jv[0].floats, primal[0].floats, 1e-8 + single / 1e-3);

  std::string gradients = module(c, cotangentRequest(c), list(c, "%d"), xTypes);
  std::vector<Array> jtw = run(gradients, inputs);
  ASSERT_EQ(jtw.size(), v.size());
  EXPECT_NEAR(dot(jv, {w}), dot(v, jtw),
              (1e-12 + single) *
                  (norm(jv) * sinter::norm(w) + norm(v) * norm(jtw)));

  std::vector<Array> hv =
      run(module(c, cotangentRequest(c) + second("%h", true, "%v"),
                 list(c, "%h"), xTypes),
          inputs);
  std::vector<Array> hvReverse =
      run(module(c, cotangentRequest(c) + second("%h", false, "%v"),
                 list(c, "%h"), xTypes),
          inputs);
  std::vector<Array> hu =
      run(module(c, cotangentRequest(c) + second("%h", true, "%u"),
                 list(c, "%h"), xTypes),
          inputs);
  std::vector<Array> slopes = difference(gradients);
  for (size_t i = 0; i < hv.size(); ++i) {
    expectClose(hv[i].floats, slopes[i].floats, 1e-7);
    expectClose(hvReverse[i].floats, hv[i].floats, 1e-12);
  }
  EXPECT_NEAR(dot(hv, u), dot(v, hu), 1e-11 * (norm(hv) * norm(u) + 1));
}

TEST_F(OpRules, BothModesAreRightToSecondOrder) {
  for (const OpCase &c : opCases)
    check(c);
}

/// Both modes on bf16 against those on f64, from the same numbers.
void OpRules::checkStorage(const OpCase &c) {
  SCOPED_TRACE(c.op);
  std::string wide =
      module(c, tangentRequest(c) + cotangentRequest(c), "%j, " + list(c, "%d"),
             c.result + ", " + floatTypes(c));
  std::string narrow = wide;
  for (size_t at = 0; (at = narrow.find("f64", at)) != std::string::npos;)
    narrow.replace(at, 3, "bf16");
  std::vector<Array> inputs;
  unsigned seed = 1;
  for (size_t i = 0; i < c.operands.size(); ++i)
    inputs.push_back(operand(c, i, seed++));
  for (size_t i = 0; i < c.operands.size(); ++i)
    for (int direction = 0; direction < 2 && isFloat(c.operands[i]);
         ++direction)
      inputs.push_back(random(c.operands[i], seed++));
  inputs.push_back(random(c.result, seed));
  std::vector<Array> stored;
  for (Array &input : inputs) {
    for (double &x : input.floats)
      x = interpret::nearestBf16(x);
    stored.push_back(input);
    if (input.elementType.isF64())
      stored.back().elementType = type("bf16");
  }
  std::vector<Array> wanted = run(wide, inputs), got = run(narrow, stored);
  ASSERT_EQ(got.size(), wanted.size());
  // Some roundings, each of half a unit of 2⁻⁸, beside the largest element: a
  // product of seven and its derivatives have a dozen.
  for (size_t i = 0; i < got.size(); ++i) {
    double largest = 0.25;
    for (double x : wanted[i].floats)
      largest = std::max(largest, std::abs(x));
    expectClose(got[i].floats, wanted[i].floats, 0x1p-5, largest);
  }
}

TEST_F(OpRules, Bf16HasTheDerivativesOfF64) {
  for (const OpCase &c : opCases)
    checkStorage(c);
}

TEST_F(OpRules, EveryRegisteredOpHasALine) {
  std::set<std::string> covered, exempt, registered;
  for (const OpCase &c : opCases)
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
