//===- Machine.h - what one core can do at most -----------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_MACHINE_H
#define SINTER_TOOLS_BENCH_MACHINE_H

namespace bench {

/// Multiply-adds of the widest vectors this program was compiled for, all in
/// registers: GFLOP/s of one core, the best of several runs.
double peakGigaflops();

} // namespace bench

#endif // SINTER_TOOLS_BENCH_MACHINE_H
