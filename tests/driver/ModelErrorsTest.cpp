//===- ModelErrorsTest.cpp - models in C++ that cannot be compiled --------===//
//
// Whatever is wrong with a model's source or its program is said once, at the
// user's line where there is one, with exit code 1 and no output.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

using namespace sinter::tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {
class ModelErrors : public InFolder {
protected:
  static Finished compile(const std::string &source,
                          std::vector<std::string> args = {}) {
    writeFile("model.cpp", source);
    args.insert(args.begin(), {SINTERC, "model.cpp"});
    return run(args);
  }
  /// Nothing but the source is there: no output, no temporary file.
  static void expectNoOutput() {
    EXPECT_THAT(list(), ElementsAre("model.cpp"));
  }
  static size_t count(const std::string &text, const std::string &part) {
    size_t found = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at)
      ++found;
    return found;
  }
};

const char *const good = "  m.entry(\"f\", [&](Entry &e) {\n"
                         "    e.output(\"y\", e.input(\"x\", f32, {4}) + 1);\n"
                         "  });\n";

TEST_F(ModelErrors, aMistakeIsSaidAtItsLineWithWhatToDo) {
  Finished finished =
      compile(modelSource("  m.entry(\"f\", [&](Entry &e) {\n"
                          "    Tensor x = e.input(\"x\", i32, {4});\n"
                          "    e.output(\"y\", exp(x));\n"
                          "  });\n"));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, StartsWith("model.cpp:6:"));
  EXPECT_THAT(finished.err, HasSubstr(": error: exp: takes f32, f64 or bf16"));
  EXPECT_THAT(finished.err, HasSubstr("use cast to change the element type"));
  EXPECT_THAT(finished.err, HasSubstr("    e.output(\"y\", exp(x));\n"));
  EXPECT_THAT(finished.err, HasSubstr("^\n"));
  EXPECT_EQ(count(finished.err, "error: "), 1u) << finished.err;
  EXPECT_EQ(finished.out, "");
  expectNoOutput();
}

TEST_F(ModelErrors, threeMistakesAreThreeErrors) {
  Finished finished = compile(
      modelSource("  m.entry(\"f\", [&](Entry &e) {\n"
                  "    Tensor x = e.input(\"x\", f32, {4, 2});\n"
                  "    Tensor a = matmul(x, x);\n"
                  "    Tensor b = x + e.input(\"z\", f32, {3});\n"
                  "    Tensor c = a * b;\n" // of poison: no error of its own
                  "    e.output(\"y\", gradient(x, {x})[0] + c);\n"
                  "  });\n"));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("model.cpp:6:"));
  EXPECT_THAT(finished.err, HasSubstr("model.cpp:7:"));
  EXPECT_THAT(finished.err, HasSubstr("model.cpp:9:"));
  EXPECT_EQ(count(finished.err, ": error: "), 3u) << finished.err;
  expectNoOutput();
}

TEST_F(ModelErrors, cxxThatDoesNotCompileIsTheCompilersError) {
  Finished finished = compile(modelSource("  m.entry(\"f\", nonsense);\n"));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("model.cpp:4:"));
  EXPECT_THAT(finished.err, HasSubstr("error: "));
  EXPECT_THAT(finished.err, HasSubstr("nonsense"));
  EXPECT_THAT(finished.err, Not(HasSubstr("signal")));
  expectNoOutput();
}

TEST_F(ModelErrors, aProgramWithoutAModelOrWithTwo) {
  Finished finished = compile("#include <sinter/sinter.h>\n");
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("use SINTER_MODEL(name)"));
  expectNoOutput();

  std::string two =
      modelSource(good, "one") + "SINTER_MODEL(two) {\n" + good + "}\n";
  finished = compile(two);
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("one, two"));
  EXPECT_THAT(finished.err, HasSubstr("--model"));
  expectNoOutput();
  EXPECT_NE(compile(two, {"--model", "three"}).code, 0);
  expectNoOutput();
  EXPECT_EQ(compile(two, {"--model", "two", "--emit=obj"}).code, 0);
  EXPECT_THAT(list(), ElementsAre("model.cpp", "two.o"));
}

