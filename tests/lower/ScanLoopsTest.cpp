//===- ScanLoopsTest.cpp - loops over kernels, against loops in C++ -------===//
//
// Scans inside entries, from the dialect to machine code, on guarded memory:
// carries that change places, inputs and outputs of every step, reversed and
// nested loops, bodies of several kernels, a loop's index as a value, and no
// step at all.  The references are loops in C++.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

namespace {
using Numbers = std::vector<double>;
using Ints = std::vector<int64_t>;

class ScanLoops : public testing::TestWithParam<Target> {
protected:
  /// Runs @f with the inaccessible page behind the buffers, then before them;
  /// both runs must agree.
  std::vector<Array> run(const std::string &text,
                         const std::vector<Numbers> &floats,
                         const std::vector<Ints> &ints = {}) {
    auto [cpu, level] = GetParam();
    Compiled compiled("module @m {\n" + text + "}\n", cpu, level);
    if (!compiled)
      return {};
    std::vector<Array> inputs;
    llvm::ArrayRef<mlir::Type> types = compiled.inputTypes("f");
    for (const Numbers &numbers : floats)
      inputs.push_back(Array::of(types[inputs.size()], numbers));
    for (const Ints &numbers : ints)
      inputs.push_back(Array::ofInts(types[inputs.size()], numbers));
    std::vector<Array> behind = compiled.run("f", inputs, Guard::Behind);
    std::vector<Array> before = compiled.run("f", inputs, Guard::Before);
    for (auto [a, b] : llvm::zip_equal(behind, before)) {
      EXPECT_EQ(a.floats, b.floats);
      EXPECT_EQ(a.ints, b.ints);
    }
    // The types go with the compiled module.
    for (Array &array : behind)
      array.elementType = nullptr;
    return behind;
  }

  static void expectNear(const Numbers &got, const Numbers &wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], wanted[i],
                  1e-12 * std::max(1.0, std::fabs(wanted[i])))
          << "at " << i;
  }
};

Numbers wave(int64_t count, double step) {
  Numbers x;
  for (int64_t i = 0; i < count; ++i)
    x.push_back(std::sin(step * (i + 1)));
  return x;
}

// A carry of two that changes places every step, so that neither may be
// overwritten before the other is read; steps in and out, both directions.
TEST_P(ScanLoops, CarriesThatChangePlaces) {
  constexpr int64_t n = 7, width = 5;
  for (bool reverse : {false, true}) {
    SCOPED_TRACE(reverse);
    Numbers a = wave(width, 0.7), b = wave(width, 1.3), xs = wave(n * width, 2);
    auto out = run(
        std::string(R"(
  sinter.entry @f(%a: tensor<5xf64>, %b: tensor<5xf64>, %xs: tensor<7x5xf64>)
      -> (tensor<5xf64>, tensor<5xf64>, tensor<7x5xf64>, tensor<7x5xf64>) {
    %r:4 = sinter.scan 7 )") +
            (reverse ? "reverse " : "") +
            R"(carry(%p = %a : tensor<5xf64>, %q = %b : tensor<5xf64>) each(%x = %xs : tensor<7x5xf64>) index(%t)
        -> (tensor<5xf64>, tensor<5xf64>, tensor<7x5xf64>, tensor<7x5xf64>) {
      %s = sinter.add %p, %x : tensor<5xf64>
      %h = sinter.tanh %s : tensor<5xf64>
      %m = sinter.mul %q, %x : tensor<5xf64>
      sinter.yield %q, %h, %m, %p : tensor<5xf64>, tensor<5xf64>, tensor<5xf64>, tensor<5xf64>
    }
    sinter.return %r#0, %r#1, %r#2, %r#3 : tensor<5xf64>, tensor<5xf64>, tensor<7x5xf64>, tensor<7x5xf64>
  }
)",
        {a, b, xs});
    ASSERT_EQ(out.size(), 4u);
    Numbers ms(n * width), ps(n * width);
    for (int64_t step = 0; step < n; ++step) {
      int64_t t = reverse ? n - 1 - step : step;
      Numbers next(width);
      for (int64_t j = 0; j < width; ++j) {
        double x = xs[t * width + j];
        ms[t * width + j] = b[j] * x;
        ps[t * width + j] = a[j];
        next[j] = std::tanh(a[j] + x);
      }
      a = b;
      b = next;
    }
    expectNear(out[0].floats, a);
    expectNear(out[1].floats, b);
    expectNear(out[2].floats, ms);
    expectNear(out[3].floats, ps);
  }
}

