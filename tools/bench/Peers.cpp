//===- Peers.cpp - who is compared ----------------------------------------===//

#include "Peers.h"

#include "onnx/Workloads.h"

#include <cstdlib>
#include <sstream>

namespace bench {

std::vector<std::string>
Peer::command(const Workload &workload, int threads,
              const std::filesystem::path &library,
              const std::filesystem::path &folder) const {
  std::vector<std::string> result = {program, workload.label(),
                                     std::to_string(threads)};
  if (name == "sinter")
    result.push_back(library);
  if (name == "ort") {
    std::string file = folder / "model.onnx";
    if (!onnx::write(workload, file))
      return {};
    result.insert(result.end(), {runtime, file});
  }
  return result;
}

/// The library in npm's package onnxruntime-node, if one of the folders that
/// Node would look into has it.
static std::string findOnnxRuntime() {
  std::vector<std::filesystem::path> folders;
  std::istringstream path(std::getenv("NODE_PATH") ? std::getenv("NODE_PATH")
                                                   : "");
  for (std::string folder; std::getline(path, folder, ':');)
    folders.push_back(folder);
  std::error_code error;
  for (std::filesystem::path folder :
       {std::filesystem::current_path(error),
        std::filesystem::path(SINTER_BENCH_MODELS)})
    for (; folder != folder.root_path(); folder = folder.parent_path())
      folders.push_back(folder / "node_modules");
  // Where `npm install --global` puts packages.
  for (const char *prefix : {"/usr", "/usr/local"})
    folders.push_back(std::filesystem::path(prefix) / "lib/node_modules");
#if defined(__aarch64__)
  const std::string processor = "arm64";
#else
  const std::string processor = "x64";
#endif
  for (const std::filesystem::path &folder : folders)
    for (const auto &version : std::filesystem::directory_iterator(
             folder / "onnxruntime-node" / "bin", error)) {
      std::filesystem::path library =
          version.path() / "linux" / processor / "libonnxruntime.so.1";
      if (std::filesystem::exists(library, error))
        return library;
    }
  return {};
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
  peers[3].runtime = findOnnxRuntime();
  peers[3].installed = !peers[3].runtime.empty();
  return peers;
}

} // namespace bench
