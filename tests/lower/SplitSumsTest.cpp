//===- SplitSumsTest.cpp - long sums in parts that threads share ----------===//
//
// Reductions to a few elements and contractions with a few results, of extents
// that divide into parts and of ones that leave some over: integers and extrema
// bit for bit, float sums up to the order of their terms.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/EntryCases.h"

using namespace sinter;
using namespace sinter::test;

namespace {
class SplitSums : public EntryCases {
protected:
  /// As `check`; every case by itself must be shared.
  void checkShared(llvm::ArrayRef<Case> cases) {
    check(cases);
    auto [cpu, level] = GetParam();
    if (level == 0 || llvm::StringRef(cpu) == "x86-64-v3")
      return;
    for (const Case &c : cases) {
      Compiled alone("module @m {\n" + entryOf(c, 0) + "}\n", cpu, level);
      ASSERT_TRUE(alone);
      EXPECT_NE(alone.loops().find("scf.parallel"), std::string::npos)
          << c.body;
    }
  }
};

TEST_P(SplitSums, ReductionsToFewElements) {
  struct Form {
    const char *from, *dims, *to;
  };
  // Whole dimensions, pieces that divide (128), and that do not (primes).
  const Form forms[] = {
      {"1009x", "[0]", ""},          {"128x", "[0]", ""},
      {"67x131x", "[0, 1]", ""},     {"9x5x7x", "[0, 1, 2]", ""},
      {"1013x3x", "[0]", "3x"},      {"300x17x", "[0]", "17x"},
      {"3x257x", "[1]", "3x"},       {"16x9x5x8x", "[0, 1, 2]", "8x"},
      {"5x131x3x", "[0, 1]", "3x"},  {"2x65x4x33x", "[1, 3]", "2x4x"},
      {"66x3x130x", "[0, 2]", "3x"}, {"127x2x1x", "[0, 2]", "2x"}};
  std::vector<Case> cases;
  for (const char *op :
       {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"})
    for (const char *e : {"f32", "f64", "i64", "i32"})
      for (const Form &form : forms) {
        bool isProduct = op[7] == 'p', isSum = op[7] == 's';
        if (isProduct && *e == 'f')
          continue;
        std::string from = std::string("tensor<") + form.from + e + ">";
        std::string to = std::string("tensor<") + form.to + e + ">";
        bool inexact = *e == 'f' && isSum;
        cases.push_back({{from},
                         std::string("  %y = sinter.") + op + " %x0 dims " +
                             form.dims + " : " + from + " -> " + to,
                         to,
                         inexact ? 16384.0 : 0.0,
                         inexact ? 0u : 1u});
      }
  checkShared(cases);
}

TEST_P(SplitSums, WhatIsComputedBeforeAndAfter) {
  std::string full = "tensor<67x9x3xf32>", kept = "tensor<3xf32>";
  std::vector<Case> cases;
  // A mean that is taken from every element, then a sum of squares: the second
  // sum waits for the first.
  cases.push_back(
      {{full},
       withTypes("  %s = sinter.reduce_sum %x0 dims [0, 1] : FULL -> KEPT\n"
                 "  %n = sinter.constant dense<603.0> : KEPT\n"
                 "  %m = sinter.div %s, %n : KEPT\n"
                 "  %b = sinter.broadcast %m dims [2] : KEPT -> FULL\n"
                 "  %d = sinter.sub %x0, %b : FULL\n"
                 "  %q = sinter.mul %d, %d : FULL\n"
                 "  %y = sinter.reduce_sum %q dims [0, 1] : FULL -> KEPT",
                 {{"FULL", full}, {"KEPT", kept}}),
       kept,
       4096});
  // One row of a softmax: its results are not the row's any more.  Of fewer
  // elements the parts would be rows that lanes run over, too few to share.
  cases.push_back(
      {{"tensor<1x2053xf32>"},
       withTypes("  %m = sinter.reduce_max %x0 dims [1] : FULL -> KEPT\n"
                 "  %b = sinter.broadcast %m dims [0] : KEPT -> FULL\n"
                 "  %d = sinter.sub %x0, %b : FULL\n"
                 "  %e = sinter.exp %d : FULL\n"
                 "  %s = sinter.reduce_sum %e dims [1] : FULL -> KEPT\n"
                 "  %c = sinter.broadcast %s dims [0] : KEPT -> FULL\n"
                 "  %y = sinter.div %e, %c : FULL",
                 {{"FULL", "tensor<1x2053xf32>"}, {"KEPT", "tensor<1xf32>"}}),
       "tensor<1x2053xf32>",
       64});
  // The place of a maximum that was taken from every element.
  cases.push_back(
      {{"tensor<2x2053xf32>"},
       withTypes("  %m = sinter.reduce_max %x0 dims [1] : FULL -> KEPT\n"
                 "  %b = sinter.broadcast %m dims [0] : KEPT -> FULL\n"
                 "  %d = sinter.sub %x0, %b : FULL\n"
                 "  %y = sinter.argmax %d dim 1 : FULL -> tensor<2xi32>",
                 {{"FULL", "tensor<2x2053xf32>"}, {"KEPT", "tensor<2xf32>"}}),
       "tensor<2xi32>"});
  checkShared(cases);
}

/// Few different numbers, so that pieces tie, and some nan.
TEST_P(SplitSums, PlacesOfExtrema) {
  std::vector<Case> cases;
  for (const char *op : {"argmax", "argmin"})
    for (auto [e, r, special] :
         {std::tuple("f32", "i32", 0u), std::tuple("f32", "i64", 3u),
          std::tuple("ui8", "i32", 0u)})
      for (auto [from, dim, to] :
           {std::tuple("4096x", "0", ""), std::tuple("4099x", "0", ""),
            std::tuple("3x2053x", "1", "3x"),
            std::tuple("2x3x1031x", "2", "2x3x")}) {
        std::string a = std::string("tensor<") + from + e + ">";
        std::string b = std::string("tensor<") + to + r + ">";
        std::string few =
            *e == 'f' ? "sinter.round %x0" : "sinter.max %x0, %x0";
        cases.push_back({{a},
                         "  %n = " + few + " : " + a + "\n  %y = sinter." + op +
                             " %n dim " + dim + " : " + a + " -> " + b,
                         b,
                         0,
                         special});
      }
  checkShared(cases);
}

TEST_P(SplitSums, ContractionsToFewElements) {
  struct Form {
    const char *lhs, *rhs, *form, *to;
  };
  const Form forms[] = {
      // Two primes, a dimension as a whole, and pieces of one.
      {"2053x3x", "2053x5x", "contract [0] x [0] batch [] x []", "3x5x"},
      {"3x4099x", "4099x17x", "contract [1] x [0] batch [] x []", "3x17x"},
      {"11x300x7x", "11x300x9x", "contract [0, 1] x [0, 1] batch [] x []",
       "7x9x"},
      {"4096x", "4096x", "contract [0] x [0] batch [] x []", ""},
      {"2x3000x3x", "5x2x3000x", "contract [1] x [2] batch [0] x [1]",
       "2x3x5x"},
      {"130x33x2x", "33x3x130x", "contract [1, 0] x [0, 2] batch [] x []",
       "2x3x"}};
  std::vector<Case> cases;
  for (const char *e : {"f32", "f64", "i32", "i64"})
    for (const Form &form : forms) {
      auto type = [&](const char *shape) {
        return std::string("tensor<") + shape + e + ">";
      };
      bool inexact = *e == 'f';
      cases.push_back({{type(form.lhs), type(form.rhs)},
                       std::string("  %y = sinter.dot_general %x0, %x1 ") +
                           form.form + " : " + type(form.lhs) + ", " +
                           type(form.rhs) + " -> " + type(form.to),
                       type(form.to),
                       inexact ? 65536.0 : 0.0,
                       inexact ? 0u : 1u});
    }
  checkShared(cases);
}

TEST_P(SplitSums, WeightsOfConvolutions) {
  // The gradient of a convolution's weights sums over images and their places;
  // in the second one, the image has a border of zeros.
  const char *gradient =
      "  %t = sinter.transpose %x0 [1, 2, 0, 3] : tensor<9x17x16x4xf32> -> "
      "tensor<17x16x9x4xf32>\n"
      "  %b = sinter.broadcast %t dims [1, 2, 3, 4] : tensor<17x16x9x4xf32> -> "
      "tensor<5x17x16x9x4xf32>\n"
      "  %w = sinter.windows IMAGE dims [1, 2] sizes [17, 16] strides [1, 1] "
      "dilations [1, 1] : tensor<9x21x19x3xf32> -> "
      "tensor<9x5x4x17x16x3xf32>\n"
      "  %y = sinter.dot_general %b, %w contract [1, 2, 3] x [3, 4, 0] batch "
      "[0] x [1] : tensor<5x17x16x9x4xf32>, tensor<9x5x4x17x16x3xf32> -> "
      "tensor<5x4x4x3xf32>";
  const char *pad =
      "  %p = sinter.pad %x1 low [0, 1, 0, 0] high [0, 1, 0, 0] interior "
      "[0, 0, 0, 0] : tensor<9x19x19x3xf32> -> tensor<9x21x19x3xf32>\n";
  checkShared({{{"tensor<9x17x16x4xf32>", "tensor<9x21x19x3xf32>"},
                withTypes(gradient, {{"IMAGE", "%x1"}}),
                "tensor<5x4x4x3xf32>",
                65536,
                0},
               {{"tensor<9x17x16x4xf32>", "tensor<9x19x19x3xf32>"},
                pad + withTypes(gradient, {{"IMAGE", "%p"}}),
                "tensor<5x4x4x3xf32>",
                65536,
                0}});
}

INSTANTIATE_TEST_SUITE_P(Targets, SplitSums, testing::ValuesIn(allTargets));
} // namespace
