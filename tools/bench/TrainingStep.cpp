//===- TrainingStep.cpp - the MLP's training step against oneDNN ----------===//
//
//   training-step MODEL.so [--json FILE] [--seconds S]
//
// MODEL.so is tools/bench/mlp.cpp, compiled: 784-256-128-10, ReLU, mean
// cross-entropy, Adam at 1e-3.  Both sides begin with the same weights and see
// the same data; their losses are compared over some steps before anything is
// timed.  One thread.
//
//===----------------------------------------------------------------------===//

#include "Machine.h"
#include "Timing.h"
#ifdef SINTER_BENCH_ONEDNN
#include "PeerMlp.h"
#endif

#include "sinter_runtime.h"
#include "sinter_runtime.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>

using namespace bench;

namespace {

[[noreturn]] void fail(const std::string &message) {
  std::fprintf(stderr, "training-step: error: %s\n", message.c_str());
  std::exit(1);
}

/// A model's state, arguments and workspace.
struct Model {
  const sinter_model *model;
  const sinter_entry *train = nullptr;
  sinter::AlignedBytes state, workspace;

  explicit Model(const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    if (!library)
      fail(dlerror());
    model = static_cast<const sinter_model *>(dlsym(library, "mlp_model"));
    if (!model)
      fail(std::string(path) + " holds no model named mlp");
    for (int i = 0; i < model->num_entries; ++i)
      if (!std::strcmp(model->entries[i].name, "train"))
        train = &model->entries[i];
    if (!train)
      fail(std::string(path) + " has no entry train");
    state = sinter::AlignedBytes(model->state_bytes);
    workspace = sinter::AlignedBytes(
        std::max(train->workspace_bytes, model->init_workspace_bytes));
    if (model->init(state.data(), 1, workspace.data(), nullptr))
      fail("init failed");
  }

  const sinter_tensor &variable(const std::string &name) const {
    for (int i = 0; i < model->num_variables; ++i)
      if (model->variables[i].name == name)
        return model->variables[i];
    fail("the model has no variable " + name);
  }
  const float *values(const std::string &name) {
    return reinterpret_cast<const float *>(
        static_cast<const unsigned char *>(
            static_cast<const void *>(state.data())) +
        variable(name).offset);
  }

  float step(const uint8_t *images, const uint8_t *labels) {
    float loss = 0;
    const void *arguments[] = {images, labels, &loss};
    if (int status =
            train->run(state.data(), arguments, workspace.data(), nullptr))
      fail("train returned " + std::to_string(status));
    return loss;
  }
};

void report(const Contender &contender, double limit) {
  std::printf("  %-10s %9.1f µs  (%.1f … %.1f)  %5.2f × limit\n",
              contender.name.c_str(), quantile(contender.microseconds, 0.5),
              quantile(contender.microseconds, 0.1),
              quantile(contender.microseconds, 0.9),
              quantile(contender.microseconds, 0.5) / limit);
}

void writeJson(const char *path, const std::vector<Contender> &contenders,
               int64_t batch, double limit) {
  std::FILE *file = std::fopen(path, "w");
  if (!file)
    fail(std::string("cannot write ") + path);
  std::fprintf(file, "[\n");
  for (const Contender &contender : contenders)
    std::fprintf(file,
                 "  {\"workload\":\"MLP-train\",\"batch\":%lld,\"peer\":\"%s\","
                 "\"threads\":1,\"median_us\":%.3f,\"min_us\":%.3f,"
                 "\"limit_us\":%.3f}%s\n",
                 static_cast<long long>(batch), contender.name.c_str(),
                 quantile(contender.microseconds, 0.5),
                 quantile(contender.microseconds, 0.0), limit,
                 &contender == &contenders.back() ? "" : ",");
  std::fprintf(file, "]\n");
  std::fclose(file);
}

} // namespace

int main(int argc, char **argv) {
  const char *path = nullptr, *json = nullptr;
  double seconds = 3;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--json" && i + 1 < argc)
      json = argv[++i];
    else if (word == "--seconds" && i + 1 < argc)
      seconds = std::atof(argv[++i]);
    else if (!path && word[0] != '-')
      path = argv[i];
    else
      fail("usage: training-step MODEL.so [--json FILE] [--seconds S]");
  }
  if (!path)
    fail("usage: training-step MODEL.so [--json FILE] [--seconds S]");

  Model model(path);
  int64_t batch = model.train->inputs[0].shape[0];
  const int64_t widths[] = {784, 256, 128, 10};
  std::vector<uint8_t> images(batch * widths[0]), labels(batch);
  uint32_t word = 1;
  auto next = [&] { return word = word * 1664525u + 1013904223u, word >> 24; };
  for (uint8_t &pixel : images)
    pixel = static_cast<uint8_t>(next());
  for (uint8_t &label : labels)
    label = static_cast<uint8_t>(next() % 10);

  std::vector<Contender> contenders;
#ifdef SINTER_BENCH_ONEDNN
  const char *names[] = {"hidden1", "hidden2", "logits"};
  std::vector<DenseParameters> layers;
  for (int i = 0; i < 3; ++i)
    layers.push_back({widths[i], widths[i + 1],
                      model.values(std::string(names[i]) + ".weight"),
                      model.values(std::string(names[i]) + ".bias")});
  PeerMlp peer(batch, layers);
  for (int step = 0; step < 20; ++step) {
    float ours = model.step(images.data(), labels.data());
    float theirs = peer.step(images.data(), labels.data());
    if (!(std::fabs(ours - theirs) <= 1e-3f * std::fabs(theirs) + 1e-5f))
      fail("losses differ at step " + std::to_string(step) + ": " +
           std::to_string(ours) + " and " + std::to_string(theirs));
  }
#else
  std::printf(
      "oneDNN is not installed (libdnnl-dev): no peer to compare with\n");
#endif
  contenders.push_back(
      {"sinter", [&] { model.step(images.data(), labels.data()); }, {}});
#ifdef SINTER_BENCH_ONEDNN
  contenders.push_back(
      {"onednn", [&] { peer.step(images.data(), labels.data()); }, {}});
#endif

  // Forward, weight gradients, and input gradients of all layers but the first.
  double flops = 0;
  for (int i = 0; i < 3; ++i)
    flops += 2.0 * batch * widths[i] * widths[i + 1] * (i == 0 ? 2 : 3);
  double peak = peakGigaflops();
  double limit = flops / peak / 1e3;
  race(contenders, seconds);
  std::printf("MLP 784-256-128-10, training step with Adam, batch %lld, one "
              "thread\n  limit      %9.1f µs  (%.1f MFLOP at %.0f GFLOP/s; "
              "Adam's memory traffic not counted)\n",
              static_cast<long long>(batch), limit, flops / 1e6, peak);
  for (const Contender &contender : contenders)
    report(contender, limit);
  if (contenders.size() > 1) {
    std::vector<double> paired = ratios(contenders[0], contenders[1]);
    std::printf("  sinter / onednn, median of %zu paired ratios: %.3f  (%.3f … "
                "%.3f)\n",
                paired.size(), quantile(paired, 0.5), quantile(paired, 0.1),
                quantile(paired, 0.9));
  }
  if (json)
    writeJson(json, contenders, batch, limit);
  return 0;
}
