//===- RequestsTest.cpp - what a request means in a graph -----------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
class Requests : public Derivatives {
protected:
  unsigned count(ModuleOp module, StringRef name) {
    unsigned result = 0;
    module.walk(
        [&](Operation *op) { result += op->getName().getStringRef() == name; });
    return result;
  }
};

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

TEST_F(Requests, SumsTheCotangentsOfEveryUse) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<f64>) -> tensor<f64> {
      %a = sinter.add %x, %x : tensor<f64>
      %b = sinter.add %a, %x : tensor<f64>
      %c = sinter.sub %b, %x : tensor<f64>
      %d = sinter.add %c, %x : tensor<f64>
      %dx = sinter.gradient %d wrt %x : tensor<f64> wrt tensor<f64>
      sinter.return %dx : tensor<f64>
    }
  })",
                 {array("tensor<f64>", {2})});
  EXPECT_EQ(out[0].floats, Numbers{3});
}

// y1 and y2 are the same sum, and yet a gradient with respect to y2 is none
// with respect to y1.
TEST_F(Requests, EqualValuesStayApart) {
  auto out = run(R"(module @m {
    sinter.entry @f(%a: tensor<f64>, %b: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
      %y1 = sinter.add %a, %b : tensor<f64>
      %y2 = sinter.add %a, %b : tensor<f64>
      %z = sinter.mul %y1, %y2 : tensor<f64>
      %d1, %d2 = sinter.gradient %z wrt %y1, %y2 : tensor<f64> wrt tensor<f64>, tensor<f64>
      %e = sinter.gradient %z wrt %y2 : tensor<f64> wrt tensor<f64>
      sinter.return %d1, %e : tensor<f64>, tensor<f64>
    }
  })",
                 {array("tensor<f64>", {2}), array("tensor<f64>", {3})});
  EXPECT_EQ(out[0].floats, Numbers{5});
  EXPECT_EQ(out[1].floats, Numbers{5});
}

// L = h·w with h = w²: ∂L/∂w = 3w², through h; ∂L/∂h = w.  In forward mode the
// tangent of h is the given one plus 2w·dw.
TEST_F(Requests, AnXMayDependOnAnotherX) {
  auto out = run(R"(module @m {
    sinter.entry @f(%w: tensor<f64>, %one: tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<f64>) {
      %h = sinter.mul %w, %w : tensor<f64>
      %l = sinter.mul %h, %w : tensor<f64>
      %dw, %dh = sinter.gradient %l wrt %w, %h : tensor<f64> wrt tensor<f64>, tensor<f64>
      %dl = sinter.jvp (%l) wrt (%w, %h) tangents (%one, %one) : (tensor<f64>) wrt (tensor<f64>, tensor<f64>)
      sinter.return %dw, %dh, %dl : tensor<f64>, tensor<f64>, tensor<f64>
    }
  })",
                 {array("tensor<f64>", {5}), array("tensor<f64>", {1})});
  EXPECT_EQ(out[0].floats, Numbers{75});
  EXPECT_EQ(out[1].floats, Numbers{5});
  EXPECT_EQ(out[2].floats, Numbers{80});
}

TEST_F(Requests, AYMayBeAnXAndListsMayRepeat) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<f64>, %u: tensor<f64>, %v: tensor<f64>)
        -> (tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>) {
      %one = sinter.gradient %x wrt %x : tensor<f64> wrt tensor<f64>
      %y = sinter.mul %x, %x : tensor<f64>
      %a, %b, %c = sinter.vjp (%x, %y, %y) wrt (%x, %x, %y) cotangents (%u, %v, %v)
          : (tensor<f64>, tensor<f64>, tensor<f64>) wrt (tensor<f64>, tensor<f64>, tensor<f64>)
      %d, %e = sinter.jvp (%x, %y) wrt (%x, %x) tangents (%u, %v)
          : (tensor<f64>, tensor<f64>) wrt (tensor<f64>, tensor<f64>)
      sinter.return %one, %a, %b, %c, %d, %e : tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>
    }
  })",
                 {array("tensor<f64>", {3}), array("tensor<f64>", {10}),
                  array("tensor<f64>", {100})});
  Numbers have;
  for (const Array &a : out)
    have.push_back(a.floats[0]);
  EXPECT_EQ(have, (Numbers{1, 10 + 2 * 3 * 200, 10 + 2 * 3 * 200, 200, 110,
                           2 * 3 * 110}));
}

