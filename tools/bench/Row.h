//===- Row.h - what was measured of one workload ----------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_ROW_H
#define SINTER_TOOLS_BENCH_ROW_H

#include "Workload.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// `share` of the samples are below it; 0.5 gives the median.
inline double quantile(std::vector<double> samples, double share) {
  std::sort(samples.begin(), samples.end());
  return samples[static_cast<size_t>(share *
                                     static_cast<double>(samples.size() - 1))];
}

/// One peer on one workload.  Times are of a call, in microseconds.
struct Measurement {
  std::string peer;
  /// The median call of each turn, and the least of all.
  std::vector<double> turns;
  double least = 0;
  double startup = 0;
  int64_t peakMemoryBytes = 0;
  /// In the turns, without libraries; Sinter's frozen weights counted.
  int64_t ownMemoryBytes = 0;
  /// Libraries to deploy; Sinter's is the model's own.  Weights not counted.
  int64_t libraryBytes = 0;

  double median() const { return quantile(turns, 0.5); }
};

struct Row {
  Workload workload;
  double limit = 0;
  /// All arithmetic of a call as the compiler counts it, pointwise too.
  double operations = 0;
  /// Of the graph, from Sinter's model to its object.
  double compileSeconds = 0;
  /// Sinter first.
  std::vector<Measurement> measurements;

  const Measurement *find(const std::string &peer) const {
    for (const Measurement &measurement : measurements)
      if (measurement.peer == peer)
        return &measurement;
    return nullptr;
  }
  /// The fastest of the others.
  const Measurement *bestPeer() const {
    const Measurement *best = nullptr;
    for (const Measurement &measurement : measurements)
      if (measurement.peer != "sinter" &&
          (!best || measurement.median() < best->median()))
        best = &measurement;
    return best;
  }
  /// Sinter's time over the best peer's, turn by turn.
  std::vector<double> ratios() const {
    std::vector<double> result;
    const Measurement *sinter = find("sinter"), *best = bestPeer();
    for (size_t i = 0; sinter && best && i < sinter->turns.size(); ++i)
      result.push_back(sinter->turns[i] / best->turns[i]);
    return result;
  }
};

} // namespace bench

#endif // SINTER_TOOLS_BENCH_ROW_H
