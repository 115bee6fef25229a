//===- ConcatenationTest.cpp - which part an element is of ----------------===//
//
// Each element of a concatenation asks which part it comes from.  Of many parts
// it must not ask one after the other: the branches halve them.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

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

} // namespace
