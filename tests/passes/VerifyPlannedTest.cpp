//===- VerifyPlannedTest.cpp - what the end of `planned` refuses -----------===//
//
// A planned entry that passes, and the same with one thing wrong at a time.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/Planned.h"

#include <gmock/gmock.h>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::test;

namespace {

/// Two temporaries that live side by side, a stack that a loop fills, and a
/// variable.
const std::string good = R"(module attributes {sinter.state_bytes = 128 : i64} {
  sinter.variable @v : tensor<16xf32> {offset = 0 : i64}
  sinter.variable @w : tensor<2xf32> {offset = 64 : i64}
  sinter.kernel @twice(%a: tensor<16xf32>) -> tensor<16xf32>
      attributes {overwrites = array<i64: 0>} {
    %0 = sinter.add %a, %a : tensor<16xf32>
    sinter.return %0 : tensor<16xf32>
  }
  sinter.kernel @turn(%a: tensor<16xf32>, %b: tensor<16xf32>) ->
      (tensor<16xf32>, tensor<16xf32>)
      attributes {overwrites = array<i64: -1, -1>,
                  schedule = {kind = "scalar", scratch_bytes = 32 : i64}} {
    %0 = sinter.reverse %a dims [0] : tensor<16xf32> -> tensor<16xf32>
    %1 = sinter.add %0, %b : tensor<16xf32>
    sinter.return %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
  sinter.entry @e(%x: tensor<16xf32>) -> tensor<16xf32>
      attributes {workspace_bytes = 448 : i64} {
    %x0 = sinter.buffer input 0 : memref<16xf32>
    %p = sinter.buffer workspace 0 {sinter.storage = 0 : i64} : memref<16xf32>
    %q = sinter.buffer workspace 64 {sinter.storage = 1 : i64} : memref<16xf32>
    %s = sinter.buffer workspace 128 {sinter.storage = 2 : i64} : memref<32xi8>
    sinter.launch @twice ins(%x0) outs(%p) : (memref<16xf32>) -> memref<16xf32>
    sinter.loop 3 index(%t) {
      %y = sinter.buffer workspace 192 [%t * 64] {sinter.storage = 3 : i64}
           : memref<16xf32>
      sinter.copy %p to %y : memref<16xf32>
    }
    sinter.launch @twice ins(%p) outs(%q) : (memref<16xf32>) -> memref<16xf32>
    %l = sinter.buffer workspace 256 {sinter.storage = 3 : i64} : memref<16xf32>
    %v = sinter.buffer state 0 : memref<16xf32>
    %o = sinter.buffer output 0 : memref<16xf32>
    sinter.launch @turn ins(%p, %q) outs(%o, %v) scratch(%s)
        : (memref<16xf32>, memref<16xf32>) -> (memref<16xf32>, memref<16xf32>),
          memref<32xi8>
    sinter.launch @twice ins(%l) outs(%l) : (memref<16xf32>) -> memref<16xf32>
    sinter.return
  }
})";

using Edits = std::vector<std::pair<std::string, std::string>>;

std::string complaint(const Edits &edits) {
  std::string text = good;
  for (auto &[from, to] : edits) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  }
  Session session;
  auto module = session.parse(text);
  if (!module)
    return "no module";
  bool refused = failed(session.run(*module, [](OpPassManager &manager) {
    manager.addPass(sinter::passes::createVerifyPlannedStagePass());
  }));
  EXPECT_EQ(refused, !session.messages.empty());
  return session.messages;
}

const std::string overlap = "'sinter.buffer' op overlaps another buffer that "
                            "is live at the same time\n";
const std::string overwritten =
    "'sinter.launch' op writes result 0 over argument 0, which the kernel does "
    "not allow\n";

} // namespace

TEST(VerifyPlanned, AcceptsAPlan) { EXPECT_EQ(complaint({}), ""); }

