//===- Timing.h - interleaved timing of equal work --------------*- C++ -*-===//
//
// Machines are noisy: contenders take turns, and what counts is the ratio
// within a turn.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_TIMING_H
#define SINTER_TOOLS_BENCH_TIMING_H

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Contender {
  std::string name;
  std::function<void()> run;
  std::vector<double> microseconds; // one a turn
};

inline double nowMicroseconds() {
  using namespace std::chrono;
  return duration<double, std::micro>(steady_clock::now().time_since_epoch())
      .count();
}

/// `quantile` of the samples, 0.5 the median.
inline double quantile(std::vector<double> samples, double quantile) {
  std::sort(samples.begin(), samples.end());
  return samples[static_cast<size_t>(quantile * (samples.size() - 1))];
}

/// Runs every contender once a turn, for about `seconds` and at least 21 turns,
/// after a warm-up.  Each turn begins with another contender.
inline void race(std::vector<Contender> &contenders, double seconds) {
  constexpr size_t leastTurns = 21;
  for (Contender &contender : contenders)
    for (int i = 0; i < 3; ++i)
      contender.run();
  double begin = nowMicroseconds();
  for (size_t turn = 0;
       turn < leastTurns || nowMicroseconds() - begin < seconds * 1e6; ++turn)
    for (size_t i = 0; i < contenders.size(); ++i) {
      Contender &contender = contenders[(turn + i) % contenders.size()];
      double start = nowMicroseconds();
      contender.run();
      contender.microseconds.push_back(nowMicroseconds() - start);
    }
}

/// The paired ratios a/b of one race.
inline std::vector<double> ratios(const Contender &a, const Contender &b) {
  std::vector<double> result;
  for (size_t i = 0; i < a.microseconds.size(); ++i)
    result.push_back(a.microseconds[i] / b.microseconds[i]);
  return result;
}

} // namespace bench

#endif // SINTER_TOOLS_BENCH_TIMING_H
