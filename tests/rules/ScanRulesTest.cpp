//===- ScanRulesTest.cpp - a loop's derivative is the unrolled graph's ----===//
//
// Every scan here is written twice: as a loop, and by hand as the graph that it
// stands for.  Values, reverse mode, forward mode and second order of both have
// to agree.
//
//===----------------------------------------------------------------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {

/// A loop over xs: tensor<n x 3>, with carries h, c: tensor<3> and weights w:
/// tensor<3x3>, v: tensor<3>, whose step is a kernel-like piece of text.
struct Loop {
  /// Ops that take %h %c %x %w %v (all f64) and %t and define %nh %nc %y.
  /// `$` before a name is replaced by "%<step>_".
  std::string step;
  int64_t n = 4;
  bool reverse = false;
};

std::string replaceAll(std::string text, const std::string &from,
                       const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

const std::string V = "tensor<3xf64>", M = "tensor<3x3xf64>", S = "tensor<f64>";

/// Ops that define %hn, %cn: tensor<3xf64> and %ys: tensor<n x 3 x f64>.
std::string asScan(const Loop &loop) {
  std::string ys = "tensor<" + std::to_string(loop.n) + "x3xf64>";
  return "%hn, %cn, %ys = sinter.scan " + std::to_string(loop.n) +
         (loop.reverse ? " reverse" : "") + " carry(%h = %h0 : " + V +
         ", %c = %c0 : " + V + ") each(%x = %xs : " + ys +
         ") with(%w = %w0 : " + M + ", %v = %v0 : " + V + ") index(%t) -> (" +
         V + ", " + V + ", " + ys + ") {\n" + replaceAll(loop.step, "$", "%") +
         "sinter.yield %nh, %nc, %y : " + V + ", " + V + ", " + V + "\n}\n";
}

std::string asGraph(const Loop &loop) {
  std::string n = std::to_string(loop.n), ys = "tensor<" + n + "x3xf64>";
  std::string text, h = "%h0", c = "%c0";
  std::string rows, types;
  for (int64_t i = 0; i < loop.n; ++i) {
    int64_t t = loop.reverse ? loop.n - 1 - i : i;
    std::string p = "%s" + std::to_string(t) + "_";
    text += p + "t = sinter.constant dense<" + std::to_string(t) +
            "> : tensor<i64>\n";
    text += p + "row = sinter.slice %xs offsets [" + std::to_string(t) +
            ", 0] sizes [1, 3] strides [1, 1] : " + ys +
            " -> tensor<1x3xf64>\n";
    text +=
        p + "x = sinter.reshape " + p + "row : tensor<1x3xf64> -> " + V + "\n";
    std::string step = loop.step;
    for (auto [name, value] :
         {std::pair<std::string, std::string>{"$h,", h + ","},
          {"$h ", h + " "},
          {"$c,", c + ","},
          {"$c ", c + " "},
          {"$w,", "%w0,"},
          {"$w ", "%w0 "},
          {"$v,", "%v0,"},
          {"$v ", "%v0 "},
          {"$v[", "%v0["}})
      step = replaceAll(step, name, value);
    text += replaceAll(step, "$", p);
    text +=
        p + "out = sinter.reshape " + p + "y : " + V + " -> tensor<1x3xf64>\n";
    h = p + "nh";
    c = p + "nc";
  }
  for (int64_t t = 0; t < loop.n; ++t) {
    rows += (t ? ", %s" : "%s") + std::to_string(t) + "_out";
    types += t ? ", tensor<1x3xf64>" : "tensor<1x3xf64>";
  }
  text += "%ys = sinter.concatenate " + rows + " dim 0 : " + types + " -> " +
          ys + "\n";
  // Names for the last carries.
  text += "%zero = sinter.constant dense<0.0> : " + V + "\n";
  text += "%hn = sinter.sub " + h + ", %zero : " + V + "\n";
  text += "%cn = sinter.sub " + c + ", %zero : " + V + "\n";
  return text;
}

/// L = Σ sin(hn) + Σ hn·cn·ys²: its value, gradients and forward derivative,
/// and the product of its Hessian with the given directions, by all four
/// nestings of the modes.
std::string asModule(const Loop &loop, const std::string &ops) {
  std::string ys = "tensor<" + std::to_string(loop.n) + "x3xf64>";
  std::string arguments[] = {V, V, ys, M, V};
  std::string names[] = {"h0", "c0", "xs", "w0", "v0"};
  std::string signature, directions, values, types, tangents, dnames, d2, d3;
  for (int i = 0; i < 5; ++i) {
    std::string comma = i ? ", " : "";
    signature += comma + "%" + names[i] + ": " + arguments[i];
    directions += ", %t" + names[i] + ": " + arguments[i];
    values += comma + "%" + names[i];
    tangents += comma + "%t" + names[i];
    dnames += comma + "%d" + names[i];
    d2 += comma + "%e" + names[i];
    d3 += comma + "%f" + names[i];
    types += comma + arguments[i];
  }
  return "module @m {\nsinter.entry @f(" + signature + directions + ") -> (" +
         S + ", " + S + ", " + S + ", " + types + ", " + types + ", " + types +
         ", " + types + ") {\n" + ops + R"(
    %sin = sinter.sin %hn : tensor<3xf64>
    %l1 = sinter.reduce_sum %sin dims [0] : tensor<3xf64> -> tensor<f64>
    %hc = sinter.mul %hn, %cn : tensor<3xf64>
    %hcb = sinter.broadcast %hc dims [1] : tensor<3xf64> -> )" +
         ys + R"(
    %y2 = sinter.mul %ys, %ys : )" +
         ys + R"(
    %p = sinter.mul %hcb, %y2 : )" +
         ys + R"(
    %l2 = sinter.reduce_sum %p dims [0, 1] : )" +
         ys + R"( -> tensor<f64>
    %l = sinter.add %l1, %l2 : tensor<f64>
    )" + dnames +
         " = sinter.gradient %l wrt " + values + " : " + S + " wrt " + types +
         "\n%dl = sinter.jvp (%l) wrt (" + values + ") tangents (" + tangents +
         ") : (" + S + ") wrt (" + types + ")\n" +
         // Forward over reverse, reverse over reverse, reverse over forward.
         d2 + " = sinter.jvp (" + dnames + ") wrt (" + values + ") tangents (" +
         tangents + ") : (" + types + ") wrt (" + types + ")\n" + d3 +
         " = sinter.vjp (" + dnames + ") wrt (" + values + ") cotangents (" +
         tangents + ") : (" + types + ") wrt (" + types + ")\n" +
         replaceAll(d3, "%f", "%g") + " = sinter.gradient %dl wrt " + values +
         " : " + S + " wrt " + types + "\n%ddl = sinter.jvp (%dl) wrt (" +
         values + ") tangents (" + tangents + ") : (" + S + ") wrt (" + types +
         ")\nsinter.return %l, %dl, %ddl, " + dnames + ", " + d2 + ", " + d3 +
         ", " + replaceAll(d3, "%f", "%g") + " : " + S + ", " + S + ", " + S +
         ", " + types + ", " + types + ", " + types + ", " + types + "\n}\n}\n";
}

