//===- LeaveScanTest.cpp - contractions move out of scans -----------------===//
//
// Hoisting is exact, sinking of step outputs too; sinking of accumulators
// changes the order of a sum, so it is compared in f64 within rounding.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/simplify/Simplify.h"

using namespace mlir;
using namespace sinter::passes;
using namespace sinter::ir;

namespace {
using LeaveScanTest = Simplify;

static void hoist(OpPassManager &passes) {
  passes.addPass(createHoistFromScan());
  passes.addPass(createSimplifyScans());
  passes.addPass(createMergeEqualOps());
}
static void sink(OpPassManager &passes) {
  passes.addPass(createSinkFromScan());
  passes.addPass(createHoistFromScan());
  passes.addPass(createSimplifyScans());
  passes.addPass(createMergeEqualOps());
}

TEST_F(LeaveScanTest, InputProductWithItsBiasIsDoneAtOnce) {
  rewrite(R"((%h0: tensor<2x3xf32>, %xs: tensor<5x2x4xf32>, %w: tensor<4x3xf32>,
      %u: tensor<3x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
    %r = sinter.scan 5 carry(%h = %h0 : tensor<2x3xf32>)
        each(%x = %xs : tensor<5x2x4xf32>)
        with(%w1 = %w : tensor<4x3xf32>, %u1 = %u : tensor<3x3xf32>,
             %b1 = %b : tensor<3xf32>) index(%t) -> (tensor<2x3xf32>) {
      %p = sinter.dot_general %x, %w1 contract [1] x [0] batch [] x []
          : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
      %c = sinter.broadcast %b1 dims [1] : tensor<3xf32> -> tensor<2x3xf32>
      %s = sinter.add %p, %c : tensor<2x3xf32>
      %q = sinter.dot_general %h, %u1 contract [1] x [0] batch [] x []
          : tensor<2x3xf32>, tensor<3x3xf32> -> tensor<2x3xf32>
      %n = sinter.add %s, %q : tensor<2x3xf32>
      sinter.yield %n : tensor<2x3xf32>
    }
    sinter.return %r : tensor<2x3xf32>
  })",
          hoist);
  auto scan = only<ScanOp>();
  EXPECT_EQ(count("sinter.dot_general"), 2);
  EXPECT_EQ(count("sinter.dot_general", /*inside=*/false), 1);
  EXPECT_EQ(std::distance(scan.getBody().op_begin(), scan.getBody().op_end()),
            3)
      << text();
}

// Gates are parts of one product: it leaves the loop as it is, and no part of
// it is copied.
TEST_F(LeaveScanTest, PartsOfAProductAreTakenInside) {
  rewrite(R"((%h0: tensor<2x3xf32>, %xs: tensor<5x2x4xf32>, %w: tensor<4x6xf32>)
      -> tensor<2x3xf32> {
    %r = sinter.scan 5 carry(%h = %h0 : tensor<2x3xf32>)
        each(%x = %xs : tensor<5x2x4xf32>)
        with(%v = %w : tensor<4x6xf32>) index(%t) -> (tensor<2x3xf32>) {
      %p = sinter.dot_general %x, %v contract [1] x [0] batch [] x []
          : tensor<2x4xf32>, tensor<4x6xf32> -> tensor<2x6xf32>
      %a = sinter.slice %p offsets [0, 0] sizes [2, 3] strides [1, 1]
          : tensor<2x6xf32> -> tensor<2x3xf32>
      %b = sinter.slice %p offsets [0, 3] sizes [2, 3] strides [1, 1]
          : tensor<2x6xf32> -> tensor<2x3xf32>
      %m = sinter.mul %h, %a : tensor<2x3xf32>
      %n = sinter.add %m, %b : tensor<2x3xf32>
      sinter.yield %n : tensor<2x3xf32>
    }
    sinter.return %r : tensor<2x3xf32>
  })",
          hoist);
  EXPECT_EQ(count("sinter.dot_general", /*inside=*/false), 1) << text();
  EXPECT_EQ(count("sinter.slice", /*inside=*/false), 0) << text();
}

