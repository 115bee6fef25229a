//===- VerifyScheduleTest.cpp - schedules that cannot be followed ---------===//
//
// A kernel whose schedule was edited: what its code has no use for, or would
// make it compute something else, is refused.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/VerifySchedule.h"
#include "Fusing.h"
#include "passes/fuse/VerifyFused.h"

#include <gmock/gmock.h>

using namespace sinter;
using namespace sinter::ir;
using namespace sinter::tests;
using testing::HasSubstr;

namespace {

const std::string withMasks =
    "module attributes {sinter.target = {cpu = \"znver5\", features = \"\", "
    "fma = true, l1_bytes = 49152 : i64, l2_bytes = 1048576 : i64, l3_bytes = "
    "33554432 : i64, vector_bits = 512 : i64}} {\n";

class VerifySchedule : public Fusing {
protected:
  /// What the verifier says of these kernels and entries.
  std::string complaint(const std::string &text,
                        const std::string &module = "module {\n") {
    auto parsed = parse(types + module + text + "}");
    std::string messages;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      messages += d.str();
      return mlir::success();
    });
    mlir::PassManager manager(&context);
    manager.addPass(passes::createVerifyFusedPass());
    bool accepted = succeeded(manager.run(*parsed));
    EXPECT_EQ(accepted, messages.empty());
    return messages;
  }
  static std::string attributes(const std::string &schedule,
                                const std::string &overwrites) {
    return " attributes {overwrites = array<i64: " + overwrites +
           ">, schedule = {" + schedule + "}} {\n";
  }

  /// y = f(x), of `body`, which defines %y.
  std::string unary(const std::string &schedule, const std::string &body,
                    const std::string &overwrites = "-1",
                    const std::string &module = "module {\n") {
    return complaint("sinter.kernel @k(%x: !t) -> !t" +
                         attributes(schedule, overwrites) + body +
                         "\nsinter.return %y : !t\n}\n"
                         "sinter.entry @run(%x: !t) -> !t {\n"
                         "%y = sinter.call @k(%x) : (!t) -> !t\n"
                         "sinter.return %y : !t\n}\n",
                     module);
  }
  /// y = −x, on one lane of text.
  std::string pointwise(const std::string &more,
                        const std::string &module = "module {\n") {
    return unary("kind = \"pointwise\", scratch_bytes = 0 : i64" + more,
                 "%y = sinter.neg %x : !t", "-1", module);
  }
  /// c = −(a b) of 12×`k` and `k`×`n`.
  std::string product(const std::string &schedule, int64_t k, int64_t n) {
    std::string a = "tensor<12x" + std::to_string(k) + "xf32>",
                b = "tensor<" + std::to_string(k) + "x" + std::to_string(n) +
                    "xf32>",
                c = "tensor<12x" + std::to_string(n) + "xf32>";
    std::string operands = "(%a: " + a + ", %b: " + b + ") -> " + c;
    return complaint(
        "sinter.kernel @k" + operands + attributes(schedule, "-1") +
        "%p = sinter.dot_general %a, %b contract [1] x [0] batch [] x [] : " +
        a + ", " + b + " -> " + c + "\n%c = sinter.neg %p : " + c +
        "\nsinter.return %c : " + c + "\n}\nsinter.entry @run" + operands +
        " {\n%c = sinter.call @k(%a, %b) : (" + a + ", " + b + ") -> " + c +
        "\nsinter.return %c : " + c + "\n}\n");
  }

  const std::string types = "!t = tensor<16x16xf32>\n!r = tensor<16xf32>\n";
};

TEST_F(VerifySchedule, RefusesEntriesThatThereAreNot) {
  EXPECT_EQ(pointwise(", lanes = 4 : i64, tasks = 1 : i64"), "");
  EXPECT_EQ(pointwise(", defer_epilog"),
            "'sinter.kernel' op has the schedule entry 'defer_epilog', which "
            "there is not");
}

