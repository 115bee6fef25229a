//===- Sinter.cpp - a compiled model as a contender -----------------------===//
//
//   bench-sinter WORKLOAD THREADS MODEL.so [--save STATE.safetensors]
//   bench-sinter kernel THREADS MODEL.so
//
// MODEL.so is one of models/, compiled; its parameters get the workload's
// numbers.  With --save it writes them to a file and ends.  As `kernel` it is
// any model, without a result to compare, and its floats get any numbers.
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

/// Any numbers for any model: those of its inputs that are floats.
Workload describe(const sinter_entry &entry) {
  Workload workload;
  for (int i = 0; i < entry.num_inputs; ++i) {
    const sinter_tensor &input = entry.inputs[i];
    if (input.dtype == SINTER_F32)
      workload.inputs.push_back(
          {.name = input.name,
           .shape = {input.shape, input.shape + input.rank},
           .seed = static_cast<uint32_t>(i)});
  }
  return workload;
}

const sinter_entry &findRun(const sinter_model &model) {
  for (int i = 0; i < model.num_entries; ++i)
    if (!std::strcmp(model.entries[i].name, "run"))
      return model.entries[i];
  throw sinter::Error("the model has no entry run");
}

class CompiledModel : public Contender {
public:
  CompiledModel(const Workload &workload, const sinter_model &model,
                int threads)
      : model(model), entry(findRun(model)), state(model.state_bytes),
        workspace(std::max(entry.workspace_bytes, model.init_workspace_bytes)) {
    if (threads > 1)
      host = *pool.emplace(threads).host();
    sinter::check(model.init(state.data(), 1, workspace.data(), &host), "init");
    for (int i = 0; i < model.num_variables; ++i)
      fillNamed(workload.parameters, model.variables[i],
                state.bytes().data() + model.variables[i].offset);
    for (int i = 0; i < entry.num_inputs; ++i)
      fillNamed(workload.inputs, entry.inputs[i], add(entry.inputs[i]));
    for (int i = 0; i < entry.num_outputs; ++i)
      add(entry.outputs[i]);
  }

  void run() override {
    sinter::check(
        entry.run(state.data(), arguments.data(), workspace.data(), &host),
        "run");
  }
  std::vector<float> result() override {
    auto *first = static_cast<const float *>(arguments[entry.num_inputs]);
    return {first, first + entry.outputs[0].bytes / sizeof(float)};
  }
  void save(const char *path) const {
    sinter::save_state(model, state.data(), path);
  }

private:
  void *add(const sinter_tensor &tensor) {
    buffers.emplace_back(tensor.bytes);
    arguments.push_back(buffers.back().data());
    return arguments.back();
  }
  static void fillNamed(const std::vector<Source> &sources,
                        const sinter_tensor &tensor, void *to) {
    for (const Source &source : sources)
      if (source.name == tensor.name) {
        if (tensor.bytes != source.size() * sizeof(float))
          throw sinter::Error(source.name + " is not the workload's");
        fillTensor(source, to);
      }
  }

  const sinter_model &model;
  const sinter_entry &entry;
  sinter::AlignedBytes state, workspace;
  std::vector<sinter::AlignedBytes> buffers;
  std::vector<void *> arguments;
  std::optional<sinter::Pool> pool;
  sinter_host host = {sizeof(sinter_host), nullptr, nullptr, nullptr, nullptr};
};
} // namespace

int main(int argc, char **argv) try {
  if (argc != 4 && argc != 6)
    throw sinter::Error(
        "usage: bench-sinter WORKLOAD THREADS MODEL.so [--save FILE]");
  void *library = dlopen(argv[3], RTLD_NOW);
  if (!library)
    throw sinter::Error(dlerror());
  noteLoaded();
  bool kernel = !std::strcmp(argv[1], "kernel");
  Workload workload;
  if (!kernel)
    workload = findWorkload(argv[1]);
  std::string name = kernel ? "kernel" : workload.model;
  auto *model = static_cast<const sinter_model *>(
      dlsym(library, (name + "_model").c_str()));
  if (!model)
    throw sinter::Error(std::string(argv[3]) + " holds no model " + name);
  if (kernel)
    workload = describe(findRun(*model));
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
