// Entries that only read the state: every sample once, whatever the batch.
#include "samples.h"

#include <cmath>

using namespace sinter_tests;

namespace {

using Evaluate = Samples;

TEST_F(Evaluate, PadsTheLastBatchAndCutsTheOutputs) {
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

TEST_F(Evaluate, ScalarsOfTestsAreMeansOfFullBatches) {
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

TEST_F(Evaluate, OutputsWithoutABatchAxisHaveARowAFullBatch) {
  alignas(64) char state[192] = {};
  char message[256];
  ASSERT_EQ(sinter_state_save(&regression, state, (folder / "s").c_str(),
                              message, sizeof message),
            0);
  Outcome outcome = run(regression, test({"--load", folder / "s", "--output",
                                          "range=" + (folder / "r.csv")}));
  EXPECT_EQ(readFile(folder / "r.csv"), "-1.1875,-1\n-1.4375,-1.25\n");
  EXPECT_NE(outcome.out.find("test range is in " + (folder / "r.csv") +
                             ": f32 [2, 2] (a row for each of 2 full batches; "
                             "the last 2 samples are left out)\n"),
            std::string::npos)
      << outcome.out;
}

// What draws random numbers and writes nothing else has learned nothing: all
// samples in order, not a shuffle of full batches.
TEST_F(Evaluate, EntriesThatOnlyDrawSeeAllSamplesInOrder) {
  auto noisy = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"noisy", "--input",
                                      "x=" + (folder / "x.npy")};
    words.insert(words.end(), more.begin(), more.end());
    return run(sampler, words);
  };
  Outcome outcome =
      noisy({"--output", "y=" + (folder / "y.csv"), "--save", folder / "s"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::string expected;
  for (int i = 0; i < samples; ++i) {
    char row[64];
    snprintf(row, sizeof row, "%.9g,%d\n", double(i) / 8 + 100 * (i / 4),
             1 + 100 * (i / 4));
    expected += row;
  }
  EXPECT_EQ(readFile(folder / "y.csv"), expected);
  // Three calls later other numbers come.
  EXPECT_EQ(
      noisy({"--load", folder / "s", "--output", "y=" + (folder / "y.csv")})
          .code,
      0);
  EXPECT_EQ(readFile(folder / "y.csv").substr(0, 8), "300,301\n");
  outcome = noisy({"--epochs", "2"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("--epochs is for entries that train; 'noisy' "
                             "only draws random numbers"),
            std::string::npos)
      << outcome.err;
  outcome = run(sampler, {"--describe"});
  EXPECT_NE(outcome.out.find("entry noisy: draws random numbers"),
            std::string::npos);
}

TEST_F(Evaluate, WhatMixesSamplesLeavesThePartialBatchOut) {
  std::vector<std::string> words = {"noisy", "--input",
                                    "x=" + (folder / "x.npy"), "--output",
                                    "whole=" + (folder / "whole.npy")};
  Outcome outcome = run(sampler, words);
  EXPECT_NE(outcome.out.find("f32 [2, 4, 2] (a row for each of 2 full batches; "
                             "the last 2 samples are left out)\n"),
            std::string::npos)
      << outcome.out;
  writeFile(folder / "x.npy", npy("<f4", "3, 2", Bytes(24, '\0')));
  outcome = run(sampler, words);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("'whole' is made of whole batches of 4, and the "
                             "inputs hold 3 samples"),
            std::string::npos)
      << outcome.err;
}

TEST_F(Evaluate, IntegersArePrintedExactly) {
  writeFile(folder / "x.npy", npy("<f4", "6, 2", Bytes(48, '\0')));
  Outcome outcome =
      run(sampler, {"noisy", "--input", "x=" + (folder / "x.npy")});
  EXPECT_NE(outcome.out.find("noisy calls 1152921504606846976 (mean of 1 full"),
            std::string::npos)
      << outcome.out;
  outcome = run(sampler, {"count", "--log", folder / "log.csv", "--output",
                          "small=" + (folder / "small.csv")});
  EXPECT_EQ(outcome.out, "step 1/1 big 1152921504606846977 small 2147483647\n");
  EXPECT_NE(
      readFile(folder / "log.csv").find("1,1,1152921504606846977,2147483647,"),
      std::string::npos);
  EXPECT_EQ(readFile(folder / "small.csv"), "2147483647\n");
}

TEST_F(Evaluate, FewerSamplesThanABatch) {
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

} // namespace
