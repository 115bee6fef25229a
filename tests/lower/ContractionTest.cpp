//===- ContractionTest.cpp - every form of dot_general --------------------===//
//
// Random contractions (dimensions, order, transposition, type), with epilogues
// and with operands that are computed on the way, on guarded memory, against
// the interpreter.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/ContractionForms.h"

using namespace sinter;
using namespace sinter::test;

namespace {

/// Entries on inputs %a, %b (and %c of the result's shape), each in a module of
/// its own folder of names.
struct Program {
  std::string text = "module @m {\n";
  std::vector<std::string> names;
  int count = 0;

  void add(const Form &form, const std::string &element,
           const std::string &body, const std::string &lhsElement = "") {
    std::string a = tensor(form.lhs, lhsElement.empty() ? element : lhsElement);
    std::string y = tensor(form.result, element);
    text += "sinter.entry @e" + std::to_string(count++) + "(%a: " + a +
            " {sinter.name = \"a\"}, %b: " + tensor(form.rhs, element) +
            " {sinter.name = \"b\"}, %c: " + y +
            " {sinter.name = \"c\"}) -> (" + y + " {sinter.name = \"z\"}) {\n" +
            body + "sinter.return %z : " + y + "\n}\n";
    names.push_back(body);
  }

  void check(llvm::StringRef cpu, double ulps) {
    Compiled compiled(text + "}\n", cpu);
    ASSERT_TRUE(compiled);
    for (int i = 0; i < count; ++i) {
      std::string entry = "e" + std::to_string(i);
      std::vector<Array> inputs;
      for (mlir::Type type : compiled.inputTypes(entry)) {
        // Small integers: every order of summation is exact in f32.
        Array input = Array::zeros(type);
        std::mt19937 random(i * 31 + inputs.size());
        for (double &x : input.floats)
          x = static_cast<double>(random() % 9) - 4;
        for (int64_t &x : input.ints)
          x = interpret::wrap(static_cast<int64_t>(random()),
                              input.elementType);
        inputs.push_back(std::move(input));
      }
      expectClose(compiled.run(entry, inputs)[0],
                  compiled.interpret(entry, inputs)[0], ulps, names[i]);
    }
  }
};

std::string copyOfY(const Form &form, const std::string &element) {
  std::string type = tensor(form.result, element);
  return form.op(element) + "%z = sinter.max %y, %c : " + type + "\n";
}

class Contraction : public testing::TestWithParam<const char *> {};

TEST_P(Contraction, AllTranspositionsOfOddShapes) {
  Program program;
  for (int transposed = 0; transposed < 4; ++transposed)
    for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{{1, 1, 1},
                                                              {1, 100, 7},
                                                              {13, 1, 5},
                                                              {3, 17, 4},
                                                              {14, 32, 9},
                                                              {29, 75, 33},
                                                              {65, 48, 16},
                                                              {8, 130, 3},
                                                              {40, 300, 21}})
      program.add(
          matrix(m, n, k, transposed & 1, transposed & 2), "f32",
          copyOfY(matrix(m, n, k, transposed & 1, transposed & 2), "f32"));
  program.check(GetParam(), 0);
}

TEST_P(Contraction, EveryTypeOfNumber) {
  for (const char *type : {"f32", "f64", "i64", "i32", "i8", "ui8"}) {
    Program program;
    for (int transposed = 0; transposed < 4; ++transposed)
      program.add(
          matrix(9, 37, 11, transposed & 1, transposed & 2), type,
          copyOfY(matrix(9, 37, 11, transposed & 1, transposed & 2), type));
    program.check(GetParam(), 0);
  }
}

TEST_P(Contraction, RandomDimensionsInAnyOrder) {
  std::mt19937 random(7);
  Program program;
  for (int i = 0; i < 40; ++i) {
    Form form = randomForm(random);
    program.add(form, "f32", copyOfY(form, "f32"));
  }
  program.check(GetParam(), 0);
}

