//===- NamesTest.cpp - names of a model in C and C++ ----------------------===//
//
// A name that would clash in the header or between symbols is an error at the
// user's line; one that only C or C++ would not have is changed.  Either way
// what is emitted compiles, with every warning an error, and links.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

using namespace sinter::tests;
using testing::HasSubstr;
using testing::StartsWith;

namespace {
class Names : public InFolder {
protected:
  /// An entry in two lines, with an input and an output.
  static std::string entry(const std::string &name,
                           const std::string &input = "x",
                           const std::string &output = "y") {
    return "  m.entry(\"" + name +
           "\", [&](Entry &e) {\n"
           "    e.output(\"" +
           output + "\", e.input(\"" + input + "\", f32, {4}) + 1); });\n";
  }
  static Finished compile(const std::string &model, const std::string &body,
                          std::vector<std::string> args) {
    writeFile("model.cpp", modelSource(body, model));
    args.insert(args.begin(), {SINTERC, "model.cpp"});
    return run(args);
  }
  static void expectRefused(const std::string &model, const std::string &body,
                            const std::string &line,
                            const std::string &message) {
    Finished finished = compile(model, body, {"--emit=obj"});
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, StartsWith("model.cpp:" + line + ":"));
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_THAT(list(), testing::ElementsAre("model.cpp"));
  }
  /// Compiles the model, its headers as C99 and C++20, and links the object
  /// with a host that calls the entry through both.
  static void expectHosts(const std::string &model, const std::string &body,
                          const std::string &cBody,
                          const std::string &cppBody) {
    Finished finished =
        compile(model, body, {"--emit=obj,header", "-o", model});
    ASSERT_EQ(finished.code, 0) << finished.err;
    const std::vector<std::string> flags = {
        "-Wall",   "-Wextra", "-Wpedantic",
        "-Werror", "-I.",     "-I" SOURCE_DIR "/runtime/include"};
    writeFile("host.c", "#include <math.h>\n#include <string.h>\n#include \"" +
                            model +
                            ".h\"\n"
                            "static _Alignas(64) unsigned char s[1 << 16];\n"
                            "int main(void) {\n"
                            "  float a[4] = {1, 2, 3, 4}, b[4];\n" +
                            cBody + "}\n");
    std::vector<std::string> c = {"cc",         "-std=c11", "host.c",
                                  model + ".o", "-o",       "hostc"};
    c.insert(c.end(), flags.begin(), flags.end());
    c.push_back("-lm");
    finished = run(c);
    ASSERT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(run({"./hostc"}).code, 0);

    writeFile("header.c", "#include \"" + model + ".h\"\nint none;\n");
    c = {"cc", "-std=c99", "-c", "header.c", "-o", "header.o"};
    c.insert(c.end(), flags.begin(), flags.end());
    finished = run(c);
    EXPECT_EQ(finished.code, 0) << finished.err;

    writeFile("host.cpp", "#include <cmath>\n#include <cstring>\n#include \"" +
                              model +
                              ".hpp\"\n"
                              "int main() {\n"
                              "  float a[4] = {1, 2, 3, 4}, b[4];\n" +
                              cppBody + "}\n");
    std::vector<std::string> cpp = {"c++",        "-std=c++20",    "host.cpp",
                                    model + ".o", RUNTIME_LIBRARY, "-o",
                                    "hostcpp"};
    cpp.insert(cpp.end(), flags.begin(), flags.end());
    cpp.insert(cpp.end(), {"-lz", "-lm", "-pthread"});
    if (*SANITIZERS)
      cpp.push_back("-fsanitize=" SANITIZERS);
    finished = run(cpp);
    ASSERT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(run({"./hostcpp"}).code, 0);
  }
};

