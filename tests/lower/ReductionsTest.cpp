//===- ReductionsTest.cpp - rows, columns and windows ---------------------===//
//
// Against the interpreter: integers and extrema bit for bit, float sums up to
// the order of their terms.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/EntryCases.h"

using namespace sinter;
using namespace sinter::test;

namespace {
class Reductions : public EntryCases {};

TEST_P(Reductions, ReductionsOfEveryKindTypeAndForm) {
  std::vector<Case> cases;
  struct Form {
    const char *from, *dims, *to;
  };
  const Form forms[] = {
      {"7x37x", "[1]", "7x"},      {"7x37x", "[0]", "37x"},
      {"300x5x", "[0]", "5x"},     {"7x37x", "[0, 1]", ""},
      {"3x4x18x", "[0, 2]", "4x"}, {"3x4x18x", "[1]", "3x18x"},
      {"2x200x", "[1]", "2x"},     {"33x512x", "[0]", "512x"},
      {"1x", "[0]", ""},           {"0x4x", "[0]", "4x"},
      {"4x0x", "[1]", "4x"},       {"3x16x", "[1]", "3x"}};
  for (const char *op :
       {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"})
    for (const char *e : {"f32", "f64", "i64", "i32", "i8", "ui8"})
      for (const Form &form : forms) {
        std::string from = std::string("tensor<") + form.from + e + ">";
        std::string to = std::string("tensor<") + form.to + e + ">";
        bool inexact = (*e == 'f') && (op[7] == 's' || op[7] == 'p');
        // Terms of both signs cancel: the bound is on the sum of sizes.
        if (op[7] == 'p' && *e == 'f' && form.from[0] != '7' &&
            form.from[0] != '1')
          continue;
        cases.push_back({{from},
                         std::string("  %y = sinter.") + op + " %x0 dims " +
                             form.dims + " : " + from + " -> " + to,
                         to,
                         inexact ? 4096.0 : 0.0,
                         inexact ? 0u : 1u});
      }
  check(cases);
}

TEST_P(Reductions, ArgReductionsChooseTheFirst) {
  std::vector<Case> cases;
  for (const char *op : {"argmax", "argmin"})
    for (const char *e : {"f32", "f64", "i32", "ui8", "i64"})
      for (const char *r : {"i32", "i64"})
        for (auto [from, dim, to] :
             {std::tuple("6x37x", "1", "6x"), std::tuple("37x19x", "0", "19x"),
              std::tuple("3x5x4x", "1", "3x4x"), std::tuple("100x", "0", ""),
              std::tuple("128x10x", "1", "128x"),
              std::tuple("2x1x", "1", "2x")}) {
          std::string a = std::string("tensor<") + from + e + ">";
          std::string b = std::string("tensor<") + to + r + ">";
          for (unsigned special : {0u, 3u})
            cases.push_back({{a},
                             std::string("  %y = sinter.") + op + " %x0 dim " +
                                 dim + " : " + a + " -> " + b,
                             b,
                             0,
                             special});
        }
  check(cases);
}

TEST_P(Reductions, RowsWithSeveralReductions) {
  std::vector<Case> cases;
  for (const char *n : {"10", "16", "37", "128"}) {
    std::string full = std::string("tensor<9x") + n + "xf32>";
    std::string columns = std::string("tensor<") + n + "xf32>";
    auto one = [&](const char *body, const std::string &result, double ulps) {
      cases.push_back({{full},
                       withTypes(body, {{"FULL", full},
                                        {"ROWS", "tensor<9xf32>"},
                                        {"COLUMNS", columns}}),
                       result,
                       ulps,
                       0});
    };
    one(R"(  %m = sinter.reduce_max %x0 dims [1] : FULL -> ROWS
  %mb = sinter.broadcast %m dims [0] : ROWS -> FULL
  %d = sinter.sub %x0, %mb : FULL
  %e = sinter.exp %d : FULL
  %s = sinter.reduce_sum %e dims [1] : FULL -> ROWS
  %sb = sinter.broadcast %s dims [0] : ROWS -> FULL
  %y = sinter.div %e, %sb : FULL)",
        full, 64);
    one(R"(  %m = sinter.reduce_sum %x0 dims [1] : FULL -> ROWS
  %mb = sinter.broadcast %m dims [0] : ROWS -> FULL
  %d = sinter.sub %x0, %mb : FULL
  %q = sinter.mul %d, %d : FULL
  %v = sinter.reduce_sum %q dims [1] : FULL -> ROWS
  %r = sinter.rsqrt %v : ROWS
  %rb = sinter.broadcast %r dims [0] : ROWS -> FULL
  %z = sinter.mul %d, %rb : FULL
  %y = sinter.reduce_sum %z dims [0, 1] : FULL -> tensor<f32>)",
        "tensor<f32>", 1e6);
    one(R"(  %m = sinter.reduce_sum %x0 dims [0] : FULL -> COLUMNS
  %mb = sinter.broadcast %m dims [1] : COLUMNS -> FULL
  %d = sinter.sub %x0, %mb : FULL
  %q = sinter.mul %d, %d : FULL
  %y = sinter.reduce_sum %q dims [0] : FULL -> COLUMNS)",
        columns, 4096);
  }
  check(cases);
}

