//===- ExamplesTest.cpp - the examples, from source to accuracy -----------===//
//
// Compiles the examples with sinterc and trains them on the real data; what is
// compared is what a user sees: accuracies, files, exit codes.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/Process.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>

namespace fs = std::filesystem;
using sinter::tests::readFile;
using sinter::tests::tensors;

namespace {

const std::string data = "/usr/share/datasets/fashion-mnist/";

class Examples : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "sinter-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }

  /// Runs a command in the folder; its output goes to the file `out`.
  int run(const std::string &command) {
    std::string line =
        "cd '" + folder.string() + "' && (" + command + ") > out 2>&1";
    return WEXITSTATUS(std::system(line.c_str()));
  }
  std::string output() { return readFile(folder / "out"); }

  void compile(const std::string &example, const std::string &flags) {
    ASSERT_EQ(run(std::string(SINTERC) + " " SINTER_ROOT "/examples/" +
                  example + " " + flags),
              0)
        << output();
  }
  std::string trainingInputs() {
    return "--input images=" + data + "train-images-idx3-ubyte.gz" +
           " --input labels=" + data + "train-labels-idx1-ubyte.gz ";
  }
  /// Of a frozen program, which has no state to load, or of another.
  double testAccuracy(const std::string &program, const std::string &state) {
    EXPECT_EQ(run("./" + program + " test " +
                  (state.empty() ? "" : "--load " + state) +
                  " --input images=" + data + "t10k-images-idx3-ubyte.gz" +
                  " --input labels=" + data + "t10k-labels-idx1-ubyte.gz"),
              0)
        << output();
    std::string text = output();
    std::smatch match;
    EXPECT_TRUE(std::regex_search(
        text, match,
        std::regex("test accuracy (0\\.\\d{4}) \\(\\d+/10000\\)\n$")))
        << text;
    return match.empty() ? 0 : std::stod(match[1]);
  }

  fs::path folder;
};

TEST_F(Examples, MlpReachesItsAccuracy) {
  compile("01-fashion-mnist/mlp.cpp", "-o mlp");
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(fs::file_size(folder / "mlp"), 250000u);
#endif
  ASSERT_EQ(run("./mlp train " + trainingInputs() +
                "--epochs 5 --seed 1 --save s.safetensors"),
            0)
      << output();
  double accuracy = testAccuracy("mlp", "s.safetensors");
  EXPECT_GE(accuracy, 0.87);
  compile("01-fashion-mnist/mlp.cpp",
          "--freeze s.safetensors --entry test -o frozen");
  EXPECT_EQ(testAccuracy("frozen", ""), accuracy);
}

TEST_F(Examples, LstmReachesItsAccuracy) {
  compile("02-fashion-mnist-lstm/lstm.cpp", "-o lstm");
  ASSERT_EQ(run("./lstm train " + trainingInputs() +
                "--epochs 3 --seed 1 --save s.safetensors"),
            0)
      << output();
  double accuracy = testAccuracy("lstm", "s.safetensors");
  EXPECT_GE(accuracy, 0.85);
  compile("02-fashion-mnist-lstm/lstm.cpp",
          "--freeze s.safetensors --entry test -o frozen");
  EXPECT_EQ(testAccuracy("frozen", ""), accuracy);
}

TEST_F(Examples, LenetReachesItsAccuracy) {
  compile("03-fashion-mnist-lenet/lenet.cpp", "-o lenet");
  ASSERT_EQ(run("./lenet train " + trainingInputs() +
                "--epochs 5 --seed 1 --save s.safetensors"),
            0)
      << output();
  double accuracy = testAccuracy("lenet", "s.safetensors");
  EXPECT_GE(accuracy, 0.89);
  compile("03-fashion-mnist-lenet/lenet.cpp",
          "--freeze s.safetensors --entry test -o frozen");
  EXPECT_EQ(testAccuracy("frozen", ""), accuracy);
}

