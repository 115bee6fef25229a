//===- PlanMemoryTest.cpp - straight-line entries into buffers
//-------------===//

#include "tests/passes/Planned.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::test;

namespace {

/// Kernels that the tests call: pointwise ones, which may overwrite, and a
/// contraction, which may not.
const std::string kernels = R"(
  sinter.kernel @add(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>)
      -> tensor<8x8xf32> attributes {overwrites = array<i64: 0>} {
    %0 = sinter.add %a, %b : tensor<8x8xf32>
    sinter.return %0 : tensor<8x8xf32>
  }
  sinter.kernel @dot(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>)
      -> tensor<8x8xf32> attributes {overwrites = array<i64: -1>} {
    %0 = sinter.dot_general %a, %b contract [1] x [0] batch [] x []
         : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
    sinter.return %0 : tensor<8x8xf32>
  }
  sinter.kernel @scratchy(%a: tensor<8x8xf32>) -> tensor<8x8xf32>
      attributes {overwrites = array<i64: -1>,
                  schedule = {kind = "scalar", scratch_bytes = 100 : i64}} {
    %0 = sinter.add %a, %a : tensor<8x8xf32>
    sinter.return %0 : tensor<8x8xf32>
  }
)";

std::string module(const std::string &rest) {
  return "module @m {" + rest + kernels + "}";
}

std::string call(const std::string &result, const std::string &kernel,
                 const std::string &a, const std::string &b) {
  return result + " = sinter.call @" + kernel + "(" + a + ", " + b +
         ") : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>\n";
}

const std::string input = "(%x: tensor<8x8xf32> {sinter.name = \"x\"})";
const std::string output = " -> (tensor<8x8xf32> {sinter.name = \"y\"})";

BufferOp getBuffer(Value value) { return value.getDefiningOp<BufferOp>(); }

} // namespace

TEST(PlanMemory, VariablesStandInOrderAligned) {
  Session session;
  auto m = session.plan(
      "module @m { sinter.variable @a : tensor<3xf32>\n"
      "sinter.variable @b : tensor<i1>\nsinter.variable @c : tensor<0xf64>\n"
      "sinter.variable @d : tensor<2xi64> }");
  std::vector<int64_t> offsets;
  for (auto variable : m->getOps<VariableOp>())
    offsets.push_back(*variable.getOffset());
  EXPECT_EQ(offsets, (std::vector<int64_t>{0, 64, 128, 128}));
  EXPECT_EQ((*m)->getAttrOfType<IntegerAttr>("sinter.state_bytes").getInt(),
            192);
}

TEST(PlanMemory, UpdateIsWrittenStraightIntoTheState) {
  Session session;
  auto m = session.plan(
      module("sinter.variable @w : tensor<8x8xf32>\nsinter.entry @e" + input +
             " {\n%w = sinter.read @w : tensor<8x8xf32>\n" +
             call("%0", "add", "%w", "%x") +
             "sinter.write @w, %0 : tensor<8x8xf32>\nsinter.return }"));
  EntryOp entry = getEntry(*m, "e");
  EXPECT_EQ(getWorkspace(entry), 0);
  EXPECT_EQ(getMemoryFact(entry, "copies_bytes"), 0);
  auto launches = getOps<LaunchOp>(entry);
  ASSERT_EQ(launches.size(), 1u);
  EXPECT_EQ(getBuffer(launches[0].getOuts_()[0]).getSpace(),
            BufferSpace::State);
}

TEST(PlanMemory, KernelThatMayNotOverwriteGoesThroughATemporary) {
  Session session;
  auto m = session.plan(
      module("sinter.variable @w : tensor<8x8xf32>\nsinter.entry @e" + input +
             " {\n%w = sinter.read @w : tensor<8x8xf32>\n" +
             call("%0", "dot", "%w", "%x") +
             "sinter.write @w, %0 : tensor<8x8xf32>\nsinter.return }"));
  EntryOp entry = getEntry(*m, "e");
  EXPECT_EQ(getWorkspace(entry), 256);
  EXPECT_EQ(getMemoryFact(entry, "copies_bytes"), 256);
  EXPECT_EQ(getMemoryFact(entry, "state_copies_bytes"), 256);
}

TEST(PlanMemory, ArgumentUsedTwiceIsNotOverwritten) {
  Session session;
  auto m = session.plan(module(
      "sinter.entry @e" + input + output + " {\n" +
      call("%0", "dot", "%x", "%x") + call("%1", "add", "%0", "%0") +
      call("%2", "dot", "%1", "%x") + "sinter.return %2 : tensor<8x8xf32> }"));
  // %0 and %1 live side by side, one of them in the output.
  EXPECT_EQ(getWorkspace(getEntry(*m, "e")), 512);
}

