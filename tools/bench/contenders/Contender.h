//===- Contender.h - a process that runs one workload -----------*- C++ -*-===//
//
// Every peer is a program of its own, so that libraries do not meet, and the
// system knows what each costs.  After its first result it says "ready" and the
// bytes it had written to when its libraries were loaded, or "unsupported", and
// then answers lines until its input ends:
//
//   settle     may choose the fastest of several ways
//              → settled
//   run N      one call that does not count, then N calls
//              → median and least microseconds of a call
//   result F   → writes the result to the file F as floats: the output, or the
//              losses of the first steps
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_CONTENDERS_CONTENDER_H
#define SINTER_TOOLS_BENCH_CONTENDERS_CONTENDER_H

#include <vector>

namespace bench {

class Contender {
public:
  virtual ~Contender() = default;
  virtual void run() = 0;
  /// Chooses the fastest of several ways to run, where there are some.
  virtual void settle() {}
  /// The output of the last run, row-major as the peers lay it out; the loss,
  /// for training.
  virtual std::vector<float> result() = 0;
};

/// Called when the libraries are loaded, before anything of the workload is
/// made: what the process has written to so far is not the workload's.
void noteLoaded();
/// Serves the driver; returns the program's exit code.
int serve(Contender &contender, bool training);
/// Says that this peer has no such workload.
int serveUnsupported();

/// So many losses are compared.
constexpr int comparedSteps = 10;

} // namespace bench

#endif // SINTER_TOOLS_BENCH_CONTENDERS_CONTENDER_H