// Two contractions, a softmax and a column sum a step: several kernels, and
// scratch that all steps share.
TEST_P(ScanLoops, BodiesOfSeveralKernels) {
  constexpr int64_t n = 3, r = 5, c = 7;
  Numbers h = wave(r * c, 0.3), w = wave(c * c, 0.9), xs = wave(n * r * c, 1.7);
  auto out = run(R"(
  sinter.entry @f(%h0: tensor<5x7xf64>, %w: tensor<7x7xf64>, %xs: tensor<3x5x7xf64>) -> (tensor<5x7xf64>, tensor<3x7xf64>) {
    %h, %ys = sinter.scan 3 carry(%c = %h0 : tensor<5x7xf64>) each(%x = %xs : tensor<3x5x7xf64>) with(%v = %w : tensor<7x7xf64>) index(%t) -> (tensor<5x7xf64>, tensor<3x7xf64>) {
      %a = sinter.dot_general %c, %v contract [1] x [0] batch [] x [] : tensor<5x7xf64>, tensor<7x7xf64> -> tensor<5x7xf64>
      %b = sinter.dot_general %x, %v contract [1] x [1] batch [] x [] : tensor<5x7xf64>, tensor<7x7xf64> -> tensor<5x7xf64>
      %s = sinter.add %a, %b : tensor<5x7xf64>
      %e = sinter.exp %s : tensor<5x7xf64>
      %z = sinter.reduce_sum %e dims [1] : tensor<5x7xf64> -> tensor<5xf64>
      %zb = sinter.broadcast %z dims [0] : tensor<5xf64> -> tensor<5x7xf64>
      %p = sinter.div %e, %zb : tensor<5x7xf64>
      %y = sinter.reduce_sum %p dims [0] : tensor<5x7xf64> -> tensor<7xf64>
      sinter.yield %p, %y : tensor<5x7xf64>, tensor<7xf64>
    }
    sinter.return %h, %ys : tensor<5x7xf64>, tensor<3x7xf64>
  }
)",
                 {h, w, xs});
  ASSERT_EQ(out.size(), 2u);
  Numbers ys(n * c, 0);
  for (int64_t t = 0; t < n; ++t) {
    Numbers next(r * c);
    for (int64_t i = 0; i < r; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < c; ++j) {
        double s = 0;
        for (int64_t k = 0; k < c; ++k)
          s += h[i * c + k] * w[k * c + j] +
               xs[(t * r + i) * c + k] * w[j * c + k];
        sum += next[i * c + j] = std::exp(s);
      }
      for (int64_t j = 0; j < c; ++j)
        ys[t * c + j] += next[i * c + j] /= sum;
    }
    h = next;
  }
  expectNear(out[0].floats, h);
  expectNear(out[1].floats, ys);
}

// An inner loop over columns inside an outer one over rows, the inner reversed;
// both indices are values.
TEST_P(ScanLoops, ALoopInsideALoop) {
  auto out = run(R"(
  sinter.entry @f(%c: tensor<3xf64>, %m: tensor<4x6x3xf64>) -> (tensor<3xf64>, tensor<4x6x3xf64>) {
    %h, %ys = sinter.scan 4 carry(%a = %c : tensor<3xf64>) each(%row = %m : tensor<4x6x3xf64>) index(%i) -> (tensor<3xf64>, tensor<4x6x3xf64>) {
      %b, %zs = sinter.scan 6 reverse carry(%d = %a : tensor<3xf64>) each(%x = %row : tensor<6x3xf64>) with(%o = %i : tensor<i64>) index(%j) -> (tensor<3xf64>, tensor<6x3xf64>) {
        %ten = sinter.constant dense<10> : tensor<i64>
        %i10 = sinter.mul %o, %ten : tensor<i64>
        %ij = sinter.add %i10, %j : tensor<i64>
        %f = sinter.cast %ij : tensor<i64> to tensor<f64>
        %fb = sinter.broadcast %f dims [] : tensor<f64> -> tensor<3xf64>
        %p = sinter.mul %d, %x : tensor<3xf64>
        %q = sinter.sin %p : tensor<3xf64>
        %n = sinter.add %q, %x : tensor<3xf64>
        %y = sinter.add %n, %fb : tensor<3xf64>
        sinter.yield %n, %y : tensor<3xf64>, tensor<3xf64>
      }
      sinter.yield %b, %zs : tensor<3xf64>, tensor<6x3xf64>
    }
    sinter.return %h, %ys : tensor<3xf64>, tensor<4x6x3xf64>
  }
)",
                 {wave(3, 0.5), wave(72, 1.1)});
  ASSERT_EQ(out.size(), 2u);
  Numbers c = wave(3, 0.5), m = wave(72, 1.1), ys(72);
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 5; j >= 0; --j)
      for (int64_t k = 0; k < 3; ++k) {
        int64_t at = (i * 6 + j) * 3 + k;
        c[k] = std::sin(c[k] * m[at]) + m[at];
        ys[at] = c[k] + 10 * i + j;
      }
  expectNear(out[0].floats, c);
  expectNear(out[1].floats, ys);
}

