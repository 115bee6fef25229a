//===- OrtApi.h - so much of ONNX Runtime's C interface as is used -*- C++ -*-//
//
// The npm package holds the library but not its header.  The interface is a
// table of functions that only grows at its end, so a function is known by its
// number in onnxruntime_c_api.h.  All but the base return null or an error.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_CONTENDERS_ORTAPI_H
#define SINTER_TOOLS_BENCH_CONTENDERS_ORTAPI_H

#include <cstdint>
#include <dlfcn.h>
#include <stdexcept>
#include <string>

namespace bench {

class OrtApi {
public:
  /// Loads the library; throws if that is not possible.
  explicit OrtApi(const char *path) {
    struct Base {
      void *const *(*getApi)(uint32_t version);
    };
    void *library = dlopen(path, RTLD_NOW);
    auto *getBase = library ? reinterpret_cast<const Base *(*)()>(
                                  dlsym(library, "OrtGetApiBase"))
                            : nullptr;
    // An old one; later libraries give it too.
    constexpr uint32_t version = 10;
    table = getBase ? getBase()->getApi(version) : nullptr;
    if (!table)
      throw std::runtime_error(std::string(path) + " is no ONNX Runtime");
  }

  // The functions' numbers.
  static constexpr int getErrorMessage = 2, createEnv = 3, createSession = 7,
                       run = 9, createSessionOptions = 10,
                       setGraphOptimizationLevel = 23, setIntraOpThreads = 24,
                       setInterOpThreads = 25, createTensorWithData = 49,
                       createCpuMemoryInfo = 69;

  /// Calls a function; an error becomes an exception.
  template <class... Arguments>
  void call(int number, Arguments... arguments) const {
    auto *function =
        reinterpret_cast<const void *(*)(Arguments...)>(table[number]);
    if (const void *status = function(arguments...))
      throw std::runtime_error(reinterpret_cast<const char *(*)(const void *)>(
          table[getErrorMessage])(status));
  }

private:
  void *const *table;
};

} // namespace bench

#endif // SINTER_TOOLS_BENCH_CONTENDERS_ORTAPI_H
