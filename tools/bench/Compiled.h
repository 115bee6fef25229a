//===- Compiled.h - a workload's model, compiled ----------------*- C++ -*-===//

#ifndef SINTER_TOOLS_BENCH_COMPILED_H
#define SINTER_TOOLS_BENCH_COMPILED_H

#include "Workload.h"

#include <filesystem>
#include <optional>

namespace bench {

struct Compiled {
  std::filesystem::path library;
  /// From the graph to the object, sinterc's own start included.
  double seconds = 0;
};

/// Compiles a workload's model, from its source in `models`, into `folder`;
/// nothing, after sinterc's own message, if that failed.
std::optional<Compiled> compile(const Workload &workload,
                                const std::filesystem::path &models,
                                const std::filesystem::path &folder);

} // namespace bench

#endif // SINTER_TOOLS_BENCH_COMPILED_H
