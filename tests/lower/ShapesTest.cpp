//===- ShapesTest.cpp - movement, reductions, gathers, random numbers -----===//
//
// Whole entries against the interpreter, on shapes that fit vectors and shapes
// that do not.  What only moves elements, integers and extrema agree bit for
// bit; float sums up to the order of their terms.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/EntryCases.h"

using namespace sinter;
using namespace sinter::test;

namespace {
class Shapes : public EntryCases {};

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

TEST_P(Shapes, ChannelsSideBySide) {
  // One of several channels at a time, to the last element of the operand.
  std::vector<Case> cases;
  for (const char *e : {"f32", "f64", "i32", "i8", "i1"})
    for (auto [from, permutation, to] :
         {std::tuple("5x37x2x", "[0, 2, 1]", "5x2x37x"),
          std::tuple("3x64x3x", "[0, 2, 1]", "3x3x64x"),
          std::tuple("33x3x", "[1, 0]", "3x33x"),
          std::tuple("2x131x4x", "[2, 0, 1]", "4x2x131x"),
          std::tuple("3x67x5x", "[2, 0, 1]", "5x3x67x")}) {
      std::string a = std::string("tensor<") + from + e + ">",
                  y = std::string("tensor<") + to + e + ">";
      cases.push_back({{a},
                       std::string("  %y = sinter.transpose %x0 ") +
                           permutation + " : " + a + " -> " + y,
                       y});
    }
  for (const char *stride : {"2", "3", "4", "5"}) {
    std::string y = std::string("tensor<7x") +
                    std::to_string(240 / std::atoi(stride)) + "xf32>";
    cases.push_back({{"tensor<7x241xf32>"},
                     std::string("  %y = sinter.slice %x0 offsets [0, 1] sizes "
                                 "[7, ") +
                         std::to_string(240 / std::atoi(stride)) +
                         "] strides [1, " + stride +
                         "] : tensor<7x241xf32> -> " + y,
                     y});
  }
  check(cases);
}

TEST_P(Shapes, ScattersThatThreadsShare) {
  // By columns, of which some are left over, and by what is around the axis.
  std::vector<Case> cases;
  for (const char *e : {"f32", "f64", "i32"})
    for (auto [to, places, from, where] :
         {std::tuple("7x75x", "11x", "11x75x", "axis 0 batch 0"),
          std::tuple("5x3x46x", "4x9x", "4x9x3x46x", "axis 0 batch 0"),
          std::tuple("9x64x", "20x", "20x64x", "axis 0 batch 0"),
          std::tuple("3x7x5x", "6x", "3x6x5x", "axis 1 batch 0"),
          std::tuple("4x3x6x35x", "4x8x", "4x3x8x35x", "axis 2 batch 1"),
          std::tuple("1x6x131x", "9x", "1x9x131x", "axis 1 batch 0")}) {
      auto type = [&](const char *shape) {
        return std::string("tensor<") + shape + e + ">";
      };
      std::string named = std::string("tensor<") + places + "i32>";
      cases.push_back(
          {{type(to), named, type(from)},
           std::string("  %y = sinter.scatter_add %x0[%x1] += %x2 ") + where +
               " : " + type(to) + ", " + named + ", " + type(from),
           type(to)});
    }
  check(cases);
  auto [cpu, level] = GetParam();
  if (level == 0 || llvm::StringRef(cpu) == "x86-64-v3")
    return;
  for (const Case &c : cases) {
    Compiled alone("module @m {\n" + entryOf(c, 0) + "}\n", cpu, level);
    ASSERT_TRUE(alone);
    EXPECT_NE(alone.loops().find("scf.parallel"), std::string::npos) << c.body;
  }
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
