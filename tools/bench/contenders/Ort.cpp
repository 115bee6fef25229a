//===- Ort.cpp - the workloads on ONNX Runtime ----------------------------===//
//
//   bench-ort WORKLOAD THREADS LIBRARY MODEL.onnx
//
// LIBRARY is libonnxruntime.so, MODEL.onnx the workload as onnx/ writes it.
// Inputs and output lie in memory of this program's: nothing is copied.
//
//===----------------------------------------------------------------------===//

#include "Contender.h"
#include "Data.h"
#include "OrtApi.h"

#include <cstdio>
#include <cstdlib>

using namespace bench;

namespace {

class Session : public Contender {
public:
  Session(const Workload &workload, int threads, const OrtApi &api,
          const char *model)
      : api(api) {
    constexpr int warnings = 2, everyOptimization = 99;
    constexpr int deviceAllocator = 0, defaultMemory = 0;
    void *environment = nullptr, *options = nullptr;
    api.call(OrtApi::createEnv, warnings, "bench", &environment);
    api.call(OrtApi::createSessionOptions, &options);
    api.call(OrtApi::setIntraOpThreads, options, threads);
    api.call(OrtApi::setInterOpThreads, options, 1);
    api.call(OrtApi::setGraphOptimizationLevel, options, everyOptimization);
    api.call(OrtApi::createSession, environment, model,
             static_cast<const void *>(options), &session);
    api.call(OrtApi::createCpuMemoryInfo, deviceAllocator, defaultMemory,
             &memory);
    buffers.reserve(workload.inputs.size() + 1);
    for (const Source &source : workload.inputs) {
      names.push_back(source.name.c_str());
      inputs.push_back(tensor(source.shape, floats(source)));
    }
    Source result = {.name = "y", .shape = workload.outputShape};
    output = tensor(result.shape, std::vector<float>(result.size()));
  }

  void run() override {
    static const char *const outputName = "y";
    api.call(OrtApi::run, session, static_cast<const void *>(nullptr),
             names.data(), inputs.data(), inputs.size(), &outputName, size_t(1),
             &output);
  }
  std::vector<float> result() override { return buffers.back(); }

private:
  void *tensor(const std::vector<int64_t> &shape, std::vector<float> values) {
    constexpr int floatType = 1;
    std::vector<float> &buffer = buffers.emplace_back(std::move(values));
    void *result = nullptr;
    api.call(OrtApi::createTensorWithData, static_cast<const void *>(memory),
             static_cast<void *>(buffer.data()), buffer.size() * sizeof(float),
             shape.data(), shape.size(), floatType, &result);
    return result;
  }

  const OrtApi &api;
  void *session = nullptr, *memory = nullptr, *output = nullptr;
  std::vector<std::vector<float>> buffers;
  std::vector<const char *> names;
  std::vector<void *> inputs;
};

} // namespace

int main(int argc, char **argv) try {
  if (argc != 5) {
    std::fprintf(stderr,
                 "usage: bench-ort WORKLOAD THREADS LIBRARY MODEL.onnx\n");
    return 2;
  }
  Workload workload = findWorkload(argv[1]);
  OrtApi api(argv[3]);
  noteLoaded();
  Session contender(workload, std::atoi(argv[2]), api, argv[4]);
  int code = serve(contender, false);
  std::fflush(stdout);
  // Its threads need not be joined.
  std::_Exit(code);
} catch (const std::exception &error) {
  std::fprintf(stderr, "bench-ort: error: %s\n", error.what());
  return 1;
}
