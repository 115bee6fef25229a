//===- EmitTest.cpp - the files that sinterc writes -----------------------===//

#include "tests/driver/Process.h"

#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace sinter::tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {
const std::string counter = SOURCE_DIR "/tests/driver/counter.mlir";

class Emit : public InFolder {
protected:
  static void compile(const std::string &input, std::vector<std::string> args) {
    args.insert(args.begin(), {SINTERC, input});
    Finished finished = run(args);
    ASSERT_EQ(finished.code, 0) << finished.err;
  }
};

TEST_F(Emit, severalKindsShareAPath) {
  compile(counter,
          {"--emit=obj,lib,header,shared,asm,llvm,exe", "-o", "out/counter"});
  EXPECT_THAT(list("out"), ElementsAre("counter", "counter.h", "counter.hpp",
                                       "counter.ll", "counter.o", "counter.s",
                                       "libcounter.a", "libcounter.so"));
}

TEST_F(Emit, oneKindTakesTheNameAsGiven) {
  compile(counter, {"--emit=obj", "-o", "a.o"});
  compile(counter, {"--emit=lib", "-o", "b.a"});
  compile(counter, {"--emit=shared", "-o", "c"});
  compile(counter, {"--emit=header", "-o", "d.h"});
  compile(counter, {});
  EXPECT_THAT(list(),
              ElementsAre("a.o", "b.a", "counter", "d.h", "d.hpp", "libc.so"));
}

TEST_F(Emit, theObjectExportsTheInterfaceAlone) {
  compile(counter, {"--emit=obj", "-o", "counter.o"});
  std::string symbols = run({"nm", "counter.o"}).out;
  for (const char *name :
       {" T counter_init\n", " T counter_step\n", " T counter_peek\n",
        " counter_model\n", " t add_twice\n"})
    EXPECT_THAT(symbols, HasSubstr(name));
  for (const char *name : {"malloc", "free", "printf", "abort", "exit", " U "})
    EXPECT_THAT(symbols, Not(HasSubstr(name)));
}

