// Entries that train: which samples they get in which order, what is shown,
// logged and saved, and where training goes on. Expected values are computed
// here again, from the files' data and the published shuffle.
#include "samples.h"

#include <cmath>
#include <regex.h>
#include <sys/stat.h>

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

using Train = Samples;

TEST_F(Train, TrainsInTheOrderOfTheShuffle) {
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

TEST_F(Train, TrainsSequentiallyWithoutCopies) {
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

TEST_F(Train, AveragesScalarsOverTheStepsOfAnEpoch) {
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

TEST_F(Train, SavesTheStateThatTrainingByHandGives) {
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

TEST_F(Train, GoesOnFromASavedStateBitForBit) {
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

TEST_F(Train, AnInterruptedRunSavesAndGoesOnBitForBit) {
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
TEST_F(Train, ABackgroundJobSavesWhenInterrupted) {
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
TEST_F(Train, APartOfAnEpochIsNotContinuedWithAnotherSeed) {
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

// Steps of another order or of other samples are other steps.
TEST_F(Train, APartOfAnEpochIsContinuedWithWhatBeganIt) {
  witness.raiseAt = 0;
  EXPECT_EQ(run(regression, train({"--save", folder / "part"})).code, 130);
  auto resume = [&](std::vector<std::string> more, const char *difference) {
    witness = {};
    more.insert(more.end(), {"--load", folder / "part"});
    Outcome outcome = run(regression, train(more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(witness.steps, *difference ? 2 : 1) << difference;
    std::string note = "prog: note: " + (folder / "part") +
                       " stands after step 1 of epoch 1, which is begun "
                       "again: " +
                       difference + "\n";
    EXPECT_EQ(outcome.err.find(note) != std::string::npos, *difference != 0)
        << outcome.err;
  };
  resume({}, "");
  resume({"--batch-order", "sequential"},
         "the order was shuffle, not sequential");
  resume({"--seed", "5"}, "the seed was 0, not 5");
  writeFile(folder / "x.npy", npy("<f4", "9, 2", Bytes(72, '\0')));
  writeFile(folder / "y.npy", npy("<f4", "9,", Bytes(36, '\0')));
  resume({}, "there were 10 samples, not 9");
}

TEST_F(Train, AnInterruptedRunWritesItsOutputs) {
  witness.raiseAt = 2;
  Outcome outcome =
      run(regression, train({"--epochs", "9", "--output",
                             "loss=" + (folder / "loss.csv"), "--seed", "7"}));
  EXPECT_EQ(outcome.code, 130);
  alignas(64) char state[192] = {};
  initRegression(state, 7, nullptr, nullptr);
  trainByHand(state, order(7, 0));
  char text[64];
  snprintf(text, sizeof text, "%.9g\n",
           double(trainByHand(state, order(7, 1))[0]));
  EXPECT_EQ(readFile(folder / "loss.csv"), text);
}

// The second signal does not wait for the step to end.
TEST_F(Train, TwoInterruptsLeaveNoFiles) {
  size_t before = folder.count();
  auto twice = [&] {
    witness.raiseAt = 0;
    witness.raises = 2;
    runOpenly(regression,
              train({"--save", folder / "s", "--log", folder / "log.csv",
                     "--output", "loss=" + (folder / "loss.csv")}));
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGINT), "");
  EXPECT_EQ(folder.count(), before);
}

TEST_F(Train, WithoutAStepOutputsHaveNoValue) {
  Outcome outcome = run(regression, train({"--epochs", "0", "--output",
                                           "loss=" + (folder / "loss.csv")}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("no step was done, so 'loss' has no value"),
            std::string::npos)
      << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "loss.csv"));
}

TEST_F(Train, AReplacedFileKeepsItsMode) {
  writeFile(folder / "s", "old");
  ASSERT_EQ(chmod((folder / "s").c_str(), 0640), 0);
  EXPECT_EQ(run(regression, train({"--save", folder / "s"})).code, 0);
  struct stat info;
  ASSERT_EQ(stat((folder / "s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

// In a folder that one may write to, which is all that a rename asks.
TEST_F(Train, AProtectedFileIsNotReplaced) {
  writeFile(folder / "s", "old");
  ASSERT_EQ(chmod((folder / "s").c_str(), 0444), 0);
  ASSERT_EQ(chmod((folder / ".").c_str(), 0777), 0);
  auto save = [&] {
    // The superuser may write anything.
    if (geteuid() == 0 && setuid(65534) != 0)
      _exit(99);
    _exit(runOpenly(regression, train({"--save", folder / "s"})));
  };
  EXPECT_EXIT(save(), testing::ExitedWithCode(1),
              "cannot write: Permission denied");
  EXPECT_EQ(readFile(folder / "s"), "old");
}

TEST_F(Train, ResultsDoNotDependOnThreads) {
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

TEST_F(Train, SeedsDiffer) {
  run(regression, train({"--save", folder / "a"}));
  run(regression, train({"--seed", "0", "--save", folder / "b"}));
  run(regression, train({"--seed", "1", "--save", folder / "c"}));
  EXPECT_EQ(readFile(folder / "a"), readFile(folder / "b"));
  EXPECT_NE(stateIn("a"), stateIn("c"));
}

TEST_F(Train, LogsARowAnEpoch) {
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

TEST_F(Train, WithoutABatchAxisAnEpochIsAStep) {
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

TEST_F(Train, AFailingEntryIsAnErrorAndLeavesNoFiles) {
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

TEST_F(Train, UnwritablePathsAreFoundBeforeTraining) {
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