class ScanRules : public Derivatives {
protected:
  void compare(const Loop &loop) {
    std::string ys = "tensor<" + std::to_string(loop.n) + "x3xf64>";
    std::vector<Array> inputs;
    unsigned seed = 1;
    for (int k = 0; k < 2; ++k)
      for (const std::string &text : {V, V, ys, M, V})
        inputs.push_back(random(text, seed++));
    std::vector<Array> have = run(asModule(loop, asScan(loop)), inputs);
    std::vector<Array> want = run(asModule(loop, asGraph(loop)), inputs);
    ASSERT_EQ(have.size(), want.size());
    ASSERT_EQ(have.size(), 23u);
    for (size_t i = 0; i < have.size(); ++i) {
      SCOPED_TRACE("output " + std::to_string(i));
      expectClose(have[i].floats, want[i].floats);
    }
    // dᵀHd by forward over forward is that of the others.
    double product = 0;
    for (int k = 0; k < 5; ++k)
      product += dot(have[8 + k], inputs[5 + k]);
    expectClose(have[2].floats, {product});
  }
};

/// h ← tanh(w·h + c) ⊙ x, c ← c·v + h, y = h·x
const char *recurrence = R"(
  $wh = sinter.dot_general $w, $h contract [1] x [0] batch [] x [] : tensor<3x3xf64>, tensor<3xf64> -> tensor<3xf64>
  $a = sinter.add $wh, $c : tensor<3xf64>
  $th = sinter.tanh $a : tensor<3xf64>
  $nh = sinter.mul $th, $x : tensor<3xf64>
  $cv = sinter.mul $c, $v : tensor<3xf64>
  $nc = sinter.add $cv, $h : tensor<3xf64>
  $y = sinter.mul $nh, $x : tensor<3xf64>
)";

