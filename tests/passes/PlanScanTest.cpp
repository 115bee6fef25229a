//===- PlanScanTest.cpp - loops, and what they copy -----------------------===//
//
// One scan a test.  How many bytes are copied and needed follows from the scan
// by hand; what the loop computes is compared with the interpreter.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/Planned.h"
#include "tests/passes/PlannedResults.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::test;

namespace {

/// Rows of 64 bytes, so that offsets are easily read; `turn` reads its argument
/// from the other end and may not overwrite it.
const std::string kernels = R"(
  sinter.kernel @add(%a: !r, %b: !r) -> !r
      attributes {overwrites = array<i64: 0>} {
    %0 = sinter.add %a, %b : !r
    sinter.return %0 : !r
  }
  sinter.kernel @turn(%a: !r, %b: !r) -> !r
      attributes {overwrites = array<i64: -1>} {
    %0 = sinter.reverse %a dims [0] : !r -> !r
    %1 = sinter.sub %0, %b : !r
    sinter.return %1 : !r
  }
  sinter.kernel @count(%a: !r, %t: tensor<i64>) -> !r
      attributes {overwrites = array<i64: -1>} {
    %0 = sinter.reverse %a dims [0] : !r -> !r
    %1 = sinter.broadcast %t dims [] : tensor<i64> -> !r
    %2 = sinter.add %0, %0 : !r
    %3 = sinter.add %2, %1 : !r
    sinter.return %3 : !r
  }
  sinter.kernel @total(%a: !s) -> !r
      attributes {overwrites = array<i64: -1>} {
    %0 = sinter.reduce_sum %a dims [0] : !s -> !r
    sinter.return %0 : !r
  }
)";

constexpr int64_t row = 64;

struct Plan {
  OwningOpRef<ModuleOp> module;
  EntryOp entry;
  int64_t copied() { return getMemoryFact(entry, "copies_bytes"); }
  std::vector<LoopOp> loops() { return getOps<LoopOp>(entry); }
  std::vector<int64_t> tripCounts() {
    std::vector<int64_t> counts;
    for (LoopOp loop : loops())
      counts.push_back(loop.getTripCount());
    return counts;
  }
  /// Copies made in every step.
  size_t copiesInLoops() {
    size_t count = 0;
    for (CopyOp copy : getOps<CopyOp>(entry))
      count += isa<LoopOp>(copy->getParentOp());
    return count;
  }
};

/// Whose stacks have `steps` rows.
class PlanScan : public testing::TestWithParam<int> {
protected:
  Plan plan(const std::string &body, int64_t steps) {
    std::string n = std::to_string(steps);
    std::string text = "!r = tensor<8xi64>\n!s = tensor<" + n +
                       "x8xi64>\nmodule @m {\n" + body + kernels + "}\n";
    for (size_t at = text.find("STEPS"); at != std::string::npos;
         at = text.find("STEPS"))
      text.replace(at, 5, n);
    expectSameResults(text, 3);
    Plan result;
    result.module = session.plan(text);
    result.entry = getEntry(*result.module, "e");
    return result;
  }
  static std::string call(const std::string &result, const std::string &kernel,
                          const std::string &a, const std::string &b,
                          const std::string &second = "!r") {
    return result + " = sinter.call @" + kernel + "(" + a + ", " + b +
           ") : (!r, " + second + ") -> !r\n";
  }
  static std::string total(const std::string &result, const std::string &a) {
    return result + " = sinter.call @total(" + a + ") : (!s) -> !r\n";
  }

  Session session;
};

const std::string oneCarry = "sinter.entry @e(%x: !r, %w: !r) -> !r {\n"
                             "%h = sinter.scan STEPS carry(%c = %x : !r) "
                             "with(%v = %w : !r) index(%t) -> (!r) {\n";
const std::string oneCarryEnd = "sinter.yield %n : !r\n}\n"
                                "sinter.return %h : !r\n}\n";

TEST_P(PlanScan, CarryThatMayBeOverwrittenStaysInPlace) {
  int64_t n = GetParam();
  Plan p = plan(oneCarry + call("%n", "add", "%c", "%v") + oneCarryEnd, n);
  EXPECT_EQ(p.copied(), row) << "the input into the output";
  EXPECT_EQ(getWorkspace(p.entry), 0);
  EXPECT_EQ(p.tripCounts(),
            n ? std::vector<int64_t>{n} : std::vector<int64_t>{});
}

TEST_P(PlanScan, CarryThatMayNotAlternatesBetweenTwoPlaces) {
  int64_t n = GetParam();
  Plan p = plan(oneCarry + call("%n", "turn", "%c", "%v") + oneCarryEnd, n);
  EXPECT_EQ(p.copied(), row);
  EXPECT_EQ(p.copiesInLoops(), 0u);
  EXPECT_LE(getWorkspace(p.entry), 2 * row);
  std::vector<int64_t> counts;
  if (n > 1)
    counts.push_back(n / 2);
  if (n % 2)
    counts.push_back(1);
  EXPECT_EQ(p.tripCounts(), counts);
}

TEST_P(PlanScan, ReadersBeforeTheWriterLeaveItInPlace) {
  // The old value is read once more, in the same step, before it is replaced.
  Plan p = plan(oneCarry + call("%o", "turn", "%c", "%v") +
                    call("%n", "add", "%c", "%o") + oneCarryEnd,
                GetParam());
  EXPECT_EQ(p.copied(), row);
  EXPECT_EQ(p.copiesInLoops(), 0u);
}

