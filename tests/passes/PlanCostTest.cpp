//===- PlanCostTest.cpp - what plans cost, and what more effort brings
//-----===//
//
// The report's numbers are counted again from the planned ops; orders and
// levels are compared with each other.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/LiveBytes.h"
#include "tests/passes/Planned.h"
#include "tests/passes/RandomPrograms.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::test;

namespace {

TEST(PlanCost, LowerBoundIsTheMostThatIsAlive) {
  int small = 0;
  for (uint32_t seed = 0; seed != 400; ++seed) {
    SCOPED_TRACE(seed);
    Session session;
    auto module = session.plan(makeRandomProgram(seed));
    EntryOp entry = getEntry(*module, "e");
    std::vector<BufferLife> lives = getLives(entry);
    ASSERT_EQ(getMemoryFact(entry, "lower_bound"), getMostAlive(lives))
        << toText(entry);
    ASSERT_GE(getWorkspace(entry), getMostAlive(lives));
    ASSERT_EQ(getMemoryFact(entry, "peak"), getWorkspace(entry));
    if (lives.size() > 7)
      continue;
    ++small;
    ASSERT_EQ(getWorkspace(entry), getSmallestArena(lives)) << toText(entry);
  }
  EXPECT_GT(small, 50);
}

TEST(PlanCost, WhoIsLiveAtThePeakAddsUpAndHasAName) {
  for (uint32_t seed = 0; seed != 100; ++seed) {
    Session session;
    auto module = session.plan(makeRandomProgram(seed));
    auto memory =
        getEntry(*module, "e")->getAttrOfType<DictionaryAttr>("sinter.memory");
    int64_t bytes = 0;
    for (auto buffer :
         memory.getAs<ArrayAttr>("live_at_peak").getAsRange<DictionaryAttr>()) {
      bytes += (buffer.getAs<IntegerAttr>("bytes").getInt() + 63) / 64 * 64;
      EXPECT_FALSE(buffer.getAs<StringAttr>("name").empty());
    }
    EXPECT_EQ(bytes, memory.getAs<IntegerAttr>("lower_bound").getInt());
  }
}

/// Three wide values that are each summed up to a row, in the worst order.
const char *wideText = R"(!r = tensor<8xi64>
!s = tensor<16x8xi64>
module @m {
  sinter.kernel @wide(%a: !r) -> !s attributes {overwrites = array<i64: -1>} {
    %0 = sinter.broadcast %a dims [1] : !r -> !s
    sinter.return %0 : !s
  }
  sinter.kernel @total(%a: !s) -> !r attributes {overwrites = array<i64: -1>} {
    %0 = sinter.reduce_sum %a dims [0] : !s -> !r
    sinter.return %0 : !r
  }
  sinter.kernel @add(%a: !r, %b: !r) -> !r
      attributes {overwrites = array<i64: 0>} {
    %0 = sinter.add %a, %b : !r
    sinter.return %0 : !r
  }
  sinter.entry @e(%x: !r, %y: !r, %z: !r) -> !r {
    %a = sinter.call @wide(%x) : (!r) -> !s loc("first")
    %b = sinter.call @wide(%y) : (!r) -> !s loc("second")
    %c = sinter.call @wide(%z) : (!r) -> !s loc("third")
    %p = sinter.call @total(%a) : (!s) -> !r
    %q = sinter.call @total(%b) : (!s) -> !r
    %s = sinter.call @total(%c) : (!s) -> !r
    %t = sinter.call @add(%p, %q) : (!r, !r) -> !r
    %u = sinter.call @add(%t, %s) : (!r, !r) -> !r
    sinter.return %u : !r
  }
})";

/// Planned in the order of the text.
OwningOpRef<ModuleOp> planAsWritten(Session &session, StringRef text) {
  auto module = session.parse(text);
  EXPECT_TRUE(succeeded(session.run(*module, [](OpPassManager &manager) {
    manager.addPass(sinter::passes::createLayOutStatePass());
    manager.addPass(sinter::passes::createPlanMemoryPass());
    manager.addPass(sinter::passes::createVerifyPlannedStagePass());
  }))) << session.messages;
  return module;
}

TEST(PlanCost, WideValuesAreMadeOneAfterTheOther) {
  Session session;
  constexpr int64_t row = 64, wide = 16 * row;
  auto written = planAsWritten(session, wideText);
  EXPECT_EQ(getWorkspace(getEntry(*written, "e")), 3 * wide);
  // One wide value, its sum, and the sum so far in the output.
  auto ordered = session.plan(wideText);
  EXPECT_EQ(getWorkspace(getEntry(*ordered, "e")), wide + row);
}

std::pair<int64_t, int64_t> getCost(ModuleOp module) {
  EntryOp entry = getEntry(module, "e");
  return {getMemoryFact(entry, "state_copies_bytes"), getWorkspace(entry)};
}

TEST(PlanCost, OrderedKernelsNeedNoMoreThanAsWritten) {
  int better = 0;
  for (uint32_t seed = 0; seed != 300; ++seed) {
    SCOPED_TRACE(seed);
    Session session;
    std::string text = makeRandomProgram(seed);
    auto written = getCost(*planAsWritten(session, text));
    auto ordered = getCost(*session.plan(text));
    ASSERT_LE(ordered, written);
    better += ordered < written;
  }
  EXPECT_GT(better, 10);
}