/// Operands that are parts of wider tensors, as attention's heads are of one
/// product: in any form, and so large that they are packed.
TEST_P(Contraction, SlicesAreReadWhereTheyLie) {
  std::mt19937 random(11);
  Program program;
  auto add = [&](const Form &form) {
    Form wide = form;
    auto widen = [&](const char *from, const char *to,
                     std::vector<int64_t> &shape) {
      std::vector<int64_t> offsets, sizes = shape, strides;
      for (int64_t &extent : shape) {
        offsets.push_back(random() % 3);
        strides.push_back(1 + random() % 4 / 3);
        extent = offsets.back() + extent * strides.back() + random() % 2;
      }
      return std::string(to) + " = sinter.slice " + from + " offsets " +
             list(offsets) + " sizes " + list(sizes) + " strides " +
             list(strides) + " : " + tensor(shape, "f32") + " -> " +
             tensor(sizes, "f32") + "\n";
    };
    std::string slices = widen("%a", "%as", wide.lhs);
    slices += widen("%b", "%bs", wide.rhs);
    program.add(wide, "f32",
                slices + form.op("f32", "%as", "%bs") +
                    "%z = sinter.max %y, %c : " + tensor(form.result, "f32") +
                    "\n");
  };
  for (int i = 0; i < 25; ++i)
    add(randomForm(random));
  for (int transposed = 0; transposed < 4; ++transposed)
    for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{
             {5, 40, 3}, {260, 33, 7}, {19, 140, 5}, {40, 300, 9}})
      add(matrix(m, n, k, transposed & 1, transposed & 2));
  program.check(GetParam(), 0);
}

TEST_P(Contraction, NothingToSumIsZero) {
  Program program;
  program.add(matrix(5, 21, 0, false, false), "f32",
              copyOfY(matrix(5, 21, 0, false, false), "f32"));
  program.add(matrix(0, 21, 3, false, false), "f32",
              copyOfY(matrix(0, 21, 3, false, false), "f32"));
  program.add(matrix(5, 0, 3, false, true), "f32",
              copyOfY(matrix(5, 0, 3, false, true), "f32"));
  program.check(GetParam(), 0);
}

TEST_P(Contraction, EpilogueReadsAndBroadcasts) {
  Program program;
  for (int64_t n : {1, 10, 33, 64}) {
    Form form = matrix(19, n, 23, false, false);
    std::string type = tensor(form.result, "f32");
    std::string row = tensor({n}, "f32");
    program.add(
        form, "f32",
        form.op("f32") + "%r = sinter.slice %c offsets [3, 0] sizes [1, " +
            std::to_string(n) + "] strides [1, 1] : " + type + " -> " +
            tensor({1, n}, "f32") +
            "\n%s = sinter.reshape %r : " + tensor({1, n}, "f32") + " -> " +
            row + "\n%t = sinter.broadcast %s dims [1] : " + row + " -> " +
            type + "\n%u = sinter.add %y, %t : " + type +
            "\n%o = sinter.constant dense<0.0> : " + type +
            "\n%v = sinter.max %u, %o : " + type +
            "\n%z = sinter.mul %v, %c : " + type + "\n");
  }
  program.check(GetParam(), 0);
}

TEST_P(Contraction, OperandComputedOnTheWay) {
  Program program;
  for (bool transposed : {false, true}) {
    Form form = matrix(21, 45, 19, false, transposed);
    std::string from = tensor(form.lhs, "ui8"), to = tensor(form.lhs, "f32");
    program.add(
        form, "f32",
        "%x = sinter.cast %a : " + from + " to " + to +
            "\n%h = sinter.constant dense<0.5> : " + to +
            "\n%w = sinter.mul %x, %h : " + to + "\n" + form.op("f32", "%w") +
            "%z = sinter.add %y, %c : " + tensor(form.result, "f32") + "\n",
        "ui8");
  }
  program.check(GetParam(), 0);
}