// Parameters and activations of each layer, as the text books count them.
TEST_F(Examples, LenetHasTheSizesOfTheTextBooks) {
  compile("03-fashion-mnist-lenet/lenet.cpp",
          "-P batch=1 -o lenet --dump-dir=dumps");
  ASSERT_EQ(run("./lenet --describe"), 0);
  std::string description = output();
  EXPECT_TRUE(std::regex_search(description, std::regex("parameters +62958\n")))
      << description;
  auto parameters = [&](const std::string &layer) {
    size_t bytes = 0;
    std::regex line(layer + "\\.(weight|bias) .* (\\d+) bytes +trainable");
    for (std::sregex_iterator i(description.begin(), description.end(), line),
         end;
         i != end; ++i)
      bytes += std::stoul((*i)[2]);
    return bytes / sizeof(float);
  };
  EXPECT_EQ(parameters("conv1"), 608u);
  EXPECT_EQ(parameters("conv2"), 3216u);
  EXPECT_EQ(parameters("hidden1"), 48120u);
  EXPECT_EQ(parameters("hidden2"), 10164u);
  EXPECT_EQ(parameters("logits"), 850u);
  std::string model = readFile(folder / "dumps" / "00-model.mlir");
  size_t at = model.find("sinter.entry @test");
  ASSERT_NE(at, std::string::npos);
  for (const char *activation : {"32x32x3", "28x28x8", "14x14x8", "10x10x16",
                                 "5x5x16", "400", "120", "84", "10"}) {
    at = model.find("-> tensor<1x" + std::string(activation) + "xf32>", at);
    EXPECT_NE(at, std::string::npos) << activation;
  }
}

TEST_F(Examples, LstmCodeDoesNotGrowWithTheNumberOfSteps) {
  auto textBytes = [&](const std::string &steps) {
    compile("02-fashion-mnist-lstm/lstm.cpp",
            "-P steps=" + steps + " --emit=obj -o lstm" + steps);
    EXPECT_EQ(run("size lstm" + steps + ".o | tail -1"), 0);
    return std::stod(output());
  };
  // Tiles and their remains depend on sizes, so more steps may need less code.
  double few = textBytes("28"), many = textBytes("280");
  EXPECT_LT(many / few, 1.01);
  EXPECT_GT(many / few, 0.8);
}

TEST_F(Examples, OneSeedGivesOneStateForAnyNumberOfThreads) {
  compile("01-fashion-mnist/mlp.cpp", "-o mlp");
  for (const char *threads : {"1", "1 --batch-order shuffle", "2"})
    ASSERT_EQ(run("./mlp train " + trainingInputs() + "--seed 5 --threads " +
                  threads + " --save " + std::string(1, threads[0]) +
                  std::to_string(std::strlen(threads)) + ".safetensors"),
              0)
        << output();
  std::string first = readFile(folder / "11.safetensors");
  EXPECT_TRUE(first == readFile(folder / "123.safetensors"));
  EXPECT_TRUE(first == readFile(folder / "21.safetensors"));
  ASSERT_EQ(run("./mlp train " + trainingInputs() +
                "--seed 6 --save other.safetensors"),
            0);
  EXPECT_FALSE(tensors(folder / "11.safetensors") ==
               tensors(folder / "other.safetensors"));
}

TEST_F(Examples, CompilingTwiceAndFromEveryDumpGivesTheSameObject) {
  compile("01-fashion-mnist/mlp.cpp", "--emit=obj -o a --dump-dir=dumps");
  compile("01-fashion-mnist/mlp.cpp", "--emit=obj -o b");
  std::string object = readFile(folder / "a.o");
  EXPECT_TRUE(object == readFile(folder / "b.o"));
  int dumps = 0;
  for (const auto &dump : fs::directory_iterator(folder / "dumps")) {
    if (dump.path().extension() != ".mlir")
      continue;
    ++dumps;
    ASSERT_EQ(run(std::string(SINTERC) + " " + dump.path().string() +
                  " --emit=obj -o again"),
              0)
        << dump.path() << output();
    EXPECT_TRUE(object == readFile(folder / "again.o")) << dump.path();
  }
  EXPECT_EQ(dumps, 7);
}

TEST_F(Examples, TheStateOfTheMlpIsUpdatedInPlace) {
  compile("01-fashion-mnist/mlp.cpp", "--emit=obj -o mlp --dump-dir=dumps");
  std::string planned = readFile(folder / "dumps" / "04-planned.mlir");
  size_t train = planned.find("sinter.entry @train");
  ASSERT_NE(train, std::string::npos);
  size_t end = planned.find("sinter.entry", train + 1);
  EXPECT_EQ(planned.substr(train, end - train).find("sinter.copy"),
            std::string::npos);
}

