//===- ClosedFormsTest.cpp - derivatives that a textbook gives -----------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
using ClosedForms = Derivatives;

TEST_F(ClosedForms, LinearAndQuadraticForms) {
  // θᵀx → θ; xᵀAx → (A + Aᵀ)x and xxᵀ; zᵀAx → zxᵀ.
  auto out =
      run(R"(module @m {
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
TEST_F(ClosedForms, QuadraticFormOfASymmetricMatrix) {
  auto out = run(
      R"(module @m {
    sinter.entry @f(%x: tensor<2xf64>, %B: tensor<2x2xf64>) -> tensor<2x2xf64> {
      %Bt = sinter.transpose %B [1, 0] : tensor<2x2xf64> -> tensor<2x2xf64>
      %A = sinter.add %B, %Bt : tensor<2x2xf64>
      %ax = sinter.dot_general %A, %x contract [1] x [0] batch [] x [] : tensor<2x2xf64>, tensor<2xf64> -> tensor<2xf64>
      %q = sinter.dot_general %x, %ax contract [0] x [0] batch [] x [] : tensor<2xf64>, tensor<2xf64> -> tensor<f64>
      %d = sinter.gradient %q wrt %B : tensor<f64> wrt tensor<2x2xf64>
      sinter.return %d : tensor<2x2xf64>
    }
  })",
      {array("tensor<2xf64>", {5, 7}), array("tensor<2x2xf64>", {1, 2, 3, 4})});
  EXPECT_EQ(out[0].floats, (Numbers{50, 70, 70, 98}));
}

// Of ½MSE of a linear model the cotangent of its output E is (E − Y)/N, that of
// the weights Xᵀ(E − Y)/N, of the MSE twice that.
TEST_F(ClosedForms, MeanSquaredErrorOfALinearModel) {
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

TEST_F(ClosedForms, HessianOfLinearRegressionByDifferentiatingTwice) {
  // L = Σ (w₀ + w₁x − y)²: H = [[2n, 2ΣX], [2ΣX, 2ΣX²]]
  auto out =
      run(R"(module @m {
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
TEST_F(ClosedForms, ThirdOrderOfACube) {
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
  auto out = run(
      text, {array("tensor<2xf64>", {2, 3}), array("tensor<2xf64>", {1, -1}),
             array("tensor<2xf64>", {1, 2}), array("tensor<2xf64>", {1, 1})});
  // s = −1, aᵀv = 8, aᵀu = 5
  EXPECT_EQ(out[0].floats, (Numbers{6, 9}));
  EXPECT_EQ(out[1].floats, (Numbers{-96, -144}));
  EXPECT_EQ(out[2].floats, (Numbers{480, 720}));
  EXPECT_EQ(out[3].floats, (Numbers{480, 720}));
}

TEST_F(ClosedForms, ThirdDerivativeOfTanh) {
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
} // namespace
