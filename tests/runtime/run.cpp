// sinter_run on hand-written models: what it feeds to entries, what it makes
// of their outputs, and where training goes on. Expected values are computed
// here again, from the files' data and the published shuffle.
#include "harness.h"
#include "models.h"

#include <cmath>
#include <regex.h>

using namespace sinter_tests;

namespace {

// Whether all of `text` matches a POSIX extended regular expression.
bool matches(const std::string &text, const std::string &pattern) {
  regex_t expression;
  if (regcomp(&expression, ("^(" + pattern + ")$").c_str(), REG_EXTENDED))
    return false;
  bool found = regexec(&expression, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&expression);
  return found;
}

// Ten samples x = (i, 1), y = 0.5 i + 1.
class Run : public testing::Test {
protected:
  static constexpr int64_t samples = 10;

  void SetUp() override {
    witness = {};
    std::vector<float> x, y;
    for (int i = 0; i < samples; ++i) {
      x.insert(x.end(), {float(i) / 8, 1.0f});
      y.push_back(0.5f * float(i) / 8 + 1);
    }
    writeFile(folder / "x.npy", npy("<f4", "10, 2", bytesOf(x)));
    writeFile(folder / "y.npy", npy("<f4", "10,", bytesOf(y)));
    writeFile(folder / "rate.npy", npy("<f4", "", bytesOf<float>({0.1f})));
    writeFile(folder / "dt.csv", "0.5\n");
  }