// An x that nothing depends on, one that stands behind y, one behind
// stop_gradient, integers in between, an empty list.
TEST_F(Requests, WhereNothingFlowsTheResultIsZero) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<2xf64>, %z: tensor<2xf64>)
        -> (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<f64>) {
      %s = sinter.stop_gradient %x : tensor<2xf64>
      %p = sinter.mul %s, %s : tensor<2xf64>
      %l = sinter.reduce_sum %p dims [0] : tensor<2xf64> -> tensor<f64>
      %later = sinter.mul %x, %x : tensor<2xf64>
      %dx, %dz, %dlater = sinter.gradient %l wrt %x, %z, %later
          : tensor<f64> wrt tensor<2xf64>, tensor<2xf64>, tensor<2xf64>
      %t = sinter.jvp (%l) wrt (%x) tangents (%z) : (tensor<f64>) wrt (tensor<2xf64>)
      sinter.return %dx, %dz, %dlater, %t : tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<f64>
    }
  })",
                 {array("tensor<2xf64>", {1, 2}), array("tensor<2xf64>", {3, 4})});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(out[i].floats, (Numbers{0, 0}));
  EXPECT_EQ(out[3].floats, Numbers{0});
}

TEST_F(Requests, NoZeroIsMadeInsideAndNoOpIsDeadAfterwards) {
  auto module = expand(R"(module @m {
    sinter.entry @f(%x: tensor<2xf64>, %w: tensor<2xf64>) -> tensor<2xf64> {
      %a = sinter.mul %x, %w : tensor<2xf64>
      %b = sinter.mul %x, %x : tensor<2xf64>
      %c = sinter.add %a, %b : tensor<2xf64>
      %l = sinter.reduce_sum %c dims [0] : tensor<2xf64> -> tensor<f64>
      %unused = sinter.gradient %l wrt %x : tensor<f64> wrt tensor<2xf64>
      %dw = sinter.gradient %l wrt %w : tensor<f64> wrt tensor<2xf64>
      sinter.return %dw : tensor<2xf64>
    }
  })");
  // 1, broadcast, times x: the product x·w itself is not needed.
  auto entry = *module->getOps<EntryOp>().begin();
  SmallVector<StringRef> names;
  for (Operation &op : entry.getBody().front())
    names.push_back(op.getName().stripDialect());
  EXPECT_EQ(names, (SmallVector<StringRef>{"constant", "broadcast", "mul",
                                           "return"}));
}