// A loop that says so keeps its products and its sums, and its one step.
TEST_F(LeaveScanTest, WhatIsApartStays) {
  for (int steps : {1, 5}) {
    std::string n = std::to_string(steps);
    stage("(%h0: tensor<4x3xf32>, %xs: tensor<" + n +
          R"(x2x4xf32>, %w: tensor<4x3xf32>)
          -> (tensor<4x3xf32>, tensor<)" +
          n + R"(x2x3xf32>) {
      %e0 = sinter.exp %w : tensor<4x3xf32>
      %r, %ys = sinter.scan )" +
          n +
          R"( checkpoint apart carry(%h = %h0 : tensor<4x3xf32>)
          each(%x = %xs : tensor<)" +
          n + R"(x2x4xf32>)
          with(%w1 = %w : tensor<4x3xf32>) index(%t)
          -> (tensor<4x3xf32>, tensor<)" +
          n + R"(x2x3xf32>) {
        %e = sinter.exp %w1 : tensor<4x3xf32>
        %p = sinter.dot_general %x, %e contract [1] x [0] batch [] x []
            : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
        %q = sinter.dot_general %x, %p contract [0] x [0] batch [] x []
            : tensor<2x4xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
        %n = sinter.add %h, %q : tensor<4x3xf32>
        sinter.yield %n, %p : tensor<4x3xf32>, tensor<2x3xf32>
      }
      %s = sinter.add %r, %e0 : tensor<4x3xf32>
      sinter.return %s, %ys : tensor<4x3xf32>, tensor<)" +
          n + R"(x2x3xf32>
    })");
    EXPECT_EQ(count("sinter.scan"), 1) << text();
    EXPECT_EQ(count("sinter.exp"), 2) << text();
    EXPECT_EQ(count("sinter.dot_general", /*inside=*/false), 0) << text();
    EXPECT_TRUE(only<ScanOp>().getCheckpoint());
  }
}

TEST_F(LeaveScanTest, WithoutAContractionCheapOpsStay) {
  rewrite(R"((%h0: tensor<2xf32>, %xs: tensor<5x2xf32>) -> tensor<2xf32> {
    %r = sinter.scan 5 carry(%h = %h0 : tensor<2xf32>)
        each(%x = %xs : tensor<5x2xf32>) index(%t) -> (tensor<2xf32>) {
      %p = sinter.neg %x : tensor<2xf32>
      %n = sinter.mul %p, %h : tensor<2xf32>
      sinter.yield %n : tensor<2xf32>
    }
    sinter.return %r : tensor<2xf32>
  })",
          hoist);
  EXPECT_EQ(count("sinter.neg", /*inside=*/false), 0);
}

TEST_F(LeaveScanTest, WhatDependsOnNothingIsDoneOnce) {
  rewrite(R"((%h0: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
    %r = sinter.scan 5 carry(%h = %h0 : tensor<2xf32>)
        with(%v = %w : tensor<2xf32>) index(%t) -> (tensor<2xf32>) {
      %p = sinter.mul %v, %v : tensor<2xf32>
      %n = sinter.mul %p, %h : tensor<2xf32>
      sinter.yield %n : tensor<2xf32>
    }
    sinter.return %r : tensor<2xf32>
  })",
          hoist);
  EXPECT_EQ(count("sinter.mul", /*inside=*/false), 1);
}