TEST(VerifyPlanned, RefusesLiveBuffersThatOverlap) {
  EXPECT_EQ(complaint({{"workspace 64 {", "workspace 0 {"}}), overlap)
      << "a result on an argument that is read later";
  EXPECT_EQ(complaint({{"workspace 192 [", "workspace 0 ["},
                       {"workspace 256 {", "workspace 64 {"}}),
            overlap)
      << "a stack on what the loop reads";
}

TEST(VerifyPlanned, RefusesBytesThatALoopStillNeeds) {
  // %q is made inside of the loop and meets the slices of other steps.
  EXPECT_EQ(complaint({{"sinter.copy %p to %y : memref<16xf32>\n",
                        "sinter.copy %p to %y : memref<16xf32>\n"
                        "sinter.launch @twice ins(%p) outs(%q) : "
                        "(memref<16xf32>) -> memref<16xf32>\n"},
                       {"workspace 64 {", "workspace 320 {"}}),
            overlap);
}

TEST(VerifyPlanned, RefusesBuffersOutsideOfTheirSpace) {
  EXPECT_EQ(complaint({{"workspace_bytes = 448", "workspace_bytes = 320"}}),
            "'sinter.buffer' op reaches from byte 192 to 384 of workspace, "
            "which has 320\n");
  EXPECT_EQ(complaint({{"[%t * 64]", "[%t * -128]"}}),
            "'sinter.buffer' op reaches from byte -64 to 256 of workspace, "
            "which has 448\n");
  EXPECT_EQ(complaint({{"state 0 :", "state 128 :"}}),
            "'sinter.buffer' op reaches from byte 128 to 192 of state, which "
            "has 128\n");
  EXPECT_EQ(complaint({{"input 0 :", "input 4 :"}}),
            "'sinter.buffer' op reaches from byte 4 to 68 of input, which has "
            "64\n");
  EXPECT_EQ(complaint({{"output 0 :", "output 0 number 1 :"}}),
            "'sinter.buffer' op reaches from byte 0 to 64 of output, which has "
            "0\n");
}

TEST(VerifyPlanned, RefusesUnalignedBuffers) {
  EXPECT_EQ(complaint({{"workspace 128 {", "workspace 136 {"}}),
            "'sinter.buffer' op is not aligned\n");
  EXPECT_EQ(complaint({{"state 0 :", "state 4 :"}}),
            "'sinter.buffer' op is not aligned\n");
  EXPECT_EQ(complaint({{"workspace 256 {", "workspace 196 {"}}),
            "'sinter.buffer' op is not aligned\n")
      << "outside of loops slices are aligned, too";
}

TEST(VerifyPlanned, RefusesReadsBeforeWrites) {
  EXPECT_EQ(complaint({{"sinter.launch @twice ins(%x0) outs(%p) : "
                        "(memref<16xf32>) -> memref<16xf32>",
                        ""}}),
            "'sinter.buffer' op is read before it is written\n");
}

TEST(VerifyPlanned, RefusesWhatIsLeftOfOtherStages) {
  EXPECT_EQ(
      complaint({{"%x0 =", "%m = memref.alloc() : memref<4xf32>\n%x0 ="}}),
      "'memref.alloc' op is left after the planned stage\n");
  EXPECT_EQ(
      complaint({{"%x0 =", "%m = sinter.neg %x : tensor<16xf32>\n%x0 ="}}),
      "'sinter.neg' op is left after the planned stage\n");
  EXPECT_EQ(complaint({{"%x0 =", "%m = arith.constant 1.0 : f32\n%x0 ="}}),
            "'arith.constant' op is left after the planned stage\n");
}

