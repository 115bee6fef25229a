//===- BoundariesTest.cpp - every kernel boundary has its reason ----------===//
//
// Small models in which the kernel of the op named "late" reads what that of
// the op named "made" computes, and no rule of fusion had the two before it:
// the call says which of them stays apart, and why.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Boundaries.h"
#include "Fusing.h"
#include "compiler/inspect/FusionReport.h"
#include "passes/fuse/DeduplicateKernels.h"
#include "passes/fuse/Refusals.h"
#include "passes/fuse/VerifyBoundaries.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;
using passes::Refusal;

namespace {

struct Case {
  const char *name;
  /// The op that stays apart.
  std::string op;
  Refusal why;
  /// Ops on %x, %y : !m and the variables @p, @q : !m.
  std::string body;
  /// What is returned, with types.
  const char *values, *types;
  const char *attributes = "";
};

std::ostream &operator<<(std::ostream &out, const Case &c) {
  return out << c.name;
}

/// Each of these has a second reader, so that no reshape moves above it.
const std::string exponential = "%e = sinter.exp %x : !m loc(\"made\")\n"
                                "%h = sinter.reshape %e : !m -> !l\n";
const std::string dot = "%e = sinter.dot_general %x, %y contract [1] x [0] "
                        "batch [] x [] : !m, !m -> !m loc(\"made\")\n"
                        "%h = sinter.reshape %e : !m -> !l\n";
const std::string rows = "%t = sinter.tanh %x : !m\n"
                         "%s = sinter.reduce_sum %t dims [1] : !m -> !v\n"
                         "%b = sinter.broadcast %s dims [0] : !v -> !m\n"
                         "%e = sinter.sub %t, %b : !m loc(\"made\")\n"
                         "%h = sinter.reshape %e : !m -> !l\n";
const std::string rest = "%e = sinter.reduce_sum %x dims [1] : !m -> !v "
                         "loc(\"made\")\n"
                         "%h = sinter.reshape %e : !v -> !s\n";
const std::string lateRows =
    "%l = sinter.reduce_max %h dims [1] : !l -> tensor<2xf32> loc(\"late\")\n";
const std::string lateDot =
    "%l = sinter.dot_general %h, %h contract [1] x [1] batch [] x [] : !l, !l "
    "-> !s loc(\"late\")\n";
const std::string lateQuarter =
    "%c = sinter.slice %h offsets [0, 2] sizes [2, 2] strides [1, 1] : !l -> "
    "!s\n"
    "%l = sinter.tanh %c : !s loc(\"late\")\n";

const Case cases[] = {
    {"NothingIsFusedWithoutOptimization", "tanh 'late'", Refusal::Unasked,
     "%e = sinter.exp %x : !m loc(\"made\")\n"
     "%l = sinter.tanh %e : !m loc(\"late\")\n",
     "%l", "!m", "attributes {sinter.options = {opt_level = 0 : i64}} "},

    // What fits but for the reshape.
    {"AnEpilogueBehindAReshape", "add 'late'", Refusal::Reshaped,
     dot + "%z = sinter.reshape %y : !m -> !l\n"
           "%g = sinter.exp %z : !l\n"
           "%l = sinter.add %h, %g : !l loc(\"late\")\n",
     "%g, %l", "!l, !l"},
    {"RowsBehindAReshape", "reduce_max 'late'", Refusal::Reshaped,
     rows + lateRows, "%e, %l", "!m, tensor<2xf32>"},
    {"WhatIsLeftOfRowsBehindAReshape", "add 'late'", Refusal::Reshaped,
     rest + "%z = sinter.slice %y offsets [0, 0] sizes [2, 2] strides [1, 1] : "
            "!m -> !s\n"
            "%g = sinter.exp %z : !s\n"
            "%l = sinter.add %h, %g : !s loc(\"late\")\n",
     "%g, %l", "!s, !s"},
    {"AnIndexMapOfAnOperandBehindAReshape", "dot_general 'late'",
     Refusal::Reshaped,
     "%e = sinter.transpose %x [1, 0] : !m -> !m loc(\"made\")\n"
     "%h = sinter.reshape %e : !m -> !l\n" +
         lateDot,
     "%e, %l", "!m, !s"},
    // What would not fit without it either.
    {"AnEpilogueThatNeedsWhatNeedsTheProduct", "add 'late'", Refusal::Cycle,
     dot + "%c = sinter.concatenate %h, %h dim 0 : !l, !l -> tensor<4x8xf32>\n"
           "%f = sinter.slice %c offsets [1, 0] sizes [2, 8] strides [1, 1] : "
           "tensor<4x8xf32> -> !l\n"
           "%l = sinter.add %h, %f : !l loc(\"late\")\n",
     "%e, %l", "!m, !l"},
    {"AProductOfAProduct", "dot_general 'late'", Refusal::OwnRoot,
     dot + lateDot, "%e, %l", "!m, !s"},
    {"AReductionOfAProduct", "reduce_max 'late'", Refusal::OwnRoot,
     dot + lateRows, "%e, %l", "!m, tensor<2xf32>"},
    {"AProductOfRows", "dot_general 'late'", Refusal::OwnRoot, rows + lateDot,
     "%e, %l", "!m, !s"},
    {"AnExpensiveOperandOfAProduct", "exp 'made'", Refusal::EveryTile,
     exponential + lateDot, "%e, %l", "!m, !s"},
    {"AConcatenationIsARoot", "concatenate 'late'", Refusal::OwnRoot,
     exponential + "%l = sinter.concatenate %h, %h dim 0 : !l, !l -> "
                   "tensor<4x8xf32> loc(\"late\")\n",
     "%e, %l", "!m, tensor<4x8xf32>"},
    {"NothingFollowsAConcatenation", "concatenate 'made'", Refusal::OwnRoot,
     "%e = sinter.concatenate %x, %y dim 0 : !m, !m -> tensor<8x4xf32> "
     "loc(\"made\")\n"
     "%h = sinter.reshape %e : tensor<8x4xf32> -> tensor<4x8xf32>\n"
     "%l = sinter.tanh %h : tensor<4x8xf32> loc(\"late\")\n",
     "%e, %l", "tensor<8x4xf32>, tensor<4x8xf32>"},
    {"AReductionOfWhatIsLeft", "reduce_max 'late'", Refusal::OtherDimensions,
     rest + "%l = sinter.reduce_max %h dims [1] : !s -> tensor<2xf32> "
            "loc(\"late\")\n",
     "%e, %l", "!v, tensor<2xf32>"},
    {"APartOfPointwiseOps", "tanh 'late'", Refusal::OtherShape,
     exponential + lateQuarter, "%e, %l", "!m, !s"},
    {"APartOfRows", "tanh 'late'", Refusal::NeitherRowNorRest,
     "%w = sinter.concatenate %x, %y dim 1 : !m, !m -> tensor<4x8xf32>\n"
     "%t = sinter.tanh %w : tensor<4x8xf32>\n"
     "%s = sinter.reduce_sum %t dims [1] : tensor<4x8xf32> -> !v\n"
     "%b = sinter.broadcast %s dims [0] : !v -> tensor<4x8xf32>\n"
     "%e = sinter.sub %t, %b : tensor<4x8xf32> loc(\"made\")\n"
     "%h = sinter.reshape %e : tensor<4x8xf32> -> tensor<2x16xf32>\n"
     "%c = sinter.slice %h offsets [0, 2] sizes [2, 8] strides [1, 1] : "
     "tensor<2x16xf32> -> !l\n"
     "%l = sinter.tanh %c : !l loc(\"late\")\n",
     "%e, %l", "tensor<4x8xf32>, !l"},

    // What rules that go first have claimed.
    {"SumsFollowedByTheUpdateOfAll", "sub 'late'", Refusal::Joined,
     "%p = sinter.read @p : !m\n"
     "%q = sinter.read @q : !m\n"
     "%b = sinter.broadcast %x dims [1, 2] : !m -> !t\n"
     "%t = sinter.exp %b : !t\n"
     "%e = sinter.reduce_sum %t dims [0] : !t -> !m loc(\"made\")\n"
     "%p1 = sinter.sub %p, %e : !m loc(\"late\")\n"
     "%q1 = sinter.sub %q, %y : !m\n"
     "sinter.write @p, %p1 : !m\n"
     "sinter.write @q, %q1 : !m\n",
     "%x", "!m"},
    {"AScalarOfTheUpdateOfAll", "tanh 'made'", Refusal::OtherShape,
     "%p = sinter.read @p : !m\n"
     "%q = sinter.read @q : !m\n"
     "%s = sinter.reduce_sum %x dims [0, 1] : !m -> tensor<f32>\n"
     "%e = sinter.tanh %s : tensor<f32> loc(\"made\")\n"
     "%b = sinter.broadcast %e dims [] : tensor<f32> -> !m\n"
     "%p1 = sinter.mul %p, %b : !m loc(\"late\")\n"
     "%q1 = sinter.mul %q, %b : !m\n"
     "sinter.write @p, %p1 : !m\n"
     "sinter.write @q, %q1 : !m\n",
     "%e", "tensor<f32>"},
    {"AnUpdateBehindItsGradient", "mul 'late'", Refusal::Claimed,
     "%p = sinter.read @p : !m\n"
     "%d = sinter.dot_general %x, %y contract [1] x [0] batch [] x [] : !m, !m "
     "-> !m\n"
     "%e = sinter.exp %y : !m loc(\"made\")\n"
     "%s = sinter.reduce_sum %e dims [1] : !m -> !v\n"
     "%u = sinter.mul %d, %e : !m loc(\"late\")\n"
     "%p1 = sinter.sub %p, %u : !m\n"
     "sinter.write @p, %p1 : !m\n",
     "%s", "!v"},
    {"AProductThatItsUpdateClaimed", "dot_general 'late'", Refusal::OwnRoot,
     "%p = sinter.read @p : !m\n"
     "%d = sinter.dot_general %x, %y contract [1] x [0] batch [] x [] : !m, !m "
     "-> !m\n"
     "%e = sinter.exp %d : !m loc(\"made\")\n"
     "%g = sinter.dot_general %e, %y contract [1] x [0] batch [] x [] : !m, !m "
     "-> !m loc(\"late\")\n"
     "%p1 = sinter.sub %p, %g : !m\n"
     "sinter.write @p, %p1 : !m\n",
     "%e", "!m"},
};

class Boundaries : public Fusing, public ::testing::WithParamInterface<Case> {
protected:
  /// Whether an op of that name stands in the kernel that the call runs.
  static bool holds(CallOp call, llvm::StringRef name) {
    for (mlir::Operation &op : kernelOf(call).getBody().front())
      if (getGivenName(op.getLoc()) == name)
        return true;
    return false;
  }
};

TEST_P(Boundaries, HaveTheirReason) {
  const Case &c = GetParam();
  auto module =
      fused("!m = tensor<4x4xf32>\n!v = tensor<4xf32>\n!l = tensor<2x8xf32>\n"
            "!s = tensor<2x2xf32>\n!t = tensor<3x4x4xf32>\n"
            "module " +
            std::string(c.attributes) +
            "{\nsinter.variable @p : !m\nsinter.variable @q : !m\n"
            "sinter.entry @run(%x: !m, %y: !m) -> (" +
            c.types + ") {\n" + c.body + "sinter.return " + c.values + " : " +
            c.types + "\n}\n}");
  std::vector<std::string> given;
  for (CallOp call : calls(*module, "run"))
    for (Boundary boundary : boundariesOf(call))
      if (holds(boundary.producer, "made") && holds(call, "late"))
        given.push_back(boundary.reason.str());
  EXPECT_EQ(given,
            (std::vector<std::string>{c.op + ": " + textOf(c.why).str()}))
      << print(*module);
}

INSTANTIATE_TEST_SUITE_P(Untried, Boundaries, ::testing::ValuesIn(cases),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

TEST_F(Fusing, PanelsForALoopSayWhyTheyAreMade) {
  auto module = fused(R"(
    !m = tensor<64x64xf32>
    module {
      sinter.entry @run(%x: !m, %y: !m) -> !m {
        %w = sinter.tanh %y : !m loc("made")
        %o = sinter.scan 9 carry(%c = %x : !m) with(%b = %w : !m) index(%i)
             -> (!m) {
          %d = sinter.dot_general %c, %b contract [1] x [0] batch [] x []
               : !m, !m -> !m loc("late")
          sinter.yield %d : !m
        }
        sinter.return %o : !m
      }
    })");
  std::vector<std::string> given;
  for (CallOp call : calls(*module, "run"))
    for (Boundary boundary : boundariesOf(call))
      given.push_back(boundary.reason.str());
  EXPECT_EQ(given, (std::vector<std::string>{
                       "dot_general 'late': what every step of a loop reads is "
                       "packed once"}))
      << print(*module);
}

/// Two calls of one kernel, which read what a third computes.
const std::string twoCalls = R"(!t = tensor<4xf32>
module {
  sinter.kernel @a(%x: !t) -> !t attributes {schedule = {}} {
    %0 = sinter.exp %x : !t
    sinter.return %0 : !t
  }
  sinter.kernel @b(%x: !t) -> !t attributes {schedule = {}} {
    %0 = sinter.tanh %x : !t
    sinter.return %0 : !t
  }
  sinter.kernel @c(%x: !t) -> !t attributes {schedule = {}} {
    %0 = sinter.tanh %x : !t
    sinter.return %0 : !t
  }
  sinter.entry @run(%x: !t) -> (!t, !t) {
    %0 = sinter.call @a(%x) : (!t) -> !t
    %1 = sinter.reshape %0 : !t -> tensor<2x2xf32>
    %2 = sinter.reshape %1 : tensor<2x2xf32> -> !t
    %3 = sinter.call @b(%2) {boundaries = ["tanh 'b': why"]} : (!t) -> !t
    %4 = sinter.call @c(%2) {boundaries = ["tanh 'c': why"]} : (!t) -> !t
    sinter.return %3, %4 : !t, !t
  }
})";

class VerifyBoundaries : public Fusing {
protected:
  std::string check(const std::string &from, const std::string &to) {
    std::string text = twoCalls;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    auto module = parse(text);
    std::string messages;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      messages += d.str();
      return mlir::success();
    });
    mlir::PassManager manager(&context);
    manager.addPass(passes::createVerifyBoundariesPass());
    bool accepted = succeeded(manager.run(*module));
    EXPECT_EQ(accepted, messages.empty());
    return messages;
  }
};