// Every op with a form on stacked values, so that the whole scan dissolves;
// the numbers come from each step on its own.
TEST_F(LeaveScanTest, EveryOpHasAFormOnAllSteps) {
  rewrite(R"((%xs: tensor<3x2x4xf32>, %is: tensor<3x2xi32>, %w: tensor<4x5xf32>,
      %g: tensor<6x4xf32>, %m: tensor<2x4x5xf32>) -> (tensor<3x2x5xf32>,
      tensor<3x4x2xf32>, tensor<3x3x4xf32>, tensor<3x2x4xf32>,
      tensor<3x2xi64>, tensor<3x2x4xf32>, tensor<3x6x4xf32>, tensor<3x2x5xf32>,
      tensor<3x5x2xf32>, tensor<3x2xi64>) {
    %r:10 = sinter.scan 3 reverse each(%x = %xs : tensor<3x2x4xf32>,
                                      %i = %is : tensor<3x2xi32>)
        with(%v = %w : tensor<4x5xf32>, %h = %g : tensor<6x4xf32>,
             %k = %m : tensor<2x4x5xf32>) index(%t) -> (tensor<3x2x5xf32>,
        tensor<3x4x2xf32>, tensor<3x3x4xf32>, tensor<3x2x4xf32>,
        tensor<3x2xi64>, tensor<3x2x4xf32>, tensor<3x6x4xf32>,
        tensor<3x2x5xf32>, tensor<3x5x2xf32>, tensor<3x2xi64>) {
      %a = sinter.dot_general %x, %v contract [1] x [0] batch [] x []
          : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
      %b = sinter.transpose %x [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
      %c0 = sinter.slice %x offsets [0, 0] sizes [1, 4] strides [1, 1]
          : tensor<2x4xf32> -> tensor<1x4xf32>
      %c1 = sinter.reverse %x dims [1] : tensor<2x4xf32> -> tensor<2x4xf32>
      %c = sinter.concatenate %c0, %c1 dim 0
          : tensor<1x4xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
      %d0 = sinter.reduce_max %x dims [1] : tensor<2x4xf32> -> tensor<2xf32>
      %d1 = sinter.broadcast %d0 dims [0] : tensor<2xf32> -> tensor<2x4xf32>
      %d2 = sinter.slice %h offsets [1, 0] sizes [2, 4] strides [1, 1]
          : tensor<6x4xf32> -> tensor<2x4xf32>
      %d = sinter.sub %d1, %d2 : tensor<2x4xf32>
      %e = sinter.argmax %x dim 1 : tensor<2x4xf32> -> tensor<2xi64>
      %f = sinter.gather %h[%i] axis 0 batch 0
          : tensor<6x4xf32>, tensor<2xi32> -> tensor<2x4xf32>
      %s = sinter.scatter_add %h[%i] += %x axis 0 batch 0
          : tensor<6x4xf32>, tensor<2xi32>, tensor<2x4xf32>
      %o = sinter.dot_general %x, %k contract [1] x [1] batch [0] x [0]
          : tensor<2x4xf32>, tensor<2x4x5xf32> -> tensor<2x5xf32>
      %p = sinter.dot_general %v, %x contract [0] x [1] batch [] x []
          : tensor<4x5xf32>, tensor<2x4xf32> -> tensor<5x2xf32>
      %q0 = sinter.broadcast %t dims [] : tensor<i64> -> tensor<2xi64>
      %q1 = sinter.iota dim 0 : tensor<2xi64>
      %q = sinter.add %q0, %q1 : tensor<2xi64>
      sinter.yield %a, %b, %c, %d, %e, %f, %s, %o, %p, %q : tensor<2x5xf32>,
          tensor<4x2xf32>, tensor<3x4xf32>, tensor<2x4xf32>, tensor<2xi64>,
          tensor<2x4xf32>, tensor<6x4xf32>, tensor<2x5xf32>, tensor<5x2xf32>,
          tensor<2xi64>
    }
    sinter.return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5, %r#6, %r#7, %r#8, %r#9 :
        tensor<3x2x5xf32>, tensor<3x4x2xf32>, tensor<3x3x4xf32>,
        tensor<3x2x4xf32>, tensor<3x2xi64>, tensor<3x2x4xf32>,
        tensor<3x6x4xf32>, tensor<3x2x5xf32>, tensor<3x5x2xf32>, tensor<3x2xi64>
  })",
          hoist);
  EXPECT_EQ(count("sinter.scan"), 0) << text();
}

TEST_F(LeaveScanTest, RandomNumbersStayInTheirStep) {
  rewrite(R"((%k: tensor<2xi64>, %ks: tensor<3x2xi64>) -> tensor<3x4xf32> {
    %r = sinter.scan 3 each(%x = %ks : tensor<3x2xi64>)
        with(%v = %k : tensor<2xi64>) index(%t) -> (tensor<3x4xf32>) {
      %s = sinter.add %x, %v : tensor<2xi64>
      %u = sinter.random_uniform %s stream 4 : tensor<4xf32>
      sinter.yield %u : tensor<4xf32>
    }
    sinter.return %r : tensor<3x4xf32>
  })",
          hoist);
  EXPECT_EQ(count("sinter.random_uniform", /*inside=*/false), 0);
}

// The shape of a backward pass: two terms of one weight's gradient, a bias
// gradient, and the cotangent of the input.
static const char *const backward = R"((%d0: tensor<2x3xf32>,
    %xs: tensor<5x2x4xf32>, %zs: tensor<5x2x4xf32>, %w: tensor<4x3xf32>,
    %u: tensor<3x3xf32>, %acc: tensor<4x3xf32>) -> (tensor<2x3xf32>,
    tensor<4x3xf32>, tensor<3xf32>, tensor<5x2x4xf32>) {
  %zero = sinter.constant dense<0.0> : tensor<3xf32>
  %r:4 = sinter.scan 5 reverse carry(%d = %d0 : tensor<2x3xf32>,
      %g = %acc : tensor<4x3xf32>, %b = %zero : tensor<3xf32>)
      each(%x = %xs : tensor<5x2x4xf32>, %z = %zs : tensor<5x2x4xf32>)
      with(%v = %w : tensor<4x3xf32>, %k = %u : tensor<3x3xf32>) index(%t)
      -> (tensor<2x3xf32>, tensor<4x3xf32>, tensor<3xf32>, tensor<5x2x4xf32>) {
    %e = sinter.tanh %d : tensor<2x3xf32>
    %p = sinter.dot_general %x, %e contract [0] x [0] batch [] x []
        : tensor<2x4xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
    %q0 = sinter.dot_general %e, %z contract [0] x [0] batch [] x []
        : tensor<2x3xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
    %q = sinter.transpose %q0 [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
    %g0 = sinter.add %g, %p : tensor<4x3xf32>
    %g1 = sinter.add %g0, %q : tensor<4x3xf32>
    %s = sinter.reduce_sum %e dims [0] : tensor<2x3xf32> -> tensor<3xf32>
    %b1 = sinter.add %b, %s : tensor<3xf32>
    %dx = sinter.dot_general %e, %v contract [1] x [1] batch [] x []
        : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
    %n = sinter.dot_general %e, %k contract [1] x [1] batch [] x []
        : tensor<2x3xf32>, tensor<3x3xf32> -> tensor<2x3xf32>
    sinter.yield %n, %g1, %b1, %dx : tensor<2x3xf32>, tensor<4x3xf32>,
        tensor<3xf32>, tensor<2x4xf32>
  }
  sinter.return %r#0, %r#1, %r#2, %r#3 : tensor<2x3xf32>, tensor<4x3xf32>,
      tensor<3xf32>, tensor<5x2x4xf32>
})";

