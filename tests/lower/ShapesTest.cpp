//===- ShapesTest.cpp - movement, reductions, gathers, random numbers -----===//
//
// Whole entries against the interpreter, on shapes that fit vectors and shapes
// that do not.  What only moves elements, integers and extrema agree bit for
// bit; float sums up to the order of their terms.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include <cstring>

using namespace sinter;
using namespace sinter::test;

namespace {
/// An entry: its inputs' types, its body (operands %0, %1, …; result %y).
struct Case {
  std::vector<std::string> inputs;
  std::string body;
  std::string result;
  double ulps = 0;
  unsigned special = 4;
};

std::string entryOf(const Case &c, unsigned number) {
  std::string text = "sinter.entry @e" + std::to_string(number) + "(";
  for (auto [i, type] : llvm::enumerate(c.inputs)) {
    std::string n = std::to_string(i);
    text += std::string(i ? ", " : "") + "%x" + n + ": " + type +
            " {sinter.name = \"x" + n + "\"}";
  }
  return text + ") -> (" + c.result + " {sinter.name = \"y\"}) {\n" + c.body +
         "\n  sinter.return %y : " + c.result + "\n}\n";
}

/// `text` with each of these names replaced by a type.
std::string
withTypes(std::string text,
          std::initializer_list<std::pair<const char *, std::string>> types) {
  for (auto &[name, type] : types)
    for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;
         at += type.size())
      text.replace(at, std::strlen(name), type);
  return text;
}

class Shapes : public testing::TestWithParam<Target> {
protected:
  void check(llvm::ArrayRef<Case> cases) {
    auto [cpu, level] = GetParam();
    std::string text = "module @m {\n";
    for (auto [number, c] : llvm::enumerate(cases))
      text += entryOf(c, number);
    Compiled compiled(text + "}\n", cpu, level);
    ASSERT_TRUE(compiled);
    for (auto [number, c] : llvm::enumerate(cases)) {
      std::string entry = "e" + std::to_string(number);
      std::vector<Array> inputs =
          makeInputs(compiled.inputTypes(entry), number * 5, c.special);
      auto got = compiled.run(entry, inputs);
      auto wanted = compiled.interpret(entry, inputs);
      ASSERT_EQ(got.size(), wanted.size());
      expectClose(got[0], wanted[0], c.ulps, c.body);
    }
  }
};

TEST_P(Shapes, MovementReadsTheRightElements) {
  std::vector<Case> cases;
  for (const char *e : {"f32", "ui8", "i1", "f64"}) {
    auto t = [&](const char *shape) {
      return "tensor<" + std::string(shape) + "x" + e + ">";
    };
    auto one = [&](const std::string &op, const char *from, const char *to) {
      cases.push_back({{t(from)},
                       "  %y = sinter." + op + " : " + t(from) + " -> " + t(to),
                       t(to)});
    };
    one("transpose %x0 [1, 0]", "37x18", "18x37");
    one("transpose %x0 [1, 0]", "64x32", "32x64");
    one("transpose %x0 [2, 0, 1]", "3x5x17", "17x3x5");
    one("transpose %x0 [0, 2, 1]", "4x16x16", "4x16x16");
    one("transpose %x0 [0, 2, 1]", "3x35x50", "3x50x35");
    one("transpose %x0 [2, 1, 0]", "40x3x33", "33x3x40");
    one("transpose %x0 [3, 0, 2, 1]", "2x17x3x18", "18x2x3x17");
    one("transpose %x0 [1, 2, 0]", "16x64x2", "64x2x16");
    one("broadcast %x0 dims [1]", "19", "3x19");
    one("broadcast %x0 dims [0]", "19", "19x21");
    one("broadcast %x0 dims [0, 2]", "3x1", "3x4x33");
    one("slice %x0 offsets [1, 3] sizes [4, 33] strides [2, 1]", "9x40",
        "4x33");
    one("slice %x0 offsets [0, 2] sizes [5, 18] strides [1, 2]", "5x40",
        "5x18");
    one("pad %x0 low [1, 2] high [0, 3] interior [0, 0]", "4x32", "5x37");
    one("pad %x0 low [0, 16] high [0, 16] interior [0, 0]", "2x16", "2x48");
    one("pad %x0 low [1, 2] high [2, 0] interior [1, 2]", "4x7", "10x21");
    one("reverse %x0 dims [1]", "3x37", "3x37");
    one("reverse %x0 dims [0]", "37x5", "37x5");
    one("reshape %x0", "6x10", "4x15");
    one("reshape %x0", "1x1", "1");
    auto joined = [&](std::vector<const char *> parts, const char *dim,
                      const char *to) {
      std::vector<std::string> inputs;
      std::string values, types;
      for (auto [i, part] : llvm::enumerate(parts)) {
        inputs.push_back(t(part));
        values += (i ? ", %x" : "%x") + std::to_string(i);
        types += (i ? ", " : "") + t(part);
      }
      cases.push_back({inputs,
                       "  %y = sinter.concatenate " + values + " dim " + dim +
                           " : " + types + " -> " + t(to),
                       t(to)});
    };
    joined({"2x16", "3x16"}, "0", "5x16");
    joined({"3x5", "3x18", "3x1"}, "1", "3x24");
    joined({"3x16", "3x32"}, "1", "3x48");
  }
  check(cases);
}

