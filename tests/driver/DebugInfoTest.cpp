//===- DebugInfoTest.cpp - from an instruction to the user's line ---------===//
//
// With -g, objects have line tables.  They are read by llvm-dwarfdump, which
// knows nothing of Sinter, and compared with the lines of the source.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

#include <regex>
#include <set>

using namespace sinter::tests;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

namespace {
class DebugInfo : public InFolder {
protected:
  void SetUp() override {
    InFolder::SetUp();
    writeFile("layer.h", "#include <sinter/sinter.h>\n"
                         "inline sinter::Tensor layer(sinter::Tensor x) {\n"
                         "  return sinter::exp(x);\n" // layer.h:3
                         "}\n");
    writeFile("model.cpp",
              "#include \"layer.h\"\n"
              "using namespace sinter;\n"
              "SINTER_MODEL(small) {\n"
              "  m.entry(\"f\", [&](Entry &e) {\n"
              "    Tensor x = e.input(\"x\", f32, {64, 32});\n"
              "    x = nn::dense(m, \"line\", x, 16);\n"     // model.cpp:6
              "    Tensor y = layer(x) * 2.0f;\n"            // model.cpp:7
              "    e.output(\"y\", transpose(y, {1, 0}));\n" // model.cpp:8
              "  });\n"
              "}\n");
  }
  static void compile(std::vector<std::string> args) {
    args.insert(args.begin(), SINTERC);
    Finished finished = run(args);
    ASSERT_EQ(finished.code, 0) << finished.err;
  }
  /// "model.cpp:6" for every row of the object's line tables.
  static std::set<std::string> lines(const std::string &object) {
    std::string text = run({DWARFDUMP, "--debug-line", object}).out;
    std::set<std::string> found;
    // Each table numbers its own files, and names them before its rows.
    std::map<std::string, std::string> files;
    std::regex entry("\nfile_names\\[ *(\\d+)\\]:\n +name: \"([^\"]*)\""
                     "|\n0x[0-9a-f]+ +(\\d+) +\\d+ +(\\d+) ");
    for (std::sregex_iterator i(text.begin(), text.end(), entry), end; i != end;
         ++i)
      if ((*i)[1].matched)
        files[(*i)[1]] = (*i)[2];
      else
        found.insert(files[(*i)[4]] + ":" + std::string((*i)[3]));
    return found;
  }
};

TEST_F(DebugInfo, instructionsHaveTheUsersLines) {
  compile({"model.cpp", "-g", "--emit=obj", "-o", "small.o"});
  std::set<std::string> found = lines("small.o");
  for (const char *line : {"model.cpp:6", "model.cpp:7", "layer.h:3"})
    EXPECT_THAT(found, Contains(testing::EndsWith(line)));
  for (const std::string &line : found)
    EXPECT_THAT(line,
                testing::AnyOf(HasSubstr("model.cpp:"), HasSubstr("layer.h:")))
        << "a library function shows as the line that called it";
  // Functions and kernels by name, with the model's file.
  std::string info = run({DWARFDUMP, "--debug-info", "small.o"}).out;
  EXPECT_THAT(info, HasSubstr("DW_AT_name\t(\"model.cpp\")"));
  EXPECT_EQ(run({DWARFDUMP, "--verify", "--quiet", "small.o"}).code, 0);
}

TEST_F(DebugInfo, isOffByDefaultAndChangesNoCode) {
  compile({"model.cpp", "--emit=obj", "-o", "plain.o"});
  EXPECT_THAT(run({"readelf", "-S", "plain.o"}).out,
              Not(HasSubstr("debug_line")));
  compile({"model.cpp", "-g", "--emit=obj", "-o", "debug.o"});
  EXPECT_THAT(run({"readelf", "-S", "debug.o"}).out, HasSubstr("debug_line"));
  auto code = [](const std::string &object) {
    std::string text = run({"objdump", "-d", "-r", object}).out;
    return text.substr(text.find("Disassembly"));
  };
  EXPECT_EQ(code("plain.o"), code("debug.o"));
  EXPECT_THAT(code("plain.o"), HasSubstr("<small_f>:"));
}

TEST_F(DebugInfo, dumpsGoOnToTheSameBytes) { expectDumpsGoOn("-g"); }

TEST_F(DebugInfo, anExecutableKeepsItThroughLinking) {
  compile({"model.cpp", "-g", "-o", "small"});
  EXPECT_THAT(lines("small"), Contains(testing::EndsWith("model.cpp:6")));
  EXPECT_EQ(run({"./small", "--describe"}).code, 0);
}
} // namespace
