//===- ArithmeticTest.cpp - exact algebra, and what must stay -------------===//

#include "tests/passes/simplify/Simplify.h"

using namespace sinter::passes;
using namespace sinter::ir;

namespace {
/// A rule on ops of two operands %a, %b and a splat %c of one type.
struct Rule {
  const char *name, *type, *constant, *body, *want;
};
std::ostream &operator<<(std::ostream &out, const Rule &rule) {
  return out << rule.name;
}

class ArithmeticTest : public Simplify,
                       public ::testing::WithParamInterface<Rule> {};

TEST_P(ArithmeticTest, HasTheFormAndTheMeaning) {
  const Rule &rule = GetParam();
  std::string t = rule.type, text = "(%a: " + t + ", %b: " + t + ") -> " + t;
  text += " {\n%c = sinter.constant dense<" + std::string(rule.constant) +
          "> : " + t + "\n";
  std::string body = rule.body;
  for (size_t place; (place = body.find("TYPE")) != std::string::npos;)
    body.replace(place, 4, t);
  text += body + "\nsinter.return %y : " + t + "\n}";
  algebra(text);
  EXPECT_EQ(ops(), rule.want) << this->text();
}

const Rule rules[] = {
    {"AddOfNegation", "tensor<40xf32>", "1.0",
     "%n = sinter.neg %b : TYPE\n%y = sinter.add %a, %n : TYPE", "sub"},
    {"NegationPlus", "tensor<40xf32>", "1.0",
     "%n = sinter.neg %b : TYPE\n%y = sinter.add %n, %a : TYPE", "sub"},
    {"DifferenceOfNegation", "tensor<40xf32>", "1.0",
     "%n = sinter.neg %b : TYPE\n%y = sinter.sub %a, %n : TYPE", "add"},
    {"ProductOfNegations", "tensor<40xf32>", "1.0",
     "%n = sinter.neg %b : TYPE\n%m = sinter.neg %a : TYPE\n"
     "%y = sinter.mul %m, %n : TYPE",
     "mul"},
    {"QuotientOfNegations", "tensor<40xf32>", "1.0",
     "%n = sinter.neg %b : TYPE\n%m = sinter.neg %a : TYPE\n"
     "%y = sinter.div %m, %n : TYPE",
     "div"},
    {"TimesMinusOne", "tensor<40xf32>", "-1.0", "%y = sinter.mul %c, %a : TYPE",
     "neg"},
    {"TimesOne", "tensor<40xf32>", "1.0", "%y = sinter.mul %c, %a : TYPE", ""},
    {"PlusMinusZero", "tensor<40xf32>", "-0.0", "%y = sinter.add %a, %c : TYPE",
     ""},
    {"PlusZeroStaysForFloats", "tensor<40xf32>", "0.0",
     "%y = sinter.add %a, %c : TYPE", "constant add"},
    {"PlusZeroTwice", "tensor<40xf32>", "0.0",
     "%z = sinter.add %a, %c : TYPE\n%y = sinter.add %z, %c : TYPE",
     "constant add"},
    {"PlusZeroGoesForIntegers", "tensor<40xi32>", "0",
     "%y = sinter.add %a, %c : TYPE", ""},
    {"MinusZero", "tensor<40xf32>", "0.0", "%y = sinter.sub %a, %c : TYPE", ""},
    {"MinusMinusZeroStays", "tensor<40xf32>", "-0.0",
     "%y = sinter.sub %a, %c : TYPE", "constant sub"},
    {"TimesZeroStaysForFloats", "tensor<40xf32>", "0.0",
     "%y = sinter.mul %a, %c : TYPE", "constant mul"},
    {"TimesZeroGoesForIntegers", "tensor<40xi8>", "0",
     "%y = sinter.mul %a, %c : TYPE", "constant"},
    {"SelfMinusSelfStaysForFloats", "tensor<40xf32>", "0.0",
     "%y = sinter.sub %a, %a : TYPE", "sub"},
    {"SelfMinusSelfGoesForIntegers", "tensor<40xui8>", "0",
     "%y = sinter.sub %a, %a : TYPE", "constant"},
    {"OverAPowerOfTwo", "tensor<40xf32>", "4.0",
     "%y = sinter.div %a, %c : TYPE", "constant mul"},
    {"OverALargePowerOfTwo", "tensor<40xf32>", "0x7E800000",
     "%y = sinter.div %a, %c : TYPE", "constant mul"},
    {"OverThreeStays", "tensor<40xf32>", "3.0", "%y = sinter.div %a, %c : TYPE",
     "constant div"},
    {"IntegersAreDivided", "tensor<40xi32>", "4",
     "%y = sinter.div %a, %c : TYPE", "constant div"},
    {"DoubleNegation", "tensor<40xf64>", "1.0",
     "%n = sinter.neg %a : TYPE\n%y = sinter.neg %n : TYPE", ""},
    {"MaxOfEqual", "tensor<40xf64>", "1.0", "%y = sinter.max %a, %a : TYPE",
     ""},
    {"AndWithAllBits", "tensor<40xi32>", "-1", "%y = sinter.and %a, %c : TYPE",
     ""},
    {"AndWithNoBits", "tensor<40xi32>", "0", "%y = sinter.and %a, %c : TYPE",
     "constant"},
    {"OrWithNoBits", "tensor<40xi1>", "false", "%y = sinter.or %a, %c : TYPE",
     ""},
    {"OrWithAllBits", "tensor<40xi1>", "true", "%y = sinter.or %a, %c : TYPE",
     "constant"},
    {"XorWithItself", "tensor<40xui8>", "0", "%y = sinter.xor %a, %a : TYPE",
     "constant"},
    {"XorWithNoBits", "tensor<40xi64>", "0", "%y = sinter.xor %c, %a : TYPE",
     ""},
    {"ConstantsCompareOnTheRight", "tensor<40xi1>", "true",
     "%y = sinter.compare lt %c, %a : TYPE", "constant compare"},
    {"NotOfLessIsGreaterOrEqualForIntegers", "tensor<40xi1>", "true",
     "%l = sinter.compare lt %a, %b : TYPE\n%y = sinter.not %l : TYPE",
     "compare"},
    {"SelectOfNotSwaps", "tensor<40xi1>", "true",
     "%n = sinter.not %a : TYPE\n%y = sinter.select %n, %b, %c : TYPE",
     "constant select"},
};
INSTANTIATE_TEST_SUITE_P(Rules, ArithmeticTest, ::testing::ValuesIn(rules),
                         [](const auto &info) { return info.param.name; });

using FloatComparisonTest = Simplify;

TEST_F(FloatComparisonTest, NotOfLessStaysForFloats) {
  algebra(R"((%a: tensor<40xf32>, %b: tensor<40xf32>) -> tensor<40xi1> {
    %c = sinter.compare lt %a, %b : tensor<40xf32>
    %n = sinter.not %c : tensor<40xi1>
    sinter.return %n : tensor<40xi1>
  })");
  EXPECT_EQ(ops(), "compare not");
}

