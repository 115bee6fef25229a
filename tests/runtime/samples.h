// Ten samples for the model `regression` in files, the command lines that use
// them, and its training done by hand.
#ifndef SINTER_TESTS_RUNTIME_SAMPLES_H
#define SINTER_TESTS_RUNTIME_SAMPLES_H

#include "harness.h"
#include "models.h"

namespace sinter_tests {

// Ten samples x = (i, 1), y = 0.5 i + 1.
class Samples : public testing::Test {
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

} // namespace sinter_tests

#endif // SINTER_TESTS_RUNTIME_SAMPLES_H
