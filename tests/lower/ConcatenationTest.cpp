//===- ConcatenationTest.cpp - which part an element is of ----------------===//
//
// Few parts have loops of their own, many are asked which of them an element
// comes from: not one after the other, the branches halve them.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/ContractionForms.h"

#include <numeric>

using namespace sinter;
using namespace sinter::test;

namespace {
/// Rows of %x in reverse order, side by side.
std::string reversedRows(int parts) {
  std::string n = std::to_string(parts), text, values, types;
  for (int i = 0; i < parts; ++i) {
    std::string row = "%r" + std::to_string(i);
    text += row + " = sinter.slice %x offsets [" +
            std::to_string(parts - 1 - i) +
            ", 0] sizes [1, 8] strides [1, 1] : tensor<" + n +
            "x8xf32> -> tensor<1x8xf32>\n";
    values += (i ? ", " : "") + row;
    types += i ? ", tensor<1x8xf32>" : "tensor<1x8xf32>";
  }
  std::string whole = "tensor<" + n + "x8xf32>";
  return "module @m {\nsinter.entry @e(%x: " + whole +
         " {sinter.name = \"x\"}) -> (" + whole +
         " {sinter.name = \"y\"}) {\n" + text + "%y = sinter.concatenate " +
         values + " dim 0 : " + types + " -> " + whole +
         "\nsinter.return %y : " + whole + "\n}\n}\n";
}

TEST(Concatenation, ManyPartsAreChosenByHalves) {
  constexpr int parts = 100;
  Compiled compiled(reversedRows(parts));
  ASSERT_TRUE(compiled);
  std::vector<Array> inputs = {makeInput(compiled.inputTypes("e")[0], 3)};
  expectClose(compiled.run("e", inputs)[0], compiled.interpret("e", inputs)[0],
              0, "reversed rows");
  // As deep as the logarithm of the parts: seven branches, not a hundred.
  int deepest = 0, depth = 0;
  llvm::StringRef text = compiled.loops();
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    text = rest;
    depth = line.size() - line.ltrim().size();
    if (line.contains("scf.if"))
      deepest = std::max(deepest, depth);
  }
  EXPECT_GT(deepest, 0);
  EXPECT_LE(deepest, 2 * (7 + 5)) << "columns of the innermost branch";
}

/// Two to four parts of %x: as they lie, computed, with turned dimensions, of
/// any extents along any dimension, none among them.
std::string randomParts(std::mt19937 &random, const std::string &name) {
  const int64_t extents[] = {1, 2, 3, 7, 16, 19, 33};
  size_t rank = 1 + random() % 3, d = random() % rank;
  std::vector<int64_t> shape;
  for (size_t i = 0; i < rank; ++i)
    shape.push_back(extents[random() % 7]);
  std::string text, values, types;
  int64_t whole = 0, most = 40000;
  int parts = 2 + static_cast<int>(random() % 3);
  for (int i = 0; i < parts; ++i) {
    std::vector<int64_t> part = shape;
    part[d] = random() % 6 ? extents[random() % 7] : 0;
    whole += part[d];
    int64_t elements = std::accumulate(part.begin(), part.end(), int64_t(1),
                                       std::multiplies<>());
    std::string n = std::to_string(i), flat = tensor({elements}, "f32"),
                type = tensor(part, "f32");
    text += "%s" + n + " = sinter.slice %x offsets [" +
            std::to_string(random() % 50) + "] sizes " + list({elements}) +
            " strides [1] : " + tensor({most}, "f32") + " -> " + flat + "\n";
    std::vector<int64_t> turned(part.rbegin(), part.rend()), reversed(rank);
    for (size_t k = 0; k < rank; ++k)
      reversed[k] = static_cast<int64_t>(rank - 1 - k);
    switch (random() % 3) {
    case 0:
      text += "%p" + n + " = sinter.reshape %s" + n + " : " + flat + " -> " +
              type + "\n";
      break;
    case 1:
      text += "%r" + n + " = sinter.reshape %s" + n + " : " + flat + " -> " +
              type + "\n%p" + n + " = sinter.neg %r" + n + " : " + type + "\n";
      break;
    default:
      text += "%r" + n + " = sinter.reshape %s" + n + " : " + flat + " -> " +
              tensor(turned, "f32") + "\n%p" + n + " = sinter.transpose %r" +
              n + " " + list(reversed) + " : " + tensor(turned, "f32") +
              " -> " + type + "\n";
    }
    values += (i ? ", %p" : "%p") + n;
    types += (i ? ", " : "") + type;
  }
  shape[d] = whole;
  std::string result = tensor(shape, "f32");
  return "sinter.entry @" + name + "(%x: " + tensor({most}, "f32") +
         " {sinter.name = \"x\"}) -> (" + result +
         " {sinter.name = \"y\"}) {\n" + text + "%y = sinter.concatenate " +
         values + " dim " + std::to_string(d) + " : " + types + " -> " +
         result + "\nsinter.return %y : " + result + "\n}\n";
}

class ConcatenationParts : public testing::TestWithParam<const char *> {};

TEST_P(ConcatenationParts, OfAnySizeAndOrder) {
  std::mt19937 random(11);
  constexpr int count = 60;
  std::string text = "module @m {\n";
  std::vector<std::string> entries;
  for (int i = 0; i < count; ++i) {
    entries.push_back(randomParts(random, "e" + std::to_string(i)));
    text += entries.back();
  }
  Compiled compiled(text + "}\n", GetParam());
  ASSERT_TRUE(compiled);
  for (int i = 0; i < count; ++i) {
    std::string entry = "e" + std::to_string(i);
    std::vector<Array> inputs = {makeInput(compiled.inputTypes(entry)[0], 3)};
    expectClose(compiled.run(entry, inputs)[0],
                compiled.interpret(entry, inputs)[0], 0, entries[i]);
  }
}

/// Parts that fill no vector are copied without asking, and without gathers.
TEST(Concatenation, FewPartsAreNotAskedFor) {
  std::string part = "tensor<50x33xf32>", whole = "tensor<50x66xf32>";
  Compiled compiled(
      "module @m {\nsinter.entry @e(%x: " + part +
          " {sinter.name = \"x\"}) -> (" + whole +
          " {sinter.name = \"y\"}) {\n%n = sinter.neg %x : " + part +
          "\n%y = sinter.concatenate %x, %n dim 1 : " + part + ", " + part +
          " -> " + whole + "\nsinter.return %y : " + whole + "\n}\n}\n",
      "native");
  ASSERT_TRUE(compiled);
  llvm::StringRef loops = compiled.loops();
  EXPECT_FALSE(loops.contains("gather"));
  EXPECT_FALSE(loops.contains("scf.if"));
}

INSTANTIATE_TEST_SUITE_P(Cpus, ConcatenationParts, testing::ValuesIn(allCpus),
                         nameOfCpu);

} // namespace
