//===- SequenceTest.cpp - running sums and sorts, compiled ----------------===//
//
// Every shape, type and direction against the interpreter, bit for bit: sums
// are added in the same order.  Sorts of long rows, and of rows of few values,
// against std::stable_sort.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace sinter;
using namespace sinter::test;

namespace {
struct Case {
  std::string type, body, result;
};

/// An entry of one tensor %x a case.
std::string moduleOf(llvm::ArrayRef<Case> cases) {
  std::string text = "module @m {\n";
  for (auto [number, c] : llvm::enumerate(cases))
    text += "sinter.entry @e" + std::to_string(number) + "(%x: " + c.type +
            " {sinter.name = \"x\"}) -> (" + c.result +
            " {sinter.name = \"y\"}) {\n" + c.body +
            "\nsinter.return %y : " + c.result + "\n}\n";
  return text + "}\n";
}

class Sequence : public testing::TestWithParam<Target> {
protected:
  void check(llvm::ArrayRef<Case> cases, From from = From::Fused) {
    auto [cpu, level] = GetParam();
    Compiled compiled(moduleOf(cases), cpu, level, from);
    ASSERT_TRUE(compiled);
    for (auto [number, c] : llvm::enumerate(cases)) {
      std::string entry = "e" + std::to_string(number);
      auto inputs = makeInputs(compiled.inputTypes(entry), number * 3 + 1);
      for (Guard guard : {Guard::Behind, Guard::Before}) {
        auto got = compiled.run(entry, inputs, guard);
        expectClose(got[0], compiled.interpret(entry, inputs)[0], 0,
                    c.body + " of " + c.type);
      }
    }
  }
};

const std::pair<const char *, int> shapes[] = {
    {"37", 1},    {"1", 1},      {"0", 1},        {"9x40", 2},
    {"130x7", 2}, {"3x66x5", 3}, {"2x3x4x33", 4}, {"5x1x3", 3},
    {"4x0x3", 3}, {"70x1", 2},   {"6x200", 2}};

TEST_P(Sequence, RunningSumsAreAddedInTheirOrder) {
  std::vector<Case> cases;
  for (auto [shape, rank] : shapes)
    for (const char *element : {"f32", "f64", "i64", "i32", "i8", "ui8"})
      for (int dim = 0; dim < rank; ++dim)
        for (const char *how :
             {"reverse ", "exclusive ", "reverse exclusive "}) {
          // One direction a type is enough for most.
          if ((cases.size() + dim) % 3 && std::string(element) != "f32")
            continue;
          std::string type =
              "tensor<" + std::string(shape) + "x" + element + ">";
          cases.push_back({type,
                           "%y = sinter.cumulative_sum %x dim " +
                               std::to_string(dim) + " " + how + ": " + type,
                           type});
        }
  check(cases);
}

TEST_P(Sequence, SortsAreThoseOfTheInterpreter) {
  std::vector<Case> cases;
  for (auto [shape, rank] : shapes)
    for (const char *element : {"f32", "f64", "i64", "i32", "i8", "ui8", "i1"})
      for (int dim = 0; dim < rank; ++dim) {
        std::string s = shape, type = "tensor<" + s + "x" + element + ">";
        std::string result = "tensor<" + s + "xi32>";
        cases.push_back({type,
                         "%y = sinter.argsort %x dim " + std::to_string(dim) +
                             (cases.size() % 2 ? " descending" : "") + " : " +
                             type + " -> " + result,
                         result});
      }
  check(cases);
}

// A slice that reads from a place on, or every second one, needs all before.
TEST_P(Sequence, FrontsOfSortsAreThoseOfTheInterpreter) {
  std::vector<Case> cases;
  for (std::vector<int64_t> shape :
       {std::vector<int64_t>{37}, {9, 40}, {3, 66, 5}, {2, 3, 4, 33}, {6, 300}})
    for (const char *element : {"f32", "f64", "i64", "i32", "i8", "ui8", "i1"})
      for (size_t dim = 0; dim < shape.size(); ++dim) {
        auto text = [&](llvm::ArrayRef<int64_t> extents, const char *of) {
          std::string result = "tensor<";
          for (int64_t extent : extents)
            result += std::to_string(extent) + "x";
          return result + of + ">";
        };
        int64_t read =
            std::max<int64_t>(1, shape[dim] / (cases.size() % 3 + 4));
        bool second = cases.size() % 2 && read > 2;
        std::vector<int64_t> offsets(shape.size(), 0), part = shape,
                                                       strides(shape.size(), 1);
        part[dim] = second ? read / 2 : read;
        offsets[dim] = second;
        strides[dim] = second ? 2 : 1;
        auto list = [](llvm::ArrayRef<int64_t> numbers) {
          std::string result;
          for (int64_t number : numbers)
            result += (result.empty() ? "[" : ", ") + std::to_string(number);
          return result + "]";
        };
        std::string type = text(shape, element), order = text(shape, "i32");
        cases.push_back(
            {type,
             "%o = sinter.argsort %x dim " + std::to_string(dim) +
                 (cases.size() % 4 > 1 ? " descending" : "") + " : " + type +
                 " -> " + order + "\n%y = sinter.slice %o offsets " +
                 list(offsets) + " sizes " + list(part) + " strides " +
                 list(strides) + " : " + order + " -> " + text(part, "i32"),
             text(part, "i32")});
      }
  check(cases, From::Gradient);
}

// What is computed before, and read after in another order.
TEST_P(Sequence, StandsBetweenOtherOps) {
  check({{"tensor<6x50xf32>", R"(
  %n = sinter.neg %x : tensor<6x50xf32>
  %s = sinter.cumulative_sum %n dim 1 : tensor<6x50xf32>
  %t = sinter.transpose %s [1, 0] : tensor<6x50xf32> -> tensor<50x6xf32>
  %y = sinter.abs %t : tensor<50x6xf32>)",
          "tensor<50x6xf32>"},
         {"tensor<6x50xf32>", R"(
  %n = sinter.abs %x : tensor<6x50xf32>
  %o = sinter.argsort %n dim 1 : tensor<6x50xf32> -> tensor<6x50xi32>
  %g = sinter.gather %n[%o] axis 1 batch 1 : tensor<6x50xf32>, tensor<6x50xi32> -> tensor<6x50xf32>
  %y = sinter.neg %g : tensor<6x50xf32>)",
          "tensor<6x50xf32>"}});
}