TEST_F(LeaveScanTest, AccumulatedContractionsAreSummedAfterwards) {
  rewrite(backward, sink, 1e-13);
  auto scan = only<ScanOp>();
  EXPECT_EQ(scan.getNumCarried(), 1u) << text();
  EXPECT_EQ(scan.getYResults().size(), 1u) << text();
  EXPECT_EQ(count("sinter.dot_general"), 4);
  EXPECT_EQ(count("sinter.dot_general", /*inside=*/false), 3);
}

// A carry that is read elsewhere in the body is no mere accumulator.
TEST_F(LeaveScanTest, ARunningSumThatIsReadStays) {
  rewrite(R"((%xs: tensor<5x2x4xf32>, %zs: tensor<5x2x3xf32>,
      %acc: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<5x4x3xf32>) {
    %r:2 = sinter.scan 5 carry(%g = %acc : tensor<4x3xf32>)
        each(%x = %xs : tensor<5x2x4xf32>, %z = %zs : tensor<5x2x3xf32>)
        index(%t) -> (tensor<4x3xf32>, tensor<5x4x3xf32>) {
      %p = sinter.dot_general %x, %z contract [0] x [0] batch [] x []
          : tensor<2x4xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
      %n = sinter.add %g, %p : tensor<4x3xf32>
      sinter.yield %n, %g : tensor<4x3xf32>, tensor<4x3xf32>
    }
    sinter.return %r#0, %r#1 : tensor<4x3xf32>, tensor<5x4x3xf32>
  })",
          sink);
  EXPECT_EQ(only<ScanOp>().getNumCarried(), 1u);
}

// One output layer for all steps; the scan hands out its states instead.
TEST_F(LeaveScanTest, OutputLayersAreDoneForAllSteps) {
  rewrite(R"((%h0: tensor<2x3xf32>, %v: tensor<3x4xf32>, %c: tensor<4xf32>)
      -> tensor<5x2x4xf32> {
    %r:2 = sinter.scan 5 carry(%h = %h0 : tensor<2x3xf32>)
        with(%w = %v : tensor<3x4xf32>, %b = %c : tensor<4xf32>) index(%t)
        -> (tensor<2x3xf32>, tensor<5x2x4xf32>) {
      %n = sinter.tanh %h : tensor<2x3xf32>
      %p = sinter.dot_general %n, %w contract [1] x [0] batch [] x []
          : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
      %d = sinter.broadcast %b dims [1] : tensor<4xf32> -> tensor<2x4xf32>
      %y = sinter.add %p, %d : tensor<2x4xf32>
      sinter.yield %n, %y : tensor<2x3xf32>, tensor<2x4xf32>
    }
    sinter.return %r#1 : tensor<5x2x4xf32>
  })",
          sink);
  EXPECT_EQ(count("sinter.dot_general", /*inside=*/false), 1);
  EXPECT_EQ(count("sinter.dot_general"), 1);
}

TEST_F(LeaveScanTest, ASumOfVeryManyTermsIsTakenApart) {
  // More additions than a walk could recurse; the term that is found last is
  // none that can leave.
  std::string body = "%v0 = sinter.neg %c : tensor<f32>\n", last = "%v0";
  for (int i = 1; i <= 50000; ++i) {
    std::string number = std::to_string(i);
    body += "%n" + number + " = sinter.neg %x : tensor<f32>\n%v" + number +
            " = sinter.add " + last + ", %n" + number + " : tensor<f32>\n";
    last = "%v" + number;
  }
  rewrite("(%c0: tensor<f32>, %xs: tensor<2xf32>) -> tensor<f32> {\n"
          "%r = sinter.scan 2 carry(%c = %c0 : tensor<f32>) "
          "each(%x = %xs : tensor<2xf32>) index(%t) -> (tensor<f32>) {\n" +
              body + "sinter.yield " + last +
              " : tensor<f32>\n}\nsinter.return %r : tensor<f32>\n}",
          [](OpPassManager &passes) { passes.addPass(createSinkFromScan()); });
  EXPECT_EQ(count("sinter.scan"), 1);
}
} // namespace
