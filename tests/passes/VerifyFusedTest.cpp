//===- VerifyFusedTest.cpp - what the end of `fused` refuses --------------===//
//
// A module that passes, and the same with one thing wrong at a time.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/VerifyFused.h"
#include "Fusing.h"

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;

namespace {

const std::string good = R"(!t = tensor<4xf32>
module {
  sinter.variable @v : !t
  sinter.kernel @k(%a: !t, %b: !t) -> !t attributes {overwrites = array<i64: 0>,
      schedule = {kind = "pointwise", scratch_bytes = 0 : i64}} {
    %0 = sinter.add %a, %b : !t
    sinter.return %0 : !t
  }
  sinter.entry @run(%x: !t, %n: tensor<i64>) -> !t {
    %v = sinter.read @v : !t
    %y = sinter.scan 3 carry(%c = %x : !t) with(%w = %v : !t) index(%i) -> (!t) {
      %0 = sinter.call @k(%c, %w) : (!t, !t) -> !t
      sinter.yield %0 : !t
    }
    sinter.return %y : !t
  }
})";

class VerifyFused : public Fusing {
protected:
  /// What the verifier says of `good` with each `from` replaced by `to`.
  std::string
  complaint(std::initializer_list<std::pair<std::string, std::string>> edits) {
    std::string text = good;
    for (auto &[from, to] : edits) {
      EXPECT_NE(text.find(from), std::string::npos) << from;
      text.replace(text.find(from), from.size(), to);
    }
    return check(*parse(text));
  }
  std::string check(mlir::ModuleOp module) {
    std::string messages;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      messages += d.str();
      return mlir::success();
    });
    mlir::PassManager manager(&context);
    manager.addPass(passes::createVerifyFusedPass());
    bool accepted = succeeded(manager.run(module));
    EXPECT_EQ(accepted, messages.empty());
    return messages;
  }
};

TEST_F(VerifyFused, AcceptsKernelsCallsAndScans) {
  EXPECT_EQ(complaint({}), "");
}

TEST_F(VerifyFused, RefusesOpsOutsideKernels) {
  EXPECT_EQ(complaint({{"sinter.return %y", "%z = sinter.neg %y : !t\n"
                                            "sinter.return %z"}}),
            "'sinter.neg' op is outside of a kernel at the end of `fused`");
  EXPECT_EQ(complaint({{"sinter.yield %0", "%z = sinter.neg %0 : !t\n"
                                           "sinter.yield %z"}}),
            "'sinter.neg' op is outside of a kernel at the end of `fused`");
}

TEST_F(VerifyFused, RefusesSmallConstantsOutsideKernels) {
  EXPECT_EQ(
      complaint({{"%y = sinter.scan", "%z = sinter.constant dense<1.0> : !t\n"
                                      "%y = sinter.scan"}}),
      "'sinter.constant' op is outside of a kernel at the end of `fused`");
}

TEST_F(VerifyFused, RefusesOpsWithoutAPlace) {
  auto module = parse(good);
  calls(*module, "run")[0]->setLoc(mlir::UnknownLoc::get(&context));
  EXPECT_EQ(check(*module),
            "'sinter.call' op has no place in the source at the "
            "end of `fused`");
}

TEST_F(VerifyFused, RefusesOpsOfKernelsWithoutAPlace) {
  auto module = parse(good);
  kernels(*module)[0].getBody().front().front().setLoc(
      mlir::UnknownLoc::get(&context));
  EXPECT_EQ(check(*module), "'sinter.add' op has no place in the source at the "
                            "end of `fused`");
}

TEST_F(VerifyFused, RefusesKernelsWithoutSchedule) {
  const char *want = "'sinter.kernel' op needs a schedule with `kind` and "
                     "`scratch_bytes` at the end of `fused`";
  EXPECT_EQ(complaint({{"scratch_bytes = 0 : i64", "lanes = 8 : i64"}}), want);
  EXPECT_EQ(complaint({{"kind = \"pointwise\", ", ""}}), want);
}

TEST_F(VerifyFused, RefusesKernelsWithoutOverwrites) {
  EXPECT_EQ(complaint({{"overwrites = array<i64: 0>,", ""}}),
            "'sinter.kernel' op needs `overwrites` at the end of `fused`");
}