TEST_F(ScanRules, ARecurrenceIsItsUnrolledGraph) { compare({recurrence}); }
TEST_F(ScanRules, AReversedRecurrenceIsItsUnrolledGraph) {
  compare({recurrence, 4, true});
}
TEST_F(ScanRules, OneStepIsItsUnrolledGraph) { compare({recurrence, 1}); }

// The carry c is never used by h or y, x and v not at all.
// The cotangent of what is added is what came in.
TEST_F(ScanRules, WhatIsAddedToACarryHasItsCotangent) {
  const std::string step = "$nh = sinter.add $h, $v : " + V +
                           "\n$nc = sinter.mul $c, $c : " + V +
                           "\n$y = sinter.mul $x, $x : " + V + "\n";
  compare({step});
  compare({step, 1});
}

TEST_F(ScanRules, UnusedCarriesAndInputsHaveNoCotangent) {
  compare({R"(
    $wh = sinter.dot_general $w, $h contract [1] x [0] batch [] x [] : tensor<3x3xf64>, tensor<3xf64> -> tensor<3xf64>
    $nh = sinter.sin $wh : tensor<3xf64>
    $nc = sinter.cos $nh : tensor<3xf64>
    $y = sinter.exp $nh : tensor<3xf64>
  )"});
}

// The carries swap, so that activity takes two rounds of the fixpoint; the step
// uses its index.
TEST_F(ScanRules, CarriesThatSwapAndTheIndex) {
  compare({R"(
    $tf = sinter.cast $t : tensor<i64> to tensor<f64>
    $tb = sinter.broadcast $tf dims [] : tensor<f64> -> tensor<3xf64>
    $s = sinter.sin $h : tensor<3xf64>
    $nh = sinter.mul $c, $v : tensor<3xf64>
    $nc = sinter.mul $s, $x : tensor<3xf64>
    $y = sinter.mul $s, $tb : tensor<3xf64>
  )"});
}

// A max-reduction, a gather and a select.
TEST_F(ScanRules, RulesWithIndicesInTheBody) {
  compare({R"(
    $m = sinter.reduce_max $h dims [0] : tensor<3xf64> -> tensor<f64>
    $mb = sinter.broadcast $m dims [] : tensor<f64> -> tensor<3xf64>
    $k = sinter.compare gt $h, $x : tensor<3xf64>
    $hx = sinter.mul $h, $x : tensor<3xf64>
    $nh = sinter.select $k, $hx, $mb : tensor<3xf64>
    $ti = sinter.reshape $t : tensor<i64> -> tensor<1xi64>
    $g = sinter.gather $v[$ti] axis 0 batch 0 : tensor<3xf64>, tensor<1xi64> -> tensor<1xf64>
    $gb = sinter.broadcast $g dims [0] : tensor<1xf64> -> tensor<3xf64>
    $nc = sinter.mul $c, $gb : tensor<3xf64>
    $y = sinter.add $nh, $nc : tensor<3xf64>
  )"});
}

TEST_F(ScanRules, AScanInsideAScan) {
  std::string inner = R"(
    $e = sinter.exp $c : tensor<3xf64>
    $nh, $zs = sinter.scan 3 carry($p = $h : tensor<3xf64>) each($q = $w : tensor<3x3xf64>) with($r = $e : tensor<3xf64>) index($u) -> (tensor<3xf64>, tensor<3x3xf64>) {
      $pq = sinter.mul $p, $q : tensor<3xf64>
      $np = sinter.sin $pq : tensor<3xf64>
      $z = sinter.mul $np, $r : tensor<3xf64>
      sinter.yield $np, $z : tensor<3xf64>, tensor<3xf64>
    }
    $nc = sinter.reduce_sum $zs dims [0] : tensor<3x3xf64> -> tensor<3xf64>
    $y = sinter.mul $nh, $x : tensor<3xf64>
  )";
  compare({inner});
  compare({inner, 3, true});
}

TEST_F(ScanRules, NoStepsAreTheIdentityOfTheCarries) {
  auto out =
      run(R"(module @m {
    sinter.entry @f(%h0: tensor<2xf64>, %w: tensor<2xf64>, %xs: tensor<0x2xf64>)
        -> (tensor<2xf64>, tensor<2xf64>, tensor<0x2xf64>, tensor<2xf64>) {
      %hn, %ys = sinter.scan 0 carry(%h = %h0 : tensor<2xf64>) each(%x = %xs : tensor<0x2xf64>) with(%v = %w : tensor<2xf64>) index(%t) -> (tensor<2xf64>, tensor<0x2xf64>) {
        %a = sinter.mul %h, %v : tensor<2xf64>
        %b = sinter.mul %a, %x : tensor<2xf64>
        %e = sinter.exp %b : tensor<2xf64>
        sinter.yield %e, %a : tensor<2xf64>, tensor<2xf64>
      }
      %q = sinter.mul %hn, %hn : tensor<2xf64>
      %l = sinter.reduce_sum %q dims [0] : tensor<2xf64> -> tensor<f64>
      %dh, %dw, %dx = sinter.gradient %l wrt %h0, %w, %xs : tensor<f64> wrt tensor<2xf64>, tensor<2xf64>, tensor<0x2xf64>
      %th = sinter.jvp (%hn) wrt (%h0) tangents (%w) : (tensor<2xf64>) wrt (tensor<2xf64>)
      sinter.return %dh, %dw, %dx, %th : tensor<2xf64>, tensor<2xf64>, tensor<0x2xf64>, tensor<2xf64>
    }
  })",
          {array("tensor<2xf64>", {3, 5}), array("tensor<2xf64>", {7, 8}),
           array("tensor<0x2xf64>", {})});
  EXPECT_EQ(out[0].floats, (Numbers{6, 10}));
  EXPECT_EQ(out[1].floats, (Numbers{0, 0}));
  EXPECT_EQ(out[3].floats, (Numbers{7, 8}));
}