TEST(PlanMemory, ChainReusesItsArgument) {
  Session session;
  auto m = session.plan(
      module("sinter.entry @e" + input + output + " {\n" +
             call("%0", "dot", "%x", "%x") + call("%1", "add", "%0", "%x") +
             call("%2", "add", "%1", "%x") + call("%3", "dot", "%2", "%x") +
             "sinter.return %3 : tensor<8x8xf32> }"));
  EXPECT_EQ(getWorkspace(getEntry(*m, "e")), 256);
}

TEST(PlanMemory, SwapCopiesThroughATemporary) {
  Session session;
  auto m = session.plan(module(
      "sinter.variable @a : tensor<4xf32>\nsinter.variable @b : tensor<4xf32>\n"
      "sinter.entry @e() {\n%a = sinter.read @a : tensor<4xf32>\n"
      "%b = sinter.read @b : tensor<4xf32>\nsinter.write @a, %b : tensor<4xf32>"
      "\nsinter.write @b, %a : tensor<4xf32>\nsinter.return }"));
  EntryOp entry = getEntry(*m, "e");
  EXPECT_EQ(getWorkspace(entry), 64);
  EXPECT_EQ(getOps<CopyOp>(entry).size(), 3u);
  EXPECT_EQ(getMemoryFact(entry, "state_copies_bytes"), 48);
}

TEST(PlanMemory, OldValueIsReturnedAndNewOneWrittenInPlace) {
  Session session;
  auto m = session.plan(
      module("sinter.variable @w : tensor<8x8xf32>\nsinter.entry @e" + input +
             output + " {\n%w = sinter.read @w : tensor<8x8xf32>\n" +
             call("%0", "add", "%w", "%x") +
             "sinter.write @w, %0 : tensor<8x8xf32>\n"
             "sinter.return %w : tensor<8x8xf32> }"));
  EntryOp entry = getEntry(*m, "e");
  // The old value leaves before the update, so the update needs no temporary.
  EXPECT_EQ(getWorkspace(entry), 0);
  EXPECT_EQ(getMemoryFact(entry, "copies_bytes"), 256);
  EXPECT_EQ(getMemoryFact(entry, "state_copies_bytes"), 0);
}

TEST(PlanMemory, ShiftRegisterMovesInPlace) {
  Session session;
  auto m = session.plan(
      module("sinter.variable @a : tensor<8x8xf32>\n"
             "sinter.variable @b : tensor<8x8xf32>\nsinter.entry @e" +
             input + " {\n%b = sinter.read @b : tensor<8x8xf32>\n" +
             call("%0", "add", "%b", "%x") +
             "sinter.write @a, %b : tensor<8x8xf32>\n"
             "sinter.write @b, %0 : tensor<8x8xf32>\nsinter.return }"));
  EntryOp entry = getEntry(*m, "e");
  EXPECT_EQ(getMemoryFact(entry, "copies_bytes"), 256);
  EXPECT_EQ(getWorkspace(entry), 0);
}

TEST(PlanMemory, ValueReturnedTwiceAndInputReturnedAreCopied) {
  Session session;
  auto m = session.plan(
      module("sinter.entry @e" + input +
             " -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {\n" +
             call("%0", "dot", "%x", "%x") +
             "sinter.return %0, %0, %x : tensor<8x8xf32>, tensor<8x8xf32>, "
             "tensor<8x8xf32> }"));
  EntryOp entry = getEntry(*m, "e");
  EXPECT_EQ(getWorkspace(entry), 0);
  EXPECT_EQ(getOps<CopyOp>(entry).size(), 2u);
}

TEST(PlanMemory, ReshapeCostsNothing) {
  Session session;
  auto m = session.plan(
      module("sinter.entry @e(%x: tensor<4x16xf32>) -> tensor<64xf32> {\n"
             "%r = sinter.reshape %x : tensor<4x16xf32> -> tensor<8x8xf32>\n" +
             call("%0", "dot", "%r", "%r") +
             "%1 = sinter.reshape %0 : tensor<8x8xf32> -> tensor<64xf32>\n"
             "sinter.return %1 : tensor<64xf32> }"));
  EntryOp entry = getEntry(*m, "e");
  EXPECT_EQ(getWorkspace(entry), 0);
  EXPECT_TRUE(getOps<CopyOp>(entry).empty());
}