TEST_F(VerifyFused, RefusesOverwritesThatCannotBe) {
  const char *want =
      "'sinter.kernel' op has `overwrites` that name an argument "
      "of another form, or one for two results";
  EXPECT_EQ(complaint({{"%b: !t) -> !t", "%b: !t, %c: tensor<4xf64>) -> !t"},
                       {"overwrites = array<i64: 0>", "overwrites = array<i64: "
                                                      "2>"},
                       {"@k(%c, %w) : (!t, !t)", "@k(%c, %w, %z) : (!t, !t, "
                                                 "tensor<4xf64>)"},
                       {"%x: !t", "%x: !t, %zz: tensor<4xf64>"},
                       {"%w = %v : !t", "%w = %v : !t, %z = %zz : "
                                        "tensor<4xf64>"}}),
            want);
  EXPECT_EQ(complaint({{"-> !t attr", "-> (!t, !t) attr"},
                       {"overwrites = array<i64: 0>", "overwrites = array<i64: "
                                                      "0, 0>"},
                       {"sinter.return %0 : !t", "sinter.return %0, %0 : !t, "
                                                 "!t"},
                       {"%0 = sinter.call", "%0:2 = sinter.call"},
                       {"(!t, !t) -> !t\n", "(!t, !t) -> (!t, !t)\n"},
                       {"sinter.yield %0", "sinter.yield %0#0"}}),
            want);
}

TEST_F(VerifyFused, RefusesKernelsThatNobodyCalls) {
  EXPECT_EQ(
      complaint({{"  sinter.entry",
                  "  sinter.kernel @idle() -> !t attributes {overwrites = "
                  "array<i64: -1>, schedule = {kind = \"pointwise\", "
                  "scratch_bytes = 0 : i64}} {\n"
                  "%0 = sinter.constant dense<1.0> : !t\n"
                  "sinter.return %0 : !t\n}\n  sinter.entry"}}),
      "'sinter.kernel' op is called by nobody at the end of `fused`");
}

TEST_F(VerifyFused, RefusesStateAndLoopsInKernels) {
  EXPECT_EQ(complaint({{"%0 = sinter.add %a, %b",
                        "%r = sinter.read @v : !t\n%0 = sinter.add %a, %r"}}),
            "'sinter.read' op must not stand in a kernel");
  EXPECT_EQ(
      complaint({{"%0 = sinter.add %a, %b : !t",
                  "%0 = sinter.scan 2 carry(%c = %a : !t) index(%i) -> (!t) "
                  "{\nsinter.yield %c : !t\n}"}}),
      "'sinter.scan' op must not stand in a kernel");
}

TEST_F(VerifyFused, RefusesSegmentsThatDoNotFit) {
  const char *want =
      "'sinter.kernel' op has segments that do not fit its signature";
  auto with = [&](const std::string &segments) {
    return complaint(
        {{"kind = \"pointwise\"", "kind = \"pointwise\", " + segments}});
  };
  auto numbers = [](int segments, int arguments, int results) {
    return "segments = " + std::to_string(segments) +
           " : i64, segment_arguments = " + std::to_string(arguments) +
           " : i64, segment_results = " + std::to_string(results) + " : i64";
  };
  EXPECT_EQ(with(numbers(1, 2, 1)), "");
  EXPECT_EQ(with("segments = 1 : i64"), want);
  EXPECT_EQ(with(numbers(2, 1, 1)), want) << "two results, but there is one";
  EXPECT_EQ(with(numbers(1, 3, 1)), want) << "three arguments of two";
  EXPECT_EQ(with(numbers(0, 0, 0)), want) << "no segments at all";
}

