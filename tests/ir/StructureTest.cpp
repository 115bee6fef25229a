//===- StructureTest.cpp - what the verifiers say of models and kernels ---===//
//
// Requests, scans, variables, entries, kernels and buffers.
//
//===----------------------------------------------------------------------===//

#include "tests/ir/Refusals.h"

using namespace sinter::ir;

namespace {
TEST_F(Parse, AKernelOfMoreOpsOneAfterTheOtherThanCanBeEmittedIsRefused) {
  auto chain = [](int length) {
    std::string text = "sinter.kernel @k(%v0: tensor<f32>) -> tensor<f32> {\n";
    for (int i = 1; i <= length; ++i)
      text += "%v" + std::to_string(i) + " = sinter.neg %v" +
              std::to_string(i - 1) + " : tensor<f32>\n";
    return text + "sinter.return %v" + std::to_string(length) +
           " : tensor<f32>\n}";
  };
  EXPECT_TRUE(parse(chain(1400))) << messages;
  EXPECT_FALSE(parse(chain(1600)));
  EXPECT_NE(messages.find("make it several kernels"), std::string::npos)
      << messages;
}

const Refusal requests[] = {
    REFUSED(GradientOfATensor,
            "%g = sinter.gradient %a wrt %b : "
            "tensor<2x3xf32> wrt tensor<3x2xf32>",
            "needs a scalar, not 'tensor<2x3xf32>': reduce it first, or use "
            "vjp"),
    REFUSED(GradientResults,
            "\"sinter.gradient\"(%s, %a) : (tensor<f32>, "
            "tensor<2x3xf32>) -> ()",
            "has 0 results for 1 xs"),
    REFUSED(VjpCotangents,
            "%g = \"sinter.vjp\"(%a, %b) {operandSegmentSizes = array<i32: 1, "
            "1, 0>} : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>",
            "has 0 cotangents for 1 ys"),
    REFUSED(JvpTangentTypes,
            "%g = \"sinter.jvp\"(%a, %b, %a) {operandSegmentSizes = "
            "array<i32: 1, 1, 1>} : (tensor<2x3xf32>, tensor<3x2xf32>, "
            "tensor<2x3xf32>) -> tensor<2x3xf32>",
            "has tangents 0 of type 'tensor<2x3xf32>', but that of xs is "
            "'tensor<3x2xf32>'"),
};

const Refusal control[] = {
    REFUSED(StepsAlongAnotherExtent,
            "%r = sinter.scan 4 each(%x = %a : tensor<2x3xf32>) index(%t) -> "
            "(tensor<4x3xf32>) {\n sinter.yield %x : tensor<3xf32>\n}",
            "steps 4 times along 'tensor<2x3xf32>'"),
    REFUSED(StepsAlongAScalar,
            "%r = sinter.scan 4 each(%x = %s : tensor<f32>) index(%t) -> "
            "(tensor<4xf32>) {\n sinter.yield %x : tensor<f32>\n}",
            "has no dimension to step along"),
    REFUSED(NegativeSteps,
            "sinter.scan -1 index(%t) -> () {\n"
            " sinter.yield\n}",
            "cannot run a negative number of steps"),
    REFUSED(CarryOfAnotherType,
            "%r = sinter.scan 2 carry(%x = %s : tensor<f32>) index(%t) -> "
            "(tensor<i64>) {\n sinter.yield %t : tensor<i64>\n}",
            "carry starts as 'tensor<f32>' and results in 'tensor<i64>'"),
    REFUSED(YieldOfAnotherType,
            "%r = sinter.scan 2 carry(%x = %s : tensor<f32>) index(%t) -> "
            "(tensor<f32>) {\n sinter.yield %t : tensor<i64>\n}",
            "carry ends as 'tensor<i64>' and results in 'tensor<f32>'"),
    REFUSED(StackOfAnotherExtent,
            "%r = sinter.scan 2 index(%t) -> (tensor<3xi64>) {\n"
            " sinter.yield %t : tensor<i64>\n}",
            "into 'tensor<3xi64>'"),
    REFUSED(StackOfAScalar,
            "%r = sinter.scan 2 index(%t) -> (tensor<i64>) {\n"
            " sinter.yield %t : tensor<i64>\n}",
            "into 'tensor<i64>'"),
    REFUSED(YieldsTooFew,
            "%r = sinter.scan 2 index(%t) -> (tensor<2xi64>) {\n"
            " sinter.yield\n}",
            "yields 0 values for 1 results"),
    REFUSED(FewerResultsThanCarries,
            "sinter.scan 2 carry(%x = %s : tensor<f32>) index(%t) -> () {\n"
            " sinter.yield\n}",
            "has 0 results for 1 carries"),
    REFUSED(CapturesFromOutside,
            "%r = sinter.scan 2 index(%t) -> (tensor<2xf32>) {\n"
            " sinter.yield %s : tensor<f32>\n}",
            "using value defined outside the region"),
    REFUSED(BodyWithoutYield,
            "sinter.scan 2 index(%t) -> () {\n"
            " %z = sinter.neg %t : tensor<i64>\n}",
            "must end with sinter.yield"),
    REFUSED(EmptyBody, "sinter.scan 2 index(%t) -> () {\n}",
            "expects a non-empty block"),
    REFUSED(YieldOutsideOfALoop, "sinter.yield", "expects parent op"),
};

const Refusal state[] = {
    REFUSED(ReadOfNothing, "%y = sinter.read @nothing : tensor<f32>",
            "names no variable: @nothing"),
    REFUSED(WriteOfAnotherType,
            "@sinter.variable @v : tensor<2xf32>\n"
            "sinter.entry @e(%x: tensor<f32>) {\n"
            " sinter.write @v, %x : tensor<f32>\n sinter.return\n}",
            "has type 'tensor<f32>', but the variable is 'tensor<2xf32>'"),
    REFUSED(SecondWrite,
            "@sinter.variable @v : tensor<f32>\n"
            "sinter.entry @e(%x: tensor<f32>) {\n"
            " sinter.write @v, %x : tensor<f32>\n"
            " sinter.write @v, %x : tensor<f32>\n sinter.return\n}",
            "is the second of variable @v in this entry"),
    REFUSED(ReturnOfAnotherType,
            "@sinter.entry @e(%x: tensor<f32>) -> tensor<2xf32> {\n"
            " sinter.return %x : tensor<f32>\n}",
            "but the signature says"),
    REFUSED(NoReturn,
            "@sinter.entry @e(%x: tensor<f32>) {\n"
            " %y = sinter.exp %x : tensor<f32>\n}",
            "must end with sinter.return"),
    REFUSED(EmptyEntry, "@sinter.entry @e() {\n}",
            "expected non-empty function body"),
    REFUSED(NoBody, "@sinter.entry @e()", "region with 1 blocks"),
    REFUSED(TwoVariablesOfAName,
            "@sinter.variable @v : tensor<f32>\n"
            "sinter.variable @v : tensor<f32>",
            "redefinition of symbol"),
    REFUSED(VariableOfNoTensor, "@sinter.variable @v : f32", "type"),
    REFUSED(WriteInAScan,
            "@sinter.variable @v : tensor<f32>\n"
            "sinter.entry @e(%s: tensor<f32>) -> tensor<f32> {\n"
            "%y = sinter.scan 3 carry(%c = %s : tensor<f32>) index(%t) -> "
            "(tensor<f32>) {\n sinter.write @v, %c : tensor<f32>\n"
            "sinter.yield %c : tensor<f32>\n}\n"
            "sinter.return %y : tensor<f32>\n}",
            "expects parent op 'sinter.entry'"),
    REFUSED(InputNoTensor, "@sinter.entry @e(%x: i32) {\n sinter.return\n}",
            "takes and returns tensors of static shape"),
    REFUSED(InputOfDynamicShape,
            "@sinter.entry @e(%x: tensor<?xf32>) {\n sinter.return\n}",
            "takes and returns tensors of static shape"),
    REFUSED(InputOfAForeignType,
            "@sinter.entry @e(%x: tensor<4xf16>) {\n sinter.return\n}",
            "takes and returns tensors of static shape"),
    REFUSED(InitWithoutSeed, "@sinter.entry @init() {\n sinter.return\n}",
            "must be '(tensor<i64>) -> ()', not '() -> ()'"),
    REFUSED(InitWithAnOutput,
            "@sinter.entry @init(%x: tensor<i64>) -> tensor<i64> {\n"
            " sinter.return %x : tensor<i64>\n}",
            "'init' takes the seed and returns nothing"),
    REFUSED(BatchAxisBeyondRank,
            "@sinter.entry @e(%x: tensor<4xf32> {sinter.batch_axis = 1 : i64})"
            " {\n sinter.return\n}",
            "has batch axis 1 : i64 for a tensor of type"),
};

const Refusal kernel[] = {
    REFUSED(OverwritesCount,
            "@sinter.kernel @k(%x: tensor<f32>) -> "
            "tensor<f32> attributes {overwrites = array<i64: 0, 0>} {\n"
            " sinter.return %x : tensor<f32>\n}",
            "needs one `overwrites` entry for each result"),
    REFUSED(OverwritesNoArgument,
            "@sinter.kernel @k(%x: tensor<f32>) -> "
            "tensor<f32> attributes {overwrites = array<i64: 1>} {\n"
            " sinter.return %x : tensor<f32>\n}",
            "`overwrites` names argument 1"),
    REFUSED(LoopWithoutIndex,
            "\"sinter.loop\"() ({\n \"sinter.yield\"() : () -> ()\n}) "
            "{trip_count = 3 : i64} : () -> ()",
            "needs one argument of type index"),
    REFUSED(LoopOfNegativeTrips, "sinter.loop -3 index(%t) {\n}",
            "has a negative trip count"),
    REFUSED(CallOfNothing,
            "%y = sinter.call @nothing(%s) : (tensor<f32>) -> tensor<f32>",
            "names no kernel: @nothing"),
    REFUSED(CallOfAnotherType,
            "%y = sinter.call @f(%s) : (tensor<f32>) -> tensor<f32>",
            "does not fit the kernel's type"),
    REFUSED(BufferSpaceName, "%y = sinter.buffer heap 0 : memref<4xf32>",
            "expected state, workspace, input or output"),
    REFUSED(NegativeOffset, "%y = sinter.buffer workspace -8 : memref<4xf32>",
            "has a negative offset"),
    REFUSED(BufferStrides,
            "%y = \"sinter.buffer\"() {space = #sinter<space workspace>, "
            "offset = 0 : i64, strides = array<i64: 4>, number = 0 : i64} : "
            "() -> memref<4xf32>",
            "needs one stride for each index"),
    REFUSED(LaunchOfNothing, "sinter.launch @nothing ins() outs() : () -> ()",
            "names no kernel: @nothing"),
    REFUSED(LaunchOfAnotherType,
            "%y = sinter.buffer workspace 0 : memref<f32>\n"
            "sinter.launch @f ins(%y) outs() : (memref<f32>) -> ()",
            "does not fit the kernel's type"),
};

SINTER_REFUSALS(Requests, requests)
SINTER_REFUSALS(Control, control)
SINTER_REFUSALS(State, state)
SINTER_REFUSALS(Kernel, kernel)
} // namespace