TEST_F(FloatComparisonTest, NotOfEqualIsNotEqual) {
  algebra(R"((%a: tensor<40xf32>, %b: tensor<40xf32>) -> tensor<40xi1> {
    %c = sinter.compare eq %a, %b : tensor<40xf32>
    %n = sinter.not %c : tensor<40xi1>
    sinter.return %n : tensor<40xi1>
  })");
  EXPECT_EQ(ops(), "compare");
}

using CastTest = Simplify;

TEST_F(CastTest, ThroughAWiderTypeIsOneCast) {
  algebra(R"((%x: tensor<40xui8>) -> (tensor<40xf32>, tensor<40xi8>) {
    %i = sinter.cast %x : tensor<40xui8> to tensor<40xi32>
    %f = sinter.cast %i : tensor<40xi32> to tensor<40xf32>
    %b = sinter.cast %i : tensor<40xi32> to tensor<40xi8>
    sinter.return %f, %b : tensor<40xf32>, tensor<40xi8>
  })");
  EXPECT_EQ(ops(), "cast cast");
}

TEST_F(CastTest, ThereAndBackIsNothing) {
  algebra(R"((%x: tensor<40xf32>, %y: tensor<40xi32>)
      -> (tensor<40xf32>, tensor<40xi32>) {
    %d = sinter.cast %x : tensor<40xf32> to tensor<40xf64>
    %f = sinter.cast %d : tensor<40xf64> to tensor<40xf32>
    %e = sinter.cast %y : tensor<40xi32> to tensor<40xf64>
    %i = sinter.cast %e : tensor<40xf64> to tensor<40xi32>
    sinter.return %f, %i : tensor<40xf32>, tensor<40xi32>
  })");
  EXPECT_EQ(ops(), "");
}

// 200 : u8 is 127 as a saturated i8 by way of f32, but −56 wrapped.
TEST_F(CastTest, FloatsSaturateWhereIntegersWrap) {
  algebra(R"((%x: tensor<40xui8>) -> tensor<40xi8> {
    %f = sinter.cast %x : tensor<40xui8> to tensor<40xf32>
    %i = sinter.cast %f : tensor<40xf32> to tensor<40xi8>
    sinter.return %i : tensor<40xi8>
  })");
  EXPECT_EQ(ops(), "cast cast");
}

TEST_F(CastTest, ANarrowerTypeBetweenStays) {
  algebra(R"((%x: tensor<40xi32>, %y: tensor<40xf64>)
      -> (tensor<40xi64>, tensor<40xf64>) {
    %f = sinter.cast %x : tensor<40xi32> to tensor<40xf32>
    %i = sinter.cast %f : tensor<40xf32> to tensor<40xi64>
    %g = sinter.cast %y : tensor<40xf64> to tensor<40xf32>
    %d = sinter.cast %g : tensor<40xf32> to tensor<40xf64>
    sinter.return %i, %d : tensor<40xi64>, tensor<40xf64>
  })");
  EXPECT_EQ(ops(), "cast cast cast cast");
}

using WriteTest = Simplify;

TEST_F(WriteTest, WhatAVariableHoldsIsNotWritten) {
  algebra(R"(() -> tensor<4xf32> {
    %v = sinter.read @v : tensor<4xf32>
    sinter.write @v, %v : tensor<4xf32>
    sinter.return %v : tensor<4xf32>
  })");
  EXPECT_EQ(ops(), "read");
}
} // namespace
