//===- CommandLineTest.cpp - what sinterc says to wrong usage -------------===//

#include "tests/driver/Process.h"

#include <gmock/gmock.h>

using namespace sinter::tests;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {
const std::string counter = SOURCE_DIR "/tests/driver/counter.mlir";

class CommandLine : public InFolder {
protected:
  static Finished sinterc(std::vector<std::string> args) {
    args.insert(args.begin(), SINTERC);
    return run(args);
  }
  /// Wrong usage is 2, says why, and leaves nothing.
  static void expectUsageError(const std::vector<std::string> &args,
                               const std::string &message) {
    Finished finished = sinterc(args);
    EXPECT_EQ(finished.code, 2) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_THAT(finished.err, HasSubstr("error: "));
    EXPECT_THAT(list(), IsEmpty());
  }
};

TEST_F(CommandLine, unknownFlagsNameTheNearest) {
  expectUsageError({counter, "--emti=obj"}, "did you mean '--emit'?");
  expectUsageError({counter, "--frobnicate"}, "unknown flag '--frobnicate'");
  expectUsageError({counter, "--cpu=znvre4"}, "did you mean 'znver4'?");
  expectUsageError({counter, "--cpu=foo"},
                   "unknown CPU 'foo': native, generic");
  expectUsageError({counter, "--emit=ojb"}, "did you mean 'obj'?");
  expectUsageError({counter, "--stop-after=plannd"}, "unknown stage 'plannd'");
  expectUsageError({counter, "--mlir-print-ir-aftr-all"},
                   "'--mlir-print-ir-after-all'");
  expectUsageError({counter, "-O7"}, "-O0, -O1, -O2 or -O3");
  expectUsageError({counter, "-gx"}, "unknown flag '-gx'");
  for (const char *jobs : {"0", "-1", "many", "2000", "1.5"})
    expectUsageError({counter, "--jobs", jobs}, "a number from 1 to 1024");
}

/// The model's mistake, not the compiler's.
TEST_F(CommandLine, sizesThatNoMachineHas) {
  std::string type = "tensor<4611686018427387904x2xf32>";
  writeFile("big.mlir", "module @big {\nsinter.entry @e(%x: " + type +
                            " {sinter.name = \"x\"}) -> (" + type +
                            " {sinter.name = \"y\"}) {\n%y = sinter.neg %x : " +
                            type + "\nsinter.return %y : " + type + "\n}\n}\n");
  Finished finished = sinterc({"big.mlir", "--emit=obj", "-o", "big.o"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("big.mlir:3:6: error"));
  EXPECT_THAT(finished.err, HasSubstr("make its shape smaller"));
  EXPECT_THAT(finished.err, Not(HasSubstr("bug")));
}

TEST_F(CommandLine, missingAndContradictingArguments) {
  expectUsageError({}, "no input");
  expectUsageError({counter, counter}, "several inputs");
  expectUsageError({counter, "-o"}, "'-o' needs a value");
  expectUsageError({counter, "--elide=yes"}, "takes no value");
  expectUsageError({counter, "-P", "batch"}, "-P NAME=VALUE");
  expectUsageError({counter, "--emit=obj", "--stop-after=loops"}, "contradict");
  expectUsageError({counter, "--emit=obj", "-o", "-"}, "'-o -' is for text");
  expectUsageError({counter, "--emit=loops,obj"}, "emitted alone");
  expectUsageError({counter, "-o", "folder/"}, "name a file in it");
}

TEST_F(CommandLine, flagsOfModelsAreNotForDumps) {
  expectUsageError({counter, "-P", "size=3"}, "'-P' is for models in C++");
  expectUsageError({counter, "--model", "x"}, "'--model' is for models in C++");
  expectUsageError({counter, "-I", "."}, "'-I' is for models in C++");
}

TEST_F(CommandLine, withoutACompilerIsNoWrongUsage) {
  writeFile("model.cpp", "");
  for (const std::string &input : {counter, std::string("model.cpp")}) {
    Finished finished =
        run({"/usr/bin/env", "PATH=/nowhere", SINTERC, input, "-o", "x"});
    EXPECT_EQ(finished.code, 1) << input;
    EXPECT_THAT(finished.err, HasSubstr("compiler (c"));
    EXPECT_THAT(list(), testing::ElementsAre("model.cpp"));
  }
}

TEST_F(CommandLine, aModelWithoutEntriesIsNotLinked) {
  writeFile("empty.mlir", "");
  for (const char *kind : {"exe", "obj"}) {
    Finished finished =
        sinterc({"empty.mlir", "--emit=" + std::string(kind), "-o", "x"});
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("no entry"));
  }
  EXPECT_THAT(list(), testing::ElementsAre("empty.mlir"));
}

TEST_F(CommandLine, aHeaderMayBeNamedByItsSibling) {
  EXPECT_EQ(sinterc({counter, "--emit=header", "-o", "c.hpp"}).code, 0);
  EXPECT_THAT(list(), testing::ElementsAre("c.h", "c.hpp"));
  EXPECT_THAT(readFile("c.hpp"), HasSubstr("#include \"c.h\""));
}

// The model's own program hangs, and is ended too.
TEST_F(CommandLine, anInterruptionLeavesNothing) {
  writeFile("model.cpp", "#include <fstream>\n"
                         "#include <unistd.h>\n"
                         "int main() {\n"
                         "  std::ofstream(\"pid\") << getpid() << std::endl;\n"
                         "  for (;;)\n    pause();\n}\n");
  Finished finished = run({"/bin/sh", "-c",
                           "TMPDIR=$PWD " SINTERC " model.cpp & "
                           "while ! [ -s pid ]; do sleep 0.05; done; "
                           "kill -TERM $!; wait $!; echo $?; "
                           "kill -0 $(cat pid) 2>/dev/null && echo alive"});
  EXPECT_EQ(finished.out, "143\n") << finished.err;
  EXPECT_THAT(list(), testing::ElementsAre("model.cpp", "pid"));
}

TEST_F(CommandLine, settledOptionsCannotChange) {
  expectUsageError({counter, "--cpu=generic"}, "settled");
  expectUsageError({counter, "-O1"}, "settled");
  expectUsageError({counter, "--stop-after=fused"}, "at stage 'loops' already");
}

TEST_F(CommandLine, unreadableInputIsAnInputError) {
  EXPECT_EQ(sinterc({"none.mlir"}).code, 1);
  EXPECT_THAT(sinterc({"none.mlir"}).err,
              HasSubstr("cannot read 'none.mlir': No such file"));
  EXPECT_EQ(sinterc({"."}).code, 1);
  writeFile("model.txt", "");
  EXPECT_EQ(sinterc({"model.txt"}).code, 2);
}

TEST_F(CommandLine, brokenModulesAreLocatedErrors) {
  writeFile("bad.mlir", "module {\n  sinter.nonsense\n}\n");
  Finished finished = sinterc({"bad.mlir"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("bad.mlir:2:3: error: "));
  EXPECT_THAT(finished.err, HasSubstr("sinter.nonsense\n  ^"));
  writeFile("bad.mlir", "");
  EXPECT_EQ(sinterc({"bad.mlir", "--stop-after=loops"}).code, 0)
      << "an empty module is a model without entries";
  writeFile("bad.mlir", "module attributes {sinter.stage = \"half\"} {}");
  finished = sinterc({"bad.mlir"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("unknown 'sinter.stage'"));
}

TEST_F(CommandLine, malformedDescriptionsAreInputErrors) {
  const std::string good = readFile(counter);
  auto compile = [&](const std::string &from, const std::string &to) {
    writeFile("edited.mlir", replaced(good, from, to));
    Finished finished = sinterc({"edited.mlir", "--emit=obj", "-o", "x.o"});
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_FALSE(std::filesystem::exists("x.o"));
    return finished.err;
  };
  EXPECT_THAT(compile("state_bytes = 64 : i64,", ""),
              HasSubstr("'state_bytes' must be an integer"));
  EXPECT_THAT(compile("state_bytes = 64", "state_bytes = -64"),
              HasSubstr("'state_bytes' is negative"));
  EXPECT_THAT(compile("dtype = \"f32\"", "dtype = \"f31\""),
              HasSubstr("unknown dtype 'f31'"));
  EXPECT_THAT(compile("array<i64: 4>", "array<i64: -4>"),
              HasSubstr("'shape' of 'total' is out of range"));
  EXPECT_THAT(compile("array<i64: 4>", "4"), HasSubstr("'shape' must be"));
  EXPECT_THAT(
      compile("sinter.entry = \"step\"", "sinter.entry = \"stop\""),
      HasSubstr("is the entry \"stop\", which 'sinter.model' does not"));
  EXPECT_THAT(compile("name = \"peek\"", "name = \"model\""),
              HasSubstr("'model'"));
}

TEST_F(CommandLine, anUnwritableOutputLeavesNothing) {
  writeFile("file", "");
  Finished finished = sinterc({counter, "--emit=obj,header", "-o", "file/x"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("cannot write 'file/x"));
  // The second of two outputs cannot be written: the first is not there either.
  std::filesystem::create_directory("out.h");
  finished = sinterc({counter, "--emit=obj,header", "-o", "out"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("cannot write 'out.h'"));
  EXPECT_THAT(list(), testing::ElementsAre("file", "out.h"));
  // It is not the model that is wrong.
  finished = sinterc({counter, "--emit=obj", "-o", "x.o", "--dump-dir=file/d"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(finished.err.find("error: cannot write 'file/d/05-loops.mlir'"), 0u)
      << finished.err;
}

TEST_F(CommandLine, helpAndVersion) {
  EXPECT_EQ(sinterc({"--help"}).code, 0);
  EXPECT_THAT(sinterc({"--help"}).out, HasSubstr("--emit=KINDS"));
  EXPECT_THAT(sinterc({"--version"}).out, HasSubstr("sinterc "));
}
} // namespace
