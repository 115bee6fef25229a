//===- UpdatesTest.cpp - one kernel that updates many variables -----------===//
//
// Adam over parameters of sizes that fit no vector, in state that lies between
// inaccessible pages, over several steps, against the recurrence in C++ (row O6
// of the models: m, v, bias correction by 1 − βᵗ).
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

namespace {
struct Parameter {
  std::string name, shape;
  int64_t size;
};
const Parameter parameters[] = {
    {"a", "3x5x", 15}, {"b", "7x", 7}, {"c", "1x", 1}, {"d", "33x2x", 66}};

constexpr double rate = 0.01, beta1 = 0.8, beta2 = 0.95, epsilon = 1e-6;

/// The gradient of Σ ¼p⁴ − x·p is p³ − x; x is the input.
std::string model(const std::string &element) {
  std::string text =
      "module @m {\nsinter.variable @t : tensor<" + element + ">\n";
  std::string signature, body, results, types;
  std::string scalar = "tensor<" + element + ">";
  auto line = [&](const std::string &op, const std::string &type) {
    body += op + " : " + type + "\n";
  };
  auto number = [](double x) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17e", x);
    return std::string(digits);
  };
  line("%t0 = sinter.read @t", scalar);
  line("%one = sinter.constant dense<1.0>", scalar);
  line("%t = sinter.add %t0, %one", scalar);
  line("sinter.write @t, %t", scalar);
  for (auto [i, beta] : {std::pair("1", beta1), {"2", beta2}}) {
    std::string n = i;
    line("%beta" + n + " = sinter.constant dense<" + number(beta) + ">",
         scalar);
    line("%power" + n + " = sinter.pow %beta" + n + ", %t", scalar);
    line("%correction" + n + " = sinter.sub %one, %power" + n, scalar);
  }
  for (const Parameter &p : parameters) {
    std::string T = "tensor<" + p.shape + element + ">", n = p.name;
    for (const char *slot : {"p", "m", "v"}) {
      std::string variable = n + "." + slot;
      text += "sinter.variable @" + variable + " : " + T + "\n";
      line("%" + n + slot + " = sinter.read @" + variable, T);
    }
    signature += (signature.empty() ? "%x" : ", %x") + n + ": " + T;
    auto wide = [&](const std::string &name, const std::string &from) {
      body += "%" + n + name + " = sinter.broadcast " + from +
              " dims [] : " + scalar + " -> " + T + "\n";
    };
    auto constant = [&](const std::string &name, double x) {
      line("%" + n + name + " = sinter.constant dense<" + number(x) + ">", T);
    };
    auto op = [&](const std::string &name, const std::string &op,
                  const std::string &a, const std::string &b = "") {
      line("%" + n + name + " = sinter." + op + " %" + n + a +
               (b.empty() ? "" : ", %" + n + b),
           T);
    };
    line("%" + n + "x = sinter.stop_gradient %x" + n, T);
    constant("b1", beta1);
    constant("b2", beta2);
    constant("r1", 1 - beta1);
    constant("r2", 1 - beta2);
    constant("rate", rate);
    constant("eps", epsilon);
    wide("c1", "%correction1");
    wide("c2", "%correction2");
    op("pp", "mul", "p", "p");
    op("ppp", "mul", "pp", "p");
    op("g", "sub", "ppp", "x");
    op("m1", "mul", "m", "b1");
    op("m2", "mul", "g", "r1");
    op("mn", "add", "m1", "m2");
    op("gg", "mul", "g", "g");
    op("v1", "mul", "v", "b2");
    op("v2", "mul", "gg", "r2");
    op("vn", "add", "v1", "v2");
    op("mh", "div", "mn", "c1");
    op("vh", "div", "vn", "c2");
    op("root", "sqrt", "vh");
    op("below", "add", "root", "eps");
    op("ratio", "div", "mh", "below");
    op("step", "mul", "ratio", "rate");
    op("pn", "sub", "p", "step");
    for (const char *slot : {"p", "m", "v"})
      line("sinter.write @" + n + "." + slot + ", %" + n + slot + "n", T);
  }
  return text + "sinter.entry @train(" + signature + ") -> " + scalar + " {\n" +
         body + "sinter.return %t : " + scalar + "\n}\n}\n";
}

class Updates : public testing::TestWithParam<Target> {
protected:
  void check(const std::string &element, double tolerance) {
    auto [cpu, level] = GetParam();
    Compiled compiled(model(element), cpu, level);
    ASSERT_TRUE(compiled);
    EXPECT_EQ(compiled.loops().find("segments = 4") != std::string::npos,
              level > 0)
        << "one kernel for all parameters";

    State state;
    std::vector<Array> inputs;
    std::map<std::string, mlir::Type> types = compiled.variableTypes();
    for (const auto &[name, type] : types)
      state[name] = Array::zeros(type);
    for (const Parameter &p : parameters) {
      inputs.push_back(Array::zeros(types[p.name + ".p"]));
      for (int64_t i = 0; i < p.size; ++i) {
        inputs.back().floats[i] = 0.25f * static_cast<float>(i % 7) - 0.5f;
        state[p.name + ".p"].floats[i] = 0.125f * static_cast<float>(i % 9);
      }
    }
    compiled.setState(state);
    for (int t = 1; t <= 5; ++t) {
      Guard guard = t % 2 ? Guard::Behind : Guard::Before;
      EXPECT_EQ(compiled.run("train", inputs, guard)[0].floats[0], t);
      for (auto [p, x] : llvm::zip_equal(parameters, inputs))
        for (int64_t i = 0; i < p.size; ++i) {
          double &w = state[p.name + ".p"].floats[i];
          double &m = state[p.name + ".m"].floats[i];
          double &v = state[p.name + ".v"].floats[i];
          double g = w * w * w - x.floats[i];
          m = beta1 * m + (1 - beta1) * g;
          v = beta2 * v + (1 - beta2) * g * g;
          double step = m / (1 - std::pow(beta1, t)) /
                        (std::sqrt(v / (1 - std::pow(beta2, t))) + epsilon);
          w -= rate * step;
        }
      State got = compiled.getState();
      for (auto &[name, value] : state)
        for (int64_t i = 0; name != "t" && i < value.size(); ++i)
          ASSERT_NEAR(got[name].floats[i], value.floats[i], tolerance)
              << name << " at " << i << " after step " << t;
    }
  }
};

TEST_P(Updates, AdamFollowsItsRecurrence) {
  check("f64", 1e-12);
  check("f32", 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Targets, Updates, testing::ValuesIn(allTargets));

} // namespace
