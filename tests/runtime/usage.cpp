// Help, description and every wrong use of the command line: exit code 2 and
// a message that names the mistake and the nearest right thing; bad files are
// exit code 1.
#include "harness.h"
#include "models.h"

#include <cmath>

using namespace sinter_tests;

namespace {

TEST(Usage, HelpListsEntries) {
  Outcome help = run(regression, {"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("usage: prog ENTRY [flags]"), std::string::npos);
  EXPECT_NE(help.out.find("train (x, y, rate) -> loss, close; trains\n"),
            std::string::npos)
      << help.out;
  EXPECT_EQ(run(regression, {}).out, help.out);
  EXPECT_EQ(run(regression, {"-h"}).out, help.out);
  Outcome entry = run(regression, {"test", "--help"});
  EXPECT_EQ(entry.code, 0);
  EXPECT_NE(
      entry.out.find("usage: prog test --input x=FILE --input y=FILE [flags]"),
      std::string::npos)
      << entry.out;
}

TEST(Usage, DescribesTheModel) {
  Outcome outcome = run(regression, {"--describe"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            R"(model       regression
target      x86-64-v3
compiler    sinter 0.1.0
state       192 bytes
parameters  3

entry train: writes the state, workspace 256 bytes
  input   x     f32   [4, 2]  batch axis 0
  input   y     f32   [4]  batch axis 0
  input   rate  f32   []
  output  loss   f32   []
  output  close  i1    [4]  batch axis 0

entry test: reads the state, workspace 64 bytes
  input   x  f32   [4, 2]  batch axis 0
  input   y  f32   [4]  batch axis 0
  output  accuracy  i1    [4]  batch axis 0
  output  error     f32   [4]  batch axis 0
  output  largest   f32   []
  output  both      f32   [4, 2]  batch axis 0
  output  across    f32   [2, 4]  batch axis 1
  output  range     f32   [2]

variables
  w      f32   [2]                        8 bytes  trainable
  b      f32   []                         4 bytes  trainable
  steps  i64   []                         8 bytes
)");
  EXPECT_EQ(run(regression, {"--version"}).out,
            "regression, compiled by sinter 0.1.0 for x86-64-v3\n");
}

TEST(Usage, MistakesAreNamed) {
  struct Case {
    std::vector<std::string> words;
    const char *message;
  } cases[] = {
      {{"trian"}, "unknown entry 'trian'; did you mean 'train'?"},
      {{"predict"}, "unknown entry 'predict'; --help lists them"},
      {{"train", "--sede", "3"},
       "unknown flag '--sede'; did you mean '--seed'?"},
      {{"train", "--foo"}, "unknown flag '--foo'; --help lists them"},
      {{"train", "--lgo", "f"}, "did you mean '--log'?"},
      {{"train", "--quux"}, "unknown flag '--quux'; --help lists them"},
      {{"train", "--epoch", "3"}, "did you mean '--epochs'?"},
      {{"train", "--epochs", "three"},
       "--epochs takes a whole number, not 'three'"},
      {{"train", "--epochs", "-1"}, "--epochs takes a whole number, not '-1'"},
      {{"train", "--epochs", "2.5"}, "--epochs takes a whole number"},
      {{"train", "--epochs="}, "--epochs needs a value"},
      {{"train", "--epochs"}, "--epochs needs a value"},
      {{"train", "--epochs", "1", "--epochs", "2"}, "--epochs is given twice"},
      {{"train", "--seed", "99999999999999999999"},
       "--seed takes a number from 0 to 18446744073709551615"},
      {{"train", "--threads", "0"}, "--threads takes a number from 1 to 64"},
      {{"train", "--threads", "65"}, "--threads takes a number from 1 to 64"},
      {{"train", "--batch-order", "random"},
       "--batch-order is shuffle or sequential, not 'random'"},
      {{"train", "--input", "xx=f"},
       "'train' has no input 'xx'; did you mean 'x'?"},
      {{"train", "--output", "zz=f.npy"},
       "'train' has no output 'zz'; 'prog train --help' lists them"},
      {{"train", "--input", "images=f"}, "'prog train --help' lists them"},
      {{"train", "--input", "x"}, "--input takes NAME=FILE, not 'x'"},
      {{"train", "--input", "x="}, "--input takes NAME=FILE, not 'x='"},
      {{"train", "--input", "x=a", "--input", "x=b"},
       "input 'x' is given twice"},
      {{"train", "--input", "x=a"},
       "missing input 'y' (f32 [N]): add --input y=FILE"},
      {{"train", "--output", "lost=a.npy"}, "did you mean 'loss'?"},
      {{"train", "--output", "loss=a.txt"},
       "the file must end in .npy or .csv"},
      {{"train", "test"}, "two entries, 'train' and 'test'"},
      {{"test", "--epochs", "2"},
       "--epochs is for entries that train; 'test' only reads the state"},
      {{"test", "--log", "l.csv"}, "--log is for entries that train"},
      {{"--epochs", "2"}, "no entry to run"},
      {{"--describe=1"}, "--describe takes no value"},
      {{"train", "--input", "x=a", "--input", "y=b", "--input", "rate=c",
        "--save", "same", "--log", "same"},
       "two results would be written to 'same'"},
  };
  for (const Case &test : cases) {
    Outcome outcome = run(regression, test.words);
    EXPECT_EQ(outcome.code, 2) << test.message;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err.find("prog: "), 0u);
    EXPECT_NE(outcome.err.find(test.message), std::string::npos)
        << outcome.err << test.message;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
  }
  Outcome outcome =
      run(oscillator, {"step", "--batch-order", "shuffle", "--input", "dt=a"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("--batch-order has no meaning for 'step'"),
            std::string::npos)
      << outcome.err;
}

TEST(Usage, BadFilesAreExitCodeOne) {
  Folder folder;
  writeFile(folder / "x.npy", npy("<f4", "4, 2", Bytes(32, '\0')));
  writeFile(folder / "y.npy", npy("<f4", "5,", Bytes(20, '\0')));
  writeFile(folder / "y4.npy", npy("<f4", "4,", Bytes(16, '\0')));
  writeFile(folder / "none.npy", npy("<f4", "0,", ""));
  writeFile(folder / "bad.safetensors", "bad");
  auto test = [&](std::string y, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"test", "--input",
                                      "x=" + (folder / "x.npy"), "--input",
                                      "y=" + (folder / y)};
    words.insert(words.end(), more.begin(), more.end());
    Outcome outcome = run(regression, words);
    EXPECT_EQ(outcome.code, 1);
    return outcome.err;
  };
  EXPECT_EQ(test("y.npy"), "prog: " + (folder / "y.npy") +
                               ": holds 5 samples, but " + (folder / "x.npy") +
                               " holds 4\n");
  EXPECT_EQ(test("x.npy"), "prog: " + (folder / "x.npy") +
                               ": holds f32 [4, 2], but input 'y' is f32 [N] "
                               "for any number N of samples\n");
  EXPECT_EQ(test("none.npy"),
            "prog: " + (folder / "none.npy") + ": holds no samples\n");
  EXPECT_EQ(test("gone.npy"), "prog: " + (folder / "gone.npy") +
                                  ": cannot open: No such file or directory\n");
  EXPECT_EQ(test("y4.npy", {"--load", folder / "bad.safetensors"}),
            "prog: " + (folder / "bad.safetensors") +
                ": not a safetensors file: shorter than 8 bytes\n");
}

TEST(Usage, RefusesModelsOfAnotherVersion) {
  sinter_model model = regression;
  model.abi_version = 99;
  EXPECT_EQ(run(model, {"--describe"}).code, 1);
}

} // namespace
