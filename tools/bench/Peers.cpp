//===- Peers.cpp - who is compared ----------------------------------------===//

#include "Peers.h"

#include "Process.h"
#include "onnx/Workloads.h"

#include <cstdio>

namespace bench {

static std::string spell(const std::vector<int64_t> &shape) {
  std::string result;
  for (int64_t extent : shape)
    result += (result.empty() ? "" : "x") + std::to_string(extent);
  return result;
}

std::vector<std::string>
Peer::command(const Workload &workload, int threads,
              const std::filesystem::path &library,
              const std::filesystem::path &folder) const {
  if (name == "ort") {
    std::string file = folder / "model.onnx";
    if (!onnx::write(workload, file))
      return {};
    std::vector<std::string> result = {"node", program, file,
                                       std::to_string(threads)};
    for (const Source &source : workload.inputs) {
      char numbers[60];
      std::snprintf(numbers, sizeof numbers, ":%u:%.9g", source.seed,
                    static_cast<double>(source.scale));
      result.push_back(source.name + ":" + spell(source.shape) + numbers);
    }
    result.push_back(spell(workload.outputShape));
    return result;
  }
  std::vector<std::string> result = {program, workload.label(),
                                     std::to_string(threads)};
  if (name == "sinter")
    result.push_back(library);
  return result;
}

std::vector<std::string> Peer::environment(int threads) const {
  std::vector<std::string> result;
  for (const char *library : {"OMP", "OPENBLAS"})
    result.push_back(library + ("_NUM_THREADS=" + std::to_string(threads)));
  if (name == "torch" || name == "ort")
    // Without these every large tensor's memory goes back to the system after
    // each call, to be given and cleared anew.
    result.push_back("GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4294967296:"
                     "glibc.malloc.trim_threshold=8589934592");
#if defined(__x86_64__)
  // Neither it nor its BLAS takes the widest vectors of every processor by
  // itself.
  if (name == "torch" && __builtin_cpu_supports("avx512f")) {
    result.push_back("ATEN_CPU_CAPABILITY=avx512");
    result.push_back("OPENBLAS_CORETYPE=SKYLAKEX");
  }
#endif
  // Of several builds of its BLAS, the one whose threads are torch's own.
  std::error_code error;
  for (const auto &folder :
       std::filesystem::directory_iterator("/usr/lib", error))
    if (std::filesystem::path blas = folder.path() / "openblas-openmp";
        name == "torch" && std::filesystem::exists(blas, error))
      result.push_back("LD_LIBRARY_PATH=" + blas.string());
  return result;
}

std::vector<Peer> allPeers() {
  std::vector<Peer> peers = {
      {"sinter", "", true, BENCH_SINTER},
      {"onednn", "libdnnl-dev (Debian)", false, ""},
      {"torch", "libtorch-dev and libopenblas0-openmp (Debian)", false, ""},
      {"ort", "onnxruntime-node (npm)", false, ""}};
#ifdef BENCH_ONEDNN
  peers[1].installed = true;
  peers[1].program = BENCH_ONEDNN;
#endif
#ifdef BENCH_TORCH
  peers[2].installed = true;
  peers[2].program = BENCH_TORCH;
#endif
  peers[3].program = BENCH_ORT;
  peers[3].installed = runToEnd({"/bin/sh", "-c", "node \"$0\" >/dev/null 2>&1",
                                 BENCH_ORT}) == 0;
  return peers;
}

} // namespace bench