// The index itself as a result of every step, as the next carry, and as a place
// to gather from; forwards and backwards.
TEST_P(ScanLoops, TheIndexIsAValue) {
  for (bool reverse : {false, true}) {
    SCOPED_TRACE(reverse);
    auto out = run(
        std::string(R"(
  sinter.entry @f(%table: tensor<9xi64>) -> (tensor<i64>, tensor<9xi64>, tensor<9xi64>) {
    %minus = sinter.constant dense<-1> : tensor<i64>
    %last, %ts, %taken = sinter.scan 9 )") +
            (reverse ? "reverse " : "") +
            R"(carry(%c = %minus : tensor<i64>) with(%m = %table : tensor<9xi64>) index(%t) -> (tensor<i64>, tensor<9xi64>, tensor<9xi64>) {
      %g = sinter.gather %m[%t] axis 0 batch 0 : tensor<9xi64>, tensor<i64> -> tensor<i64>
      %s = sinter.add %g, %c : tensor<i64>
      sinter.yield %t, %t, %s : tensor<i64>, tensor<i64>, tensor<i64>
    }
    sinter.return %last, %ts, %taken : tensor<i64>, tensor<9xi64>, tensor<9xi64>
  }
)",
        {}, {{50, 41, 32, 23, 14, 5, -4, -13, -22}});
    ASSERT_EQ(out.size(), 3u);
    Ints ts(9), taken(9);
    int64_t carry = -1;
    for (int64_t step = 0; step < 9; ++step) {
      int64_t t = reverse ? 8 - step : step;
      ts[t] = t;
      taken[t] = 50 - 9 * t + carry;
      carry = t;
    }
    EXPECT_EQ(out[0].ints, Ints{reverse ? 0 : 8});
    EXPECT_EQ(out[1].ints, ts);
    EXPECT_EQ(out[2].ints, taken);
  }
}

// No step: the carry comes back, the stack of outputs is empty, and nothing is
// read from the empty input.  One step: no loop is left.
TEST_P(ScanLoops, NoStepAndOneStep) {
  for (std::string n : {"0", "1"}) {
    SCOPED_TRACE(n);
    std::string xs = "tensor<" + n + "x3xf64>";
    int64_t count = n == "0" ? 0 : 3;
    Numbers a = wave(3, 0.4), x = wave(count, 0.8);
    auto out = run(
        "sinter.entry @f(%a: tensor<3xf64>, %xs: " + xs +
            ") -> (tensor<3xf64>, " + xs +
            ", tensor<3xf64>) {\n%h, %ys = "
            "sinter.scan " +
            n +
            " carry(%c = %a : tensor<3xf64>) each(%x = "
            "%xs : " +
            xs + ") index(%t) -> (tensor<3xf64>, " + xs +
            ") {\n%p = sinter.add %c, %x : tensor<3xf64>\n%q = sinter.exp %p "
            ": tensor<3xf64>\nsinter.yield %q, %p : tensor<3xf64>, "
            "tensor<3xf64>\n}\n%z = sinter.add %h, %a : tensor<3xf64>\n"
            "sinter.return %h, %ys, %z : tensor<3xf64>, " +
            xs + ", tensor<3xf64>\n}\n",
        {a, x});
    ASSERT_EQ(out.size(), 3u);
    Numbers h = a, p;
    for (int64_t i = 0; i < count; ++i) {
      p.push_back(a[i] + x[i]);
      h[i] = std::exp(p[i]);
    }
    expectNear(out[0].floats, h);
    expectNear(out[1].floats, p);
    for (int64_t i = 0; i < 3; ++i)
      h[i] += a[i];
    expectNear(out[2].floats, h);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ScanLoops, testing::ValuesIn(allTargets));

} // namespace