/// Sums that are so long that blocks are passed several times: whole passes and
/// a part of one, blocks and tiles that are cut, operands in any order,
/// computed or as they lie, with an epilogue that stores over what it reads.
TEST_P(Contraction, LongSumsInSeveralPasses) {
  Program program;
  for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{
           {70, 40, 9000}, {129, 67, 8449}, {60, 260, 10561}})
    for (bool left : {false, true})
      for (bool right : {false, true}) {
        Form form = matrix(m, n, k, left, right);
        std::string type = tensor(form.result, "f32"),
                    a = tensor(form.lhs, "f32"), b = tensor(form.rhs, "f32");
        program.add(form, "f32",
                    form.op("f32") + "%z = sinter.add %y, %c : " + type + "\n");
        program.add(form, "f32",
                    "%na = sinter.neg %a : " + a + "\n%nb = sinter.abs %b : " +
                        b + "\n" + form.op("f32", "%na", "%nb") +
                        "%z = sinter.sub %y, %c : " + type + "\n");
      }
  program.check(GetParam(), 0);
  Compiled compiled(program.text + "}\n", GetParam());
  ASSERT_TRUE(compiled);
  EXPECT_GE(llvm::StringRef(compiled.loops()).count("block_depth = 528"),
            size_t(program.count));
}

/// Whole tiles and what is left of them in either direction, tasks, batches,
/// and columns of short rows; all numbers stay small integers.
TEST_P(Contraction, LongEpiloguesAreLoopsOverRows) {
  Program program;
  auto add = [&](const Form &form) {
    std::string type = tensor(form.result, "f32"), body = form.op("f32");
    std::string last = "%y";
    for (int i = 0; i < 60; ++i) {
      std::string next = "%t" + std::to_string(i);
      body += next + " = sinter." +
              (i % 3 == 0   ? "add "
               : i % 3 == 1 ? "sub "
                            : "max ") +
              last + ", %c : " + type + "\n";
      last = next;
    }
    program.add(form, "f32",
                body + "%z = sinter.neg " + last + " : " + type + "\n");
  };
  for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{{13, 32, 9},
                                                            {14, 100, 5},
                                                            {29, 45, 33},
                                                            {40, 7, 20},
                                                            {200, 150, 60},
                                                            {31, 3, 40},
                                                            {1, 64, 30}})
    for (bool transposed : {false, true})
      add(matrix(m, n, k, transposed, transposed));
  std::mt19937 random(3);
  for (int i = 0; i < 10; ++i)
    add(randomForm(random));
  program.check(GetParam(), 0);
  Compiled compiled(program.text + "}\n", GetParam());
  EXPECT_GT(llvm::StringRef(compiled.fused()).count("loop_epilogue"), 4u);
}

/// Rows that are more than one tile, whole and cut, of a B whose rows are far
/// apart: passed once or several times, products of a batch, a slow epilogue
/// beside the next tile, and a last block that has no whole tile.
TEST_P(Contraction, FirstTilesPackForTheOthers) {
  Program program;
  for (auto [m, n, k] : std::vector<std::array<int64_t, 3>>{
           {70, 300, 90}, {129, 261, 67}, {42, 1024, 300}, {36, 264, 5003}})
    for (bool left : {false, true}) {
      Form form = matrix(m, n, k, left, false);
      std::string type = tensor(form.result, "f32");
      for (const char *epilogue : {"add %y, %c", "div %y, %one"})
        program.add(form, "f32",
                    form.op("f32") +
                        "%one = sinter.constant dense<1.0> : " + type +
                        "\n%z = sinter." + epilogue + " : " + type + "\n");
    }
  Form batch{.lhs = {3, 70, 90},
             .rhs = {3, 90, 300},
             .lhsK = {2},
             .rhsK = {1},
             .lhsB = {0},
             .rhsB = {0},
             .result = {3, 70, 300}};
  program.add(batch, "f32",
              batch.op("f32", "%a", "%b") + "%z = sinter.add " +
                  "%y, %c : " + tensor(batch.result, "f32") + "\n");
  program.check(GetParam(), 0);
  Compiled compiled(program.text + "}\n", GetParam());
  ASSERT_TRUE(compiled);
  EXPECT_GE(llvm::StringRef(compiled.loops()).count("pack_beside"),
            size_t(program.count) / 2);
}