TEST_P(Shapes, MovementsComposeWithArithmetic) {
  check({
      // Rows of a square that a division tells apart are no square.
      {{"tensor<12x48xf32>", "tensor<40x34xf32>"},
       R"(  %t = sinter.transpose %x1 [1, 0] : tensor<40x34xf32> -> tensor<34x40xf32>
  %r = sinter.reshape %x0 : tensor<12x48xf32> -> tensor<18x32xf32>
  %u = sinter.transpose %r [1, 0] : tensor<18x32xf32> -> tensor<32x18xf32>
  %s = sinter.slice %t offsets [2, 3] sizes [32, 18] strides [1, 2] : tensor<34x40xf32> -> tensor<32x18xf32>
  %y = sinter.mul %u, %s : tensor<32x18xf32>)",
       "tensor<32x18xf32>"},
      // The comparison stands before the maximum, with a zero of its own.
      {{"tensor<2x3x4xf32>", "tensor<4x5xf32>"},
       R"(  %c = sinter.constant dense<0.0> : tensor<2x3x5xf32>
  %d = sinter.dot_general %x0, %x1 contract [2] x [0] batch [] x [] : tensor<2x3x4xf32>, tensor<4x5xf32> -> tensor<2x3x5xf32>
  %m = sinter.compare gt %d, %c : tensor<2x3x5xf32>
  %z = sinter.max %d, %c : tensor<2x3x5xf32>
  %s = sinter.select %m, %z, %d : tensor<2x3x5xf32>
  %y = sinter.add %s, %z : tensor<2x3x5xf32>)",
       "tensor<2x3x5xf32>",
       2,
       0},
      {{"tensor<36x33xf32>", "tensor<33x36xf32>"},
       R"(  %e = sinter.exp %x0 : tensor<36x33xf32>
  %t = sinter.transpose %e [1, 0] : tensor<36x33xf32> -> tensor<33x36xf32>
  %y = sinter.mul %t, %x1 : tensor<33x36xf32>)",
       "tensor<33x36xf32>",
       4},
      {{"tensor<6x40xf32>", "tensor<40xf32>"},
       R"(  %b = sinter.broadcast %x1 dims [1] : tensor<40xf32> -> tensor<6x40xf32>
  %s = sinter.add %x0, %b : tensor<6x40xf32>
  %r = sinter.reshape %s : tensor<6x40xf32> -> tensor<15x16xf32>
  %t = sinter.transpose %r [1, 0] : tensor<15x16xf32> -> tensor<16x15xf32>
  %y = sinter.neg %t : tensor<16x15xf32>)",
       "tensor<16x15xf32>"},
      {{"tensor<5x3xf32>", "tensor<3xf32>"},
       R"(  %b = sinter.broadcast %x1 dims [1] : tensor<3xf32> -> tensor<5x3xf32>
  %y = sinter.mul %x0, %b : tensor<5x3xf32>)",
       "tensor<5x3xf32>"},
      {{"tensor<1000x3xf32>", "tensor<3xf32>"},
       R"(  %b = sinter.broadcast %x1 dims [1] : tensor<3xf32> -> tensor<1000x3xf32>
  %y = sinter.mul %x0, %b : tensor<1000x3xf32>)",
       "tensor<1000x3xf32>"},
      {{"tensor<7x33xf32>"},
       R"(  %n = sinter.neg %x0 : tensor<7x33xf32>
  %p = sinter.pad %n low [1, 5] high [1, 0] interior [0, 0] : tensor<7x33xf32> -> tensor<9x38xf32>
  %r = sinter.reverse %p dims [0, 1] : tensor<9x38xf32> -> tensor<9x38xf32>
  %y = sinter.add %p, %r : tensor<9x38xf32>)",
       "tensor<9x38xf32>"},
      {{"tensor<4xf32>"},
       R"(  %i = sinter.iota dim 1 : tensor<4x35xf32>
  %b = sinter.broadcast %x0 dims [0] : tensor<4xf32> -> tensor<4x35xf32>
  %y = sinter.add %i, %b : tensor<4x35xf32>)",
       "tensor<4x35xf32>"},
      {{"tensor<9xi8>"},
       R"(  %i = sinter.iota dim 0 : tensor<9xi8>
  %c = sinter.constant dense<[1, 2, 3, 4, 5, 6, 7, -8, 9]> : tensor<9xi8>
  %s = sinter.add %i, %c : tensor<9xi8>
  %y = sinter.mul %s, %x0 : tensor<9xi8>)",
       "tensor<9xi8>"},
  });
}

