//===- Race.h - contenders that take turns ----------------------*- C++ -*-===//
//
// Machines are noisy, and their noise is slow: contenders take turns, and what
// counts is the ratio within a turn.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_RACE_H
#define SINTER_TOOLS_BENCH_RACE_H

#include "Compiled.h"
#include "Peers.h"
#include "Row.h"

namespace bench {

struct RaceOptions {
  int threads = 1;
  /// For the timed part of one workload, all contenders together.
  double seconds = 3;
};

/// Starts all installed peers that know the workload, compares their results
/// and times them.  Returns false, having said why, if results differ or a
/// contender fails.
bool race(Row &row, const std::vector<Peer> &peers, const RaceOptions &options,
          const Compiled &model, const std::filesystem::path &folder);

} // namespace bench

#endif // SINTER_TOOLS_BENCH_RACE_H