TEST_P(Sequence, LongRowsAreSortedAsByTheStandardLibrary) {
  auto [cpu, level] = GetParam();
  constexpr int64_t length = 20011;
  const std::string type = "tensor<2x20011xf32>";
  Compiled compiled(moduleOf({{type,
                               "%y = sinter.argsort %x dim 1 : " + type +
                                   " -> tensor<2x20011xi32>",
                               "tensor<2x20011xi32>"}}),
                    cpu, level);
  ASSERT_TRUE(compiled);
  Array x = Array::zeros(compiled.inputTypes("e0")[0]);
  uint64_t state = 7;
  for (int64_t i = 0; i < 2 * length; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    auto word = static_cast<int64_t>(state >> 40);
    // Row 0 of any numbers, row 1 of seven.
    x.floats[i] = i < length ? std::ldexp(float(word - (1 << 23)),
                                          static_cast<int>(word % 40) - 20)
                             : static_cast<double>(word % 7);
  }
  std::vector<int64_t> wanted(2 * length);
  for (int64_t row = 0; row < 2; ++row) {
    auto begin = wanted.begin() + row * length, end = begin + length;
    std::iota(begin, end, 0);
    std::stable_sort(begin, end, [&](int64_t a, int64_t b) {
      return x.floats[row * length + a] < x.floats[row * length + b];
    });
  }
  EXPECT_EQ(compiled.run("e0", x)[0].ints, wanted);
}

INSTANTIATE_TEST_SUITE_P(Targets, Sequence, testing::ValuesIn(allTargets));

} // namespace