TEST_P(Shapes, TransposedArithmeticIsWalkedOnce) {
  // Each value is used twice by the next: 2⁴⁸ ways lead to the argument.
  std::string body, from = "%x0";
  for (int i = 0; i < 48; ++i) {
    std::string to = "%v" + std::to_string(i);
    body += "  " + to + " = sinter.max " + from + ", " + from +
            " : tensor<17x18xf32>\n";
    from = to;
  }
  check({{{"tensor<17x18xf32>"},
          body + "  %y = sinter.transpose " + from +
              " [1, 0] : tensor<17x18xf32> -> tensor<18x17xf32>",
          "tensor<18x17xf32>"}});
}

TEST_P(Shapes, NamesOfValuesMeetNoSymbolOfCode) {
  // The kernel's name would be that of the entry's function, and of the
  // kernel's constant.
  for (const char *name : {"body", "constant"})
    check({{{"tensor<3xf32>"},
            std::string("  %c = sinter.constant dense<[1.0, 2.0, 4.0]> : "
                        "tensor<3xf32>\n"
                        "  %y = sinter.add %x0, %c : tensor<3xf32> loc(\"") +
                name + "\")",
            "tensor<3xf32>"}});
}

TEST_P(Shapes, SmallResourcesAreRead) {
  Compiled compiled(
      "module @m {\n" +
          entryOf({{"tensor<4xf32>"},
                   "  %c = sinter.constant dense_resource<r> : "
                   "tensor<4xf32>\n"
                   "  %y = sinter.mul %x0, %c : tensor<4xf32>",
                   "tensor<4xf32>"},
                  0) +
          "}\n{-# dialect_resources: { builtin: { r: "
          "\"0x040000000000803F000000400000404000008040\" } } #-}",
      std::get<0>(GetParam()), std::get<1>(GetParam()));
  ASSERT_TRUE(compiled);
  mlir::Type type = compiled.inputTypes("e0")[0];
  auto got = compiled.run("e0", {Array::of(type, {1, 10, 100, 1000})});
  expectClose(got[0], Array::of(type, {1, 20, 300, 4000}), 0, "1 2 3 4");
}