TEST_F(Names, entriesThatClashAreRefused) {
  expectRefused("small", entry("model"), "4",
                "'model' gives the C name 'small_model', which is the model's "
                "description: choose another name");
  expectRefused("small", entry("f") + entry("f_args"), "6",
                "'f_args' gives the C name 'small_f_args', which is the "
                "arguments of the entry 'f'");
  expectRefused("small", entry("f_args") + entry("f"), "6",
                "'f' gives the C name 'small_f_args', which is the entry "
                "'f_args'");
  expectRefused("small", entry("run") + entry("Run"), "6",
                "'SMALL_RUN_WORKSPACE_BYTES', which is the workspace size of "
                "the entry 'run'");
  expectRefused("small", entry("INIT"), "4", "of the entry 'init'");
  expectRefused("SMALL", entry("STATE_BYTES"), "4",
                "'SMALL_STATE_BYTES', which is the size of the state");
  expectRefused("small", entry("init"), "4", "'init' is made from");
  expectRefused("small", entry("f") + entry("f"), "6", "already, in line 4");
  expectRefused("small",
                "  m.variable(\"init\", {4}, init::zeros());\n" + entry("f"),
                "4", "the entry that sets the variables has this name");
}

TEST_F(Names, entriesOfTheLanguagesOrTheLibraryAreRefused) {
  expectRefused("thread", entry("local"), "4",
                "'thread_local', which is a keyword");
  expectRefused("co", entry("await"), "4", "'co_await', which is a keyword");
  expectRefused("pthread", entry("create"), "4",
                "'pthread_create', which is a function of the C library");
  expectRefused("lgamma", entry("f"), "3", "function of the C library");
}

TEST_F(Names, entriesThatAreNoIdentifiersAreRefused) {
  const std::vector<std::string> names = {"2nd", "a b", "a-b", "a.b", ""};
  std::string body;
  for (const std::string &name : names)
    body += entry(name) + entry("f" + std::to_string(body.size()), name) +
            entry("f" + std::to_string(body.size()) + "_", "x", name);
  Finished finished = compile("small", body, {});
  EXPECT_EQ(finished.code, 1);
  for (size_t k = 0; k != names.size(); ++k)
    for (size_t line : {6 * k + 4, 6 * k + 7, 6 * k + 9})
      EXPECT_THAT(finished.err,
                  testing::ContainsRegex("model.cpp:" + std::to_string(line) +
                                         ":[0-9]+: error: .*: the name '" +
                                         names[k] +
                                         "' becomes .*: use letters, digits"));
}

TEST_F(Names, allMistakesOfNamesAreSaidAtOnce) {
  Finished finished = compile(
      "small", entry("model") + entry("2nd") + entry("f", "x", "x"), {});
  EXPECT_EQ(finished.code, 1);
  for (const char *line : {"model.cpp:4:", "model.cpp:6:", "model.cpp:9:"})
    EXPECT_THAT(finished.err, HasSubstr(line));
}

TEST_F(Names, keywordsAsInputsAreChangedInHeaders) {
  // Every input and output has a name that some language or header has.
  const std::vector<std::string> names = {
      "class",    "double",    "register", "restrict", "_Bool",   "typeof",
      "NULL",     "INT32_MAX", "uint8_t",  "size_t",   "std",     "__FILE__",
      "offsetof", "errno",     "sinter",   "co_await", "UINT8_C", "_2"};
  std::string body = "  m.entry(\"f\", [&](Entry &e) {\n"
                     "    Tensor sum = e.input(\"a\", f32, {4});\n";
  for (const std::string &name : names)
    body += "    sum = sum + e.input(\"" + name + "\", f32, {4});\n";
  body += "    e.output(\"return\", sum);\n"
          "  });\n"
          "  m.entry(\"double\", [&](Entry &e) {\n"
          "    e.output(\"int\", 2 * e.input(\"float\", f32, {4})); });\n";
  expectHosts("small", body,
              "  small_double_args args = {a, b};\n"
              "  return small_double(s, &args, s, 0) != 0 || b[3] != 8;\n",
              "  small::Model model;\n"
              "  model.double_({.float_ = a, .int_ = b});\n"
              "  return b[3] != 8;\n");
}