/// The figures of the report, recomputed from the plan's own buffers: what is
/// launched with a buffer is live from its first to its last launch.
TEST_F(Examples, MemoryReportNamesWhoIsLiveAtThePeak) {
  compile("01-fashion-mnist/mlp.cpp", "--emit=obj -o mlp --memory-report");
  std::string report = output();
  size_t train = report.find("entry train");
  ASSERT_NE(train, std::string::npos) << report;
  report = report.substr(train, report.find("entry test") - train);
  std::smatch peak;
  ASSERT_TRUE(
      std::regex_search(report, peak, std::regex("workspace +(\\d+) bytes")));
  EXPECT_NE(report.find("for state 0"), std::string::npos) << report;
  // Those that live at the peak fill it, each rounded to 64 bytes.
  std::regex line("(\\d+) bytes at (\\d+) ");
  uint64_t sum = 0;
  for (std::sregex_iterator i(report.begin(), report.end(), line), end;
       i != end; ++i) {
    uint64_t bytes = std::stoull((*i)[1]), offset = std::stoull((*i)[2]);
    sum += (bytes + 63) / 64 * 64;
    EXPECT_LE(offset + bytes, std::stoull(peak[1]));
  }
  EXPECT_GE(std::stoull(peak[1]), sum);
  EXPECT_LE(std::stod(peak[1]), 1.02 * static_cast<double>(sum));
}

/// Loosely: other vectors than where the README was written are other code.
TEST_F(Examples, ExecutableIsAsSmallAsTheReadmeSays) {
  // Sanitizers bring a runtime of their own.
  const double most = std::strlen(SINTER_HOST_FLAGS) ? 50 : 1.15;
  std::string readme = readFile(SINTER_ROOT "/README.md");
  std::smatch said;
  ASSERT_TRUE(std::regex_search(
      readme, said, std::regex("its executable has (\\d+) kB")));
  compile("01-fashion-mnist/mlp.cpp", "-o mlp");
  double kilobytes =
      static_cast<double>(std::filesystem::file_size(folder / "mlp")) / 1000;
  EXPECT_LT(kilobytes, most * std::stod(said[1]));
  EXPECT_GT(kilobytes, 0.6 * std::stod(said[1]));
}