TEST_F(VerifySchedule, RefusesEntriesOfOtherCode) {
  EXPECT_EQ(pointwise(", tile_rows = 4 : i64"),
            "'sinter.kernel' op has the schedule entry 'tile_rows', which has "
            "no meaning for code that is no contraction in tiles");
  EXPECT_EQ(unary("kind = \"scalar\", lanes = 4 : i64, scratch_bytes = 0 : i64",
                  "%y = sinter.neg %x : !t"),
            "'sinter.kernel' op has the schedule entry 'lanes', which has no "
            "meaning for scalar code");
  EXPECT_THAT(product("kind = \"contraction\", lanes = 4 : i64, tile_rows = 2 "
                      ": i64, scratch_bytes = 0 : i64, streams",
                      8, 8),
              HasSubstr("'streams', which has no meaning for a contraction"));
}

TEST_F(VerifySchedule, RefusesKindsAndFormsThatTheBodyIsNot) {
  auto withKind = [&](const std::string &kind) {
    return unary("kind = \"" + kind + "\", scratch_bytes = 0 : i64",
                 "%y = sinter.neg %x : !t");
  };
  EXPECT_EQ(withKind("scalar"), "");
  for (const char *kind : {"contraction", "library", "nothing", ""})
    EXPECT_EQ(withKind(kind),
              "'sinter.kernel' op has the schedule entry 'kind' "
              "= \"" +
                  std::string(kind) + "\", of which its body has no op");
  auto sum = [&](const std::string &kind) {
    return unary("kind = " + kind + ", scratch_bytes = 0 : i64",
                 "%s = sinter.reduce_sum %x dims [1] : !t -> !r\n%y = "
                 "sinter.broadcast %s dims [0] : !r -> !t");
  };
  EXPECT_EQ(sum("\"reduction\", reduce = \"row\""), "");
  EXPECT_THAT(sum("\"pointwise\""), HasSubstr("of which its body has no op"));
  EXPECT_EQ(sum("\"reduction\", reduce = \"column\""),
            "'sinter.kernel' op has the schedule entry 'reduce' = \"column\", "
            "but its reductions are not of that form");
}

TEST_F(VerifySchedule, RefusesTailsThatTheTargetHasNot) {
  EXPECT_EQ(pointwise(", tail = \"scalar\""), "");
  EXPECT_EQ(pointwise(", tail = \"masked\"", withMasks), "");
  EXPECT_EQ(pointwise(", tail = \"masked\""),
            "'sinter.kernel' op has the schedule entry 'tail', but the vectors "
            "of its target have no masks");
  EXPECT_EQ(
      pointwise(", tail = \"none\""),
      "'sinter.kernel' op has the schedule entry 'tail' = \"none\", which "
      "is neither \"masked\" nor \"scalar\"");
}

TEST_F(VerifySchedule, RefusesTrafficThatThereIsNot) {
  EXPECT_EQ(pointwise(", lanes = 4 : i64, streams"), "");
  EXPECT_THAT(pointwise(", lanes = 1 : i64, streams"),
              HasSubstr("'streams', but stores no vectors"));
  EXPECT_THAT(pointwise(", prefetches_rows"),
              HasSubstr("'prefetches_rows', but walks no rows again"));
}

TEST_F(VerifySchedule, RefusesToOverwriteWhatIsStillRead) {
  auto withBody = [&](const std::string &body) {
    return unary("kind = \"pointwise\", scratch_bytes = 0 : i64", body, "0");
  };
  EXPECT_EQ(withBody("%y = sinter.neg %x : !t"), "");
  EXPECT_EQ(withBody("%z = sinter.transpose %x [1, 0] : !t -> !t\n%y = "
                     "sinter.add %x, %z : !t"),
            "'sinter.kernel' op must not write result 0 over argument 0, of "
            "which it reads elements after it replaced them");
}

TEST_F(VerifySchedule, RefusesToOverwriteWhatIsAnotherArgumentToo) {
  auto call = [&](const std::string &second) {
    return complaint(
        "sinter.kernel @k(%a: !t, %b: !t) -> !t" +
        attributes("kind = \"pointwise\", scratch_bytes = 0 : i64", "0") +
        "%c = sinter.transpose %b [1, 0] : !t -> !t\n%y = sinter.add %a, %c : "
        "!t\nsinter.return %y : !t\n}\n"
        "sinter.entry @run(%x: !t, %z: !t) -> !t {\n%y = sinter.call @k(%x, " +
        second + ") : (!t, !t) -> !t\nsinter.return %y : !t\n}\n");
  };
  EXPECT_EQ(call("%z"), "");
  EXPECT_EQ(call("%x"),
            "'sinter.call' op passes, as other arguments too, what its kernel "
            "writes a result over: argument 0");
}

