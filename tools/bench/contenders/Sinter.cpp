//===- Sinter.cpp - a compiled model as a contender -----------------------===//
//
//   bench-sinter WORKLOAD THREADS MODEL.so [--save STATE.safetensors]
//
// MODEL.so is one of models/, compiled; its parameters get the workload's
// numbers.  With --save it writes them to a file and ends.
//
//===----------------------------------------------------------------------===//

#include "Contender.h"
#include "Data.h"

#include "sinter_runtime.h"
#include "sinter_runtime.hpp"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <optional>

using namespace bench;

namespace {

/// Copies `from`, dense of the source's shape, in the order of Sinter's
/// dimensions.
template <class Element>
void permute(const Source &source, const Element *from, Element *to) {
  size_t rank = source.shape.size();
  std::vector<int64_t> strides(rank, 1), index(rank);
  for (size_t d = rank - 1; d > 0; --d)
    strides[d - 1] = strides[d] * source.shape[d];
  int64_t at = 0, n = source.size();
  for (int64_t i = 0; i < n; ++i) {
    to[i] = from[at];
    // The next index, as an odometer turns.
    for (size_t k = rank; k-- > 0;) {
      int d = source.order[k];
      at += strides[d];
      if (++index[d] < source.shape[d])
        break;
      at -= index[d] * strides[d];
      index[d] = 0;
    }
  }
}

void fillTensor(const Source &source, void *to) {
  if (source.classes)
    return fillClasses(source, static_cast<int32_t *>(to));
  if (source.order.empty())
    return fill(source, static_cast<float *>(to));
  std::vector<float> values = floats(source);
  permute(source, values.data(), static_cast<float *>(to));
}

class CompiledModel : public Contender {
public:
  CompiledModel(const Workload &workload, const sinter_model &model,
                int threads)
      : model(model), entry(findRun(model)), state(model.state_bytes),
        workspace(std::max(entry.workspace_bytes, model.init_workspace_bytes)),
        output(workload.outputSize) {
    if (threads > 1)
      host = *pool.emplace(threads).host();
    sinter::check(model.init(state.data(), 1, workspace.data(), &host), "init");
    for (int i = 0; i < model.num_variables; ++i)
      for (const Source &source : workload.parameters)
        if (source.name == model.variables[i].name)
          fillTensor(source, state.bytes().data() + model.variables[i].offset);
    for (int i = 0; i < entry.num_inputs; ++i)
      for (const Source &source : workload.inputs)
        if (source.name == entry.inputs[i].name) {
          inputs.emplace_back(entry.inputs[i].bytes);
          fillTensor(source, inputs.back().data());
          arguments.push_back(inputs.back().data());
        }
    if (arguments.size() != static_cast<size_t>(entry.num_inputs) ||
        entry.outputs[0].bytes != output.size() * sizeof(float))
      throw sinter::Error("the model is not the workload's");
    arguments.push_back(output.data());
  }

  void run() override {
    sinter::check(
        entry.run(state.data(), arguments.data(), workspace.data(), &host),
        "run");
  }
  std::vector<float> result() override { return output; }
  void save(const char *path) const {
    sinter::save_state(model, state.data(), path);
  }

private:
  static const sinter_entry &findRun(const sinter_model &model) {
    for (int i = 0; i < model.num_entries; ++i)
      if (!std::strcmp(model.entries[i].name, "run"))
        return model.entries[i];
    throw sinter::Error("the model has no entry run");
  }

  const sinter_model &model;
  const sinter_entry &entry;
  sinter::AlignedBytes state, workspace;
  std::vector<sinter::AlignedBytes> inputs;
  std::vector<void *> arguments;
  std::vector<float> output;
  std::optional<sinter::Pool> pool;
  sinter_host host = {sizeof(sinter_host), nullptr, nullptr, nullptr, nullptr};
};

} // namespace

int main(int argc, char **argv) try {
  if (argc != 4 && argc != 6)
    throw sinter::Error(
        "usage: bench-sinter WORKLOAD THREADS MODEL.so [--save FILE]");
  Workload workload = findWorkload(argv[1]);
  void *library = dlopen(argv[3], RTLD_NOW);
  if (!library)
    throw sinter::Error(dlerror());
  auto *model = static_cast<const sinter_model *>(
      dlsym(library, (workload.model + "_model").c_str()));
  if (!model)
    throw sinter::Error(std::string(argv[3]) + " holds no model " +
                        workload.model);
  CompiledModel contender(workload, *model, std::atoi(argv[2]));
  if (argc == 6) {
    contender.save(argv[5]);
    return 0;
  }
  return serve(contender, workload.training);
} catch (const std::exception &error) {
  std::fprintf(stderr, "bench-sinter: error: %s\n", error.what());
  return 1;
}