// L = Σ over slices k of k·Σ slice.  Slices side by side: the gradient is one
// concatenation, and where they do not cover the whole, padded once; slices
// that overlap, skip or lie across each other are padded and added.
TEST_F(Requests, SlicesSideBySideGiveBackAConcatenation) {
  struct {
    std::vector<std::array<int, 3>> slices; // offset, size, stride
    unsigned concatenations, pads;
    Numbers want;
  } cases[] = {
      {{{2, 4, 1}, {0, 2, 1}}, 1, 0, {2, 2, 1, 1, 1, 1}},
      {{{3, 2, 1}, {1, 2, 1}}, 1, 1, {0, 2, 2, 1, 1, 0}},
      {{{0, 3, 1}, {2, 4, 1}}, 0, 2, {1, 1, 3, 2, 2, 2}},
      {{{0, 2, 1}, {3, 3, 1}}, 0, 2, {1, 1, 0, 2, 2, 2}},
      {{{0, 3, 2}, {1, 3, 2}}, 0, 2, {1, 2, 1, 2, 1, 2}},
      {{{0, 6, 1}, {0, 6, 1}}, 0, 2, {3, 3, 3, 3, 3, 3}},
      {{{4, 2, 1}}, 0, 1, {0, 0, 0, 0, 1, 1}},
  };
  for (auto &[slices, concatenations, pads, want] : cases) {
    std::string ops, sum = "%zero", types = "tensor<6xf64>";
    int k = 0;
    for (auto [offset, size, stride] : slices) {
      std::string name = "%s" + std::to_string(++k),
                  type = "tensor<" + std::to_string(size) + "xf64>",
                  weight = std::to_string(k) + ".0";
      ops += name + " = sinter.slice %x offsets [" + std::to_string(offset) +
             "] sizes [" + std::to_string(size) + "] strides [" +
             std::to_string(stride) + "] : tensor<6xf64> -> " + type + "\n" +
             name + "k = sinter.constant dense<" + weight + "> : " + type +
             "\n" + name + "w = sinter.mul " + name + ", " + name + "k : " +
             type + "\n" + name + "r = sinter.reduce_sum " + name +
             "w dims [0] : " + type + " -> tensor<f64>\n" + name +
             "a = sinter.add " + sum + ", " + name + "r : tensor<f64>\n";
      sum = name + "a";
    }
    std::string text =
        "module @m {\nsinter.entry @f(%x: tensor<6xf64>) -> tensor<6xf64> {\n"
        "%zero = sinter.constant dense<0.0> : tensor<f64>\n" +
        ops + "%d = sinter.gradient " + sum +
        " wrt %x : tensor<f64> wrt tensor<6xf64>\n"
        "sinter.return %d : tensor<6xf64>\n}\n}";
    auto module = expand(text);
    EXPECT_EQ(count(*module, "sinter.concatenate"), concatenations);
    EXPECT_EQ(count(*module, "sinter.pad"), pads);
    auto out = evaluate(*module, {array("tensor<6xf64>", Numbers(6))});
    EXPECT_EQ(out[0].floats, want);
  }
}

//===----------------------------------------------------------------------===//
// Closed forms
//===----------------------------------------------------------------------===//

TEST_F(Requests, LinearAndQuadraticForms) {
  // θᵀx → θ; xᵀAx → (A + Aᵀ)x and xxᵀ; zᵀAx → zxᵀ.
  auto out = run(R"(module @m {
    sinter.entry @f(%theta: tensor<2xf64>, %x: tensor<2xf64>, %z: tensor<2xf64>, %A: tensor<2x2xf64>)
        -> (tensor<2xf64>, tensor<2xf64>, tensor<2x2xf64>, tensor<2x2xf64>) {
      %l = sinter.dot_general %theta, %x contract [0] x [0] batch [] x [] : tensor<2xf64>, tensor<2xf64> -> tensor<f64>
      %d1 = sinter.gradient %l wrt %x : tensor<f64> wrt tensor<2xf64>
      %ax = sinter.dot_general %A, %x contract [1] x [0] batch [] x [] : tensor<2x2xf64>, tensor<2xf64> -> tensor<2xf64>
      %q = sinter.dot_general %x, %ax contract [0] x [0] batch [] x [] : tensor<2xf64>, tensor<2xf64> -> tensor<f64>
      %d2, %d3 = sinter.gradient %q wrt %x, %A : tensor<f64> wrt tensor<2xf64>, tensor<2x2xf64>
      %b = sinter.dot_general %z, %ax contract [0] x [0] batch [] x [] : tensor<2xf64>, tensor<2xf64> -> tensor<f64>
      %d4 = sinter.gradient %b wrt %A : tensor<f64> wrt tensor<2x2xf64>
      sinter.return %d1, %d2, %d3, %d4 : tensor<2xf64>, tensor<2xf64>, tensor<2x2xf64>, tensor<2x2xf64>
    }
  })",
                 {array("tensor<2xf64>", {2, 3}), array("tensor<2xf64>", {5, 7}),
                  array("tensor<2xf64>", {11, 13}),
                  array("tensor<2x2xf64>", {1, 2, 3, 4})});
  EXPECT_EQ(out[0].floats, (Numbers{2, 3}));
  EXPECT_EQ(out[1].floats, (Numbers{2 * 5 + 5 * 7, 5 * 5 + 8 * 7}));
  EXPECT_EQ(out[2].floats, (Numbers{25, 35, 35, 49}));
  EXPECT_EQ(out[3].floats, (Numbers{55, 77, 65, 91}));
}