TEST_F(VerifyBoundaries, RefusesCallsWithoutReasons) {
  const char *want = "'sinter.call' op does not say why @a, whose value it "
                     "reads, is another kernel";
  EXPECT_EQ(check("why", "why"), "");
  EXPECT_EQ(check("{boundaries = [\"tanh 'b': why\"]} ", ""), want);
  EXPECT_EQ(check("\"tanh 'b': why\"", "\"\""), want);
  EXPECT_EQ(check("\"tanh 'b': why\"", "\"a\", \"b\""), want);
  EXPECT_EQ(check("\"tanh 'b': why\"", "1 : i64"), want);
  EXPECT_EQ(check("@b(%2)", "@b(%x)"), "") << "nothing to say";
}

TEST_F(VerifyBoundaries, ReasonsKeepNoCallApart) {
  auto module = parse(twoCalls);
  mlir::PassManager manager(&context);
  manager.addPass(passes::createDeduplicateKernelsPass());
  ASSERT_TRUE(succeeded(manager.run(*module)));
  EXPECT_EQ(callNames(*module, "run"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(boundariesOf(calls(*module, "run")[1])[0].reason, "tanh 'b': why");
}

TEST_F(VerifyBoundaries, TheReportSaysWhatIsNotRecorded) {
  auto report = [&](mlir::ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    inspect::printFusionReport(module, stream);
    return text.substr(text.find("boundaries"));
  };
  auto module = parse(twoCalls);
  EXPECT_EQ(report(*module), "boundaries of run\n"
                             "  a -> b\n    tanh 'b': why\n"
                             "  a -> c\n    tanh 'c': why\n");
  calls(*module, "run")[2]->removeAttr(boundariesAttr);
  EXPECT_EQ(report(*module), "boundaries of run\n"
                             "  a -> b\n    tanh 'b': why\n"
                             "  a -> c\n    no reason is recorded\n");
}

} // namespace
