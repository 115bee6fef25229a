//===- KernelReport.h - kernels, each alone ---------------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_KERNELREPORT_H
#define SINTER_TOOLS_BENCH_KERNELREPORT_H

#include "Compiled.h"
#include "Machine.h"
#include "Race.h"

namespace bench {

/// Those of the model's kernels that `name` names: the one of this name, or all
/// whose names contain it.
std::vector<Kernel> selectKernels(const Compiled &model,
                                  const std::string &name);

void printKernelHeader(std::FILE *file);
/// Compiles a kernel alone, times it and prints its work, what that takes at
/// least, and what it took.  Returns false, having said why, if it cannot.
bool reportKernel(std::FILE *file, Compiled &model, const Workload &workload,
                  const Kernel &kernel, const Machine &machine,
                  const RaceOptions &options);

} // namespace bench

#endif // SINTER_TOOLS_BENCH_KERNELREPORT_H