TEST_P(PlanScan, TwoCarriesThatChangePlacesAreNotCopied) {
  Plan p = plan("sinter.entry @e(%x: !r, %w: !r) -> (!r, !r) {\n"
                "%h:2 = sinter.scan STEPS carry(%c = %x : !r, %d = %w : !r) "
                "index(%t) -> (!r, !r) {\nsinter.yield %d, %c : !r, !r\n}\n"
                "sinter.return %h#0, %h#1 : !r, !r\n}\n",
                GetParam());
  // An odd number of steps moves both at the end.
  EXPECT_LE(p.copied(), 4 * row);
  for (LoopOp loop : p.loops())
    if (loop.getTripCount() > 1) {
      EXPECT_TRUE(loop.getBody().getOps<CopyOp>().empty());
    }
}

TEST_P(PlanScan, StepNumbersAreThoseOfTheScan) {
  for (const char *order : {"", "reverse "}) {
    std::string text =
        oneCarry + call("%n", "count", "%c", "%t", "tensor<i64>") + oneCarryEnd;
    text.replace(text.find("carry("), 0, order);
    Plan p = plan(text, GetParam());
    EXPECT_EQ(p.copiesInLoops(), 0u);
  }
}

/// A recurrence along %xs of which the per-step output is %c or %n, used by
/// another kernel.
std::string recurrence(const std::string &order, const std::string &output,
                       const std::string &kernel) {
  return "sinter.entry @e(%x: !r, %xs: !s) -> (!r, !r) {\n"
         "%i = sinter.call @add(%x, %x) : (!r, !r) -> !r\n"
         "%h, %ys = sinter.scan STEPS " +
         order +
         "carry(%c = %i : !r) each(%e = %xs : !s) index(%t) -> (!r, !s) {\n"
         "%n = sinter.call @" +
         kernel +
         "(%c, %e) : (!r, !r) -> !r\n"
         "sinter.yield %n, " +
         output +
         " : !r, !r\n}\n"
         "%s = sinter.call @total(%ys) : (!s) -> !r\n"
         "sinter.return %h, %s : !r, !r\n}\n";
}

TEST_P(PlanScan, CarryThatIsAnOutputTooLivesInTheStack) {
  int64_t n = GetParam();
  for (const char *order : {"", "reverse "})
    for (const char *output : {"%c", "%n"})
      for (const char *kernel : {"add", "turn"}) {
        Plan p = plan(recurrence(order, output, kernel), n);
        SCOPED_TRACE(toText(p.entry));
        // The first value is made in its slice, the last one leaves from its.
        EXPECT_EQ(p.copied(), n ? row : 0);
        if (n < 2) // One copy or the other.
          continue;
        EXPECT_EQ(p.copiesInLoops(), 0u);
        EXPECT_EQ(getWorkspace(p.entry), (n + 1) * row);
      }
}

TEST_P(PlanScan, OutputsThatAreReturnedAreWrittenThere) {
  int64_t n = GetParam();
  Plan p = plan("sinter.entry @e(%x: !r, %xs: !s) -> !s {\n"
                "%ys = sinter.scan STEPS each(%e = %xs : !s) with(%v = %x : "
                "!r) index(%t) -> (!s) {\n" +
                    call("%n", "turn", "%e", "%v") +
                    "sinter.yield %n : !r\n}\nsinter.return %ys : !s\n}\n",
                n);
  EXPECT_EQ(p.copied(), 0);
  EXPECT_EQ(getWorkspace(p.entry), 0);
  for (BufferOp buffer : getOps<BufferOp>(p.entry))
    if (!buffer.getIndices().empty()) {
      EXPECT_EQ(buffer.getStrides()[0], row);
    }
}

TEST_P(PlanScan, NestedLoopsKeepBothCarries) {
  Plan p =
      plan("sinter.entry @e(%x: !r, %xs: !s) -> !r {\n"
           "%h = sinter.scan STEPS reverse carry(%c = %x : !r) each(%e = "
           "%xs : !s) with(%a = %xs : !s) index(%t) -> (!r) {\n"
           "%i = sinter.scan STEPS carry(%d = %c : !r) each(%f = %a : !s) "
           "index(%u) -> (!r) {\n" +
               call("%m", "add", "%d", "%f") + "sinter.yield %m : !r\n}\n" +
               call("%n", "add", "%i", "%e") +
               "sinter.yield %n : !r\n}\nsinter.return %h : !r\n}\n",
           GetParam());
  EXPECT_EQ(p.copiesInLoops(), 0u);
  EXPECT_EQ(getWorkspace(p.entry), 0);
  std::vector<LoopOp> loops = p.loops();
  if (GetParam() == 0)
    return;
  ASSERT_EQ(loops.size(), 2u);
  // Inner ones are visited first.
  EXPECT_FALSE(loops[0].getReverse());
  EXPECT_TRUE(loops[1].getReverse());
}

INSTANTIATE_TEST_SUITE_P(Steps, PlanScan, testing::Values(0, 1, 2, 3, 4, 7),
                         [](const auto &info) {
                           return std::to_string(info.param);
                         });

} // namespace