// xᵀ(B + Bᵀ)x with B the parameter: the gradient of a symmetric A is symmetric.
TEST_F(Requests, QuadraticFormOfASymmetricMatrix) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<2xf64>, %B: tensor<2x2xf64>) -> tensor<2x2xf64> {
      %Bt = sinter.transpose %B [1, 0] : tensor<2x2xf64> -> tensor<2x2xf64>
      %A = sinter.add %B, %Bt : tensor<2x2xf64>
      %ax = sinter.dot_general %A, %x contract [1] x [0] batch [] x [] : tensor<2x2xf64>, tensor<2xf64> -> tensor<2xf64>
      %q = sinter.dot_general %x, %ax contract [0] x [0] batch [] x [] : tensor<2xf64>, tensor<2xf64> -> tensor<f64>
      %d = sinter.gradient %q wrt %B : tensor<f64> wrt tensor<2x2xf64>
      sinter.return %d : tensor<2x2xf64>
    }
  })",
                 {array("tensor<2xf64>", {5, 7}),
                  array("tensor<2x2xf64>", {1, 2, 3, 4})});
  EXPECT_EQ(out[0].floats, (Numbers{50, 70, 70, 98}));
}

// Of ½MSE of a linear model the cotangent of its output E is (E − Y)/N, that of
// the weights Xᵀ(E − Y)/N, of the MSE twice that.
TEST_F(Requests, MeanSquaredErrorOfALinearModel) {
  auto out = run(R"(module @m {
    sinter.entry @f(%X: tensor<4x2xf64>, %w: tensor<2xf64>, %Y: tensor<4xf64>)
        -> (tensor<4xf64>, tensor<2xf64>, tensor<2xf64>) {
      %E = sinter.dot_general %X, %w contract [1] x [0] batch [] x [] : tensor<4x2xf64>, tensor<2xf64> -> tensor<4xf64>
      %r = sinter.sub %E, %Y : tensor<4xf64>
      %q = sinter.mul %r, %r : tensor<4xf64>
      %s = sinter.reduce_sum %q dims [0] : tensor<4xf64> -> tensor<f64>
      %n = sinter.constant dense<4.0> : tensor<f64>
      %mse = sinter.div %s, %n : tensor<f64>
      %half = sinter.constant dense<0.5> : tensor<f64>
      %hmse = sinter.mul %mse, %half : tensor<f64>
      %dE, %dw = sinter.gradient %hmse wrt %E, %w : tensor<f64> wrt tensor<4xf64>, tensor<2xf64>
      %dw2 = sinter.gradient %mse wrt %w : tensor<f64> wrt tensor<2xf64>
      sinter.return %dE, %dw, %dw2 : tensor<4xf64>, tensor<2xf64>, tensor<2xf64>
    }
  })",
                 {array("tensor<4x2xf64>", {1, 2, 3, 4, 5, 6, 7, 8}),
                  array("tensor<2xf64>", {10, 1}),
                  array("tensor<4xf64>", {4, 2, 8, 6})});
  // E − Y = {8, 32, 48, 72}
  EXPECT_EQ(out[0].floats, (Numbers{2, 8, 12, 18}));
  EXPECT_EQ(out[1].floats, (Numbers{212, 252}));
  EXPECT_EQ(out[2].floats, (Numbers{424, 504}));
}

