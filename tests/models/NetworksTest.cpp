//===- NetworksTest.cpp - whole networks that are in no example -----------===//
//
// ResNet-18 trains at its full size, and a narrow one computes what the
// interpreter does; so does attention with three layers on one input, which are
// one kernel; a step of a GRU is as few kernels as one of an LSTM, within one.
//
//===----------------------------------------------------------------------===//

#include "tests/driver/Process.h"
#include "tests/lower/Compiled.h"
#include "tests/models/DataFiles.h"

#include <cmath>
#include <random>
#include <regex>

using namespace sinter;
using namespace sinter::tests;
using sinter::interpret::Array;
using sinter::test::Compiled;
using sinter::test::From;

namespace {

class Networks : public InFolder {
protected:
  static Finished compile(const std::string &name,
                          const std::vector<std::string> &flags) {
    std::vector<std::string> args{
        SINTERC, SOURCE_DIR "/tests/models/regression/" + name + ".cpp"};
    args.insert(args.end(), flags.begin(), flags.end());
    Finished finished = run(args);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished;
  }

  /// Two steps of training and two predictions, on any CPU, are what the
  /// interpreter says, and so is the state after them.
  static void compareWithInterpreter(const std::string &name,
                                     std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--stop-after=model", "--dump-dir=dumps"});
    compile(name, flags);
    std::string text = readFile("dumps/00-model.mlir");
    for (const char *cpu : {"native", "x86-64-v3", "generic"}) {
      SCOPED_TRACE(cpu);
      Compiled compiled(text, cpu, 2, From::Gradient);
      ASSERT_TRUE(compiled);
      interpret::Interpreter reference(compiled.module());
      Array key = Array::ofInts(compiled.inputTypes("init")[0], {11});
      cantFail(reference.run("init", {key}));
      compiled.setState(reference.state());
      std::mt19937 random(7);
      for (int step = 0; step < 2; ++step)
        for (const char *entry : {"train", "predict"}) {
          std::vector<Array> inputs;
          for (mlir::Type type : compiled.inputTypes(entry)) {
            Array &array = inputs.emplace_back(Array::zeros(type));
            for (double &x : array.floats)
              x = (random() >> 8) * 0x1p-23 - 1;
            for (int64_t &x : array.ints)
              x = random() % 10;
          }
          std::vector<Array> have = compiled.run(entry, inputs),
                             want = cantFail(reference.run(entry, inputs));
          ASSERT_EQ(have.size(), want.size());
          for (size_t i = 0; i < want.size(); ++i)
            for (size_t j = 0; j < want[i].floats.size(); ++j)
              ASSERT_NEAR(have[i].floats[j], want[i].floats[j],
                          1e-4 * std::max(1.0, std::abs(want[i].floats[j])))
                  << entry << " " << step;
        }
      // Every parameter, its momentum, and the running means and variances.
      auto have = compiled.getState();
      for (const auto &[name, want] : reference.state()) {
        double size = 1e-2;
        for (double number : want.floats)
          size = std::max(size, std::abs(number));
        for (size_t j = 0; j < want.floats.size(); ++j)
          ASSERT_NEAR(have.at(name).floats[j], want.floats[j], 1e-3 * size)
              << name;
      }
    }
  }
};

// Four classes by which quarter of an image is brighter: a network that learns
// has them after a few steps.
TEST_F(Networks, ResNet18Learns) {
  constexpr int64_t samples = 16, rows = 32, row = 32 * 3;
  std::mt19937 random(1);
  std::vector<float> images;
  std::vector<int> labels;
  for (int64_t n = 0; n < samples; ++n) {
    labels.push_back(static_cast<int>(n % 4));
    for (int64_t i = 0; i < rows * row; ++i)
      images.push_back((random() >> 8) * 0x1p-23f - 1 +
                       (i / row / 8 == n % 4 ? 1 : 0));
  }
  writeNpy("images.npy", "16, 32, 32, 3", images);
  writeCsv("labels.csv", labels);
  compile("resnet18", {"-o", "resnet18"});
  Finished finished =
      run({"./resnet18", "train", "--input", "images=images.npy", "--input",
           "labels=labels.csv", "--epochs", "4", "--log", "log.csv"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  auto log = readCsv("log.csv", /*header=*/true);
  ASSERT_EQ(log.size(), 4u);
  // Of ten classes; the first steps are before anything is learnt.
  EXPECT_GT(log[0][2], 1);
  EXPECT_LT(log[3][2], log[0][2] / 4);
}

TEST_F(Networks, NarrowResNet18IsWhatTheInterpreterSays) {
  compareWithInterpreter("resnet18",
                         {"-P", "width=4", "-P", "size=16", "-P", "batch=3"});
}

/// Three layers on one input are one kernel, and so are the gradients of their
/// weights, each with its update behind it.
TEST_F(Networks, QueriesKeysAndValuesAreOneProduct) {
  compile("queries", {"--stop-after=fused", "-o", "fused.mlir"});
  std::string text = readFile("fused.mlir");
  std::vector<std::string> joined;
  const std::regex kernel("sinter.kernel @(\\w+)[^\n]*segments = 3 ");
  for (std::sregex_iterator at(text.begin(), text.end(), kernel), end;
       at != end; ++at)
    joined.push_back((*at)[1]);
  EXPECT_EQ(joined.size(), 2u) << text;
  EXPECT_EQ(std::count_if(joined.begin(), joined.end(),
                          [](const std::string &name) {
                            return name.find("query") != name.npos &&
                                   name.find("key") != name.npos &&
                                   name.find("value") != name.npos;
                          }),
            1)
      << text;
  compareWithInterpreter("queries", {});
}

TEST_F(Networks, StepsOfRecurrentCellsAreFewKernels) {
  // How many calls of kernels one step more makes.
  auto callsOfAStep = [&](const std::string &cell, const std::string &entry) {
    int64_t calls[2];
    for (int more : {0, 1}) {
      Finished finished = compile(
          "cells",
          {"-P", "cell=" + cell, "-P", "steps=" + std::to_string(20 + more),
           "--fusion-report", "--stop-after=fused", "-o", "fused.mlir"});
      std::string report = finished.out + finished.err;
      std::smatch found;
      if (!std::regex_search(
              report, found,
              std::regex("entry " + entry + ": \\d+ kernels, (\\d+) calls"))) {
        ADD_FAILURE() << report;
        return int64_t{0};
      }
      calls[more] = std::stoll(found[1]);
    }
    return calls[1] - calls[0];
  };
  EXPECT_EQ(callsOfAStep("lstm", "predict"), 2);
  EXPECT_EQ(callsOfAStep("gru", "predict"), 2);
  // A product more.
  EXPECT_EQ(callsOfAStep("gru-before", "predict"), 3);
  EXPECT_EQ(callsOfAStep("lstm", "train"), 5);
  EXPECT_LE(callsOfAStep("gru", "train"), 6);
}

} // namespace
