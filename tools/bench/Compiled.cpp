//===- Compiled.cpp - a workload's model, compiled ------------------------===//
//
// First the model program makes the graph, in the host compiler's time, then
// sinterc compiles the graph, which is what is timed.  A model that does not
// train is compiled twice: the first time to learn where its parameters lie and
// to write their numbers to a file, the second time with that file frozen in,
// as its user would.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"

#include "Process.h"

#include <sstream>

namespace fs = std::filesystem;

namespace bench {

bool Compiled::sinterc(std::vector<std::string> flags,
                       const fs::path &output) const {
  std::vector<std::string> command = {SINTERC, graph};
  command.insert(command.end(), flags.begin(), flags.end());
  command.insert(command.end(), {"-o", output});
  return runToEnd(command) == 0;
}

/// What extract-kernel lists of a module at `fused`.
static std::vector<Kernel> listKernels(const fs::path &fused) {
  Process process({EXTRACT_KERNEL, fused}, {});
  std::vector<Kernel> result;
  for (std::string line; !(line = process.read()).empty();) {
    Kernel kernel;
    std::istringstream words(line);
    if (words >> kernel.name >> kernel.runs >> kernel.flops >>
        kernel.bytesRead >> kernel.bytesWritten)
      result.push_back(kernel);
  }
  return result;
}

std::optional<Compiled> Compiled::prepare(const Workload &workload,
                                          const fs::path &models,
                                          const fs::path &folder) {
  Compiled result;
  result.folder = folder;
  result.graph = folder / "graph.mlir";
  result.fused = folder / "fused.mlir";
  result.library = folder / "model.so";
  fs::path state = folder / "state.safetensors";
  std::vector<std::string> command = {SINTERC,
                                      models / (workload.file + ".cpp"),
                                      "--model=" + workload.model,
                                      "--stop-after=model",
                                      "-o",
                                      result.graph};
  if (workload.file != "rows")
    command.insert(command.end(),
                   {"-P", "batch=" + std::to_string(workload.batch)});
  if (runToEnd(command) ||
      !result.sinterc({"--stop-after=fused"}, result.fused))
    return std::nullopt;
  result.allKernels = listKernels(result.fused);
  if (workload.training || workload.parameters.empty())
    return result;
  if (!result.sinterc({"--emit=shared"}, result.library) ||
      runToEnd({BENCH_SINTER, workload.label(), "1", result.library, "--save",
                state}))
    return std::nullopt;
  result.freeze = {"--freeze=" + state.string()};
  result.frozenBytes = workload.parameterBytes();
  return result;
}

bool Compiled::emitLibrary() {
  std::vector<std::string> object = freeze, shared = freeze;
  object.push_back("--emit=obj");
  shared.push_back("--emit=shared");
  double start = nowMicroseconds();
  if (!sinterc(object, folder / "object.o"))
    return false;
  seconds = (nowMicroseconds() - start) / 1e6;
  if (!sinterc(shared, library))
    return false;
  std::error_code error;
  bytes = static_cast<int64_t>(fs::file_size(library, error)) - frozenBytes;
  return true;
}

fs::path Compiled::emitKernel(const Kernel &kernel) {
  fs::path alone = folder / "kernel.mlir", result = folder / "kernel.so";
  // With the weights in it, if the model has them.
  std::vector<std::string> flags = freeze;
  flags.push_back("--stop-after=fused");
  if ((!freeze.empty() && !sinterc(flags, fused)) ||
      runToEnd({EXTRACT_KERNEL, fused, kernel.name, "-o", alone}) ||
      runToEnd({SINTERC, alone, "--emit=shared", "-o", result}))
    return {};
  return result;
}

} // namespace bench
