//===- DamageTest.cpp - dumps that were damaged ---------------------------===//
//
// A dump is an input like any other: cut short, with lines lost or values
// changed, it compiles or is refused with an error, and never brings the
// compiler down.  Kinds of damage that were thought of are in tests of their
// own; the rest is a fixed random sample.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

#include <random>

using namespace sinter::tests;
using testing::HasSubstr;

namespace {
class Damage : public InFolder {
protected:
  void SetUp() override {
    InFolder::SetUp();
    compileWithDumps("  m.entry(\"train\", [&](Entry &e) {\n"
                     "    Tensor x = e.input(\"x\", f32, {4, 3});\n"
                     "    Tensor labels = e.input(\"labels\", u8, {4});\n"
                     "    Tensor y = nn::dense(m, \"line\", x, 2);\n"
                     "    Tensor loss = nn::cross_entropy(y, labels);\n"
                     "    optim::sgd(m, loss);\n"
                     "    e.output(\"loss\", loss);\n"
                     "  });\n");
  }
  static std::string dump(const std::string &stage) {
    return readFile("dumps/" + stage + ".mlir");
  }
  static Finished compile(const std::string &text) {
    writeFile("damaged.mlir", text);
    std::filesystem::remove("damaged.o");
    return run({SINTERC, "damaged.mlir", "--emit=obj", "-o", "damaged.o"});
  }
  /// Refused at a place: in the dump, or where the op says it is from.
  static void expectLocated(const std::string &text, const std::string &what) {
    Finished finished = compile(text);
    EXPECT_EQ(finished.code, 1) << what << finished.err;
    EXPECT_THAT(finished.err,
                testing::ContainsRegex("[a-zA-Z]+\\.(mlir|cpp):[0-9]+:[0-9]+: "
                                       "error: "))
        << what;
    EXPECT_FALSE(std::filesystem::exists("damaged.o")) << what;
  }
};

TEST_F(Damage, truncatedDumps) {
  for (const std::string &stage : stages) {
    std::string text = dump(stage);
    // Behind the module's last brace there are locations alone, which the
    // text before refers to.
    for (size_t part : {1, 20, 50, 80, 95})
      expectLocated(text.substr(0, text.size() * part / 100),
                    stage + " " + std::to_string(part));
  }
}

TEST_F(Damage, attributesOfTheWrongType) {
  for (const std::string &stage : stages)
    expectLocated(replaced(dump(stage),
                           "sinter.stage = \"" + nameOf(stage) + "\"",
                           "sinter.stage = 7 : i64"),
                  stage);
  using Stages = std::vector<std::string>;
  const Stages targets = {"00-model", "03-fused", "05-loops", "06-llvm"};
  const Stages described = {"04-planned", "05-loops", "06-llvm"};
  const Stages shaped = {"04-planned", "05-loops"};
  const Stages scheduled = {"03-fused", "04-planned"};
  for (auto [in, from, to] : {
           std::tuple(targets, "opt_level = 2 : i64", "opt_level = \"two\""),
           {targets, "vector_bits = ", "vector_bits = 3 : i64, other = "},
           {targets, "cpu = \"", "cpu = \"no such "},
           {described, "sinter.model = {",
            "sinter.model = 1 : i64, sinter.other = {"},
           {described, "sinter.model = {", "sinter.other = {"},
           {shaped, "shape = array<i64: 4, 3>", "shape = array<i64: 4, 4>"},
           {scheduled, "schedule = {", "schedule = 1 : i64, sinter.other = {"},
           {scheduled,
            "scratch_bytes = ", "scratch_bytes = -1 : i64, other = "},
           {scheduled,
            "overwrites = array<i64: ", "overwrites = array<i64: 99, "},
           {scheduled, "kind = \"contraction\"", "kind = 5 : i64"},
       })
    for (const std::string &stage : in)
      expectLocated(replaced(dump(stage), from, to), stage + ": " + to);
}

TEST_F(Damage, stagesThatDoNotHoldTheirPromise) {
  // What a stage's verifier says of the compiler's own work it says of a file.
  std::string model = dump("00-model");
  for (const std::string &later : stages)
    if (later != "00-model")
      expectLocated(replaced(model, "sinter.stage = \"model\"",
                             "sinter.stage = \"" + nameOf(later) + "\""),
                    later);
  expectLocated(replaced(dump("05-loops"), "sinter.stage = \"loops\"",
                         "sinter.stage = \"llvm\""),
                "loops");
  expectLocated(replaced(dump("06-llvm"), "@small_train(", "@small_other("),
                "no entry point");
}

TEST_F(Damage, plansThatOverlap) {
  std::string text = dump("04-planned");
  Finished finished =
      compile(replaced(text, "sinter.state_bytes = ",
                       "sinter.state_bytes = 0 : i64, sinter.other = "));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("within the 0 bytes of state"));
}

/// Words, numbers, strings and single signs.
std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> tokens;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    auto inWord = [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
             c == '.' || c == '-' || c == '+';
    };
    if (text[at] == '"') {
      while (end < text.size() && text[end] != '"')
        ++end;
      ++end;
    } else if (inWord(text[at])) {
      while (end < text.size() && inWord(text[end]))
        ++end;
    }
    end = std::min(end, text.size());
    tokens.push_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

TEST_F(Damage, randomDamageNeverBringsTheCompilerDown) {
  constexpr int samples = 16;
  for (const std::string &stage : stages) {
    std::string text = dump(stage);
    const std::vector<std::string> tokens = split(text);
    std::mt19937 random(7);
    auto any = [&](size_t count) { return random() % count; };
    for (int sample = 0; sample < samples; ++sample) {
      std::vector<std::string> damaged = tokens;
      size_t at = any(tokens.size());
      // Blanks and signs are less interesting than words.
      while (tokens[at].size() < 2)
        at = any(tokens.size());
      switch (any(4)) {
      case 0:
        damaged.erase(damaged.begin() + at);
        break;
      case 1:
        damaged[at] = tokens[any(tokens.size())];
        break;
      case 2: // a number near it, or another of the file
        damaged[at] = std::isdigit(static_cast<unsigned char>(tokens[at][0]))
                          ? std::to_string(any(200)) + "00"
                          : tokens[any(tokens.size())];
        break;
      default: { // a line
        size_t first = at, last = at;
        while (first > 0 && tokens[first] != "\n")
          --first;
        while (last < tokens.size() && tokens[last] != "\n")
          ++last;
        damaged.erase(damaged.begin() + first, damaged.begin() + last);
      }
      }
      std::string result;
      for (const std::string &token : damaged)
        result += token;
      Finished finished = compile(result);
      EXPECT_LE(finished.code, 2)
          << stage << " sample " << sample << ", at '" << tokens[at] << "'\n"
          << finished.err;
      EXPECT_EQ(finished.err.find("error: ") == std::string::npos,
                finished.code == 0)
          << stage << sample << finished.err;
      EXPECT_EQ(std::filesystem::exists("damaged.o"), finished.code == 0);
    }
  }
}
} // namespace