TEST_F(Requests, HessianOfLinearRegressionByDifferentiatingTwice) {
  // L = Σ (w₀ + w₁x − y)²: H = [[2n, 2ΣX], [2ΣX, 2ΣX²]]
  auto out = run(R"(module @m {
    sinter.entry @f(%X: tensor<3x2xf64>, %w: tensor<2xf64>, %Y: tensor<3xf64>, %I: tensor<2x2xf64>)
        -> (tensor<2xf64>, tensor<2xf64>) {
      %E = sinter.dot_general %X, %w contract [1] x [0] batch [] x [] : tensor<3x2xf64>, tensor<2xf64> -> tensor<3xf64>
      %r = sinter.sub %E, %Y : tensor<3xf64>
      %q = sinter.mul %r, %r : tensor<3xf64>
      %l = sinter.reduce_sum %q dims [0] : tensor<3xf64> -> tensor<f64>
      %d = sinter.gradient %l wrt %w : tensor<f64> wrt tensor<2xf64>
      %d0s = sinter.slice %d offsets [0] sizes [1] strides [1] : tensor<2xf64> -> tensor<1xf64>
      %d0 = sinter.reshape %d0s : tensor<1xf64> -> tensor<f64>
      %d1s = sinter.slice %d offsets [1] sizes [1] strides [1] : tensor<2xf64> -> tensor<1xf64>
      %d1 = sinter.reshape %d1s : tensor<1xf64> -> tensor<f64>
      %h0 = sinter.gradient %d0 wrt %w : tensor<f64> wrt tensor<2xf64>
      %h1 = sinter.gradient %d1 wrt %w : tensor<f64> wrt tensor<2xf64>
      sinter.return %h0, %h1 : tensor<2xf64>, tensor<2xf64>
    }
  })",
                 {array("tensor<3x2xf64>", {1, 2, 1, 3, 1, 7}),
                  array("tensor<2xf64>", {5, 6}), array("tensor<3xf64>", {1, 2, 3}),
                  array("tensor<2x2xf64>", {1, 0, 0, 1})});
  EXPECT_EQ(out[0].floats, (Numbers{6, 24}));
  EXPECT_EQ(out[1].floats, (Numbers{24, 2 * (4 + 9 + 49)}));
}

// s = aᵀx: ∇ s³ = 3s²a, its Hessian's product 6s(aᵀv)a, the third derivative's
// 6(aᵀv)(aᵀu)a; all ways to get there.
TEST_F(Requests, ThirdOrderOfACube) {
  const char *text = R"(module @m {
    sinter.entry @f(%a: tensor<2xf64>, %x: tensor<2xf64>, %v: tensor<2xf64>, %u: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) {
      %s = sinter.dot_general %a, %x contract [0] x [0] batch [] x [] : tensor<2xf64>, tensor<2xf64> -> tensor<f64>
      %s2 = sinter.mul %s, %s : tensor<f64>
      %s3 = sinter.mul %s2, %s : tensor<f64>
      %g = sinter.gradient %s3 wrt %x : tensor<f64> wrt tensor<2xf64>
      %h = sinter.jvp (%g) wrt (%x) tangents (%v) : (tensor<2xf64>) wrt (tensor<2xf64>)
      %t = sinter.jvp (%h) wrt (%x) tangents (%u) : (tensor<2xf64>) wrt (tensor<2xf64>)
      %j = sinter.jvp (%s3) wrt (%x) tangents (%v) : (tensor<f64>) wrt (tensor<2xf64>)
      %jj = sinter.jvp (%j) wrt (%x) tangents (%u) : (tensor<f64>) wrt (tensor<2xf64>)
      %t2 = sinter.gradient %jj wrt %x : tensor<f64> wrt tensor<2xf64>
      sinter.return %g, %h, %t, %t2 : tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>
    }
  })";
  auto out = run(text, {array("tensor<2xf64>", {2, 3}), array("tensor<2xf64>", {1, -1}),
                        array("tensor<2xf64>", {1, 2}), array("tensor<2xf64>", {1, 1})});
  // s = −1, aᵀv = 8, aᵀu = 5
  EXPECT_EQ(out[0].floats, (Numbers{6, 9}));
  EXPECT_EQ(out[1].floats, (Numbers{-96, -144}));
  EXPECT_EQ(out[2].floats, (Numbers{480, 720}));
  EXPECT_EQ(out[3].floats, (Numbers{480, 720}));
}

