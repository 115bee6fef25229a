//===- CheckpointTest.cpp - what is computed again is the same ------------===//
//
// The measure is the same graph without its checkpoints, whose derivatives the
// other tests hold to formulas: a checkpoint may change what is kept, and not
// one bit of a result.
//
//===----------------------------------------------------------------------===//

#include "tests/rules/Derivatives.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {

class Checkpoint : public Derivatives {
protected:
  /// `text` with and without the word; same outputs on random inputs.  The
  /// sums of a plain loop may be one contraction, which adds in another order.
  void expectSame(const std::string &text, double tolerance = 0) {
    std::string plain = text;
    const std::string word = " checkpoint";
    ASSERT_NE(plain.find(word), std::string::npos);
    for (size_t at; (at = plain.find(word)) != std::string::npos;)
      plain.erase(at, word.size());
    std::vector<Array> inputs = {random("tensor<4x3xf64>", 1),
                                 random("tensor<3x3xf64>", 2)};
    std::vector<Array> have = run(text, inputs), want = run(plain, inputs);
    ASSERT_EQ(have.size(), want.size());
    ASSERT_FALSE(have.empty());
    for (size_t i = 0; i < have.size(); ++i) {
      if (tolerance == 0)
        EXPECT_EQ(have[i].floats, want[i].floats) << "output " << i;
      else
        expectClose(have[i].floats, want[i].floats, tolerance);
      EXPECT_GT(norm(want[i]), 1e-3) << "output " << i << " tells nothing";
    }
  }
};

const std::string X = "tensor<4x3xf64>", W = "tensor<3x3xf64>",
                  S = "tensor<f64>", One = "tensor<1x4x3xf64>";

/// tanh(x·w)·exp(x / 4) of %`from` as %`to`, within a checkpoint; `inside`
/// stands in the body and defines %y of %a and %b.
std::string block(const std::string &from, const std::string &to,
                  const std::string &inside) {
  return "%" + to + "1 = sinter.scan 1 checkpoint with(%a = %" + from + " : " +
         X + ", %b = %w : " + W + ") index(%t) -> (" + One + ") {\n" + inside +
         "sinter.yield %y : " + X + "\n}\n%" + to + " = sinter.reshape %" + to +
         "1 : " + One + " -> " + X + "\n";
}
const std::string step = R"(
  %p = sinter.dot_general %a, %b contract [1] x [0] batch [] x []
      : tensor<4x3xf64>, tensor<3x3xf64> -> tensor<4x3xf64>
  %h = sinter.tanh %p : tensor<4x3xf64>
  %q = sinter.constant dense<0.25> : tensor<4x3xf64>
  %s = sinter.mul %a, %q : tensor<4x3xf64>
  %e = sinter.exp %s : tensor<4x3xf64>
  %y = sinter.mul %h, %e : tensor<4x3xf64>
)";

/// @f(%x, %w) of ops that define %l, with what comes then.
std::string entry(const std::string &ops, const std::string &then,
                  const std::string &results, const std::string &types) {
  return "module @m {\nsinter.entry @f(%x: " + X + ", %w: " + W + ") -> (" +
         types + ") {\n" + ops + "%sq = sinter.mul %l, %l : " + X +
         "\n%loss = sinter.reduce_sum %sq dims [0, 1] : " + X + " -> " + S +
         "\n" + then + "sinter.return " + results + " : " + types + "\n}\n}\n";
}
const std::string gradient =
    "%dx, %dw = sinter.gradient %loss wrt %x, %w : " + S + " wrt " + X + ", " +
    W + "\n";
std::string withGradient(const std::string &ops) {
  return entry(ops, gradient, "%loss, %dx, %dw", S + ", " + X + ", " + W);
}

TEST_F(Checkpoint, OfAChainOfBlocks) {
  expectSame(withGradient(block("x", "m", step) + block("m", "n", step) +
                          block("n", "l", step)));
}

TEST_F(Checkpoint, WithinACheckpoint) {
  std::string inner = "%y1 = sinter.scan 1 checkpoint with(%c = %a : " + X +
                      ", %d = %b : " + W + ") index(%u) -> (" + One + ") {\n";
  std::string body = step;
  for (auto [from, to] :
       {std::pair<std::string, std::string>{"%a", "%c"}, {"%b", "%d"}})
    for (size_t at; (at = body.find(from)) != std::string::npos;)
      body.replace(at, from.size(), to);
  inner += body + "sinter.yield %y : " + X +
           "\n}\n%z = sinter.reshape %y1 : " + One + " -> " + X +
           "\n%y = sinter.add %z, %a : " + X + "\n";
  expectSame(withGradient(block("x", "m", inner) + block("m", "l", inner)));
}