TEST(VerifyPlanned, RefusesOverwritesThatTheKernelDoesNotAllow) {
  EXPECT_EQ(complaint({{"outs(%o, %v)", "outs(%p, %v)"}}), overwritten);
  EXPECT_EQ(complaint({{"array<i64: 0>", "array<i64: -1>"}}), overwritten);
  // Allowed are the argument's very bytes only.
  EXPECT_EQ(complaint({{"%l = ", "%k = sinter.buffer workspace 192 "
                                 "{sinter.storage = 3 : i64} : memref<32xf32>\n"
                                 "%m = sinter.buffer workspace 256 "
                                 "{sinter.storage = 3 : i64} : memref<32xf32>\n"
                                 "sinter.launch @wide ins(%k) outs(%m) : "
                                 "(memref<32xf32>) -> memref<32xf32>\n%l = "},
                       {"  sinter.entry",
                        "  sinter.kernel @wide(%a: tensor<32xf32>) -> "
                        "tensor<32xf32> attributes {overwrites = array<i64: 0>}"
                        " {\n    sinter.return %a : tensor<32xf32>\n  }\n"
                        "  sinter.entry"}}),
            overwritten);
}

TEST(VerifyPlanned, RefusesTwoResultsOnTheSameBytes) {
  EXPECT_EQ(complaint({{"outs(%o, %v)", "outs(%v, %v)"}}),
            "'sinter.launch' op writes two results to the same bytes\n");
}

TEST(VerifyPlanned, RefusesTooLittleScratch) {
  EXPECT_EQ(complaint({{"scratch_bytes = 32", "scratch_bytes = 33"}}),
            "'sinter.launch' op has 32 bytes of scratch, but the kernel needs "
            "33\n");
}

TEST(VerifyPlanned, RefusesWritesToInputsAndConstants) {
  EXPECT_EQ(complaint({{"outs(%q)", "outs(%x0)"}}),
            "'sinter.buffer' op is an input and may not be written\n");
  EXPECT_EQ(
      complaint({{"%q = sinter.buffer workspace 64 {sinter.storage = 1 : i64}",
                  "%q = memref.get_global @c"},
                 {"  sinter.variable",
                  "  memref.global \"private\" constant @c : memref<16xf32> = "
                  "dense<1.0>\n  sinter.variable"}}),
      "only buffers may be written, only buffers and constants read\n");
}

TEST(VerifyPlanned, RefusesMissingFacts) {
  EXPECT_EQ(complaint({{" {offset = 64 : i64}", ""}}),
            "'sinter.variable' op has no offset after the planned stage\n");
  EXPECT_EQ(complaint({{"128 {sinter.storage = 2 : i64}", "128"}}),
            "'sinter.buffer' op needs `sinter.storage`, an i64 that numbers "
            "what shares its bytes\n");
}

TEST(VerifyPlanned, RefusesPartsOfTwoVariables) {
  EXPECT_EQ(complaint({{"state 0 :", "state 64 :"}}),
            "'sinter.buffer' op reaches from byte 64 to 128 of state, which is "
            "not within one variable\n");
}

TEST(VerifyPlanned, RefusesOutputsThatNobodyWrites) {
  EXPECT_EQ(complaint({{"output 0 :",
                        "workspace 384 {sinter.storage = 4 : i64} :"}}),
            "'sinter.entry' op writes nothing to output 0\n");
}

TEST(VerifyPlanned, RefusesNumbersBeyondAnyMemory) {
  const std::string large = "9223372036854775807";
  EXPECT_EQ(complaint({{"sinter.storage = 2 : i64",
                        "sinter.storage = " + large + " : i64"}}),
            "'sinter.buffer' op needs `sinter.storage`, an i64 that numbers "
            "what shares its bytes\n");
  EXPECT_THAT(
      complaint({{"sinter.buffer input 0", "sinter.buffer input " + large}}),
      testing::HasSubstr("reaches from byte"));
}

TEST(VerifyPlanned, RefusesVariablesThatOverlapOrLieOutside) {
  EXPECT_EQ(complaint({{"{offset = 64 : i64}", "{offset = 0 : i64}"}}),
            "'sinter.variable' op overlaps the variable 'v'\n");
  for (const char *offset : {"{offset = 32 : i64}", "{offset = 128 : i64}"})
    EXPECT_EQ(complaint({{"{offset = 64 : i64}", offset}}),
              "'sinter.variable' op is not at a multiple of 64 within the 128 "
              "bytes of state\n");
}