  std::vector<std::string> train(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"train",
                                      "--input",
                                      "x=" + (folder / "x.npy"),
                                      "--input",
                                      "y=" + (folder / "y.npy"),
                                      "--input",
                                      "rate=" + (folder / "rate.npy")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::vector<std::string> test(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"test", "--input",
                                      "x=" + (folder / "x.npy"), "--input",
                                      "y=" + (folder / "y.npy")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // Trains by hand; returns the loss of every step.
  static std::vector<float> trainByHand(void *state,
                                        const std::vector<int64_t> &order) {
    Witness before = witness;
    std::vector<float> losses;
    for (size_t first = 0; first + kBatch <= order.size(); first += kBatch) {
      float x[8], y[4], rate = 0.1f, loss;
      uint8_t close[4], workspace[256];
      for (size_t i = 0; i < 4; ++i) {
        auto sample = static_cast<float>(order[first + i]);
        x[2 * i] = sample / 8;
        x[2 * i + 1] = 1;
        y[i] = 0.5f * sample / 8 + 1;
      }
      void *args[] = {x, y, &rate, &loss, close};
      trainRegression(state, args, workspace, nullptr);
      losses.push_back(loss);
    }
    witness = before;
    return losses;
  }

  static std::vector<int64_t> order(uint64_t seed, uint64_t epoch) {
    std::vector<int64_t> permutation(samples);
    sinter_shuffle(seed, epoch, samples, permutation.data());
    return permutation;
  }

  // Bytes of the variables in a saved state.
  std::string stateIn(const std::string &name) {
    alignas(64) char state[192] = {};
    char message[512] = "";
    EXPECT_EQ(sinter_state_load(&regression, state, (folder / name).c_str(),
                                message, sizeof message),
              0)
        << message;
    return {state, sizeof state};
  }

  Folder folder;
};

TEST_F(Run, TrainsInTheOrderOfTheShuffle) {
  Outcome outcome = run(regression, train({"--epochs", "3", "--seed", "7"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::vector<float> expected;
  for (uint64_t epoch = 0; epoch < 3; ++epoch)
    for (int i = 0; i < 8; ++i) // 10 samples: 2 batches of 4
      expected.push_back(float(order(7, epoch)[static_cast<size_t>(i)]) / 8);
  EXPECT_EQ(witness.firsts, expected);
  EXPECT_EQ(outcome.err, "prog: note: 10 samples in batches of 4: 2 of them "
                         "are left out of every epoch\n");
}

TEST_F(Run, TrainsSequentiallyWithoutCopies) {
  Outcome outcome =
      run(regression, train({"--batch-order=sequential", "--epochs=2"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::vector<float> expected;
  for (int epoch = 0; epoch < 2; ++epoch)
    for (int i = 0; i < 8; ++i)
      expected.push_back(float(i) / 8);
  EXPECT_EQ(witness.firsts, expected);
  EXPECT_EQ(static_cast<const char *>(witness.xs[1]) -
                static_cast<const char *>(witness.xs[0]),
            32);
}

TEST_F(Run, AveragesScalarsOverTheStepsOfAnEpoch) {
  alignas(64) char state[192] = {};
  initRegression(state, 7, nullptr, nullptr);
  std::string expected;
  for (uint64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<float> losses = trainByHand(state, order(7, epoch));
    char line[128];
    snprintf(line, sizeof line, "epoch %d/2 loss %.6g close", int(epoch) + 1,
             (double(losses[0]) + double(losses[1])) / 2);
    expected += std::string(line) + ".*\n";
  }
  Outcome outcome = run(regression, train({"--epochs", "2", "--seed", "7"}));
  EXPECT_TRUE(matches(outcome.out, expected)) << outcome.out << expected;
  EXPECT_TRUE(outcome.out.ends_with(" samples/s\n")) << outcome.out;
}

TEST_F(Run, SavesTheStateThatTrainingByHandGives) {
  alignas(64) char state[192] = {};
  initRegression(state, 9, nullptr, nullptr);
  for (uint64_t epoch = 0; epoch < 4; ++epoch)
    trainByHand(state, order(9, epoch));
  ASSERT_EQ(run(regression, train({"--epochs", "4", "--seed", "9", "--save",
                                   folder / "s.safetensors"}))
                .code,
            0);
  EXPECT_EQ(stateIn("s.safetensors"), std::string(state, sizeof state));
}

TEST_F(Run, GoesOnFromASavedStateBitForBit) {
  ASSERT_EQ(run(regression, train({"--epochs", "4", "--seed", "9", "--save",
                                   folder / "four"}))
                .code,
            0);
  ASSERT_EQ(run(regression, train({"--epochs", "2", "--seed", "9", "--save",
                                   folder / "two"}))
                .code,
            0);
  Outcome outcome =
      run(regression, train({"--epochs", "2", "--load", folder / "two",
                             "--save", folder / "both"}));
  EXPECT_NE(outcome.out.find("epoch 4/4"), std::string::npos) << outcome.out;
  EXPECT_EQ(readFile(folder / "both"), readFile(folder / "four"));
}

TEST_F(Run, AnInterruptedRunSavesAndGoesOnBitForBit) {
  ASSERT_EQ(run(regression, train({"--epochs", "4", "--seed", "9", "--save",
                                   folder / "four"}))
                .code,
            0);
  witness = {};
  witness.raiseAt = 4; // first step of the third epoch
  Outcome outcome =
      run(regression, train({"--epochs", "4", "--seed", "9", "--save",
                             folder / "part", "--log", folder / "log.csv"}));
  EXPECT_EQ(outcome.code, 130);
  EXPECT_NE(outcome.err.find("interrupted after 2 epochs and 1 steps; the "
                             "state is saved in"),
            std::string::npos)
      << outcome.err;
  EXPECT_EQ(witness.steps, 5);
  std::string log = readFile(folder / "log.csv");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << log;
  EXPECT_EQ(run(regression, train({"--epochs", "2", "--load", folder / "part",
                                   "--save", folder / "rest"}))
                .code,
            0);
  EXPECT_EQ(readFile(folder / "rest"), readFile(folder / "four"));
}

// As a shell starts it with `&`: SIGINT ignored.
TEST_F(Run, ABackgroundJobSavesWhenInterrupted) {
  auto before = std::signal(SIGINT, SIG_IGN);
  witness.raiseAt = 1;
  Outcome outcome =
      run(regression, train({"--epochs", "9", "--save", folder / "part"}));
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(witness.steps, 2);
  EXPECT_TRUE(std::filesystem::exists(folder / "part"));
  EXPECT_EQ(std::signal(SIGINT, before), SIG_IGN); // put back
}

// Another seed is another order, of which nothing is done yet.
TEST_F(Run, APartOfAnEpochIsNotContinuedWithAnotherSeed) {
  witness.raiseAt = 0;
  EXPECT_EQ(
      run(regression, train({"--seed", "9", "--save", folder / "part"})).code,
      130);
  for (auto [seed, steps] : {std::pair("9", 1), std::pair("8", 2)}) {
    witness = {};
    run(regression, train({"--seed", seed, "--load", folder / "part"}));
    EXPECT_EQ(witness.steps, steps) << seed;
  }
}

TEST_F(Run, ResultsDoNotDependOnThreads) {
  std::string first;
  for (const char *threads : {"1", "2", "5"}) {
    EXPECT_EQ(run(regression, train({"--epochs", "5", "--threads", threads,
                                     "--save", folder / "s"}))
                  .code,
              0);
    EXPECT_EQ(witness.parallel, *threads != '1');
    if (first.empty())
      first = readFile(folder / "s");
    EXPECT_EQ(readFile(folder / "s"), first);
  }
}

TEST_F(Run, SeedsDiffer) {
  run(regression, train({"--save", folder / "a"}));
  run(regression, train({"--seed", "0", "--save", folder / "b"}));
  run(regression, train({"--seed", "1", "--save", folder / "c"}));
  EXPECT_EQ(readFile(folder / "a"), readFile(folder / "b"));
  EXPECT_NE(stateIn("a"), stateIn("c"));
}

TEST_F(Run, LogsARowAnEpoch) {
  alignas(64) char state[192] = {};
  initRegression(state, 7, nullptr, nullptr);
  std::string expected = "epoch,samples,loss,close,seconds,"
                         "samples_per_second\n";
  for (uint64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<float> losses = trainByHand(state, order(7, epoch));
    char row[128];
    snprintf(row, sizeof row, "%d,8,%.9g,", int(epoch) + 1,
             (double(losses[0]) + double(losses[1])) / 2);
    expected += std::string(row) + "[0-9.]+,[0-9.]+,[0-9.e+]+\n";
  }
  run(regression,
      train({"--epochs", "2", "--seed", "7", "--log", folder / "log.csv"}));
  std::string log = readFile(folder / "log.csv");
  EXPECT_TRUE(matches(log, expected)) << log << expected;
}

TEST_F(Run, PadsTheLastBatchAndCutsTheOutputs) {
  // A known state: w = (0.5, 0), b = 1.2, so every error is 0.2 but for y.
  alignas(64) char state[192] = {};
  weights(state)[0] = 0.5f;
  *bias(state) = 1.2f;
  char message[256];
  ASSERT_EQ(sinter_state_save(&regression, state,
                              (folder / "s.safetensors").c_str(), message,
                              sizeof message),
            0);
  std::vector<float> y;
  for (int i = 0; i < samples; ++i) // three of them are far off
    y.push_back(0.5f * float(i) / 8 + 1 + (i % 4 == 1 ? 10.0f : 0.0f));
  writeFile(folder / "y.npy", npy("<f4", "10,", bytesOf(y)));
  Outcome outcome =
      run(regression, test({"--load", folder / "s.safetensors", "--output",
                            "both=" + (folder / "both.npy"), "--output",
                            "across=" + (folder / "across.npy"), "--output",
                            "largest=" + (folder / "largest.npy")}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  std::vector<float> seen;
  for (int i : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9})
    seen.push_back(float(i) / 8);
  EXPECT_EQ(witness.firsts, seen);
  EXPECT_NE(outcome.out.find("test accuracy 0.7000 (7/10)\n"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("test error mean -2.8 (10 samples)\n"),
            std::string::npos)
      << outcome.out;

  std::string both = readFile(folder / "both.npy");
  EXPECT_NE(both.find("'shape': (10, 2), }"), std::string::npos);
  ASSERT_EQ(both.size() % 64, 80u % 64);
  std::string across = readFile(folder / "across.npy");
  EXPECT_NE(across.find("'shape': (2, 10), }"), std::string::npos);
  std::vector<float> pairs(20), rows(20);
  std::memcpy(pairs.data(), both.data() + both.size() - 80, 80);
  std::memcpy(rows.data(), across.data() + across.size() - 80, 80);
  for (size_t i = 0; i < samples; ++i) {
    EXPECT_EQ(pairs[2 * i], 0.5f * (float(i) / 8) + 0.0f + 1.2f);
    EXPECT_EQ(pairs[2 * i + 1], y[i]);
    EXPECT_EQ(rows[i], pairs[2 * i]);
    EXPECT_EQ(rows[10 + i], y[i]);
  }
  std::string largest = readFile(folder / "largest.npy");
  EXPECT_NE(largest.find("'shape': (2,), }"), std::string::npos);
}

TEST_F(Run, ScalarsOfTestsAreMeansOfFullBatches) {
  alignas(64) char state[192] = {};
  char message[256];
  ASSERT_EQ(sinter_state_save(&regression, state, (folder / "s").c_str(),
                              message, sizeof message),
            0);
  // A zero state: error i is -(0.5 i / 8 + 1), the largest are i = 3 and 7.
  Outcome outcome = run(regression, test({"--load", folder / "s"}));
  double mean = (0.5 * 3 / 8 + 1 + 0.5 * 7 / 8 + 1) / 2;
  char line[128];
  snprintf(line, sizeof line,
           "test largest %.6g (mean of 2 full batches; the last 2 samples are "
           "left out)\n",
           mean);
  EXPECT_NE(outcome.out.find(line), std::string::npos) << outcome.out << line;
  EXPECT_NE(outcome.out.find(
                "test both is f32 [10, 2]: --output both=FILE.npy writes it"),
            std::string::npos)
      << outcome.out;
}

TEST_F(Run, OutputsWithoutABatchAxisHaveARowAFullBatch) {
  alignas(64) char state[192] = {};
  char message[256];
  ASSERT_EQ(sinter_state_save(&regression, state, (folder / "s").c_str(),
                              message, sizeof message),
            0);
  Outcome outcome = run(regression, test({"--load", folder / "s", "--output",
                                          "range=" + (folder / "r.csv")}));
  EXPECT_EQ(readFile(folder / "r.csv"), "-1.1875,-1\n-1.4375,-1.25\n");
  EXPECT_NE(outcome.out.find("test range is in " + (folder / "r.csv") +
                             ": f32 [2, 2]\n"),
            std::string::npos)
      << outcome.out;
}

TEST_F(Run, FewerSamplesThanABatch) {
  writeFile(folder / "x.npy", npy("<f4", "3, 2", Bytes(24, '\0')));
  writeFile(folder / "y.npy", npy("<f4", "3,", Bytes(12, '\0')));
  Outcome outcome = run(regression, test());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("test accuracy 1.0000 (3/3)\n"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("test largest has no value: 3 samples are less "
                             "than one batch of 4\n"),
            std::string::npos)
      << outcome.out;
  outcome = run(regression, train());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "prog: the inputs hold 3 samples, which is less than "
                         "one batch of 4\n");
}

TEST_F(Run, WithoutABatchAxisAnEpochIsAStep) {
  Outcome outcome = run(
      oscillator, {"step", "--input", "dt=" + (folder / "dt.csv"), "--epochs",
                   "100", "--output", "place=" + (folder / "place.csv"),
                   "--log", folder / "log.csv", "--save", folder / "s"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(witness.steps, 100);
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 20)
      << outcome.out;
  double x[2] = {1, 0};
  for (int i = 0; i < 100; ++i) {
    x[1] -= 0.5 * x[0];
    x[0] += 0.5 * x[1];
  }
  char text[128];
  snprintf(text, sizeof text, "%.17g\n%.17g\n", x[0], x[1]);
  EXPECT_EQ(readFile(folder / "place.csv"), text);
  snprintf(text, sizeof text, "step 100/100 energy %.6g\n",
           x[0] * x[0] + x[1] * x[1]);
  EXPECT_NE(outcome.out.find(text), std::string::npos) << outcome.out;
  std::string log = readFile(folder / "log.csv");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 101);

  outcome = run(oscillator, {"look", "--load", folder / "s", "--output",
                             "place=" + (folder / "again.csv")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(readFile(folder / "again.csv"), readFile(folder / "place.csv"));
  snprintf(text, sizeof text, "look size %.6g\n", x[0] * x[0] + x[1] * x[1]);
  EXPECT_NE(outcome.out.find(text), std::string::npos) << outcome.out;
}

TEST_F(Run, AFailingEntryIsAnErrorAndLeavesNoFiles) {
  size_t before = folder.count();
  witness.failAt = 3;
  Outcome outcome =
      run(regression, train({"--epochs", "5", "--save", folder / "s", "--log",
                             folder / "log.csv", "--output",
                             "loss=" + (folder / "loss.npy")}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("'train' failed with status 3: an index is out "
                             "of range"),
            std::string::npos)
      << outcome.err;
  EXPECT_EQ(folder.count(), before);
  witness = {};
  witness.failAt = 1;
  outcome =
      run(regression, test({"--output", "error=" + (folder / "error.npy")}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(folder.count(), before);
}

TEST_F(Run, UnwritablePathsAreFoundBeforeTraining) {
  for (const char *flag : {"--save", "--log"}) {
    for (std::string path : {folder / "no/such", folder / "."}) {
      witness = {};
      Outcome outcome = run(regression, train({flag, path}));
      EXPECT_EQ(outcome.code, 1);
      EXPECT_NE(outcome.err.find(path + ": cannot write: "), std::string::npos)
          << outcome.err;
      EXPECT_EQ(witness.steps, 0);
    }
  }
}

} // namespace
