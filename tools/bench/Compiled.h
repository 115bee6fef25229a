//===- Compiled.h - a workload's model, compiled ----------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_COMPILED_H
#define SINTER_TOOLS_BENCH_COMPILED_H

#include "Workload.h"

#include <filesystem>
#include <optional>

namespace bench {

/// A kernel as the compiler counts it.
struct Kernel {
  std::string name;
  /// How often a call of the model runs it.
  double runs = 1;
  /// Of one run; the bytes of all arguments and results, once.
  double flops = 0, bytesRead = 0, bytesWritten = 0;
};

/// The way of one workload through sinterc, in a folder.  Where a step fails,
/// sinterc or the contender has said why.
class Compiled {
public:
  /// Makes the graph and, for a model that does not train, the file of its
  /// weights.
  static std::optional<Compiled> prepare(const Workload &workload,
                                         const std::filesystem::path &models,
                                         const std::filesystem::path &folder);
  /// Compiles the graph.
  bool emitLibrary();

  std::filesystem::path library;
  /// Of the library without the weights in it.
  int64_t bytes = 0;
  /// From the graph to the object, sinterc's own start included.
  double seconds = 0;

  /// The kernels of a call, in their order.
  const std::vector<Kernel> &kernels() const { return allKernels; }
  /// Compiles one of them alone; an empty path if that failed.
  std::filesystem::path emitKernel(const Kernel &kernel);

private:
  bool sinterc(std::vector<std::string> flags,
               const std::filesystem::path &output) const;
  std::filesystem::path graph, fused, folder;
  std::vector<std::string> freeze;
  int64_t frozenBytes = 0;
  std::vector<Kernel> allKernels;
};

} // namespace bench

#endif // SINTER_TOOLS_BENCH_COMPILED_H
