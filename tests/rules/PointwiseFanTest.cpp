//===- PointwiseFanTest.cpp - one slope for a function of one value -------===//
//
// gelu, silu and their like between a value and a result: derivatives of every
// order against closed forms, and where the inner values are wanted themselves.
//
//===----------------------------------------------------------------------===//

#include "tests/rules/Derivatives.h"

using namespace sinter;

namespace {

using PointwiseFans = Derivatives;

const Numbers points = {-3, -0.7, 0, 0.4, 2};

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

/// A function of %x : !v as lines that end in %y, its first derivative.
struct Fan {
  const char *lines;
  double (*slope)(double);
};
const Fan fans[] = {
    {R"(%s = sinter.logistic %x : !v
        %y = sinter.mul %x, %s : !v)",
     [](double x) { return sigma(x) + x * sigma(x) * sigma(-x); }},
    // gelu
    {R"(%half = sinter.constant dense<0.5> : !v
        %one = sinter.constant dense<1.0> : !v
        %root = sinter.constant dense<0.70710678118654752> : !v
        %h = sinter.mul %x, %half : !v
        %z = sinter.mul %x, %root : !v
        %e = sinter.erf %z : !v
        %s = sinter.add %e, %one : !v
        %y = sinter.mul %h, %s : !v)",
     [](double x) {
       return std::erfc(-x / std::sqrt(2.0)) / 2 +
              x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
     }},
    // A fork within a fork, a difference, a quotient.
    {R"(%e = sinter.exp %x : !v
        %e2 = sinter.mul %e, %e : !v
        %a = sinter.sub %e2, %x : !v
        %n = sinter.neg %x : !v
        %b = sinter.add %e, %n : !v
        %y = sinter.div %a, %b : !v)",
     [](double x) {
       double a = std::exp(2 * x) - x, b = std::exp(x) - x;
       return ((2 * std::exp(2 * x) - 1) * b - a * (std::exp(x) - 1)) / (b * b);
     }},
};

std::string entry(const std::string &results, const std::string &lines) {
  return "!v = tensor<5xf64>\nmodule @m {\nsinter.entry @f(%x: !v) -> (" +
         results + ") {\n" + lines + "\n}\n}\n";
}

TEST_F(PointwiseFans, HaveTheirClosedForm) {
  for (const Fan &fan : fans) {
    std::string text = entry("!v", std::string(fan.lines) + R"(
          %w = sinter.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : !v
          %d = sinter.vjp (%y) wrt (%x) cotangents (%w)
            : (!v) wrt (!v)
          sinter.return %d : !v)");
    Numbers want;
    for (size_t i = 0; i < points.size(); ++i)
      want.push_back(static_cast<double>(i + 1) * fan.slope(points[i]));
    expectClose(run(text, {array("tensor<5xf64>", points)})[0].floats, want);
  }
}

TEST_F(PointwiseFans, MultiplyTheCotangentOnce) {
  for (const Fan &fan : fans) {
    auto module = expand(entry("!v, !v", std::string(fan.lines) + R"(
          %w = sinter.tanh %x : !v
          %d = sinter.vjp (%y) wrt (%x) cotangents (%w)
            : (!v) wrt (!v)
          sinter.return %y, %d : !v, !v)"));
    module->walk([&](ir::TanhOp cotangent) {
      EXPECT_TRUE(cotangent.getResult().hasOneUse()) << fan.lines;
    });
  }
}

TEST_F(PointwiseFans, HaveSecondDerivatives) {
  for (const Fan &fan : fans) {
    std::string text = entry("!v", std::string(fan.lines) + R"(
          %w = sinter.constant dense<1.0> : !v
          %d = sinter.vjp (%y) wrt (%x) cotangents (%w)
            : (!v) wrt (!v)
          %dd = sinter.vjp (%d) wrt (%x) cotangents (%w)
            : (!v) wrt (!v)
          sinter.return %dd : !v)");
    Numbers want;
    const double step = 1e-5;
    for (double x : points)
      want.push_back((fan.slope(x + step) - fan.slope(x - step)) / (2 * step));
    expectClose(run(text, {array("tensor<5xf64>", points)})[0].floats, want,
                1e-8);
  }
}

/// Inner values with cotangents of their own, asked for, or read elsewhere.
TEST_F(PointwiseFans, DoNotHideWhatIsInside) {
  auto have = run(entry("!v, !v, !v, !v", R"(
      %s = sinter.logistic %x : !v
      %y = sinter.mul %x, %s : !v
      %t = sinter.exp %s : !v
      %w = sinter.constant dense<1.0> : !v
      %u = sinter.constant dense<3.0> : !v
      %dx, %ds = sinter.vjp (%y) wrt (%x, %s) cotangents (%w)
            : (!v) wrt (!v, !v)
      %both = sinter.vjp (%y, %s) wrt (%x) cotangents (%w, %u)
            : (!v, !v) wrt (!v)
      %read = sinter.vjp (%y, %t) wrt (%x) cotangents (%w, %w)
            : (!v, !v) wrt (!v)
      sinter.return %dx, %ds, %both, %read : !v, !v, !v, !v)"),
                  {array("tensor<5xf64>", points)});
  Numbers dx, both, read;
  for (double x : points) {
    double inner = sigma(x) * sigma(-x);
    dx.push_back(sigma(x) + x * inner);
    both.push_back(dx.back() + 3 * inner);
    read.push_back(dx.back() + std::exp(sigma(x)) * inner);
  }
  expectClose(have[0].floats, dx);
  expectClose(have[1].floats, points);
  expectClose(have[2].floats, both);
  expectClose(have[3].floats, read);
}

} // namespace