TEST_F(Requests, ThirdDerivativeOfTanh) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<f64>) -> tensor<f64> {
      %y = sinter.tanh %x : tensor<f64>
      %d1 = sinter.gradient %y wrt %x : tensor<f64> wrt tensor<f64>
      %d2 = sinter.gradient %d1 wrt %x : tensor<f64> wrt tensor<f64>
      %d3 = sinter.gradient %d2 wrt %x : tensor<f64> wrt tensor<f64>
      sinter.return %d3 : tensor<f64>
    }
  })",
                 {array("tensor<f64>", {0.7})});
  double t = std::tanh(0.7);
  expectClose(out[0].floats, {-2 * (1 - t * t) * (1 - 3 * t * t)});
}

//===----------------------------------------------------------------------===//
// Requests in loops
//===----------------------------------------------------------------------===//

// Gradient descent on (w − c)² in a scan, and the derivative of what it reaches
// with respect to its step size: w_n = c + (w₀ − c)(1 − 2a)ⁿ.
TEST_F(Requests, AGradientThroughGradientDescent) {
  auto out = run(R"(module @m {
    sinter.entry @f(%w0: tensor<f64>, %a: tensor<f64>, %c: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
      %w = sinter.scan 5 carry(%p = %w0 : tensor<f64>) with(%b = %a : tensor<f64>, %d = %c : tensor<f64>) index(%t) -> (tensor<f64>) {
        %r = sinter.sub %p, %d : tensor<f64>
        %l = sinter.mul %r, %r : tensor<f64>
        %g = sinter.gradient %l wrt %p : tensor<f64> wrt tensor<f64>
        %s = sinter.mul %b, %g : tensor<f64>
        %n = sinter.sub %p, %s : tensor<f64>
        sinter.yield %n : tensor<f64>
      }
      %da = sinter.gradient %w wrt %a : tensor<f64> wrt tensor<f64>
      sinter.return %w, %da : tensor<f64>, tensor<f64>
    }
  })",
                 {array("tensor<f64>", {3}), array("tensor<f64>", {0.1}),
                  array("tensor<f64>", {1})});
  expectClose(out[0].floats, {1 + 2 * std::pow(0.8, 5)});
  expectClose(out[1].floats, {2 * 5 * std::pow(0.8, 4) * -2});
}

// The scan is replaced while a cotangent in flight is its own result, twice.
TEST_F(Requests, ACotangentThatIsAResultOfTheLoopItPasses) {
  auto out = run(R"(module @m {
    sinter.entry @f(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
      %h = sinter.scan 3 carry(%c = %x : tensor<f64>) index(%t) -> (tensor<f64>) {
        %n = sinter.mul %c, %c : tensor<f64>
        sinter.yield %n : tensor<f64>
      }
      %y = sinter.add %h, %x : tensor<f64>
      %d = sinter.vjp (%y) wrt (%x) cotangents (%h) : (tensor<f64>) wrt (tensor<f64>)
      %e, %e2 = sinter.vjp (%y) wrt (%x, %h) cotangents (%h) : (tensor<f64>) wrt (tensor<f64>, tensor<f64>)
      sinter.return %d, %e2 : tensor<f64>, tensor<f64>
    }
  })",
                 {array("tensor<f64>", {1.5})});
  double x = 1.5, h = std::pow(x, 8);
  expectClose(out[0].floats, {h * (8 * std::pow(x, 7) + 1)});
  expectClose(out[1].floats, {h});
}

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

/// Arithmetic operations: one an element, two for each product in a sum.
int64_t countFlops(ModuleOp module) {
  int64_t total = 0;
  module.walk([&](Operation *op) {
    if (op->getNumResults() != 1)
      return;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (auto product = dyn_cast<DotGeneralOp>(op)) {
      auto lhs = cast<RankedTensorType>(product.getLhs().getType());
      int64_t work = 2 * type.getNumElements();
      for (int64_t d : product.getLhsContracting())
        work *= lhs.getDimSize(d);
      total += work;
    } else if (op->hasTrait<Reduction>()) {
      total += cast<RankedTensorType>(op->getOperand(0).getType())
                   .getNumElements();
    } else if (op->hasTrait<Pointwise>()) {
      total += type.getNumElements();
    }
  });
  return total;
}

