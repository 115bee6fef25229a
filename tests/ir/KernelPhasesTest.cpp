//===- KernelPhasesTest.cpp - the phases of kernels, and of large ones ----===//
//
// Every value of these bodies is read several times by the next, so a walk that
// forgets where it has been would not come to an end.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/KernelPhases.h"
#include "Parse.h"

namespace sinter::ir {
namespace {

class Phases : public Parse {
protected:
  KernelPhases of(const std::string &body, const std::string &result) {
    module = parse("!m = tensor<4x24xf32>\n!v = tensor<4xf32>\n"
                   "sinter.kernel @k(%x: !m, %w: !m) -> " +
                   result + " {\n" + body + "}\n");
    EXPECT_TRUE(module) << messages;
    if (!module)
      return {};
    return KernelPhases::of(*module->getOps<KernelOp>().begin());
  }

  static std::string number(const char *name, int i) {
    return name + std::to_string(i);
  }
  /// %v0 … %vN from `first`: v = v · tanh(v).
  static std::string repeated(const std::string &first, int count) {
    std::string text = "%v0 = sinter.mul " + first + ", " + first + " : !m\n";
    for (int i = 1; i <= count; ++i) {
      std::string before = number("%v", i - 1);
      text += number("%t", i) + " = sinter.tanh " + before + " : !m\n" +
              number("%v", i) + " = sinter.mul " + before + ", " +
              number("%t", i) + " : !m\n";
    }
    return text;
  }

  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(Phases, RowsReadBackThroughManyPathsAreOnePhase) {
  KernelPhases plan =
      of("%s = sinter.reduce_max %x dims [1] : !m -> !v\n"
         "%b = sinter.broadcast %s dims [0] : !v -> !m\n"
         "%d = sinter.sub %x, %b : !m\n" +
             repeated("%d", 200) +
             "%r = sinter.reduce_sum %v200 dims [1] : !m -> !v\n"
             "sinter.return %v200, %r : !m, !v\n",
         "(!m, !v)");
  ASSERT_EQ(plan.phases.size(), 1u);
  EXPECT_EQ(plan.phases[0].reducing.size(), 2u);
  EXPECT_EQ(plan.phases[0].results.size(), 2u);
  // Each tanh is computed by the sum's loop and kept for the result's; what is
  // behind the last is read by no loop but through it and the product.
  EXPECT_EQ(plan.phases[0].rowCaches.size(), 200u);
  EXPECT_TRUE(plan.stored.empty());
}

TEST_F(Phases, AFewRowsReducedForEachColumnAreWindows) {
  auto softmax = [&](const std::string &rows) {
    std::string full = "tensor<" + rows + "x8xf32>", kept = "tensor<8xf32>";
    return of("%i = sinter.iota dim 0 : " + full +
                  "\n%m = sinter.reduce_max %i dims [0] : " + full + " -> " +
                  kept + "\n%b = sinter.broadcast %m dims [1] : " + kept +
                  " -> " + full + "\n%e = sinter.sub %i, %b : " + full +
                  "\n%s = sinter.reduce_sum %e dims [0] : " + full + " -> " +
                  kept + "\n%c = sinter.broadcast %s dims [1] : " + kept +
                  " -> " + full + "\n%y = sinter.div %e, %c : " + full +
                  "\nsinter.return %y, %s : " + full + ", " + kept + "\n",
              "(" + full + ", " + kept + ")");
  };
  KernelPhases few = softmax("5");
  ASSERT_EQ(few.phases.size(), 1u);
  EXPECT_TRUE(few.phases[0].isWindows());
  EXPECT_EQ(few.phases[0].reducing.size(), 2u);
  EXPECT_EQ(few.phases[0].results.size(), 2u);
  EXPECT_EQ(few.scratchBytes, 0);
  // Too many to be kept in registers.
  EXPECT_GT(softmax("500").phases.size(), 1u);
}

TEST_F(Phases, ShortRowsAreWindowsWhereTheyFillVectors) {
  auto softmax = [&](const std::string &rows, const std::string &length,
                     int functions) {
    std::string full = "tensor<" + rows + "x" + length + "xf32>",
                kept = "tensor<" + rows + "xf32>", body;
    body = "%e0 = sinter.iota dim 1 : " + full + "\n";
    for (int i = 1; i <= functions; ++i)
      body += number("%e", i) + " = sinter.exp " + number("%e", i - 1) + " : " +
              full + "\n";
    return of(body + "%s = sinter.reduce_sum " + number("%e", functions) +
                  " dims [1] : " + full + " -> " + kept +
                  "\n%c = sinter.broadcast %s dims [0] : " + kept + " -> " +
                  full + "\n%y = sinter.div " + number("%e", functions) +
                  ", %c : " + full + "\nsinter.return %y, %s : " + full + ", " +
                  kept + "\n",
              "(" + full + ", " + kept + ")");
  };
  KernelPhases ten = softmax("30", "10", 1);
  ASSERT_EQ(ten.phases.size(), 1u);
  EXPECT_TRUE(ten.phases[0].turnsRows());
  EXPECT_FALSE(ten.phases[0].rows);
  EXPECT_EQ(ten.phases[0].results.size(), 2u);
  EXPECT_EQ(ten.scratchBytes, 0);
  // Rows that are long, too few, or take too much code to be written out.
  EXPECT_TRUE(softmax("30", "100", 1).phases[0].rows);
  EXPECT_TRUE(softmax("3", "10", 1).phases[0].rows);
  EXPECT_TRUE(softmax("30", "10", 100).phases[0].rows);
}

TEST_F(Phases, AColumnReadElsewhereAtTheEndOfALongPathIsASecondPhase) {
  // The transposed maximum is not at the sum's own row.
  KernelPhases plan =
      of("%s = sinter.reduce_max %x dims [1] : !m -> !v\n"
         "%b = sinter.broadcast %s dims [0] : !v -> tensor<4x4xf32>\n"
         "%c = sinter.transpose %b [1, 0] : tensor<4x4xf32> -> "
         "tensor<4x4xf32>\n"
         "%p = sinter.pad %c low [0, 0] high [0, 20] interior [0, 0] : "
         "tensor<4x4xf32> -> !m\n" +
             repeated("%p", 200) +
             "%r = sinter.reduce_sum %v200 dims [1] : !m -> !v\n"
             "sinter.return %r : !v\n",
         "!v");
  ASSERT_EQ(plan.phases.size(), 2u);
  EXPECT_EQ(plan.stored.size(), 1u);
}

TEST_F(Phases, AnExpensiveValueIsKeptForTheLoopsAfterTheFirstThatComputesIt) {
  KernelPhases plan = of(R"(
    %e = sinter.exp %x : !m
    %l = sinter.log %w : !m
    %m = sinter.reduce_max %e dims [1] : !m -> !v
    %f = sinter.mul %e, %l : !m
    %s = sinter.reduce_sum %f dims [1] : !m -> !v
    %q = sinter.add %m, %s : !v
    %b = sinter.broadcast %q dims [0] : !v -> !m
    %y = sinter.sub %e, %b : !m
    sinter.return %y : !m
  )",
                         "!m");
  ASSERT_EQ(plan.phases.size(), 1u);
  // The logarithm is wanted by one loop only.
  ASSERT_EQ(plan.phases[0].rowCaches.size(), 1u);
  EXPECT_EQ(plan.phases[0].rowCaches[0].filledBy, 0u);
  EXPECT_TRUE(
      mlir::isa<ExpOp>(plan.phases[0].rowCaches[0].value.getDefiningOp()));
}

TEST_F(Phases, TasksThatSortLongRowsTakeNoMoreMemoryThanOneMay) {
  auto scratch = [&](const std::string &shape) {
    std::string from = "tensor<" + shape + "xf32>",
                to = "tensor<" + shape + "xi32>";
    KernelPhases plan = of("%i = sinter.iota dim 1 : " + from +
                               "\n%y = sinter.argsort %i dim 1 : " + from +
                               " -> " + to + "\nsinter.return %y : " + to,
                           to);
    return std::pair(plan.tasks(), plan.scratchBytes);
  };
  // Keys and places, each twice.
  EXPECT_EQ(scratch("64x1048576"), std::pair(int64_t(1), int64_t(16 << 20)));
  auto [tasks, bytes] = scratch("64x16384");
  EXPECT_GT(tasks, 1);
  EXPECT_EQ(bytes, tasks * (16 * 16384));
  EXPECT_EQ(scratch("64x0").second, 0);
}

} // namespace
} // namespace sinter::ir