// With sanitizers the runtime, and so the executable, holds and needs theirs.
#ifndef __SANITIZE_ADDRESS__
TEST_F(Emit, theExecutableIsSmallAndNeedsTheCLibraryAlone) {
  compile(counter, {"-o", "counter"});
  EXPECT_LT(std::filesystem::file_size("counter"), 250'000u);
  std::string needed = run({"readelf", "-d", "counter"}).out;
  size_t count = 0;
  for (size_t at = 0; (at = needed.find("(NEEDED)", at)) != std::string::npos;
       ++at) {
    std::string line = needed.substr(at, needed.find('\n', at) - at);
    ++count;
    EXPECT_TRUE(line.find("libc.so") != std::string::npos ||
                line.find("libm.so") != std::string::npos ||
                line.find("libz.so") != std::string::npos)
        << line;
  }
  EXPECT_GT(count, 0u);
}
#endif

/// The code of a training step, without its weights.
TEST_F(Emit, aTrainingStepIsASmallLibrary) {
  for (const char *cpu : {"x86-64-v4", "x86-64-v3", "generic"})
    for (const char *model : {"mlp", "lenet"}) {
      compile(SOURCE_DIR "/tools/bench/models/" + std::string(model) + ".cpp",
              {"--model=" + std::string(model) + "_training",
               "--cpu=" + std::string(cpu), "--emit=shared", "-o", "step"});
      EXPECT_LT(std::filesystem::file_size("libstep.so"), 105'000u)
          << model << " for " << cpu;
    }
}

TEST_F(Emit, aPipeIsWrittenToAndStays) {
  ASSERT_EQ(mkfifo("pipe", 0600), 0);
  std::string read;
  std::thread reader([&] {
    std::ifstream in("pipe", std::ios::binary);
    read.assign(std::istreambuf_iterator<char>(in), {});
  });
  compile(counter, {"-o", "pipe"});
  // Ends a reader that nobody wrote to.
  close(open("pipe", O_WRONLY | O_NONBLOCK));
  reader.join();
  EXPECT_TRUE(std::filesystem::is_fifo("pipe"));
  EXPECT_EQ(read.substr(0, 4), "\x7f"
                               "ELF");
}

TEST_F(Emit, theSharedLibraryRunsUnderSinterRun) {
  compile(counter, {"--emit=shared", "-o", "counter"});
  writeFile("x.csv", "1\n2\n3\n4\n");
  Finished finished =
      run({SINTER_RUN, "libcounter.so", "step", "--input", "x=x.csv",
           "--output", "double=y.csv", "--seed", "5", "--epochs", "3"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(readFile("y.csv"), "16\n22\n28\n34\n");
  EXPECT_EQ(run({SINTER_RUN}).code, 2);
  EXPECT_EQ(run({SINTER_RUN, "none.so"}).code, 1);
  EXPECT_EQ(run({SINTER_RUN, "x.csv"}).code, 1);
  EXPECT_EQ(run({SINTER_RUN, "libcounter.so", "--model=other"}).code, 1);
  EXPECT_EQ(run({SINTER_RUN, "libcounter.so", "--model", "counter"}).code, 0);
  EXPECT_EQ(run({SINTER_RUN, "libcounter.so", "--model"}).code, 2);
  compile(counter, {"-o", "counter"});
  finished = run({SINTER_RUN, "./counter", "--describe"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("is a program, not a library: run it "
                                      "itself"));
}

TEST_F(Emit, twoRunsGiveTheSameBytes) {
  for (const char *name : {"a", "b"})
    compile(counter, {"--emit=obj,lib,shared,header,asm,llvm", "-o",
                      std::string(name) + "/counter"});
  for (const std::string &name : list("a"))
    EXPECT_EQ(readFile("a/" + name), readFile("b/" + name)) << name;
}

TEST_F(Emit, dumpsGoOnToTheSameBytes) {
  compile(counter, {"--emit=obj", "-o", "whole.o", "--dump-dir=dumps"});
  EXPECT_THAT(list("dumps"), ElementsAre("05-loops.mlir", "06-llvm.mlir",
                                         "counter.ll", "counter.s"));
  for (const char *dump : {"dumps/05-loops.mlir", "dumps/06-llvm.mlir"}) {
    compile(dump, {"--emit=obj", "-o", "part.o"});
    EXPECT_EQ(readFile("part.o"), readFile("whole.o")) << dump;
  }
}

TEST_F(Emit, anEditInADumpShowsInTheObject) {
  compile(counter, {"--emit=obj", "-o", "whole.o", "--dump-dir=dumps"});
  auto edit = [](const std::string &path, const std::string &from,
                 const std::string &to) {
    writeFile("edited.mlir", replaced(readFile(path), from, to));
    compile("edited.mlir", {"--emit=shared", "-o", "edited"});
  };
  auto step = [] {
    writeFile("x.csv", "1\n2\n3\n4\n");
    run({SINTER_RUN, "libedited.so", "step", "--input", "x=x.csv", "--output",
         "double=y.csv", "--seed", "5"});
    return readFile("y.csv");
  };
  edit("dumps/05-loops.mlir", "arith.addf", "arith.mulf");
  EXPECT_EQ(step(), "10\n20\n30\n40\n") << "5·x + 5·x";
  edit("dumps/06-llvm.mlir", "llvm.fadd", "llvm.fsub");
  EXPECT_EQ(step(), "8\n6\n4\n2\n") << "(5 − x) + (5 − x)";
}

TEST_F(Emit, stagesArePrinted) {
  Finished finished = run({SINTERC, counter, "--stop-after=llvm"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, HasSubstr("llvm.func @counter_step"));
  finished = run({SINTER_OPT, counter, "--to=llvm"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, HasSubstr("sinter.stage = \"llvm\""));
  EXPECT_EQ(run({SINTER_OPT, counter, "--to=fused"}).code, 2);
  EXPECT_EQ(run({SINTER_OPT, "none.mlir"}).code, 1);
}
} // namespace