// What would be kept for a row's other loops has no bytes.
TEST_P(Reductions, RowsWithoutElementsHaveASoftmax) {
  check({{{"tensor<3x0xf32>"},
          R"(  %e = sinter.exp %x0 : tensor<3x0xf32>
  %s = sinter.reduce_sum %e dims [1] : tensor<3x0xf32> -> tensor<3xf32>
  %b = sinter.broadcast %s dims [0] : tensor<3xf32> -> tensor<3x0xf32>
  %p = sinter.div %e, %b : tensor<3x0xf32>
  %q = sinter.reduce_sum %p dims [1] : tensor<3x0xf32> -> tensor<3xf32>
  %y = sinter.add %s, %q : tensor<3xf32>)",
          "tensor<3xf32>"}});
}

TEST_P(Reductions, WindowsAreReducedAndFilledInOneWalk) {
  std::vector<Case> cases;
  // The extremum of each window, and where it was first, as a pooling and its
  // derivative have it; a softmax along a short axis.
  for (const char *e : {"f32", "f64", "i32"})
    for (auto [before, between, inner] :
         {std::tuple("5", "3", "8"), std::tuple("2", "4", "16"),
          std::tuple("3", "1", "35"), std::tuple("1", "2", "1")}) {
      std::string full = std::string(before) + "x2x" + between + "x3x" + inner,
                  kept = std::string(before) + "x" + between + "x" + inner;
      std::string body = R"(
  %m = sinter.reduce_max %x0 dims [1, 3] : FULL -> KEPT
  %b = sinter.broadcast %m dims [0, 2, 4] : KEPT -> FULL
  %c = sinter.compare eq %x0, %b : FULL
  %r = sinter.iota dim 1 : PLACES
  %q = sinter.iota dim 3 : PLACES
  %h = sinter.constant dense<3> : PLACES
  %s = sinter.mul %r, %h : PLACES
  %p = sinter.add %s, %q : PLACES
  %n = sinter.constant dense<6> : PLACES
  %o = sinter.select %c, %p, %n : PLACES
  %f = sinter.reduce_min %o dims [1, 3] : PLACES -> FIRST
  %g = sinter.broadcast %f dims [0, 2, 4] : FIRST -> PLACES
  %k = sinter.compare eq %p, %g : PLACES
  %v = sinter.broadcast %x1 dims [0, 2, 4] : KEPT -> FULL
  %y = sinter.select %k, %v, %x0 : FULL)";
      auto t = [&](const std::string &shape, const char *of) {
        return "tensor<" + shape + "x" + of + ">";
      };
      cases.push_back({{t(full, e), t(kept, e)},
                       withTypes(body, {{"FULL", t(full, e)},
                                        {"KEPT", t(kept, e)},
                                        {"PLACES", t(full, "i64")},
                                        {"FIRST", t(kept, "i64")}}),
                       t(full, e)});
    }
  for (auto [full, kept] : {std::pair("tensor<3x4x37xf32>", "tensor<3x37xf32>"),
                            std::pair("tensor<5x16x3xf32>", "tensor<5x3xf32>")})
    cases.push_back({{full},
                     withTypes(R"(
  %m = sinter.reduce_max %x0 dims [1] : FULL -> KEPT
  %b = sinter.broadcast %m dims [0, 2] : KEPT -> FULL
  %d = sinter.sub %x0, %b : FULL
  %e = sinter.exp %d : FULL
  %s = sinter.reduce_sum %e dims [1] : FULL -> KEPT
  %c = sinter.broadcast %s dims [0, 2] : KEPT -> FULL
  %y = sinter.div %e, %c : FULL)",
                               {{"FULL", full}, {"KEPT", kept}}),
                     full,
                     8,
                     0});
  check(cases);
}

/// The gradients of the squares of distances between all pairs of rows, which
/// two sums compute from the rows again.
TEST_P(Reductions, DifferencesOfAllPairsOfRows) {
  std::vector<Case> cases;
  for (auto [count, depth] : {std::pair("37", "33"), std::pair("24", "48")}) {
    std::string rows = std::string(count) + "x" + depth,
                pairs = std::string(count) + "x" + count;
    cases.push_back(
        {{"tensor<" + rows + "xf32>", "tensor<" + rows + "xf32>"},
         withTypes(R"(
  %a = sinter.broadcast %x0 dims [0, 2] : ROWS -> FULL
  %b = sinter.broadcast %x1 dims [1, 2] : ROWS -> FULL
  %d = sinter.sub %a, %b : FULL
  %m = sinter.abs %d : FULL
  %l = sinter.reduce_sum %m dims [2] : FULL -> PAIRS
  %g = sinter.broadcast %l dims [0, 1] : PAIRS -> FULL
  %s = sinter.sign %d : FULL
  %t = sinter.mul %g, %s : FULL
  %p = sinter.reduce_sum %t dims [1] : FULL -> ROWS
  %n = sinter.neg %t : FULL
  %q = sinter.reduce_sum %n dims [0] : FULL -> ROWS
  %y = sinter.concatenate %p, %q dim 0 : ROWS, ROWS -> BOTH)",
                   {{"FULL", "tensor<" + pairs + "x" + depth + "xf32>"},
                    {"PAIRS", "tensor<" + pairs + "xf32>"},
                    {"ROWS", "tensor<" + rows + "xf32>"},
                    {"BOTH", "tensor<" + std::to_string(2 * std::stoi(count)) +
                                 "x" + depth + "xf32>"}}),
         "tensor<" + std::to_string(2 * std::stoi(count)) + "x" + depth +
             "xf32>",
         65536,
         0});
  }
  check(cases);
}

INSTANTIATE_TEST_SUITE_P(Targets, Reductions, testing::ValuesIn(allTargets));

} // namespace
