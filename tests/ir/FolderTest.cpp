//===- FolderTest.cpp - structural folders --------------------------------===//
//
// A folder replaces an op by a value that is there already, or changes it in
// place; it never computes.  Each case lists the ops that are left of the
// kernel's body.
//
//===----------------------------------------------------------------------===//

#include "tests/ir/Parse.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace sinter::ir;

namespace {
/// Ops on %a: [2,3] f32 and %i: [2,3] i32 ending in %y of one of these types.
struct Folding {
  const char *name, *body, *type, *left;
};
std::ostream &operator<<(std::ostream &out, const Folding &folding) {
  return out << folding.name;
}

class FolderTest : public Parse,
                   public ::testing::WithParamInterface<Folding> {};

TEST_P(FolderTest, Leaves) {
  const Folding &folding = GetParam();
  std::string type = folding.type;
  auto module = parse("sinter.kernel @f(%a: tensor<2x3xf32>, "
                      "%i: tensor<2x3xi32>, %c: tensor<2x3xi1>) -> " +
                      type + " {\n" + folding.body +
                      "\nsinter.return %y : " + type + "\n}");
  ASSERT_TRUE(module) << messages;
  GreedyRewriteConfig config;
  config.enableConstantCSE(false);
  ASSERT_TRUE(succeeded(
      applyPatternsGreedily(*module, RewritePatternSet(&context), config)));
  std::string left;
  for (Operation &op : module->lookupSymbol<KernelOp>("f")
                           .getBody()
                           .front()
                           .without_terminator())
    left += (left.empty() ? "" : " ") + op.getName().stripDialect().str();
  EXPECT_EQ(left, folding.left);
}

#define F "tensor<2x3xf32>"
#define I "tensor<2x3xi32>"
const Folding foldings[] = {
    {"DoubleNegation", "%n = sinter.neg %a : " F "\n%y = sinter.neg %n : " F, F,
     ""},
    {"DoubleComplement", "%n = sinter.not %i : " I "\n%y = sinter.not %n : " I,
     I, ""},
    {"IntegerPlusZero",
     "%z = sinter.constant dense<0> : " I "\n%y = sinter.add %z, %i : " I, I,
     ""},
    {"FloatPlusZeroStays",
     "%z = sinter.constant dense<0.0> : " F "\n%y = sinter.add %a, %z : " F, F,
     "constant add"},
    {"MinusZero",
     "%z = sinter.constant dense<0.0> : " F "\n%y = sinter.sub %a, %z : " F, F,
     ""},
    {"MinusMinusZeroStays",
     "%z = sinter.constant dense<-0.0> : " F "\n%y = sinter.sub %a, %z : " F, F,
     "constant sub"},
    {"TimesOne",
     "%z = sinter.constant dense<1.0> : " F "\n%y = sinter.mul %z, %a : " F, F,
     ""},
    {"OverOne",
     "%z = sinter.constant dense<1> : " I "\n%y = sinter.div %i, %z : " I, I,
     ""},
    {"OneOverStays",
     "%z = sinter.constant dense<1> : " I "\n%y = sinter.div %z, %i : " I, I,
     "constant div"},
    {"CastToItsType", "%y = sinter.cast %a : " F " to " F, F, ""},
    {"SelectOfEqual", "%y = sinter.select %c, %a, %a : " F, F, ""},
    {"SelectByAConstant",
     "%z = sinter.constant dense<false> : tensor<2x3xi1>\n"
     "%n = sinter.neg %a : " F "\n%y = sinter.select %z, %n, %a : " F,
     F, ""},
    {"ReshapeToItsShape", "%y = sinter.reshape %a : " F " -> " F, F, ""},
    {"ReshapeAndBack",
     "%r = sinter.reshape %a : " F " -> tensor<6xf32>\n"
     "%y = sinter.reshape %r : tensor<6xf32> -> " F,
     F, ""},
    {"ReshapeOfReshape",
     "%r = sinter.reshape %a : " F " -> tensor<6xf32>\n"
     "%y = sinter.reshape %r : tensor<6xf32> -> tensor<3x2xf32>",
     "tensor<3x2xf32>", "reshape"},
    {"IdentityTranspose", "%y = sinter.transpose %a [0, 1] : " F " -> " F, F,
     ""},
    {"TransposeTwice",
     "%t = sinter.transpose %a [1, 0] : " F " -> tensor<3x2xf32>\n"
     "%y = sinter.transpose %t [1, 0] : tensor<3x2xf32> -> " F,
     F, ""},
    {"BroadcastToItsShape",
     "%y = sinter.broadcast %a dims [0, 1] : " F " -> " F, F, ""},
    {"WholeSlice",
     "%y = sinter.slice %a offsets [0, 0] sizes [2, 3] strides [1, 1] : " F
     " -> " F,
     F, ""},
    {"NoPadding",
     "%y = sinter.pad %a low [0, 0] high [0, 0] interior [0, 0] : " F " -> " F,
     F, ""},
    {"ConcatenateOfOne", "%y = sinter.concatenate %a dim 1 : " F " -> " F, F,
     ""},
    {"ReduceOverNothing", "%y = sinter.reduce_sum %a dims [] : " F " -> " F, F,
     ""},
};
INSTANTIATE_TEST_SUITE_P(Ops, FolderTest, ::testing::ValuesIn(foldings),
                         [](const auto &info) { return info.param.name; });
} // namespace
