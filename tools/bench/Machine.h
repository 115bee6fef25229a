//===- Machine.h - what the machine can do at most --------------*- C++ -*-===//
//
// Measured in the run that uses it, on the cores that it uses.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_MACHINE_H
#define SINTER_TOOLS_BENCH_MACHINE_H

#include <cstdint>

namespace bench {

struct Workload;

class Machine {
public:
  /// Measures the arithmetic of so many threads.
  explicit Machine(int threads);

  /// Multiply-adds of the widest vectors this program was compiled for, all in
  /// registers, of all threads: GFLOP/s, the best of several runs.
  double peakGigaflops() const { return peak; }

  /// The least microseconds to read and write so many bytes that no
  /// computation waits for, from wherever the caches leave them between calls.
  double streamMicroseconds(double read, double written) const;

  /// GB/s of copying far more than the caches hold.
  double copyGigabytes() const;
  /// GB/s of reading what the largest cache holds and the others do not.
  double cacheGigabytes() const;

  /// What no implementation can be faster than: the products at the peak, or
  /// the bytes, whichever takes longer.  Microseconds.
  double limit(const Workload &workload) const;

private:
  int threads;
  double peak = 0;
};

} // namespace bench

#endif // SINTER_TOOLS_BENCH_MACHINE_H