TEST_P(Shapes, ReductionsOfEveryKindTypeAndForm) {
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

TEST_P(Shapes, ArgReductionsChooseTheFirst) {
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

TEST_P(Shapes, RowsWithSeveralReductions) {
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
TEST_P(Shapes, RowsWithoutElementsHaveASoftmax) {
  check({{{"tensor<3x0xf32>"},
          R"(  %e = sinter.exp %x0 : tensor<3x0xf32>
  %s = sinter.reduce_sum %e dims [1] : tensor<3x0xf32> -> tensor<3xf32>
  %b = sinter.broadcast %s dims [0] : tensor<3xf32> -> tensor<3x0xf32>
  %p = sinter.div %e, %b : tensor<3x0xf32>
  %q = sinter.reduce_sum %p dims [1] : tensor<3x0xf32> -> tensor<3xf32>
  %y = sinter.add %s, %q : tensor<3xf32>)",
          "tensor<3xf32>"}});
}

TEST_P(Shapes, WindowsAreReducedAndFilledInOneWalk) {
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

TEST_P(Shapes, GathersReadZeroOutsideAndScattersDrop) {
  std::vector<Case> cases;
  for (const char *e : {"i32", "i64", "i8", "ui8"}) {
    auto indices = [&](const char *shape) {
      return std::string("tensor<") + shape + e + ">";
    };
    auto gather = [&](const std::string &from, const std::string &places,
                      const char *axis, const std::string &to) {
      cases.push_back({{from, places},
                       "  %y = sinter.gather %x0[%x1] " + std::string(axis) +
                           " : " + from + ", " + places + " -> " + to,
                       to});
    };
    gather("tensor<7x33xf32>", indices("4x5x"), "axis 0 batch 0",
           "tensor<4x5x33xf32>");
    gather("tensor<9x7xf32>", indices("9x"), "axis 1 batch 1", "tensor<9xf32>");
    gather("tensor<3x7xf32>", indices("21x"), "axis 1 batch 0",
           "tensor<3x21xf32>");
    cases.push_back({{"tensor<7x18xf32>", indices("11x"), "tensor<11x18xf32>"},
                     withTypes("  %y = sinter.scatter_add %x0[%x1] += %x2 "
                               "axis 0 batch 0 : tensor<7x18xf32>, PLACES, "
                               "tensor<11x18xf32>",
                               {{"PLACES", indices("11x")}}),
                     "tensor<7x18xf32>"});
    cases.push_back({{"tensor<9x7xi32>", indices("9x"), "tensor<9xi32>"},
                     withTypes(R"(  %n = sinter.neg %x2 : tensor<9xi32>
  %s = sinter.scatter_add %x0[%x1] += %n axis 1 batch 1 : tensor<9x7xi32>, PLACES, tensor<9xi32>
  %y = sinter.neg %s : tensor<9x7xi32>)",
                               {{"PLACES", indices("9x")}}),
                     "tensor<9x7xi32>"});
  }
  check(cases);
}

TEST_P(Shapes, RandomBitsAreTheSameAsEver) {
  std::vector<Case> cases;
  for (const char *shape : {"5x", "64x", "1000x", "3x70x", ""})
    for (const char *e : {"f32", "f64"}) {
      std::string type = std::string("tensor<") + shape + e + ">";
      cases.push_back({{"tensor<2xi64>"},
                       "  %y = sinter.random_uniform %x0 stream 42 : " + type,
                       type});
    }
  check(cases);
}

TEST_P(Shapes, StoresNoMoreThanTheLaneThatIsLeft) {
  // Rows of five in vectors of four, each lane narrowed as it is stored.
  check({{{"tensor<18x5x11xi32>"},
          "  %t = sinter.transpose %x0 [0, 2, 1] : tensor<18x5x11xi32> -> "
          "tensor<18x11x5xi32>\n  %y = sinter.cast %t : tensor<18x11x5xi32> "
          "to tensor<18x11x5xi8>",
          "tensor<18x11x5xi8>"}});
}

INSTANTIATE_TEST_SUITE_P(Targets, Shapes, testing::ValuesIn(allTargets));

} // namespace