// Of h ← tanh(w·h + x), y = h, the backward loop reads h before the step and
// after it. The second is an output anyway; w is an invariant; w·h + x is not
// read.
TEST_F(ScanRules, SavesOnlyWhatTheBackwardLoopReads) {
  auto module = expand(R"(module @m {
    sinter.entry @f(%h0: tensor<3xf64>, %w: tensor<3x3xf64>, %xs: tensor<4x3xf64>)
        -> tensor<3x3xf64> {
      %hn, %ys = sinter.scan 4 carry(%h = %h0 : tensor<3xf64>) each(%x = %xs : tensor<4x3xf64>) with(%v = %w : tensor<3x3xf64>) index(%t) -> (tensor<3xf64>, tensor<4x3xf64>) {
        %half = sinter.constant dense<0.5> : tensor<3xf64>
        %p = sinter.dot_general %v, %h contract [1] x [0] batch [] x [] : tensor<3x3xf64>, tensor<3xf64> -> tensor<3xf64>
        %a = sinter.add %p, %x : tensor<3xf64>
        %s = sinter.mul %a, %half : tensor<3xf64>
        %y = sinter.tanh %s : tensor<3xf64>
        sinter.yield %y, %y : tensor<3xf64>, tensor<3xf64>
      }
      %l = sinter.reduce_sum %ys dims [0, 1] : tensor<4x3xf64> -> tensor<f64>
      %dw = sinter.gradient %l wrt %w : tensor<f64> wrt tensor<3x3xf64>
      sinter.return %dw : tensor<3x3xf64>
    }
  })");
  SmallVector<ScanOp> scans;
  module->walk([&](ScanOp scan) { scans.push_back(scan); });
  ASSERT_EQ(scans.size(), 2u);
  EXPECT_FALSE(scans[0].getReverse());
  EXPECT_EQ(scans[0].getYResults().size(), 2u);
  EXPECT_TRUE(scans[1].getReverse());
  // Carries the cotangents of h and w; reads dy, y, and the old h; needs w.
  EXPECT_EQ(scans[1].getNumCarried(), 2u);
  EXPECT_EQ(scans[1].getXs().size(), 3u);
  EXPECT_EQ(scans[1].getInvariants().size(), 1u);
}

// 600 ones: a sum in bf16 would stay at 256.
TEST_F(ScanRules, SumsCotangentsOfStorageTypesInF32) {
  const char *text = R"(module @m {
    sinter.entry @f(%w: tensor<bf16>) -> tensor<bf16> {
      %zero = sinter.constant dense<0.0> : tensor<f32>
      %l = sinter.scan 600 carry(%c = %zero : tensor<f32>) with(%v = %w : tensor<bf16>) index(%t) -> (tensor<f32>) {
        %f = sinter.cast %v : tensor<bf16> to tensor<f32>
        %n = sinter.add %c, %f : tensor<f32>
        sinter.yield %n : tensor<f32>
      }
      %dw = sinter.gradient %l wrt %w : tensor<f32> wrt tensor<bf16>
      sinter.return %dw : tensor<bf16>
    }
  })";
  EXPECT_EQ(run(text, {array("tensor<bf16>", {0.5})})[0].floats, Numbers{600});
  expand(text)->walk([&](ScanOp scan) {
    for (Value init : scan.getInit())
      EXPECT_EQ(init.getType(), type("tensor<f32>"));
  });
}
} // namespace
