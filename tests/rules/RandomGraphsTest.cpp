//===- RandomGraphsTest.cpp - gradients of graphs nobody wrote ------------===//
//
// Random graphs of smooth ops on 2x3 matrices, with shared values, slices,
// requests in the middle whose results are used again, and a loop; what comes
// out is checked along random directions.
//
//===----------------------------------------------------------------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;

namespace {
const char *const T = "tensor<2x3xf64>";

/// Ops on %v0 … that keep values near 1 in size; the last one is named %v<n>.
std::string randomGraph(unsigned seed, int length) {
  std::mt19937 generator(seed);
  std::string text;
  int next = 3;
  auto pick = [&] {
    // Mostly recent values, so that the graph is deep.
    int back = static_cast<int>(generator() % 5) + 1;
    return "%v" + std::to_string(generator() % 3 ? std::max(next - back, 0)
                                                 : generator() % next);
  };
  auto type = std::string(" : ") + T;
  for (; next < length; ++next) {
    std::string y = "%v" + std::to_string(next), n = std::to_string(next);
    std::string a = pick(), b = pick();
    switch (generator() % 9) {
    case 0:
      text += y + " = sinter.sin " + a + type;
      break;
    case 1:
      text += y + " = sinter.tanh " + a + type;
      break;
    case 2:
      text += "%m" + n + " = sinter.mul " + a + ", " + b + type + "\n" + y +
              " = sinter.cos %m" + n + type;
      break;
    case 3:
      text += "%m" + n + " = sinter.sub " + a + ", " + b + type + "\n" + y +
              " = sinter.logistic %m" + n + type;
      break;
    case 4: // Columns exchanged, one of them twice.
      text += "%p" + n + " = sinter.slice " + a +
              " offsets [0, 1] sizes [2, 2] strides [1, 1]" + type +
              " -> tensor<2x2xf64>\n%q" + n + " = sinter.slice " + a +
              " offsets [0, 0] sizes [2, 1] strides [1, 1]" + type +
              " -> tensor<2x1xf64>\n" + y + " = sinter.concatenate %p" + n +
              ", %q" + n + " dim 1 : tensor<2x2xf64>, tensor<2x1xf64> -> " + T;
      break;
    case 5:
      text += "%d" + n + " = sinter.dot_general " + a + ", " + b +
              " contract [1] x [1] batch [] x [] : " + T + ", " + T +
              " -> tensor<2x2xf64>\n%t" + n + " = sinter.tanh %d" + n +
              " : tensor<2x2xf64>\n" + y + " = sinter.dot_general %t" + n +
              ", " + a +
              " contract [0] x [0] batch [] x [] : tensor<2x2xf64>, " + T +
              " -> " + T;
      break;
    case 6:
      text += "%r" + n + " = sinter.reduce_sum " + a + " dims [1] : " + T +
              " -> tensor<2xf64>\n%b" + n + " = sinter.broadcast %r" + n +
              " dims [0] : tensor<2xf64> -> " + T + "\n%s" + n +
              " = sinter.sin %b" + n + type + "\n" + y + " = sinter.mul %s" +
              n + ", " + b + type;
      break;
    case 7: // A derivative in the middle.
      text += "%l" + n + " = sinter.reduce_sum " + a + " dims [0, 1] : " + T +
              " -> tensor<f64>\n%g" + n + " = sinter.gradient %l" + n +
              " wrt " + b + " : tensor<f64> wrt " + T + "\n%h" + n +
              " = sinter.sin %g" + n + type + "\n" + y + " = sinter.add %h" +
              n + ", " + b + type;
      break;
    default:
      text += y + " = sinter.scan 2 carry(%c = " + a + type +
              ") with(%w = " + b + type + ") index(%i) -> (" + T +
              ") {\n%cw = sinter.mul %c, %w" + type + "\n%n = sinter.sin %cw" +
              type + "\nsinter.yield %n" + type + "\n}";
      break;
    }
    text += "\n";
  }
  return text;
}

class RandomGraphs : public Derivatives {};

TEST_F(RandomGraphs, AgreeWithDifferences) {
  const int length = 14;
  int varying = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::string last = "%v" + std::to_string(length - 1);
    std::string type = T, three = type + ", " + type + ", " + type;
    std::string text =
        "module @m {\nsinter.entry @f(%v0: " + type + ", %v1: " + type +
        ", %v2: " + type + ", %t0: " + type + ", %t1: " + type +
        ", %t2: " + type + ") -> (tensor<f64>, " + three +
        ", tensor<f64>) {\n" + randomGraph(seed, length) +
        "%l = sinter.reduce_sum " + last + " dims [0, 1] : " + type +
        " -> tensor<f64>\n"
        "%d0, %d1, %d2 = sinter.gradient %l wrt %v0, %v1, %v2 : tensor<f64> "
        "wrt " +
        three +
        "\n"
        "%j = sinter.jvp (%l) wrt (%v0, %v1, %v2) tangents (%t0, %t1, %t2) : "
        "(tensor<f64>) wrt (" +
        three +
        ")\n"
        "sinter.return %l, %d0, %d1, %d2, %j : tensor<f64>, " +
        three + ", tensor<f64>\n}\n}";
    auto module = expand(text);
    ASSERT_TRUE(module);
    std::vector<Array> inputs;
    for (unsigned i = 0; i < 6; ++i)
      inputs.push_back(random(T, 100 * seed + i));
    std::vector<Array> out = evaluate(*module, inputs);
    ASSERT_EQ(out.size(), 5u);
    double reverse = 0;
    for (int i = 0; i < 3; ++i)
      reverse += dot(out[1 + i], inputs[3 + i]);
    double forward = out[4].floats[0];
    EXPECT_NEAR(reverse, forward, 1e-11 * (1 + std::abs(forward)));

    const double h = 1e-4;
    double slope = 0;
    for (auto [step, weight] :
         {std::pair(-2.0, 1.0), {-1.0, -8.0}, {1.0, 8.0}, {2.0, -1.0}}) {
      std::vector<Array> moved = inputs;
      for (int i = 0; i < 3; ++i)
        for (int e = 0; e < 6; ++e)
          moved[i].floats[e] += step * h * inputs[3 + i].floats[e];
      slope += weight * evaluate(*module, moved)[0].floats[0] / (12 * h);
    }
    EXPECT_NEAR(forward, slope, 1e-5 * (1 + std::abs(slope)));
    varying += std::abs(slope) > 1e-3;
  }
  // The check says something only where the function is not flat.
  EXPECT_GT(varying, 40);
}
} // namespace
