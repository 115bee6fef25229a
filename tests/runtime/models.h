// Hand-written models: the structs and functions that the compiler would have
// made. `regression` fits a plane to samples in batches of four; `oscillator`
// has no batch axis anywhere.
#ifndef SINTER_TESTS_RUNTIME_MODELS_H
#define SINTER_TESTS_RUNTIME_MODELS_H

#include "sinter_runtime.h"

#include <cmath>
#include <csignal>
#include <cstring>
#include <vector>

namespace sinter_tests {

constexpr int64_t kBatch = 4;

// What the entries saw, so that tests need not believe the runner.
struct Witness {
  std::vector<float> firsts;    // x[i][0] of every sample of every step
  std::vector<const void *> xs; // where x was
  int steps = 0;
  int raiseAt = -1;      // raise SIGINT in this step
  int raises = 1;        // so often
  int failAt = -1;       // return a status in this step
  bool parallel = false; // whether the host had a parallel_for
};
inline Witness witness;

// Sums 1000 numbers in ten tasks through the host's pool; the answer is the
// same for any number of threads.
inline double throughHost(const sinter_host *host) {
  struct Job {
    double parts[10];
  } job{};
  auto body = [](void *data, int64_t i) {
    double sum = 0;
    for (int k = 0; k < 100; ++k)
      sum += std::sqrt(double(i * 100 + k));
    static_cast<Job *>(data)->parts[i] = sum;
    return 0;
  };
  witness.parallel = host && host->parallel_for;
  if (witness.parallel)
    host->parallel_for(host->self, 10, body, &job);
  else
    for (int64_t i = 0; i < 10; ++i)
      body(&job, i);
  double sum = 0;
  for (double part : job.parts)
    sum += part;
  return sum;
}

// The state of `regression`: w f32 [2] at 0, b f32 at 64, steps i64 at 128.
inline float *weights(void *state) { return static_cast<float *>(state); }
inline float *bias(void *state) {
  return reinterpret_cast<float *>(static_cast<char *>(state) + 64);
}
inline int64_t *counter(void *state) {
  return reinterpret_cast<int64_t *>(static_cast<char *>(state) + 128);
}

inline int32_t initRegression(void *state, uint64_t seed, void *,
                              const sinter_host *) {
  uint32_t count[4] = {0, 0, 0, 0}, words[4];
  uint32_t key[2] = {static_cast<uint32_t>(seed),
                     static_cast<uint32_t>(seed >> 32)};
  sinter_philox4x32(count, key, words);
  weights(state)[0] = static_cast<float>(words[0]) * 0x1p-32f;
  weights(state)[1] = static_cast<float>(words[1]) * 0x1p-32f;
  *bias(state) = 0;
  *counter(state) = 0;
  return SINTER_OK;
}

// train(x f32 [4, 2], y f32 [4], rate f32 []) -> loss f32 [], close i1 [4]
inline int32_t trainRegression(void *state, const void *args, void *workspace,
                               const sinter_host *host) {
  auto *const *pointers = static_cast<void *const *>(args);
  auto *x = static_cast<const float *>(pointers[0]);
  auto *y = static_cast<const float *>(pointers[1]);
  float rate = *static_cast<const float *>(pointers[2]);
  std::memset(workspace, 0xff, 256); // it is ours, all of it
  float *w = weights(state), *b = bias(state);
  float gradient[3] = {}, loss = 0;
  for (int64_t i = 0; i < kBatch; ++i) {
    witness.firsts.push_back(x[2 * i]);
    float error = w[0] * x[2 * i] + w[1] * x[2 * i + 1] + *b - y[i];
    gradient[0] += error * x[2 * i];
    gradient[1] += error * x[2 * i + 1];
    gradient[2] += error;
    loss += error * error / kBatch;
    static_cast<uint8_t *>(pointers[4])[i] = std::fabs(error) < 0.5f;
  }
  witness.xs.push_back(x);
  throughHost(host);
  w[0] -= rate * gradient[0] / kBatch;
  w[1] -= rate * gradient[1] / kBatch;
  *b -= rate * gradient[2] / kBatch;
  ++*counter(state);
  *static_cast<float *>(pointers[3]) = loss;
  int step = witness.steps++;
  for (int i = 0; step == witness.raiseAt && i < witness.raises; ++i)
    std::raise(SIGINT);
  return step == witness.failAt ? SINTER_INDEX_OUT_OF_RANGE : SINTER_OK;
}

// test(x f32 [4, 2], y f32 [4]) -> accuracy i1 [4], error f32 [4],
//   largest f32 [], both f32 [4, 2], across f32 [2, 4] (batch axis 1),
//   range f32 [2]
inline int32_t testRegression(void *state, const void *args, void *,
                              const sinter_host *host) {
  auto *const *pointers = static_cast<void *const *>(args);
  auto *x = static_cast<const float *>(pointers[0]);
  auto *y = static_cast<const float *>(pointers[1]);
  auto *accuracy = static_cast<uint8_t *>(pointers[2]);
  auto *error = static_cast<float *>(pointers[3]);
  auto *largest = static_cast<float *>(pointers[4]);
  auto *both = static_cast<float *>(pointers[5]);
  auto *across = static_cast<float *>(pointers[6]);
  auto *range = static_cast<float *>(pointers[7]);
  const float *w = weights(state);
  *largest = 0;
  range[0] = INFINITY;
  range[1] = -INFINITY;
  for (int64_t i = 0; i < kBatch; ++i) {
    witness.firsts.push_back(x[2 * i]);
    float guess = w[0] * x[2 * i] + w[1] * x[2 * i + 1] + *bias(state);
    error[i] = guess - y[i];
    accuracy[i] = std::fabs(error[i]) < 0.5f;
    *largest = std::fmax(*largest, std::fabs(error[i]));
    range[0] = std::fmin(range[0], error[i]);
    range[1] = std::fmax(range[1], error[i]);
    both[2 * i] = across[i] = guess;
    both[2 * i + 1] = across[kBatch + i] = y[i];
  }
  witness.xs.push_back(x);
  throughHost(host);
  int step = witness.steps++;
  return step == witness.failAt ? SINTER_HOST_FAILED : SINTER_OK;
}

namespace shapes {
inline constexpr int64_t batch[] = {kBatch};
inline constexpr int64_t batch2[] = {kBatch, 2};
inline constexpr int64_t across[] = {2, kBatch};
inline constexpr int64_t two[] = {2};
} // namespace shapes

inline constexpr sinter_tensor regressionVariables[] = {
    {"w", shapes::two, 1, SINTER_F32, -1, SINTER_TRAINABLE, 8, 0},
    {"b", nullptr, 0, SINTER_F32, -1, SINTER_TRAINABLE, 4, 64},
    {"steps", nullptr, 0, SINTER_I64, -1, 0, 8, 128},
};
inline constexpr sinter_tensor regressionInputs[] = {
    {"x", shapes::batch2, 2, SINTER_F32, 0, 0, 32, 0},
    {"y", shapes::batch, 1, SINTER_F32, 0, 0, 16, 0},
    {"rate", nullptr, 0, SINTER_F32, -1, 0, 4, 0},
};
inline constexpr sinter_tensor trainOutputs[] = {
    {"loss", nullptr, 0, SINTER_F32, -1, 0, 4, 0},
    {"close", shapes::batch, 1, SINTER_I1, 0, 0, 4, 0},
};
inline constexpr sinter_tensor testOutputs[] = {
    {"accuracy", shapes::batch, 1, SINTER_I1, 0, 0, 4, 0},
    {"error", shapes::batch, 1, SINTER_F32, 0, 0, 16, 0},
    {"largest", nullptr, 0, SINTER_F32, -1, 0, 4, 0},
    {"both", shapes::batch2, 2, SINTER_F32, 0, 0, 32, 0},
    {"across", shapes::across, 2, SINTER_F32, 1, 0, 32, 0},
    {"range", shapes::two, 1, SINTER_F32, -1, 0, 8, 0},
};
inline const sinter_entry regressionEntries[] = {
    {"train", regressionInputs, trainOutputs, 3, 2, 256, SINTER_WRITES_STATE,
     trainRegression},
    {"test", regressionInputs, testOutputs, 2, 6, 64, 0, testRegression},
};
inline const sinter_model regression = {sizeof(sinter_model),
                                        SINTER_ABI_VERSION,
                                        sizeof(sinter_tensor),
                                        sizeof(sinter_entry),
                                        "regression",
                                        "x86-64-v3",
                                        "sinter 0.1.0",
                                        regressionVariables,
                                        regressionEntries,
                                        3,
                                        2,
                                        192,
                                        0,
                                        initRegression};

// The oscillator's state is x f64 [2]: place and speed.
inline int32_t initOscillator(void *state, uint64_t, void *,
                              const sinter_host *) {
  static_cast<double *>(state)[0] = 1;
  static_cast<double *>(state)[1] = 0;
  return SINTER_OK;
}

// step(dt f64 []) -> energy f64 [], place f64 [2]
inline int32_t stepOscillator(void *state, const void *args, void *,
                              const sinter_host *) {
  auto *const *pointers = static_cast<void *const *>(args);
  double dt = *static_cast<const double *>(pointers[0]);
  auto *x = static_cast<double *>(state);
  x[1] -= dt * x[0];
  x[0] += dt * x[1];
  *static_cast<double *>(pointers[1]) = x[0] * x[0] + x[1] * x[1];
  std::memcpy(pointers[2], x, 16);
  ++witness.steps;
  return SINTER_OK;
}

// look() -> place f64 [2], size f64 []
inline int32_t lookOscillator(void *state, const void *args, void *,
                              const sinter_host *) {
  auto *const *pointers = static_cast<void *const *>(args);
  auto *x = static_cast<const double *>(state);
  std::memcpy(pointers[0], x, 16);
  *static_cast<double *>(pointers[1]) = x[0] * x[0] + x[1] * x[1];
  return SINTER_OK;
}

inline constexpr sinter_tensor oscillatorVariables[] = {
    {"x", shapes::two, 1, SINTER_F64, -1, 0, 16, 0}};
inline constexpr sinter_tensor stepInputs[] = {
    {"dt", nullptr, 0, SINTER_F64, -1, 0, 8, 0}};
inline constexpr sinter_tensor stepOutputs[] = {
    {"energy", nullptr, 0, SINTER_F64, -1, 0, 8, 0},
    {"place", shapes::two, 1, SINTER_F64, -1, 0, 16, 0}};
inline constexpr sinter_tensor lookOutputs[] = {
    {"place", shapes::two, 1, SINTER_F64, -1, 0, 16, 0},
    {"size", nullptr, 0, SINTER_F64, -1, 0, 8, 0}};
inline const sinter_entry oscillatorEntries[] = {
    {"step", stepInputs, stepOutputs, 1, 2, 0, SINTER_WRITES_STATE,
     stepOscillator},
    {"look", nullptr, lookOutputs, 0, 2, 0, 0, lookOscillator},
};
inline const sinter_model oscillator = {sizeof(sinter_model),
                                        SINTER_ABI_VERSION,
                                        sizeof(sinter_tensor),
                                        sizeof(sinter_entry),
                                        "oscillator",
                                        "generic",
                                        "sinter 0.1.0",
                                        oscillatorVariables,
                                        oscillatorEntries,
                                        1,
                                        2,
                                        64,
                                        0,
                                        initOscillator};

// `sampler` draws: its state is rng i64 [2], seed and number of calls.
inline int32_t initSampler(void *state, uint64_t seed, void *,
                           const sinter_host *) {
  static_cast<int64_t *>(state)[0] = static_cast<int64_t>(seed);
  static_cast<int64_t *>(state)[1] = 0;
  return SINTER_OK;
}

// noisy(x f32 [4, 2]) -> y f32 [4, 2], whole f32 [4, 2] (no batch axis),
//   calls i64 []: 2^60 + the calls so far
inline int32_t drawNoisy(void *state, const void *args, void *,
                         const sinter_host *) {
  auto *const *pointers = static_cast<void *const *>(args);
  auto *x = static_cast<const float *>(pointers[0]);
  auto *rng = static_cast<int64_t *>(state);
  for (int64_t i = 0; i < 2 * kBatch; ++i) {
    static_cast<float *>(pointers[1])[i] = x[i] + 100 * float(rng[1]);
    static_cast<float *>(pointers[2])[i] = x[i] - x[0];
  }
  *static_cast<int64_t *>(pointers[3]) = (int64_t(1) << 60) + rng[1]++;
  return SINTER_OK;
}

// count() -> big i64 [], small i32 []; counts up
inline int32_t countSampler(void *state, const void *args, void *,
                            const sinter_host *) {
  auto *const *pointers = static_cast<void *const *>(args);
  auto *rng = static_cast<int64_t *>(state);
  *static_cast<int64_t *>(pointers[0]) = (int64_t(1) << 60) + ++rng[1];
  *static_cast<int32_t *>(pointers[1]) = 2147483647;
  return SINTER_OK;
}

inline constexpr sinter_tensor samplerVariables[] = {
    {"rng", shapes::two, 1, SINTER_I64, -1, 0, 16, 0}};
inline constexpr sinter_tensor noisyInputs[] = {
    {"x", shapes::batch2, 2, SINTER_F32, 0, 0, 32, 0}};
inline constexpr sinter_tensor noisyOutputs[] = {
    {"y", shapes::batch2, 2, SINTER_F32, 0, 0, 32, 0},
    {"whole", shapes::batch2, 2, SINTER_F32, -1, 0, 32, 0},
    {"calls", nullptr, 0, SINTER_I64, -1, 0, 8, 0}};
inline constexpr sinter_tensor countOutputs[] = {
    {"big", nullptr, 0, SINTER_I64, -1, 0, 8, 0},
    {"small", nullptr, 0, SINTER_I32, -1, 0, 4, 0}};
inline const sinter_entry samplerEntries[] = {
    {"noisy", noisyInputs, noisyOutputs, 1, 3, 0,
     SINTER_WRITES_STATE | SINTER_ONLY_DRAWS, drawNoisy},
    {"count", nullptr, countOutputs, 0, 2, 0, SINTER_WRITES_STATE,
     countSampler},
};
inline const sinter_model sampler = {sizeof(sinter_model),
                                     SINTER_ABI_VERSION,
                                     sizeof(sinter_tensor),
                                     sizeof(sinter_entry),
                                     "sampler",
                                     "generic",
                                     "sinter 0.1.0",
                                     samplerVariables,
                                     samplerEntries,
                                     1,
                                     2,
                                     64,
                                     0,
                                     initSampler};

} // namespace sinter_tests

#endif // SINTER_TESTS_RUNTIME_MODELS_H
