//===- BugsTest.cpp - what a bug in Sinter looks like to its user ---------===//
//
// Runs a sinterc into which the test has put a bug (BrokenPass.cpp): exit code
// 70, no output, and a reproducer, with which the same compiler fails in the
// same way and a sound one succeeds.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

#include <cstdlib>

using namespace sinter::tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {
class Bugs : public InFolder {
protected:
  void SetUp() override {
    InFolder::SetUp();
    compileWithDumps(
        "  m.entry(\"f\", [&](Entry &e) {\n"
        "    e.output(\"y\", e.input(\"x\", f32, {4}) + 1); });\n");
    ASSERT_FALSE(HasFatalFailure());
    std::filesystem::rename("small.o", "dumps/small.o");
  }
  void TearDown() override {
    unsetenv("BROKEN_STAGE");
    unsetenv("BROKEN_HOW");
    InFolder::TearDown();
  }
  static void breakStage(const std::string &stage, const char *how) {
    setenv("BROKEN_STAGE", stage.c_str(), 1);
    setenv("BROKEN_HOW", how, 1);
  }
};

TEST_F(Bugs, everyKindIsExitCode70WithAReproducer) {
  for (auto [how, message] :
       {std::pair("segfault", "signal SIGSEGV"),
        std::pair("abort", "signal SIGABRT"),
        std::pair("fatal", "no such thing"),
        std::pair("recursion", "signal SIGSEGV"),
        std::pair("recursion in a thread", "signal SIGSEGV"),
        std::pair("memory", "signal SIGABRT"),
        std::pair("silent", "this is a bug in Sinter"),
        std::pair("invalid", "the module is invalid after the pass '")}) {
    breakStage("simplified", how);
    Finished finished =
        run({BROKEN_SINTERC, "model.cpp", "--emit=obj,header,exe"});
    EXPECT_EQ(finished.code, 70) << how << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_THAT(finished.err,
                HasSubstr("this is a bug in Sinter, not in your model"));
    EXPECT_THAT(finished.err,
                HasSubstr("`sinterc sinter-reproducer.mlir` reproduces it"));
    EXPECT_THAT(list(),
                ElementsAre("dumps", "model.cpp", "sinter-reproducer.mlir"))
        << how;
    // It is the module before the stage that failed.
    EXPECT_EQ(readFile("sinter-reproducer.mlir"),
              readFile("dumps/01-gradient.mlir"));

    std::filesystem::rename("sinter-reproducer.mlir", "report.mlir");
    Finished again = run({BROKEN_SINTERC, "report.mlir"});
    EXPECT_EQ(again.code, 70) << how << again.err;
    EXPECT_THAT(again.err, HasSubstr(message));
    std::filesystem::remove("sinter-reproducer.mlir");
    std::filesystem::remove("report.mlir");
  }
}

TEST_F(Bugs, everyStageHasAReproducer) {
  for (size_t i = 1; i < stages.size(); ++i) {
    const std::string stage = nameOf(stages[i]);
    breakStage(stage, "abort");
    EXPECT_EQ(run({BROKEN_SINTERC, "model.cpp"}).code, 70) << stage;
    // Loops are large: what comes later is reproduced from before them.
    const std::string &before = stages[std::min<size_t>(i - 1, 4)];
    EXPECT_EQ(readFile("sinter-reproducer.mlir"),
              readFile("dumps/" + before + ".mlir"));
    // Mended, the same file goes on to the same object.
    EXPECT_EQ(run({SINTERC, "sinter-reproducer.mlir", "--emit=obj"}).code, 0);
    EXPECT_EQ(readFile("small.o"), readFile("dumps/small.o")) << stage;
  }
}

TEST_F(Bugs, aModuleLeftInvalidIsBlamedOnItsPassAtEveryStage) {
  for (size_t i = 1; i < stages.size(); ++i) {
    breakStage(nameOf(stages[i]), "invalid");
    for (const char *jobs : {"1", "2"}) {
      Finished finished = run({BROKEN_SINTERC, "model.cpp", "--jobs", jobs});
      EXPECT_EQ(finished.code, 70) << stages[i];
      EXPECT_THAT(finished.err,
                  HasSubstr("the module is invalid after the pass '"
                            "{anonymous}::BrokenPass'"))
          << stages[i];
    }
  }
}

TEST_F(Bugs, whereTheFolderIsNotWritableItSaysWhereItIs) {
  std::filesystem::create_directory("sinter-reproducer.mlir");
  breakStage("fused", "abort");
  Finished finished = run({BROKEN_SINTERC, "model.cpp"});
  EXPECT_EQ(finished.code, 70);
  size_t at = finished.err.find("`sinterc /");
  ASSERT_NE(at, std::string::npos) << finished.err;
  std::string path = finished.err.substr(at + 9);
  path.resize(path.find('`'));
  EXPECT_EQ(readFile(path), readFile("dumps/02-simplified.mlir"));
  std::filesystem::remove(path);
}

TEST_F(Bugs, withoutTheBugTheCompilerIsTheSame) {
  EXPECT_EQ(run({BROKEN_SINTERC, "model.cpp", "--emit=obj"}).code, 0);
  EXPECT_EQ(readFile("small.o"), readFile("dumps/small.o"));
}
} // namespace
