//===- RequestsTest.cpp - what a request means in a graph -----------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
using Requests = Derivatives;

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
  auto out =
      run(R"(module @m {
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
  EXPECT_EQ(names,
            (SmallVector<StringRef>{"constant", "broadcast", "mul", "return"}));
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
             "\n" + name + "w = sinter.mul " + name + ", " + name +
             "k : " + type + "\n" + name + "r = sinter.reduce_sum " + name +
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
    EXPECT_EQ(countOps(*module, "sinter.concatenate"), concatenations);
    EXPECT_EQ(countOps(*module, "sinter.pad"), pads);
    auto out = evaluate(*module, {array("tensor<6xf64>", Numbers(6))});
    EXPECT_EQ(out[0].floats, want);
  }
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
  EXPECT_EQ(names["mul"],
            (std::set<std::string>{"hidden1.scale", "grad.hidden1.scale",
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
  EXPECT_EQ(
      message,
      "6: 'sinter.call' has no derivative rule: apply stop_gradient to its "
      "operands, or compute its results by ops that have one");
}

TEST_F(Requests, TheHighestPolygammaHasNoDerivative) {
  EXPECT_EQ(errorOf(R"(module @m {
    sinter.entry @f(%x: tensor<f64>) -> tensor<f64> {
      %y = sinter.polygamma %x order 30 : tensor<f64>
      %d = sinter.gradient %y wrt %x : tensor<f64> wrt tensor<f64>
      sinter.return %d : tensor<f64>
    }
  })"),
            "3: the derivative of polygamma of order 30 would be of an order "
            "beyond the highest");
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