/// f(x) = Σ tanh(Wx)·x + Σ exp(x), from R²⁵⁶ to R.
std::string costly(const std::string &requests, const std::string &returned,
                   const std::string &types) {
  return R"(module @m {
    sinter.entry @f(%x: tensor<256xf64>, %W: tensor<256x256xf64>, %v: tensor<256xf64>) -> ()" +
         types + R"() {
      %a = sinter.dot_general %W, %x contract [1] x [0] batch [] x [] : tensor<256x256xf64>, tensor<256xf64> -> tensor<256xf64>
      %h = sinter.tanh %a : tensor<256xf64>
      %p = sinter.mul %h, %x : tensor<256xf64>
      %e = sinter.exp %x : tensor<256xf64>
      %q = sinter.add %p, %e : tensor<256xf64>
      %l = sinter.reduce_sum %q dims [0] : tensor<256xf64> -> tensor<f64>
)" + requests + "sinter.return " +
         returned + " : " + types + "\n}\n}";
}

TEST_F(Requests, AGradientCostsAtMostFiveTimesItsFunction) {
  auto function = expand(costly("", "%l", "tensor<f64>"));
  auto gradient = expand(costly(
      "%d = sinter.gradient %l wrt %x : tensor<f64> wrt tensor<256xf64>\n",
      "%l, %d", "tensor<f64>, tensor<256xf64>"));
  int64_t f = countFlops(*function), g = countFlops(*gradient);
  EXPECT_GT(f, 2 * 256 * 256);
  EXPECT_GT(g, 2 * f - 10 * 256);
  EXPECT_LE(g, 5 * f);
}

TEST_F(Requests, ForwardModeTakesOnePassForEachDirection) {
  std::string requests, returned, types;
  for (int i = 0; i < 7; ++i) {
    std::string d = "%d" + std::to_string(i);
    requests += d + " = sinter.jvp (%l) wrt (%x) tangents (%v) : "
                    "(tensor<f64>) wrt (tensor<256xf64>)\n";
    returned += (i ? ", " : "") + d;
    types += i ? ", tensor<f64>" : "tensor<f64>";
  }
  auto module = expand(costly(requests, returned, types));
  EXPECT_EQ(count(*module, "sinter.dot_general"), 1u + 7u);
  EXPECT_EQ(count(*module, "sinter.reduce_sum"), 7u);
}

// The Jacobian of R³ → R², by rows in reverse and by columns in forward mode.
TEST_F(Requests, BothModesGiveTheSameJacobian) {
  auto direction = [&](const char *kind, const char *given, const char *size,
                       int i, int n) {
    Numbers unit(n);
    unit[i] = 1;
    return run(std::string(R"(module @m {
      sinter.entry @f(%x: tensor<3xf64>, %A: tensor<2x3xf64>, %u: tensor<)") +
                   size + R"(xf64>) -> tensor<)" + (n == 2 ? "3" : "2") +
                   R"(xf64> {
        %a = sinter.dot_general %A, %x contract [1] x [0] batch [] x [] : tensor<2x3xf64>, tensor<3xf64> -> tensor<2xf64>
        %y = sinter.sin %a : tensor<2xf64>
        %d = sinter.)" +
                   kind + " (%y) wrt (%x) " + given +
                   " (%u) : (tensor<2xf64>) wrt (tensor<3xf64>)\n" +
                   "sinter.return %d : tensor<" + (n == 2 ? "3" : "2") +
                   "xf64>\n}\n}",
               {array("tensor<3xf64>", {0.1, 0.2, 0.3}),
                array("tensor<2x3xf64>", {1, 2, 3, 4, 5, 6}),
                array("tensor<" + std::string(size) + "xf64>", unit)})[0]
        .floats;
  };
  for (int row = 0; row < 2; ++row)
    for (int column = 0; column < 3; ++column)
      expectClose({direction("vjp", "cotangents", "2", row, 2)[column]},
                  {direction("jvp", "tangents", "3", column, 3)[row]}, 1e-15);
}