TEST_F(ModelErrors, aProgramThatDiesIsNamedWithItsSignal) {
  // AddressSanitizer would turn a signal into an exit code.
  const char *options = std::getenv("ASAN_OPTIONS");
  std::string plain = options ? options : "";
  setenv("ASAN_OPTIONS", (plain + ":handle_segv=0").c_str(), 1);
  for (auto [cause, signal] : {std::pair("  std::raise(SIGSEGV);\n", "SIGSEGV"),
                               std::pair("  std::raise(SIGKILL);\n", "SIGKILL"),
                               std::pair("  std::abort();\n", "SIGABRT")}) {
    Finished finished = compile("#include <csignal>\n#include <cstdlib>\n" +
                                modelSource(cause + std::string(good)));
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("model.cpp: error: the model program "
                                        "was ended by signal "));
    EXPECT_THAT(finished.err, HasSubstr(signal));
    expectNoOutput();
  }
}

TEST_F(ModelErrors, aProgramThatExitsHasNoModel) {
  for (const char *code : {"3", "0"}) {
    Finished finished =
        compile("#include <cstdlib>\n" +
                modelSource("  std::exit(" + std::string(code) + ");\n"));
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("model.cpp: error: the model program "
                                        "ended with code " +
                                        std::string(code)));
    expectNoOutput();
  }
}

TEST_F(ModelErrors, exceptionsOfTheModelAreMistakes) {
  Finished finished =
      compile("#include <stdexcept>\n" +
              modelSource("  throw std::runtime_error(\"no weights\");\n"));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("model.cpp:4:"));
  EXPECT_THAT(finished.err, HasSubstr("exception: no weights"));
}

TEST_F(ModelErrors, whatAModelPrintsIsItsOwn) {
  Finished finished = compile(
      "#include <iostream>\n" + modelSource("  std::cout << \"to out\\n\";\n"
                                            "  std::cerr << \"to err\\n\";\n" +
                                            std::string(good)),
      {"--stop-after=model"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, StartsWith("to out\n"));
  EXPECT_THAT(finished.out, HasSubstr("module @small"));
  EXPECT_EQ(finished.err, "to err\n");
}

TEST_F(ModelErrors, parametersOfTheModel) {
  std::string source =
      modelSource("  const int64_t size = m.option(\"size\", 4);\n"
                  "  const double rate = m.option(\"rate\", 0.5);\n"
                  "  m.entry(\"f\", [&](Entry &e) {\n"
                  "    Tensor x = e.input(\"x\", f32, {size});\n"
                  "    e.output(\"y\", x * rate);\n"
                  "  });\n");
  Finished finished = compile(source, {"-P", "size=seven"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, StartsWith("model.cpp:4:"));
  EXPECT_THAT(finished.err, HasSubstr("'seven' (from -P) is not an integer"));
  finished = compile(source, {"-Psise=7"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("no option 'sise'"));
  EXPECT_THAT(finished.err, HasSubstr("size, rate"));
  finished = compile(source, {"-P", "size=-7"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("model.cpp:7:"));
  EXPECT_THAT(finished.err, HasSubstr("negative"));
  expectNoOutput();
  finished = compile(source, {"-P", "size=7", "--stop-after=model"});
  EXPECT_THAT(finished.out, HasSubstr("tensor<7xf32>"));
}

TEST_F(ModelErrors, outputsThatCannotBeWritten) {
  std::filesystem::create_directory("folder");
  writeFile("file", "old");
  for (const char *output : {"folder", "file/below", "/proc/none/small"}) {
    Finished finished = compile(modelSource(good), {"-o", output});
    EXPECT_EQ(finished.code, 1) << output;
    EXPECT_THAT(finished.err,
                HasSubstr("cannot write '" + std::string(output) + "': "));
    EXPECT_THAT(list(), ElementsAre("file", "folder", "model.cpp"));
    EXPECT_THAT(list("folder"), testing::IsEmpty());
  }
  // What was there stays when a later output fails.
  writeFile("folder/small.o", "old");
  std::filesystem::create_directory("folder/small.h");
  Finished finished =
      compile(modelSource(good), {"--emit=obj,header", "-o", "folder/small"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(readFile("folder/small.o"), "old");
  EXPECT_THAT(list("folder"), ElementsAre("small.h", "small.o"));
}

TEST_F(ModelErrors, aFullDiskLeavesNothing) {
  for (const char *kind : {"obj", "lib", "shared", "exe", "asm", "llvm"}) {
    Finished finished =
        run({"/bin/sh", "-c",
             "ulimit -f 1; trap '' XFSZ; exec " SINTERC " " SOURCE_DIR
             "/tests/driver/counter.mlir -o x --emit=" +
                 std::string(kind)});
    EXPECT_EQ(finished.code, 1) << kind;
    EXPECT_THAT(finished.err, HasSubstr("error: ")) << kind;
    EXPECT_THAT(list(), testing::IsEmpty()) << kind;
  }
}
} // namespace
