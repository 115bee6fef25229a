//===- LibraryProgram.cpp - entries compiled for oneDNN -------------------===//

#include "tests/library/LibraryProgram.h"

#include "passes/library/OneDnn.h"

#include <cmath>
#include <random>

using namespace sinter;
using namespace sinter::test;

void LibraryProgram::add(const Form &form, const std::string &body) {
  std::string y = tensor(form.result, "f32");
  text += "sinter.entry @e" + std::to_string(bodies.size()) +
          "(%a: " + tensor(form.lhs, "f32") +
          " {sinter.name = \"a\"}, %b: " + tensor(form.rhs, "f32") +
          " {sinter.name = \"b\"}, %c: " + y + " {sinter.name = \"c\"}) -> (" +
          y + " {sinter.name = \"z\"}) {\n" + body + "sinter.return %z : " + y +
          "\n}\n";
  bodies.push_back(body);
}

static void expectNear(const Array &got, const Array &wanted,
                       const std::string &what) {
  ASSERT_EQ(got.floats.size(), wanted.floats.size());
  for (size_t i = 0; i < got.floats.size(); ++i) {
    constexpr double digits = 2e-6;
    double scale = 1 + std::abs(wanted.floats[i]);
    ASSERT_NEAR(got.floats[i], wanted.floats[i], digits * scale)
        << "element " << i << " of\n"
        << what;
  }
}

void LibraryProgram::check(bool exact, int fewest, From from) {
  if (!hasOneDnn()) {
    auto library = passes::OneDnn::load(oneDnnModule());
    ASSERT_FALSE(bool(library));
    EXPECT_NE(llvm::toString(library.takeError()).find("has no oneDNN"),
              std::string::npos);
    return;
  }
  Compiled compiled(text + "}\n", "native", 2, from, "onednn:all");
  ASSERT_TRUE(compiled);
  int calls = 0;
  std::string choices;
  for (const auto &[kernel, choice] : compiled.libraryChoices()) {
    calls += choice.starts_with("oneDNN (");
    choices += kernel + ": " + choice + "\n";
  }
  EXPECT_GE(calls, fewest) << choices;
  for (size_t i = 0; i < bodies.size(); ++i) {
    std::string entry = "e" + std::to_string(i);
    std::vector<Array> inputs;
    for (mlir::Type type : compiled.inputTypes(entry)) {
      Array input = Array::zeros(type);
      std::mt19937 random(i * 31 + inputs.size());
      for (double &x : input.floats)
        x = exact ? static_cast<double>(random() % 9) - 4
                  : static_cast<float>(random() % 2001) / 1000 - 1;
      inputs.push_back(std::move(input));
    }
    std::vector<Array> wanted = compiled.interpret(entry, inputs);
    for (Guard guard : {Guard::Behind, Guard::Before}) {
      std::vector<Array> got = compiled.run(entry, inputs, guard);
      ASSERT_EQ(got.size(), wanted.size());
      for (size_t r = 0; r < got.size(); ++r)
        if (exact)
          expectClose(got[r], wanted[r], 0, bodies[i]);
        else
          expectNear(got[r], wanted[r], bodies[i]);
    }
  }
}