TEST(PlanMemory, ScratchLivesOnlyDuringItsLaunch) {
  Session session;
  auto scratchy = [](const std::string &result, const std::string &a) {
    return result + " = sinter.call @scratchy(" + a +
           ") : (tensor<8x8xf32>) -> tensor<8x8xf32>\n";
  };
  auto m = session.plan(module("sinter.entry @e" + input + output + " {\n" +
                               scratchy("%0", "%x") + scratchy("%1", "%0") +
                               "sinter.return %1 : tensor<8x8xf32> }"));
  EntryOp entry = getEntry(*m, "e");
  EXPECT_EQ(getWorkspace(entry), 256 + 128);
  for (LaunchOp launch : getOps<LaunchOp>(entry)) {
    ASSERT_TRUE(launch.getScratch());
    EXPECT_EQ(cast<MemRefType>(launch.getScratch().getType()).getNumElements(),
              100);
  }
}

TEST(PlanMemory, EqualConstantsBecomeOneGlobalInStorageType) {
  Session session;
  auto m = session.plan(
      "module @m { sinter.kernel @k(%a: tensor<3xi1>) -> tensor<3xi1> {\n"
      "sinter.return %a : tensor<3xi1> }\n"
      "sinter.entry @e() -> (tensor<3xi1>, tensor<3xi1>) {\n"
      "%c = sinter.constant dense<[true, false, true]> : tensor<3xi1>\n"
      "%d = sinter.constant dense<[true, false, true]> : tensor<3xi1>\n"
      "%0 = sinter.call @k(%c) : (tensor<3xi1>) -> tensor<3xi1>\n"
      "sinter.return %0, %d : tensor<3xi1>, tensor<3xi1> } }");
  auto globals = llvm::to_vector(m->getOps<memref::GlobalOp>());
  ASSERT_EQ(globals.size(), 1u);
  auto value = cast<DenseElementsAttr>(*globals[0].getInitialValue());
  EXPECT_EQ(value.getElementType(), IntegerType::get(&session.context, 8));
  std::vector<int64_t> bytes;
  for (const APInt &byte : value.getValues<APInt>())
    bytes.push_back(byte.getZExtValue());
  EXPECT_EQ(bytes, (std::vector<int64_t>{1, 0, 1}));
}

TEST(PlanMemory, OpOutsideAKernelIsAnError) {
  Session session;
  auto m = session.parse("module @m { sinter.entry @e(%x: tensor<2xf32>) -> "
                         "tensor<2xf32> {\n%0 = sinter.neg %x : tensor<2xf32>\n"
                         "sinter.return %0 : tensor<2xf32> } }");
  EXPECT_TRUE(failed(session.run(*m, sinter::passes::buildPlannedStage)));
  EXPECT_NE(session.messages.find("stands outside a kernel"),
            std::string::npos);
}

TEST(PlanMemory, ModelIsDescribed) {
  Session session;
  auto m = session.plan(module(
      "sinter.variable @w : tensor<8x8xf32> {trainable}\nsinter.entry @e" +
      input +
      " {\nsinter.write @w, %x : tensor<8x8xf32>\n"
      "sinter.return }\nsinter.entry @same() {\n%w = sinter.read @w : "
      "tensor<8x8xf32>\nsinter.write @w, %w : tensor<8x8xf32>\nsinter.return "
      "}"));
  auto model = (*m)->getAttrOfType<DictionaryAttr>("sinter.model");
  ASSERT_TRUE(model);
  auto entries = model.getAs<ArrayAttr>("entries");
  EXPECT_TRUE(cast<DictionaryAttr>(entries[0]).contains("writes_state"));
  EXPECT_FALSE(cast<DictionaryAttr>(entries[1]).contains("writes_state"));
}

/// What only counts random numbers up learns nothing; the runtime evaluates it.
TEST(PlanMemory, EntriesThatOnlyDrawAreDescribed) {
  Session session;
  std::string write = "sinter.write @rng, %k : tensor<2xi64>\n";
  auto m = session.plan(
      "module @m {\nsinter.variable @w : tensor<2xi64>\n"
      "sinter.variable @rng : tensor<2xi64>\n"
      "sinter.entry @draws(%k: tensor<2xi64>) {\n" +
      write + "sinter.return }\nsinter.entry @learns(%k: tensor<2xi64>) {\n" +
      write + "sinter.write @w, %k : tensor<2xi64>\nsinter.return } }");
  auto model = (*m)->getAttrOfType<DictionaryAttr>("sinter.model");
  ASSERT_TRUE(model);
  auto entries = model.getAs<ArrayAttr>("entries");
  for (unsigned i : {0, 1}) {
    auto entry = cast<DictionaryAttr>(entries[i]);
    EXPECT_TRUE(entry.contains("writes_state"));
    EXPECT_EQ(entry.contains("only_draws"), i == 0);
  }
}