TEST(PlanCost, HigherLevelsNeedNoMore) {
  for (uint32_t seed = 0; seed != 60; ++seed) {
    SCOPED_TRACE(seed);
    std::pair<int64_t, int64_t> last(std::numeric_limits<int64_t>::max(), 0);
    for (int level : {0, 1, 2, 3}) {
      Session session;
      std::string text = makeRandomProgram(seed);
      text.replace(text.find("module @m"), 9,
                   "module @m attributes {sinter.options = {opt_level = " +
                       std::to_string(level) + " : i64}}");
      auto cost = getCost(*session.plan(text));
      ASSERT_LE(cost, last) << level;
      last = cost;
    }
  }
}

//===----------------------------------------------------------------------===//
// Too much
//===----------------------------------------------------------------------===//

class TooMuch : public testing::Test {
protected:
  std::string complaint(const std::string &body) {
    auto module = session.parse("module @m {\n" + body + "}");
    EXPECT_TRUE(
        failed(session.run(*module, sinter::passes::buildPlannedStage)));
    return session.messages;
  }
  Session session;
};

TEST_F(TooMuch, VariableOfMoreElementsThanCanBeCounted) {
  EXPECT_EQ(complaint("sinter.variable @v : "
                      "tensor<4611686018427387904x4xf32>\n"),
            "a value of 'tensor<4611686018427387904x4xf32>' is larger than the "
            "140737488355328 bytes that a process can address: make its shape "
            "smaller\n");
}

TEST_F(TooMuch, StateOfManyLargeVariables) {
  // 2^46 bytes each: the third is one too many.
  EXPECT_EQ(complaint("sinter.variable @a : tensor<17592186044416xf32>\n"
                      "sinter.variable @b : tensor<17592186044416xf32>\n"
                      "sinter.variable @c : tensor<f32>\n"),
            "makes the state larger than the 140737488355328 bytes that a "
            "process can address\n");
}

const std::string fill = R"(
  sinter.kernel @fill() -> !t attributes {overwrites = array<i64: -1>} {
    %0 = sinter.constant dense<1.0> : !t
    sinter.return %0 : !t
  }
  sinter.kernel @sum(%a: !t, %b: !t) -> tensor<f32>
      attributes {overwrites = array<i64: -1>} {
    %0 = sinter.reduce_sum %a dims [0] : !t -> tensor<f32>
    %1 = sinter.reduce_sum %b dims [0] : !t -> tensor<f32>
    %2 = sinter.add %0, %1 : tensor<f32>
    sinter.return %2 : tensor<f32>
  }
  sinter.entry @e() -> tensor<f32> {
    %a = sinter.call @fill() : () -> !t
    %b = sinter.call @fill() : () -> !t
    %s = sinter.call @sum(%a, %b) : (!t, !t) -> tensor<f32>
    sinter.return %s : tensor<f32>
  }
)";

TEST_F(TooMuch, ValueOfAnEntry) {
  auto module = session.parse("!t = tensor<9223372036854775807xf32>\n"
                              "module @m {" +
                              fill + "}");
  EXPECT_TRUE(failed(session.run(*module, sinter::passes::buildPlannedStage)));
  EXPECT_NE(session.messages.find("a value of 'tensor<9223372036854775807xf32>'"
                                  " is larger than"),
            std::string::npos)
      << session.messages;
}

TEST_F(TooMuch, WorkspaceOfTwoLargeValues) {
  auto module = session.parse("!t = tensor<17592186044417xf32>\nmodule @m {" +
                              fill + "}");
  EXPECT_TRUE(failed(session.run(*module, sinter::passes::buildPlannedStage)));
  EXPECT_EQ(session.messages,
            "needs a workspace of 140737488355456 bytes, more than the "
            "140737488355328 that a process can address\n");
}

TEST_F(TooMuch, CopiesOfManyStepsAreCountedAsFarAsPossible) {
  // Two carries that never stay: 2^62 steps of three copies.
  auto module = session.plan(R"(!r = tensor<8xi64>
    module @m {
      sinter.kernel @turn(%a: !r, %b: !r) -> !r
          attributes {overwrites = array<i64: -1>} {
        %0 = sinter.reverse %a dims [0] : !r -> !r
        %1 = sinter.add %0, %b : !r
        sinter.return %1 : !r
      }
      sinter.entry @e(%x: !r, %w: !r) -> (!r, !r, !r) {
        %h:3 = sinter.scan 4611686018427387904 carry(%c = %x : !r, %d = %w : !r,
            %e = %x : !r) index(%t) -> (!r, !r, !r) {
          sinter.yield %d, %e, %c : !r, !r, !r
        }
        sinter.return %h#0, %h#1, %h#2 : !r, !r, !r
      }
    })");
  EXPECT_EQ(getMemoryFact(getEntry(*module, "e"), "copies_bytes"),
            std::numeric_limits<int64_t>::max());
}

} // namespace