TEST_F(Names, entriesThatTheClassHasAreChangedInIt) {
  std::string body;
  for (const char *name : {"save", "load", "state", "want", "Model", "host_",
                           "std", "class", "save_2"})
    body += entry(name);
  expectHosts("small", body,
              "  small_save_args args = {a, b};\n"
              "  return small_save(s, &args, s, 0) != 0 || b[3] != 5;\n",
              "  small::Model model;\n"
              "  model.save_2({.x = a, .y = b});\n"
              "  return b[3] != 5;\n");
}

TEST_F(Names, variablesThatClashGetANumber) {
  expectHosts(
      "small",
      "  Variable v = m.variable(\"a.b\", {4}, init::constant(1));\n"
      "  Variable w = m.variable(\"a_b\", {4}, init::constant(2));\n"
      "  Variable c = m.variable(\"class\", {4}, init::constant(3));\n"
      "  Variable s = m.variable(\"x.WORKSPACE_BYTES\", {4}, "
      "init::constant(4));\n"
      "  m.entry(\"offset_x\", [&](Entry &e) {\n"
      "    e.output(\"y\", v + w + c + s + e.input(\"x\", f32, {4})); });\n",
      "  float *v = (float *)(s + SMALL_OFFSET_a_b);\n"
      "  float *w = (float *)(s + SMALL_OFFSET_a_b_2);\n"
      "  float *c = (float *)(s + SMALL_OFFSET_class);\n"
      "  float *x = (float *)(s + SMALL_OFFSET_x_WORKSPACE_BYTES);\n"
      "  (void)a; (void)b;\n"
      "  return small_init(s, 1, s + (1 << 15), 0) != 0 || *v != 1 ||\n"
      "         *w != 2 || *c != 3 || *x != 4;\n",
      "  small::Model model;\n"
      "  model.offset_x({.x = a, .y = b});\n"
      "  return b[3] != 14;\n");
}

TEST_F(Names, kernelsGiveWayToExportedSymbols) {
  // In the model `f` the kernel f_body would be the entry `body`, and the
  // function f_body of the entry `f` as well.
  expectHosts("f",
              "  m.entry(\"f\", [&](Entry &e) {\n"
              "    Tensor x = e.input(\"x\", f32, {4});\n"
              "    e.output(\"y\", named(x + 1, \"body\")); });\n"
              "  m.entry(\"body\", [&](Entry &e) {\n"
              "    e.output(\"y\", 2 * e.input(\"x\", f32, {4})); });\n",
              "  f_f_args args = {a, b};\n"
              "  return f_f(s, &args, s, 0) != 0 || b[3] != 5;\n",
              "  f::Model model;\n"
              "  model.body({.x = a, .y = b});\n"
              "  return b[3] != 8;\n");
}

TEST_F(Names, aModelNamedAsOneOfItsEntries) {
  const std::string body = entry("restrict") + entry("Model", "restrict");
  expectHosts("restrict", body,
              "  restrict_restrict_args args = {a, b};\n"
              "  return restrict_restrict(s, &args, s, 0) != 0 || b[0] != 2;\n",
              "  restrict_::Model model;\n"
              "  model.restrict_({.x = a, .y = b});\n"
              "  return b[0] != 2;\n");
  Finished finished =
      compile("restrict", body, {"--emit=exe", "-o", "restrict"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(run({"./restrict", "--describe"}).code, 0);
}

TEST_F(Names, dumpsWithImpossibleNamesAreRefused) {
  const std::string good = readFile(SOURCE_DIR "/tests/driver/counter.mlir");
  for (auto [from, to, message] :
       {std::tuple("name = \"counter\"", "name = \"a b\"",
                   "the name 'a b' is no C identifier"),
        std::tuple("{name = \"peek\"", "{name = \"pe.ek\"",
                   "the entry's name 'pe.ek' is no C identifier"),
        std::tuple("{name = \"peek\"", "{name = \"step\"",
                   "which is the entry 'step'"),
        std::tuple("{name = \"peek\"", "{name = \"model\"",
                   "which is the model's description")}) {
    writeFile("edited.mlir", replaced(good, from, to));
    Finished finished = run({SINTERC, "edited.mlir", "--emit=obj"});
    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_THAT(finished.err, StartsWith("edited.mlir:"));
  }
}
} // namespace
