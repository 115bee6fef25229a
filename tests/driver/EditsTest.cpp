//===- EditsTest.cpp - an edit made in any dump shows in the object -------===//
//
// Dumps are the compiler's state: at each stage a constant and an operation
// are changed with a text editor's means, and the object made from there
// computes what was written.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/ModelFiles.h"

#include <gmock/gmock.h>

#include <regex>

using namespace sinter::tests;
using testing::HasSubstr;

namespace {
class Edits : public InFolder {
protected:
  /// y = 3 x + s, and s = 0.5 from `init`; with x at run time.
  void SetUp() override {
    InFolder::SetUp();
    compileWithDumps(
        "  Variable s = m.variable(\"s\", {4}, init::constant(0.5));\n"
        "  m.entry(\"f\", [&](Entry &e) {\n"
        "    e.output(\"y\", e.input(\"x\", f32, {4}) * 3.0f + s); });\n",
        "line");
    writeFile("x.csv", "1\n2\n3\n4\n");
  }
  /// What the entry gives when `from`, which is there once, became `to`.
  static std::string edited(const std::string &stage, const std::string &from,
                            const std::string &to) {
    std::string text = readFile("dumps/" + stage + ".mlir");
    EXPECT_EQ(text.find(from), text.rfind(from)) << stage << from;
    writeFile("edited.mlir", replaced(text, from, to));
    Finished finished =
        run({SINTERC, "edited.mlir", "--emit=shared", "-o", "edited"});
    EXPECT_EQ(finished.code, 0) << stage << finished.err;
    finished = run({SINTER_RUN, "./libedited.so", "f", "--input", "x=x.csv",
                    "--output", "y=y.csv"});
    EXPECT_EQ(finished.code, 0) << stage << finished.err;
    return readFile("y.csv");
  }
};

TEST_F(Edits, unchangedDumpsGiveTheModel) {
  for (const std::string &stage : stages)
    EXPECT_EQ(edited(stage, "module @line", "module @line"),
              "3.5\n6.5\n9.5\n12.5\n")
        << stage;
}

TEST_F(Edits, aConstantOfAnEntry) {
  for (const std::string &stage : stages)
    EXPECT_EQ(edited(stage, "3.000000e+00", "5.000000e+00"),
              "5.5\n10.5\n15.5\n20.5\n")
        << stage;
}

TEST_F(Edits, aConstantOfAnInitializer) {
  for (const std::string &stage : stages)
    EXPECT_EQ(edited(stage, "5.000000e-01", "2.000000e+00"), "5\n8\n11\n14\n")
        << stage;
}

TEST_F(Edits, anOperation) {
  for (const std::string &stage : stages) {
    std::string add = stage == "05-loops"  ? "arith.addf"
                      : stage == "06-llvm" ? "llvm.fadd"
                                           : "sinter.add";
    std::string subtract = stage == "05-loops"  ? "arith.subf"
                           : stage == "06-llvm" ? "llvm.fsub"
                                                : "sinter.sub";
    EXPECT_EQ(edited(stage, add, subtract), "2.5\n5.5\n8.5\n11.5\n") << stage;
  }
}

TEST_F(Edits, aName) {
  // It stands at the entry, and from `planned` on in the description too.
  for (const std::string &stage : stages) {
    std::string text = readFile("dumps/" + stage + ".mlir");
    size_t count = 0;
    for (size_t at = 0;
         (at = text.find("name = \"y\"", at)) != std::string::npos; ++at) {
      text[at + 8] = 'z';
      ++count;
    }
    EXPECT_EQ(count, stage == "04-planned" ? 2u : 1u) << stage;
    writeFile("edited.mlir", text);
    Finished finished =
        run({SINTERC, "edited.mlir", "--emit=header", "-o", "edited"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_THAT(readFile("edited.h"), HasSubstr("  float *z;")) << stage;
  }
}

TEST_F(Edits, moreLanesThanAVectorHasAreNotPromisedMoreAlignment) {
  writeFile("large.mlir", R"(module @m {
  sinter.entry @f(%x: tensor<600x1024xf32> {sinter.name = "x"})
      -> (tensor<600x1024xf32> {sinter.name = "y"}) {
    %y = sinter.tanh %x : tensor<600x1024xf32>
    sinter.return %y : tensor<600x1024xf32>
  }
})");
  Finished finished = run({SINTERC, "large.mlir", "--cpu=x86-64-v3",
                           "--emit=fused", "-o", "fused.mlir"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  writeFile("fused.mlir",
            replaced(readFile("fused.mlir"), "lanes = 8", "lanes = 32"));
  finished = run({SINTERC, "fused.mlir", "--emit=loops", "-o", "-"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("nontemporal"));
  EXPECT_THAT(finished.out, HasSubstr("vector<32xf32>"));
  // Of a place, a kernel asks whether it is a multiple of 64.
  EXPECT_THAT(finished.out, HasSubstr("alignment = 64"));
  EXPECT_THAT(finished.out, testing::Not(HasSubstr("alignment = 128")));
}

TEST_F(Edits, aTailIsDoneAsTheScheduleSays) {
  writeFile("short.mlir", R"(module @m {
  sinter.entry @f(%x: tensor<37xf32> {sinter.name = "x"})
      -> (tensor<37xf32> {sinter.name = "y"}) {
    %y = sinter.tanh %x : tensor<37xf32>
    sinter.return %y : tensor<37xf32>
  }
})");
  Finished finished = run({SINTERC, "short.mlir", "--cpu=x86-64-v4",
                           "--emit=fused", "-o", "fused.mlir"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  auto loops = [](const std::string &tail) {
    writeFile("edited.mlir",
              replaced(readFile("fused.mlir"), "tail = \"masked\"",
                       "tail = \"" + tail + "\""));
    Finished finished =
        run({SINTERC, "edited.mlir", "--emit=loops", "-o", "-"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.out;
  };
  EXPECT_THAT(loops("masked"), HasSubstr("vector.maskedstore"));
  EXPECT_THAT(loops("scalar"), testing::Not(HasSubstr("vector.maskedstore")));
}

/// Tasks that take turns with panels, where one block is the whole product and
/// there are no tasks.
TEST_F(Edits, oneBlockOfAProductThatHadSeveral) {
  compileWithDumps(
      "  m.entry(\"f\", [&](Entry &e) {\n"
      "    e.output(\"c\", matmul(e.input(\"a\", f32, {64, 784}),\n"
      "      e.input(\"b\", f32, {784, 512}))); });\n",
      "product");
  std::string text = readFile("dumps/03-fused.mlir");
  ASSERT_NE(text.find("pack_beside"), std::string::npos) << text;
  auto number = [&](const std::string &name) {
    std::smatch found;
    EXPECT_TRUE(std::regex_search(text, found, std::regex(name + " = (\\d+)")));
    return std::stol(found[1]);
  };
  auto whole = [](long extent, long tile) {
    return std::to_string((extent + tile - 1) / tile * tile);
  };
  ASSERT_GT(number("tasks"), 1);
  text = std::regex_replace(
      text, std::regex("block_columns = \\d+"),
      "block_columns = " +
          whole(512, number("lanes") * number("tile_vectors")));
  text = std::regex_replace(text, std::regex("block_rows = \\d+"),
                            "block_rows = " + whole(64, number("tile_rows")));
  writeFile("edited.mlir", text);
  Finished finished =
      run({SINTERC, "edited.mlir", "--emit=obj", "-o", "edited.o"});
  EXPECT_EQ(finished.code, 0) << finished.err;
}

/// Rows that are finished beside so many steps as nobody would choose.
TEST_F(Edits, unrolledStepsBesideAnEpilogueThatWaits) {
  compileWithDumps("  m.entry(\"f\", [&](Entry &e) {\n"
                   "    Tensor x = e.input(\"x\", f32, {101, 70});\n"
                   "    e.output(\"y\", sqrt(matmul(transpose(x), x))); });\n",
                   "squares");
  std::string rows;
  for (int i = 0; i < 101; ++i)
    for (int j = 0; j < 70; ++j)
      rows += std::to_string((i * i + 3 * j) % 4) + (j < 69 ? "," : "\n");
  writeFile("x.csv", rows);
  ASSERT_THAT(readFile("dumps/03-fused.mlir"), HasSubstr("defer_epilogue"));
  std::string wanted = edited("03-fused", "unroll = 4", "unroll = 4");
  for (const char *steps : {"1", "3", "5", "8"})
    EXPECT_EQ(
        edited("03-fused", "unroll = 4", std::string("unroll = ") + steps),
        wanted)
        << steps;
}

TEST_F(Edits, twoRunsGiveTheSameBytesForEveryKind) {
  for (const char *folder : {"a", "b"}) {
    Finished finished =
        run({SINTERC, "model.cpp", "--emit=exe,lib,shared,obj,asm,llvm,header",
             "-o", std::string(folder) + "/line",
             "--dump-dir=" + std::string(folder)});
    ASSERT_EQ(finished.code, 0) << finished.err;
    for (const std::string &stage : stages) {
      std::string name = nameOf(stage);
      finished = run({SINTERC, "model.cpp", "--stop-after=" + name, "-o",
                      std::string(folder) + "/" + name + ".mlir"});
      ASSERT_EQ(finished.code, 0) << finished.err;
    }
  }
  std::vector<std::string> files = list("a");
  EXPECT_EQ(files.size(), 8 + stages.size() * 2u);
  for (const std::string &file : files)
    EXPECT_EQ(readFile("a/" + file), readFile("b/" + file)) << file;
  for (const std::string &stage : stages)
    EXPECT_EQ(readFile("a/" + stage + ".mlir"),
              readFile("a/" + nameOf(stage) + ".mlir"));
}
} // namespace