TEST_F(VerifySchedule, RefusesTilesThatCannotBe) {
  auto tiles = [&](int64_t rows, int64_t lanes, const std::string &more,
                   int64_t k = 64, int64_t n = 16) {
    auto number = [](const std::string &name, int64_t value) {
      return name + " = " + std::to_string(value) + " : i64, ";
    };
    return product(
        "kind = \"contraction\", scratch_bytes = 65536 : i64, " +
            number("lanes", lanes) + number("tile_rows", rows) +
            number("tile_vectors", 1) +
            number("block_rows", rows > 12 ? rows : 12 / rows * rows) +
            number("block_columns", 16) + more,
        k, n);
  };
  const std::string rest = "unroll = 4 : i64, tasks = 1 : i64";
  EXPECT_EQ(tiles(4, 8, rest), "");
  EXPECT_EQ(tiles(4, 8, "tasks = 1 : i64"),
            "'sinter.kernel' op has tiles, but not the schedule entry "
            "'unroll'");
  EXPECT_THAT(tiles(4, 1, rest), HasSubstr("of 1 lane"));
  EXPECT_THAT(tiles(13, 8, rest),
              HasSubstr("has tiles of 13 rows, which the loops over the rows"));
  EXPECT_EQ(tiles(4, 8, rest + ", defer_epilogue"), "");
  const char *few = "defers its epilogue, but its tiles have not the steps";
  EXPECT_THAT(tiles(4, 8, rest + ", defer_epilogue", 15), HasSubstr(few));
  EXPECT_THAT(tiles(4, 8, rest + ", defer_epilogue, block_depth = 32 : i64"),
              HasSubstr(few));
  EXPECT_THAT(tiles(4, 16, rest + ", defer_epilogue", 64, 10), HasSubstr(few))
      << "no whole vector";
  EXPECT_EQ(tiles(4, 8, rest + ", loop_epilogue"), "");
  for (const char *other : {"defer_epilogue", "block_depth = 32 : i64"})
    EXPECT_THAT(tiles(4, 8, rest + ", loop_epilogue, " + other),
                HasSubstr("has an epilogue that is a loop over the rows"));
}

TEST_F(VerifySchedule, RefusesFewerPlacesThanAreRead) {
  auto front = [&](const std::string &places) {
    return complaint(
        "sinter.kernel @sort(%x: !t) -> tensor<16x16xi32>" +
        attributes("kind = \"sequence\", scratch_bytes = 4096 : i64", "-1") +
        "%o = sinter.argsort %x dim 1 descending {places_read = " + places +
        "} : !t -> tensor<16x16xi32>\nsinter.return %o : tensor<16x16xi32>\n"
        "}\nsinter.kernel @front(%o: tensor<16x16xi32>) -> tensor<16x3xi32>" +
        attributes("kind = \"pointwise\", scratch_bytes = 0 : i64", "-1") +
        "%f = sinter.slice %o offsets [0, 0] sizes [16, 3] strides [1, 1] : "
        "tensor<16x16xi32> -> tensor<16x3xi32>\nsinter.return %f : "
        "tensor<16x3xi32>\n}\n"
        "sinter.entry @run(%x: !t) -> tensor<16x3xi32> {\n"
        "%o = sinter.call @sort(%x) : (!t) -> tensor<16x16xi32>\n"
        "%f = sinter.call @front(%o) : (tensor<16x16xi32>) -> "
        "tensor<16x3xi32>\nsinter.return %f : tensor<16x3xi32>\n}\n");
  };
  EXPECT_EQ(front("3 : i64"), "");
  EXPECT_EQ(front("16 : i64"), "");
  EXPECT_EQ(front("2 : i64"),
            "'sinter.argsort' op has 'places_read' = 2, but 3 "
            "of its places are read");
  for (const char *places : {"0 : i64", "17 : i64", "3 : i32", "\"3\""})
    EXPECT_THAT(front(places), HasSubstr("which is not an i64 from 1 to 16"));
}

} // namespace