/// One formula is the code of all segments.
TEST_F(VerifyFused, RefusesTilesOfSegmentsThatDiffer) {
  auto with = [&](const std::string &first, const std::string &second) {
    auto module = parse(
        "!a = tensor<8x8xf32>\nmodule {\n"
        "sinter.kernel @k(%b: !a, %c: !a, %a: !a) -> (!a, !a) attributes "
        "{overwrites = array<i64: -1, -1>, schedule = {kind = \"contraction\", "
        "lanes = 8 : i64, tile_rows = 4 : i64, tile_vectors = 1 : i64, unroll "
        "= 4 : i64, scratch_bytes = 0 : i64, block_rows = 8 : i64, "
        "block_columns = 8 : i64, tasks = 1 : i64, segments = 2 : i64, "
        "segment_arguments = 1 : i64, segment_results = 1 : i64}} {\n" +
        first + second +
        "sinter.return %0, %1 : !a, !a\n}\n"
        "sinter.entry @run(%a: !a, %b: !a, %c: !a) -> (!a, !a) {\n"
        "%0, %1 = sinter.call @k(%b, %c, %a) : (!a, !a, !a) -> (!a, !a)\n"
        "sinter.return %0, %1 : !a, !a\n}\n}");
    return check(*module);
  };
  auto dot = [](const std::string &to, const std::string &x,
                const std::string &y, int contracted = 1) {
    return to + " = sinter.dot_general " + x + ", " + y + " contract [" +
           std::to_string(contracted) +
           "] x [0] batch [] x [] : !a, !a -> !a\n";
  };
  std::string want = "'sinter.kernel' op has the schedule entry 'block_columns'"
                     ", which has no meaning for code that is no contraction "
                     "in tiles";
  EXPECT_EQ(with(dot("%0", "%a", "%b"), dot("%1", "%a", "%c")), "");
  EXPECT_EQ(with(dot("%0", "%a", "%b"), dot("%1", "%a", "%b")), want)
      << "another's argument";
  EXPECT_EQ(with(dot("%0", "%a", "%b"), dot("%1", "%c", "%a")), want)
      << "the other way round";
  EXPECT_EQ(with(dot("%0", "%a", "%b"), dot("%1", "%a", "%c", 0)), want)
      << "another contraction";
  EXPECT_EQ(with(dot("%0", "%a", "%b"), "%1 = sinter.add %a, %c : !a\n"), want)
      << "another op";
  EXPECT_EQ(with(dot("%0", "%a", "%b"),
                 dot("%2", "%a", "%c") + "%1 = sinter.tanh %2 : !a\n"),
            want)
      << "more ops";
}

TEST_F(VerifyFused, RefusesBlocksAndTasksThatDoNotFit) {
  auto with = [&](int rows, int columns, int tasks,
                  const std::string &more = "") {
    auto number = [](int n) { return std::to_string(n) + " : i64"; };
    auto module = parse(
        "!a = tensor<100x8xf32>\n!b = tensor<8x40xf32>\n"
        "!c = tensor<100x40xf32>\nmodule {\n"
        "sinter.kernel @k(%a: !a, %b: !b) -> !c attributes {overwrites = "
        "array<i64: -1>, schedule = {kind = \"contraction\", lanes = 8 : i64, "
        "tile_rows = 4 : i64, tile_vectors = 2 : i64, unroll = 4 : i64, "
        "scratch_bytes = 0 : i64, block_rows = " +
        number(rows) + ", block_columns = " + number(columns) +
        ", tasks = " + number(tasks) + more +
        "}} {\n%0 = sinter.dot_general %a, %b contract [1] x [0] batch [] x [] "
        ": !a, !b -> !c\nsinter.return %0 : !c\n}\n"
        "sinter.entry @run(%a: !a, %b: !b) -> !c {\n"
        "%0 = sinter.call @k(%a, %b) : (!a, !b) -> !c\n"
        "sinter.return %0 : !c\n}\n}");
    return check(*module);
  };
  EXPECT_EQ(with(52, 16, 4), "");
  EXPECT_EQ(with(100, 48, 1), "") << "one block of all rows, tiles or not";
  EXPECT_EQ(with(50, 16, 4), "'sinter.kernel' op has blocks of 50 rows, which "
                             "are not whole tiles of 4");
  EXPECT_EQ(with(52, 24, 4), "'sinter.kernel' op has blocks of 24 columns, "
                             "which are not whole tiles of 16");
  EXPECT_EQ(with(104, 16, 4), "'sinter.kernel' op has blocks of 104×16, which "
                              "is more than the product");
  EXPECT_EQ(with(52, 64, 4), "'sinter.kernel' op has blocks of 52×64, which "
                             "is more than the product");
  EXPECT_EQ(with(52, 16, 4, ", block_depth = 4 : i64"),
            "'sinter.kernel' op needs 13312 bytes of scratch by its tiles, but "
            "its schedule has 0");
  EXPECT_EQ(with(100, 16, 4, ", pack_beside"),
            "'sinter.kernel' op needs 2112 bytes of scratch by its tiles, but "
            "its schedule has 0")
      << "a panel of 8×16 for each of 4 tasks, and who has which";
  EXPECT_EQ(with(100, 16, 4, ", pack_beside, pack_rhs"),
            "'sinter.kernel' op packs its right operand beside its products, "
            "but before them too");
  EXPECT_EQ(with(100, 16, 4, ", pack_beside = 1 : i64"),
            "'sinter.kernel' op has the schedule entry 'pack_beside' = 1 : "
            "i64, which takes no value");
  EXPECT_EQ(with(52, 16, 65), "'sinter.kernel' op has the schedule entry "
                              "'tasks' = 65 : i64, which is not an i64 from 1 "
                              "to 64");
}

} // namespace
