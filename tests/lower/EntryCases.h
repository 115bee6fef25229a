//===- EntryCases.h - tables of entries against the interpreter -*- C++ -*-===//

#ifndef SINTER_TESTS_LOWER_ENTRYCASES_H
#define SINTER_TESTS_LOWER_ENTRYCASES_H

#include "tests/lower/Compiled.h"

#include <cstring>

namespace sinter::test {

/// An entry: its inputs' types, its body (operands %0, %1, …; result %y).
struct Case {
  std::vector<std::string> inputs;
  std::string body;
  std::string result;
  double ulps = 0;
  unsigned special = 4;
};

inline std::string entryOf(const Case &c, unsigned number) {
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
inline std::string
withTypes(std::string text,
          std::initializer_list<std::pair<const char *, std::string>> types) {
  for (auto &[name, type] : types)
    for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;
         at += type.size())
      text.replace(at, std::strlen(name), type);
  return text;
}

class EntryCases : public testing::TestWithParam<Target> {
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

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_ENTRYCASES_H
