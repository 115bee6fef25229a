//===- VerifierTest.cpp - what the verifiers say of values' ops -----------===//

#include "tests/ir/Refusals.h"

using namespace sinter::ir;

TEST_P(VerifierTest, SaysWhatIsWrong) {
  std::string body = GetParam().body;
  std::string text =
      body[0] == '@'
          ? body.substr(1)
          : "sinter.kernel @f(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>, "
            "%i: tensor<2xi32>, %k: tensor<2xi64>, %s: tensor<f32>, "
            "%c: tensor<2x3xi1>, %e: tensor<0x3xf32>) {\n" +
                body + "\nsinter.return\n}";
  EXPECT_FALSE(parse(text)) << text;
  EXPECT_NE(messages.find(GetParam().message), std::string::npos) << messages;
}

namespace {
const Refusal pointwise[] = {
    REFUSED(DifferentShapes,
            "%y = \"sinter.add\"(%a, %b) : (tensor<2x3xf32>, "
            "tensor<3x2xf32>) -> tensor<2x3xf32>",
            "requires the same type for all operands and results"),
    REFUSED(ExpOfIntegers, "%y = sinter.exp %i : tensor<2xi32>",
            "must be statically shaped tensor of f32, f64 or bf16"),
    REFUSED(AddOfBooleans, "%y = sinter.add %c, %c : tensor<2x3xi1>",
            "a number type"),
    REFUSED(AndOfFloats, "%y = sinter.and %a, %a : tensor<2x3xf32>",
            "an integer type or i1"),
    REFUSED(UnknownElementType,
            "%y = \"sinter.cast\"(%a) : (tensor<2x3xf32>) -> tensor<2x3xi16>",
            "one of f64 f32 bf16 i64 i32 i8 u8 i1"),
    REFUSED(DynamicShape,
            "%y = \"sinter.cast\"(%a) : (tensor<2x3xf32>) -> tensor<?x3xf64>",
            "statically shaped"),
    REFUSED(UnknownRelation,
            "%y = sinter.compare above %a, %a : tensor<2x3xf32>",
            "to be one of: eq, ne, lt, le, gt, ge"),
    REFUSED(CastToAnotherShape,
            "%y = sinter.cast %a : tensor<2x3xf32> to tensor<3x2xf64>",
            "same shape"),
};

/// With %x: [2, 5, 4] and %w: [3, 4, 6].
#define CONV(name, text, message)                                              \
  REFUSED(name,                                                                \
          "@sinter.kernel @f(%x: tensor<2x5x4xf32>, %w: tensor<3x4x6xf32>, "   \
          "%v: tensor<3x2x6xf32>, %d: tensor<3x4x6xf64>, "                     \
          "%z: tensor<0x4x6xf32>) {\n%y = sinter." text "\nsinter.return\n}",  \
          message)

const Refusal convolution[] = {
    CONV(ConvOfTwoTypes,
         "conv %x, %d : tensor<2x5x4xf32>, tensor<3x4x6xf64> -> "
         "tensor<2x3x6xf32>",
         "cast one to the other's element type"),
    CONV(ConvOfFewChannels,
         "conv %x, %v : tensor<2x5x4xf32>, tensor<3x2x6xf32> -> "
         "tensor<2x3x6xf32>",
         "conv: 1 groups of 2 channels, as the kernel has, are not the "
         "input's 4 channels"),
    CONV(ConvGroupsOfFeatures,
         "conv %x, %z groups 4 : tensor<2x5x4xf32>, tensor<0x4x6xf32> -> "
         "tensor<2x3x6xf32>",
         "conv: 4 groups of 4 channels"),
    CONV(ConvWithoutGroups,
         "conv %x, %w groups 0 : tensor<2x5x4xf32>, tensor<3x4x6xf32> -> "
         "tensor<2x3x6xf32>",
         "conv: needs at least one group, not 0"),
    CONV(ConvKernelTooLarge,
         "conv %x, %w kernel_dilation [3] : tensor<2x5x4xf32>, "
         "tensor<3x4x6xf32> -> tensor<2x3x6xf32>",
         "conv: a window of 3 elements, 3 apart, does not fit the 5 elements "
         "of dimension 0"),
    CONV(ConvStrideOfNothing,
         "conv %x, %w strides [0] : tensor<2x5x4xf32>, tensor<3x4x6xf32> -> "
         "tensor<2x3x6xf32>",
         "conv: stride 0 of dimension 0 must be at least 1"),
    CONV(ConvKernelOfNothing,
         "conv %x, %z : tensor<2x5x4xf32>, tensor<0x4x6xf32> -> "
         "tensor<2x3x6xf32>",
         "conv: size 0 of dimension 0 must be at least 1"),
    CONV(ConvInputDilation,
         "conv %x, %w input_dilation [0] : tensor<2x5x4xf32>, "
         "tensor<3x4x6xf32> -> tensor<2x3x6xf32>",
         "conv: input dilation 0 of dimension 0 must be at least 1"),
    CONV(ConvTooLarge,
         "conv %x, %w low [9223372036854775807] : tensor<2x5x4xf32>, "
         "tensor<3x4x6xf32> -> tensor<2x3x6xf32>",
         "conv: dimension 0 becomes too large"),
    CONV(ConvAttributeOfAnotherRank,
         "conv %x, %w strides [1, 1] : tensor<2x5x4xf32>, tensor<3x4x6xf32> "
         "-> tensor<2x3x6xf32>",
         "conv: `strides` has 2 entries for 1 spatial dimensions"),
    CONV(ConvToAnotherType,
         "conv %x, %w : tensor<2x5x4xf32>, tensor<3x4x6xf32> -> "
         "tensor<2x4x6xf32>",
         "are incompatible with return type(s)"),
    REFUSED(ConvOfMatrices,
            "%y = sinter.conv %a, %b : tensor<2x3xf32>, tensor<3x2xf32> -> "
            "tensor<2x2xf32>",
            "with 1 to 3 spatial dimensions do not match"),
    REFUSED(ConvOfAVector,
            "%y = sinter.conv %i, %i : tensor<2xi32>, tensor<2xi32> -> "
            "tensor<2xi32>",
            "conv: the input must be a tensor [N, spatial…, C]"),
    REFUSED(WindowsThatDoNotFit,
            "%y = sinter.windows %a dims [1] sizes [2] strides [1] dilations "
            "[3] : tensor<2x3xf32> -> tensor<2x1x2xf32>",
            "windows: a window of 2 elements, 3 apart, does not fit the 3 "
            "elements of dimension 1"),
    REFUSED(WindowsOfAnotherRank,
            "%y = sinter.windows %a dims [1] sizes [2, 2] strides [1] "
            "dilations [1] : tensor<2x3xf32> -> tensor<2x2x2xf32>",
            "windows: `sizes` has 2 entries for 1 dimensions"),
    REFUSED(WindowsBackwards,
            "%y = sinter.windows %a dims [1, 0] sizes [1, 1] strides [1, 1] "
            "dilations [1, 1] : tensor<2x3xf32> -> tensor<2x3x1x1xf32>",
            "windows: dimensions must increase"),
    REFUSED(WindowsOfNoDimension,
            "%y = sinter.windows %a dims [2] sizes [1] strides [1] dilations "
            "[1] : tensor<2x3xf32> -> tensor<2x3x1xf32>",
            "windows: dimension 2 is out of range for rank 2"),
    REFUSED(WindowsOfNothing,
            "%y = sinter.windows %a dims [] sizes [] strides [] dilations [] "
            ": tensor<2x3xf32> -> tensor<2x3xf32>",
            "windows: needs at least one dimension"),
    REFUSED(FoldToAnotherSize,
            "%y = sinter.fold_windows %a dims [0] sizes [3] strides [1] "
            "dilations [1] : tensor<2x3xf32> -> tensor<5xf32>",
            "the windows of 'tensor<5xf32>' are 'tensor<3x3xf32>'"),
};

const Refusal linear[] = {
    REFUSED(SparseConstant,
            "%y = sinter.constant sparse<[[0]], [1.0]> : tensor<4xf32>",
            "holds dense elements, or a dense_resource"),
    REFUSED(ConstantOfAMissingResource,
            "%y = sinter.constant dense_resource<r> : tensor<4xf32>",
            "names a resource that is not in the file: r"),
    REFUSED(PadInteriorTooLarge,
            "%y = sinter.pad %s low [] high [] interior [] : tensor<f32> -> "
            "tensor<f32>\n%z = sinter.pad %i low [0] high [0] interior "
            "[9223372036854775807] : tensor<2xi32> -> tensor<2xi32>",
            "becomes too large"),
    REFUSED(ConstantOfAnotherType,
            "%y = \"sinter.constant\"() {value = dense<1.0> : tensor<2xf32>} "
            ": () -> tensor<3xf32>",
            "failed to verify that all of {value, result} have same type"),
    REFUSED(IotaDimension, "%y = sinter.iota dim 2 : tensor<2x3xi32>",
            "dimension 2 is out of range for rank 2"),
    REFUSED(NegativeIotaDimension, "%y = sinter.iota dim -1 : tensor<2x3xi32>",
            "dimension -1 is out of range for rank 2"),
    REFUSED(ReshapeOfAnotherSize,
            "%y = sinter.reshape %a : tensor<2x3xf32> -> tensor<5xf32>",
            "cannot make 5 elements of 6"),
    REFUSED(ReshapeOfAnotherType,
            "%y = sinter.reshape %a : tensor<2x3xf32> -> tensor<6xf64>",
            "must keep the element type: use cast to change it"),
    REFUSED(PermutationTooShort,
            "%y = sinter.transpose %a [0] : tensor<2x3xf32> -> tensor<2xf32>",
            "`permutation` has 1 entries, but the operand has rank 2"),
    REFUSED(PermutationRepeats,
            "%y = sinter.transpose %a [1, 1] : "
            "tensor<2x3xf32> -> tensor<3x3xf32>",
            "dimension 1 is named twice"),
    REFUSED(TransposeToAnotherType,
            "%y = sinter.transpose %a [1, 0] : "
            "tensor<2x3xf32> -> tensor<2x3xf32>",
            "'tensor<3x2xf32>' are incompatible with return type(s)"),
    REFUSED(BroadcastOfAnotherExtent,
            "%y = sinter.broadcast %a dims [0, 1] : "
            "tensor<2x3xf32> -> tensor<2x4xf32>",
            "cannot broadcast extent 3 of dimension 1 to 4"),
    REFUSED(BroadcastBackwards,
            "%y = sinter.broadcast %a dims [1, 0] : "
            "tensor<2x3xf32> -> tensor<3x2xf32>",
            "dimensions must increase"),
    REFUSED(BroadcastToAnotherType,
            "%y = sinter.broadcast %a dims [0, 1] : "
            "tensor<2x3xf32> -> tensor<2x3xf64>",
            "must keep the element type"),
    REFUSED(SliceTooFar,
            "%y = sinter.slice %a offsets [0, 2] sizes [2, 2] "
            "strides [1, 1] : tensor<2x3xf32> -> tensor<2x2xf32>",
            "2 elements from 2 by 1 leave dimension 1 of extent 3"),
    REFUSED(SliceThatOverflows,
            "%y = sinter.slice %a offsets [0, 1] sizes "
            "[2, 3] strides [1, 9223372036854775807] : tensor<2x3xf32> -> "
            "tensor<2x3xf32>",
            "leave dimension 1 of extent 3"),
    REFUSED(SliceStandingStill,
            "%y = sinter.slice %a offsets [0, 0] sizes "
            "[2, 3] strides [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>",
            "stride 0 of dimension 1 must be at least 1"),
    REFUSED(NegativePadding,
            "%y = sinter.pad %a low [0, -1] high [0, 0] "
            "interior [0, 0] : tensor<2x3xf32> -> tensor<2x2xf32>",
            "must not be negative: use slice to cut"),
    REFUSED(PaddingThatOverflows,
            "%y = sinter.pad %a low [0, "
            "9223372036854775807] high [0, 9223372036854775807] interior "
            "[0, 0] : tensor<2x3xf32> -> tensor<2x2xf32>",
            "pad: dimension 1 becomes too large"),
    REFUSED(InteriorThatOverflows,
            "%y = sinter.pad %a low [0, 0] high [0, 0] "
            "interior [0, 9223372036854775807] : tensor<2x3xf32> -> "
            "tensor<2x2xf32>",
            "pad: dimension 1 becomes too large"),
    REFUSED(ConcatenateOfDifferentRest,
            "%y = sinter.concatenate %a, %b dim 0 "
            ": tensor<2x3xf32>, tensor<3x2xf32> -> tensor<5x3xf32>",
            "differ in more than dimension 0"),
    REFUSED(ConcatenateOfNothing,
            "%y = \"sinter.concatenate\"() {dimension = 0 : i64} : () -> "
            "tensor<0xf32>",
            "needs at least one operand"),
    REFUSED(ReverseOfNoDimension,
            "%y = sinter.reverse %a dims [2] : "
            "tensor<2x3xf32> -> tensor<2x3xf32>",
            "dimension 2 is out of range for rank 2"),
    REFUSED(GatherAxis,
            "%y = sinter.gather %a[%i] axis 2 batch 0 : "
            "tensor<2x3xf32>, tensor<2xi32> -> tensor<2x3xf32>",
            "dimension 2 is out of range for rank 2"),
    REFUSED(GatherBatchBeyondAxis,
            "%y = sinter.gather %a[%i] axis 0 batch 1 : "
            "tensor<2x3xf32>, tensor<2xi32> -> tensor<2x3xf32>",
            "1 batch dimensions do not fit axis 0"),
    REFUSED(GatherBatchExtents,
            "%y = sinter.gather %b[%i] axis 1 batch 1 : "
            "tensor<3x2xf32>, tensor<2xi32> -> tensor<3xf32>",
            "the first 1 dimensions of"),
    REFUSED(ScatterUpdates,
            "%y = sinter.scatter_add %a[%i] += %b axis 0 batch "
            "0 : tensor<2x3xf32>, tensor<2xi32>, tensor<3x2xf32>",
            "updates must be 'tensor<2x3xf32>'"),
};

const Refusal contraction[] = {
    REFUSED(ContractedExtents,
            "%y = sinter.dot_general %a, %b contract [1] x "
            "[1] batch [] x [] : tensor<2x3xf32>, tensor<3x2xf32> -> "
            "tensor<2x3xf32>",
            "contracting dimension 1 of 'tensor<2x3xf32>' has 3 elements, "
            "dimension 1 of 'tensor<3x2xf32>' has 2"),
    REFUSED(ContractedCounts,
            "%y = sinter.dot_general %a, %b contract [1] x "
            "[] batch [] x [] : tensor<2x3xf32>, tensor<3x2xf32> -> "
            "tensor<2x3xf32>",
            "1 contracting dimensions of lhs, 0 of rhs"),
    REFUSED(BatchAndContracted,
            "%y = sinter.dot_general %a, %a contract [1] x "
            "[1] batch [1] x [0] : tensor<2x3xf32>, tensor<2x3xf32> -> "
            "tensor<2x3xf32>",
            "dimension 1 of lhs is named twice"),
    REFUSED(ContractedRange,
            "%y = sinter.dot_general %a, %b contract [2] x "
            "[0] batch [] x [] : tensor<2x3xf32>, tensor<3x2xf32> -> "
            "tensor<2x2xf32>",
            "dimension 2 of lhs is out of range"),
    REFUSED(ContractedTypes,
            "%y = sinter.dot_general %i, %k contract [0] x "
            "[0] batch [] x [] : tensor<2xi32>, tensor<2xi64> -> tensor<i64>",
            "cast one to the other's element type"),
};

const Refusal reduction[] = {
    REFUSED(ReduceRange,
            "%y = sinter.reduce_sum %a dims [2] : tensor<2x3xf32> "
            "-> tensor<2xf32>",
            "dimension 2 is out of range"),
    REFUSED(ReduceOrder,
            "%y = sinter.reduce_max %a dims [1, 0] : "
            "tensor<2x3xf32> -> tensor<f32>",
            "dimensions must increase"),
    REFUSED(CumulativeSumBeyondTheRank,
            "%y = sinter.cumulative_sum %a dim 2 : tensor<2x3xf32>",
            "dimension 2 is out of range"),
    REFUSED(ArgSortBeyondTheRank,
            "%y = sinter.argsort %a dim 2 : tensor<2x3xf32> -> "
            "tensor<2x3xi32>",
            "dimension 2 is out of range"),
    REFUSED(ArgSortOfAnotherShape,
            "%y = sinter.argsort %a dim 1 : tensor<2x3xf32> -> tensor<2xi32>",
            "tensor<2x3xi32>"),
    REFUSED(ArgSortOfMoreThanI32CanNumber,
            "%wide = sinter.broadcast %a dims [0, 1] : tensor<2x3xf32> -> "
            "tensor<2x3x3000000000xf32>\n%y = sinter.argsort %wide dim 2 : "
            "tensor<2x3x3000000000xf32> -> tensor<2x3x3000000000xi32>",
            "cannot number 3000000000 elements in i32"),
    REFUSED(ArgMaxOfMoreThanI32CanNumber,
            "%wide = sinter.broadcast %a dims [0, 1] : tensor<2x3xf32> -> "
            "tensor<2x3x3000000000xf32>\n%y = sinter.argmax %wide dim 2 : "
            "tensor<2x3x3000000000xf32> -> tensor<2x3xi32>",
            "cannot number 3000000000 elements in i32"),
    REFUSED(PolygammaOfHighOrder,
            "%y = sinter.polygamma %a order 31 : tensor<2x3xf32>",
            "order 31 is not from 0 to 30"),
    REFUSED(ArgRange,
            "%y = sinter.argmax %a dim 2 : tensor<2x3xf32> -> tensor<2xi32>",
            "dimension 2 is out of range"),
    REFUSED(ArgOfNothing,
            "%y = sinter.argmin %e dim 0 : tensor<0x3xf32> -> tensor<3xi32>",
            "has no elements to choose from along dimension 0"),
    REFUSED(ArgShape,
            "%y = sinter.argmax %a dim 1 : tensor<2x3xf32> -> tensor<3xi32>",
            "must give 'tensor<2xi32>'"),
};

const Refusal random[] = {
    REFUSED(KeyType,
            "%y = \"sinter.random_uniform\"(%i) {stream = 1 : i32} : "
            "(tensor<2xi32>) -> tensor<4xf32>",
            "must be tensor<2xi64>"),
    REFUSED(UniformIntegers,
            "%y = sinter.random_uniform %k stream 1 : tensor<4xi32>",
            "f32, f64 or bf16"),
    REFUSED(ProbabilityAboveOne,
            "%y = sinter.random_bernoulli %k stream 1 "
            "probability 1.5 : tensor<4xi1>",
            "is not in [0, 1]"),
    REFUSED(ProbabilityOfNan,
            "%y = sinter.random_bernoulli %k stream 1 "
            "probability 0x7FF8000000000000 : tensor<4xi1>",
            "is not in [0, 1]"),
};

SINTER_REFUSALS(Pointwise, pointwise)
SINTER_REFUSALS(Linear, linear)
SINTER_REFUSALS(Contraction, contraction)
SINTER_REFUSALS(Convolution, convolution)
SINTER_REFUSALS(Reduction, reduction)
SINTER_REFUSALS(Random, random)
} // namespace
