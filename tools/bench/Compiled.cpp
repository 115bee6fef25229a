//===- Compiled.cpp - a workload's model, compiled ------------------------===//
//
// First the model program makes the graph, in the host compiler's time, then
// sinterc compiles the graph, which is what is timed.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"

#include "Process.h"

namespace fs = std::filesystem;

namespace bench {

std::optional<Compiled> compile(const Workload &workload,
                                const fs::path &models,
                                const fs::path &folder) {
  fs::path source = models / (workload.file + ".cpp");
  fs::path graph = folder / "graph.mlir", object = folder / "object.o",
           library = folder / "model.so";
  std::vector<std::string> command = {
      SINTERC, source, "--model=" + workload.model, "--stop-after=model",
      "-o",    graph};
  if (workload.file != "rows")
    command.insert(command.end(),
                   {"-P", "batch=" + std::to_string(workload.batch)});
  if (runToEnd(command))
    return std::nullopt;
  double start = nowMicroseconds();
  if (runToEnd({SINTERC, graph, "--emit=obj", "-o", object}))
    return std::nullopt;
  double seconds = (nowMicroseconds() - start) / 1e6;
  if (runToEnd({SINTERC, graph, "--emit=shared", "-o", library}))
    return std::nullopt;
  return Compiled{library, seconds};
}

} // namespace bench