//===----------------------------------------------------------------------===//
// Names, places, errors
//===----------------------------------------------------------------------===//

TEST_F(Requests, DerivativeOpsAreNamedAfterTheirPrimal) {
  auto module = expand(R"(module @m {
    sinter.entry @f(%x: tensor<2xf64>, %w: tensor<2xf64>) -> (tensor<2xf64>, tensor<f64>) {
      %p = sinter.mul %x, %w : tensor<2xf64> loc("hidden1.scale"("model.cpp":7:3))
      %e = sinter.exp %p : tensor<2xf64> loc(callsite("dense"("nn.h":1:1) at "model.cpp":8:3))
      %l = sinter.reduce_sum %e dims [0] : tensor<2xf64> -> tensor<f64> loc("model.cpp":9:3)
      %d = sinter.gradient %l wrt %x : tensor<f64> wrt tensor<2xf64> loc("model.cpp":10:3)
      %t = sinter.jvp (%l) wrt (%x) tangents (%w) : (tensor<f64>) wrt (tensor<2xf64>) loc("model.cpp":11:3)
      sinter.return %d, %t : tensor<2xf64>, tensor<f64> loc("model.cpp":12:3)
    } loc("model.cpp":5:1)
  })");
  std::map<std::string, std::set<std::string>> names;
  module->walk([&](Operation *op) {
    names[op->getName().stripDialect().str()].insert(
        getGivenName(op->getLoc()).str());
  });
  EXPECT_EQ(names["mul"], (std::set<std::string>{
                              "hidden1.scale", "grad.hidden1.scale",
                              "tangent.hidden1.scale", "grad.dense",
                              "tangent.dense"}));
  EXPECT_EQ(names["broadcast"], std::set<std::string>{"grad"});
  module->walk([&](MulOp op) {
    if (getGivenName(op.getLoc()) != "grad.hidden1.scale")
      return;
    auto place = cast<FileLineColLoc>(cast<NameLoc>(op.getLoc()).getChildLoc());
    EXPECT_EQ(place.getLine(), 7u);
  });
}

TEST_F(Requests, AnOpWithoutRuleIsAnErrorAtItsPlace) {
  std::string message = errorOf(R"(module @m {
    sinter.kernel @k(%x: tensor<f64>) -> tensor<f64> {
      sinter.return %x : tensor<f64>
    }
    sinter.entry @f(%x: tensor<f64>) -> tensor<f64> {
      %y = sinter.call @k(%x) : (tensor<f64>) -> tensor<f64>
      %d = sinter.gradient %y wrt %x : tensor<f64> wrt tensor<f64>
      sinter.return %d : tensor<f64>
    }
  })");
  EXPECT_EQ(message,
            "6: 'sinter.call' has no derivative rule: apply stop_gradient to its "
            "operands, or compute its results by ops that have one");
}

TEST_F(Requests, AnOpWithoutRuleThatNothingFlowsThroughIsNone) {
  auto out = run(R"(module @m {
    sinter.kernel @k(%x: tensor<f64>) -> tensor<f64> {
      sinter.return %x : tensor<f64>
    }
    sinter.entry @f(%x: tensor<f64>, %c: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
      %y = sinter.call @k(%c) : (tensor<f64>) -> tensor<f64>
      %z = sinter.call @k(%x) : (tensor<f64>) -> tensor<f64>
      %m = sinter.mul %x, %y : tensor<f64>
      %d = sinter.gradient %m wrt %x : tensor<f64> wrt tensor<f64>
      %t = sinter.jvp (%m) wrt (%x) tangents (%c) : (tensor<f64>) wrt (tensor<f64>)
      %s = sinter.add %d, %z : tensor<f64>
      sinter.return %s, %t : tensor<f64>, tensor<f64>
    }
  })",
                 {array("tensor<f64>", {3}), array("tensor<f64>", {4})});
  EXPECT_EQ(out[0].floats, Numbers{7});
  EXPECT_EQ(out[1].floats, Numbers{16});
}
} // namespace