TEST_F(Checkpoint, WithinALoop) {
  expectSame(withGradient(
                 "%l = sinter.scan 3 carry(%c = %x : " + X +
                 ") with(%w1 = %w : " + W + ") index(%t0) -> (" + X + ") {\n" +
                 [&] {
                   std::string text = block("c", "n", step);
                   return text.replace(text.find("= %w :"), 6, "= %w1 :");
                 }() +
                 "sinter.yield %n : " + X + "\n}\n"),
             1e-14);
}

std::string loop(const std::string &flags) {
  std::string body = step;
  return "%l, %ys = sinter.scan 3" + flags + " carry(%a = %x : " + X +
         ") with(%b = %w : " + W + ") index(%t) -> (" + X +
         ", tensor<3x4x3xf64>) {\n" + body + "sinter.yield %y, %e : " + X +
         ", " + X + "\n}\n";
}

TEST_F(Checkpoint, OfALoopWithACarry) {
  expectSame(withGradient(loop(" checkpoint")), 1e-14);
  expectSame(withGradient(loop(" reverse checkpoint")), 1e-14);
}

// What a loop inside hands over to its own backward loop is computed again too.
TEST_F(Checkpoint, OfALoopInside) {
  std::string inside =
      "%y = sinter.scan 3 carry(%h = %a : " + X + ") with(%v = %b : " + W +
      ") index(%u) -> (" + X +
      ") {\n"
      "%p = sinter.dot_general %h, %v contract [1] x [0] batch [] x [] : " +
      X + ", " + W + " -> " + X + "\n%n = sinter.tanh %p : " + X +
      "\nsinter.yield %n : " + X + "\n}\n";
  expectSame(withGradient(block("x", "l", inside)));
}

TEST_F(Checkpoint, OfSecondOrder) {
  std::string ops = block("x", "m", step) + block("m", "l", step);
  std::string norms = "%q1 = sinter.mul %dw, %dw : " + W +
                      "\n%q2 = sinter.reduce_sum %q1 dims [0, 1] : " + W +
                      " -> " + S +
                      "\n%hx, %hw = sinter.gradient %q2 wrt %x, %w : " + S +
                      " wrt " + X + ", " + W + "\n";
  expectSame(
      entry(ops, gradient + norms, "%dx, %hx, %hw", X + ", " + X + ", " + W));
  std::string product = "%hv = sinter.jvp (%dw) wrt (%x) tangents (%x) : (" +
                        W + ") wrt (" + X + ")\n";
  expectSame(entry(ops, gradient + product, "%dx, %hv", X + ", " + W));
}

TEST_F(Checkpoint, InForwardMode) {
  std::string tangents = "%dl = sinter.jvp (%l) wrt (%x, %w) tangents (%x, %w) "
                         ": (" +
                         X + ") wrt (" + X + ", " + W + ")\n";
  expectSame(
      entry(block("x", "m", step) + block("m", "l", step), tangents, "%dl", X));
  expectSame(entry(loop(" checkpoint"), tangents, "%dl", X));
}

// A step hands over what it begins with, and the backward loop is apart.
TEST_F(Checkpoint, KeepsOnlyWhatAStepBeginsWith) {
  auto results = [&](const std::string &text) {
    std::vector<unsigned> counts;
    auto module = expand(text);
    module->walk([&](ScanOp op) {
      counts.push_back(op->getNumResults());
      EXPECT_EQ(op.getApart(), op.getReverse() && op.getCheckpoint());
    });
    return counts;
  };
  // %l, %ys, the carries; cotangents of the carry and of %w.
  EXPECT_EQ(results(withGradient(loop(" checkpoint"))),
            (std::vector<unsigned>{3, 2}));
  // %l, %ys (exp), the carries, tanh; the same.
  EXPECT_EQ(results(withGradient(loop(""))), (std::vector<unsigned>{4, 2}));
  EXPECT_EQ(results(withGradient(block("x", "l", step))),
            (std::vector<unsigned>{1, 2}));
}

} // namespace