/// A host's own loop, with no runner: it gives the executable's bits.
TEST_F(Examples, CHostTrainsAsTheExecutableDoes) {
  compile("01-fashion-mnist/mlp.cpp", "-o mlp");
  compile("01-fashion-mnist/mlp.cpp", "--emit=obj,lib,header -o mlp");
  ASSERT_EQ(run("nm mlp.o"), 0);
  for (const char *forbidden : {"malloc", "free", "printf", "abort", "exit"})
    EXPECT_EQ(output().find(std::string(" U ") + forbidden), std::string::npos)
        << forbidden;
  std::ofstream(folder / "host.c") << R"(#include "mlp.h"
#include <stdio.h>
#include <stdlib.h>

static unsigned char *slurp(const char *path, size_t header, size_t size) {
  unsigned char *bytes = malloc(size);
  FILE *file = fopen(path, "rb");
  if (!file || !bytes || fseek(file, (long)header, SEEK_SET) ||
      fread(bytes, 1, size, file) != size)
    exit(2);
  fclose(file);
  return bytes;
}
static void *aligned(size_t size) {
  unsigned char *bytes = calloc(size + SINTER_ALIGNMENT, 1);
  if (!bytes)
    exit(2);
  return bytes + (SINTER_ALIGNMENT - (size_t)bytes % SINTER_ALIGNMENT);
}

int main(void) {
  enum { samples = 60000, pixels = 784, batch = 128 };
  unsigned char *images = slurp("images.idx", 16, (size_t)samples * pixels);
  unsigned char *labels = slurp("labels.idx", 8, samples);
  void *state = aligned(MLP_STATE_BYTES);
  void *workspace = aligned(MLP_TRAIN_WORKSPACE_BYTES);
  int64_t *order = malloc(samples * sizeof *order);
  static uint8_t x[batch * pixels], y[batch];
  float loss, accuracy;
  char error[256];
  int64_t step, i, k;
  mlp_train_args args = {x, y, &loss, &accuracy};
  if (!order || mlp_init(state, 9, workspace, NULL) != SINTER_OK)
    return 1;
  sinter_shuffle(9, 0, samples, order);
  for (step = 0; step < samples / batch; ++step) {
    for (i = 0; i < batch; ++i) {
      int64_t sample = order[step * batch + i];
      for (k = 0; k < pixels; ++k)
        x[i * pixels + k] = images[sample * pixels + k];
      y[i] = labels[sample];
    }
    if (mlp_train(state, &args, workspace, NULL) != SINTER_OK)
      return 1;
  }
  return sinter_state_save(&mlp_model, state, "host.safetensors", error,
                           sizeof error);
}
)";
  ASSERT_EQ(run("gzip -dc " + data +
                "train-images-idx3-ubyte.gz > images.idx "
                "&& gzip -dc " +
                data + "train-labels-idx1-ubyte.gz > labels.idx"),
            0);
  ASSERT_EQ(
      run("cc -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror " SINTER_HOST_FLAGS
          " -I" SINTER_ROOT "/runtime/include host.c "
          "libmlp.a " SINTER_RUNTIME " -lz -lpthread -lm -o host"),
      0)
      << output();
  ASSERT_EQ(run("./host"), 0) << output();
  ASSERT_EQ(run("./mlp train --input images=images.idx --input "
                "labels=labels.idx --seed 9 --save exe.safetensors"),
            0)
      << output();
  EXPECT_TRUE(tensors(folder / "host.safetensors") ==
              tensors(folder / "exe.safetensors"));
}

/// Built as its README says, with every warning an error; held out, the text's
/// last tenth costs less than its bigrams would.
TEST_F(Examples, CharTransformerLearnsAText) {
  const std::string text = "/usr/share/common-licenses/GPL-3";
  ASSERT_EQ(run("SINTER=" SINTER_BUILD " OUT=$PWD CXXFLAGS='" SINTER_HOST_FLAGS
                "' " SINTER_ROOT "/examples/04-char-transformer/run " +
                text + " 1 300"),
            0)
      << output();
  std::string printed = output();
  std::smatch match;
  ASSERT_TRUE(std::regex_search(
      printed, match,
      std::regex("\nheld out: (\\d\\.\\d{3}) bits a character \\(unigrams "
                 "(\\d\\.\\d{3}), bigrams (\\d\\.\\d{3})\\)\n$")))
      << printed;
  EXPECT_LT(std::stod(match[1]), std::stod(match[3]));
  EXPECT_GT(std::stod(match[1]), 1.5) << "has it seen what was held out?";

  // The entropies, counted another way.
  std::string bytes = readFile(text);
  std::map<std::string, double> counts;
  for (size_t i = 0; i < bytes.size(); ++i)
    for (size_t n : {1, 2})
      if (i + n <= bytes.size())
        ++counts[bytes.substr(i, n)];
  double unigram = 0, both = 0;
  for (auto &[gram, count] : counts) {
    double share = count / static_cast<double>(bytes.size() + 1 - gram.size());
    (gram.size() == 1 ? unigram : both) -= share * std::log2(share);
  }
  EXPECT_NEAR(std::stod(match[2]), unigram, 1e-3);
  EXPECT_NEAR(std::stod(match[3]), both - unigram, 1e-3);

  ASSERT_EQ(run("./train " + text + " 1 10"), 0) << output();
  printed = output();
  ASSERT_EQ(run("taskset -c 0 ./train " + text + " 1 10"), 0) << output();
  EXPECT_EQ(output(), printed) << "one thread, and as many as there are";
  ASSERT_EQ(run("./train " + text + " 2 10"), 0) << output();
  EXPECT_NE(output(), printed);
  EXPECT_EQ(run("./train /nowhere"), 1);
  EXPECT_EQ(output(), "error: /nowhere: cannot be read\n");
  EXPECT_EQ(run("./train"), 2);
}

} // namespace
