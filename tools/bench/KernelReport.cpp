//===- KernelReport.cpp - kernels, each alone -----------------------------===//
//
// A kernel runs on arguments that lie where its last run left them, in the
// caches if they fit.  Within its model another kernel ran before it, so there
// it may take longer.
//
//===----------------------------------------------------------------------===//

#include "KernelReport.h"

#include "Process.h"

#include <algorithm>
#include <cmath>

namespace bench {

std::vector<Kernel> selectKernels(const Compiled &model,
                                  const std::string &name) {
  std::vector<Kernel> containing;
  for (const Kernel &kernel : model.kernels()) {
    if (kernel.name == name)
      return {kernel};
    if (kernel.name.find(name) != std::string::npos)
      containing.push_back(kernel);
  }
  return containing;
}

void printKernelHeader(std::FILE *file) {
  std::fprintf(file, "%-36s %-15s %5s %12s %11s %10s %9s %9s %7s %8s %6s\n",
               "kernel", "workload", "runs", "FLOP", "bytes", "FLOP/byte",
               "limit us", "median us", "share", "GFLOP/s", "GB/s");
}

bool reportKernel(std::FILE *file, Compiled &model, const Workload &workload,
                  const Kernel &kernel, const Machine &machine,
                  const RaceOptions &options) {
  constexpr double turn = 10e3; // microseconds
  std::filesystem::path library = model.emitKernel(kernel);
  if (library.empty())
    return false;
  Process process(
      {BENCH_SINTER, "kernel", std::to_string(options.threads), library}, {});
  double median = 0, least = 0;
  auto runCalls = [&](long calls) {
    std::string answer = process.ask("run " + std::to_string(calls));
    return std::sscanf(answer.c_str(), "%lf %lf", &median, &least) == 2;
  };
  if (!process.isReady(process.read()) || !runCalls(5)) {
    std::fprintf(stderr, "benchmark: error: %s does not run\n",
                 kernel.name.c_str());
    return false;
  }
  long calls =
      std::clamp(std::lround(turn / std::max(least, 0.01)), 5L, 10000L);
  std::vector<double> turns;
  double begin = nowMicroseconds();
  while (turns.size() < 5 ||
         nowMicroseconds() - begin < options.seconds * 1e6) {
    if (!runCalls(calls))
      return false;
    turns.push_back(median);
  }
  double bytes = kernel.bytesRead + kernel.bytesWritten;
  double limit = std::max(
      kernel.flops / machine.peakGigaflops() / 1e3,
      machine.streamMicroseconds(kernel.bytesRead, kernel.bytesWritten));
  double time = quantile(turns, 0.5);
  std::fprintf(file,
               "%-36s %-15s %5.0f %12.0f %11.0f %10.2f %9.2f %9.2f %6.1f%% "
               "%8.1f %6.1f\n",
               kernel.name.c_str(), workload.label().c_str(), kernel.runs,
               kernel.flops, bytes, kernel.flops / std::max(bytes, 1.0), limit,
               time, 100 * limit / time, kernel.flops / time / 1e3,
               bytes / time / 1e3);
  std::fflush(file);
  return true;
}

} // namespace bench