/// Vectors that take several steps for each of a few columns: steps that are
/// left over, columns that are not there, operands in any order, in parts of
/// wider ones, of a batch and computed on the way, and an epilogue.
TEST_P(Contraction, FewColumnsTakeSeveralSteps) {
  Program program;
  std::mt19937 random(3);
  for (int64_t n : {1, 2, 3, 4, 5, 7, 8})
    for (int64_t k : {16, 41, 103})
      for (bool transposed : {false, true}) {
        Form form = matrix(9 + int64_t(random() % 40), n, k, false, transposed);
        std::string type = tensor(form.result, "f32"),
                    b = tensor(form.rhs, "f32");
        program.add(form, "f32", copyOfY(form, "f32"));
        program.add(form, "f32",
                    "%nb = sinter.neg %b : " + b + "\n" +
                        form.op("f32", "%a", "%nb") +
                        "%o = sinter.constant dense<1.0> : " + type +
                        "\n%d = sinter.div %y, %o : " + type +
                        "\n%z = sinter.add %d, %c : " + type + "\n");
      }
  Form batch{.lhs = {3, 20, 5, 16},
             .rhs = {5, 3, 16, 2},
             .lhsK = {2, 3},
             .rhsK = {0, 2},
             .lhsB = {0},
             .rhsB = {1},
             .result = {3, 20, 2}};
  program.add(batch, "f32", copyOfY(batch, "f32"));
  Form part = matrix(21, 3, 37, false, false), whole = part;
  whole.lhs = {25, 60};
  whole.rhs = {40, 9};
  program.add(whole, "f32",
              "%as = sinter.slice %a offsets [2, 5] sizes [21, 37] strides [1, "
              "1] : tensor<25x60xf32> -> tensor<21x37xf32>\n"
              "%bs = sinter.slice %b offsets [1, 0] sizes [37, 3] strides [1, "
              "3] : tensor<40x9xf32> -> tensor<37x3xf32>\n" +
                  part.op("f32", "%as", "%bs") +
                  "%z = sinter.max %y, %c : tensor<21x3xf32>\n");
  program.check(GetParam(), 0);
  Compiled compiled(program.text + "}\n", GetParam());
  ASSERT_TRUE(compiled);
  // All but products of one column, which are sums: 16 lanes have room for two
  // steps of eight columns, 8 of four, 4 of two.
  llvm::StringRef cpu = GetParam();
  EXPECT_GE(llvm::StringRef(compiled.loops()).count("vector_steps"),
            cpu == "generic"     ? 2 * 6 + 1
            : cpu == "x86-64-v3" ? 2 * 18 + 2
                                 : 2 * 36 + 2)
      << compiled.loops();
}

TEST_P(Contraction, FewColumnsOfEveryTypeOfNumber) {
  for (const char *type : {"f64", "i64", "i32", "i8", "ui8"}) {
    Program program;
    for (int64_t n : {2, 3}) {
      Form form = matrix(19, n, 77, false, false);
      program.add(form, type, copyOfY(form, type));
    }
    program.check(GetParam(), 0);
  }
}

/// One row, of a B whose rows crowd few sets of L2.
TEST_P(Contraction, OneRowIsMultipliedWithWholeRows) {
  Program program;
  for (auto [n, k] : {std::pair(1024, 1030), {4096, 260}, {5120, 256}}) {
    Form form = matrix(1, n, k, false, false);
    program.add(form, "f32",
                form.op("f32") + "%z = sinter.add %y, %c : " +
                    tensor(form.result, "f32") + "\n");
  }
  program.check(GetParam(), 0);
  Compiled compiled(program.text + "}\n", GetParam());
  ASSERT_TRUE(compiled);
  EXPECT_EQ(llvm::StringRef(compiled.loops()).count("block_depth = 12"),
            size_t(program.count));
}

/// Of enough products to hide the way to what the epilogue reads.
TEST(Contraction, AsksEarlyForWhatItsEpilogueReads) {
  for (bool deep : {false, true}) {
    Form form = matrix(20, 40, deep ? 64 : 8, false, false);
    std::string type = tensor(form.result, "f32");
    Program program;
    program.add(form, "f32",
                form.op("f32") + "%z = sinter.add %y, %c : " + type + "\n");
    Compiled compiled(program.text + "}\n", "native");
    ASSERT_TRUE(compiled);
    EXPECT_EQ(llvm::StringRef(compiled.loops()).contains("memref.prefetch"),
              deep);
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Contraction, testing::ValuesIn(allCpus),
                         nameOfCpu);

} // namespace
