//===- Workloads.cpp - the table of workloads -----------------------------===//
//
// Each function below builds one row for one size.  Parameters are numbered in
// the order in which a network's forward pass meets them; the number is the
// seed of their data.
//
//===----------------------------------------------------------------------===//

#include "Workload.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>

namespace bench {

static int64_t sizeOf(const std::vector<int64_t> &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<>());
}

int64_t Source::size() const { return sizeOf(shape); }

const Source &Workload::parameter(const std::string &name) const {
  for (const Source &source : parameters)
    if (source.name == name)
      return source;
  std::fprintf(stderr, "error: %s has no parameter %s\n", label().c_str(),
               name.c_str());
  std::exit(70);
}

int64_t Workload::parameterBytes() const {
  int64_t elements = 0;
  for (const Source &source : parameters)
    elements += source.size();
  return elements * static_cast<int64_t>(sizeof(float));
}

namespace {

constexpr uint32_t inputSeed = 1000, labelSeed = 1001;
constexpr float biasScale = 0.05f;

/// Uniform numbers in ± this keep the variance of what they are multiplied
/// with.
float weightScale(int64_t fanIn) {
  return std::sqrt(3.0f / static_cast<float>(fanIn));
}

class Builder {
public:
  Builder(std::string name, int64_t batch, std::string file, std::string model,
          bool training = false) {
    workload.name = std::move(name);
    workload.batch = batch;
    workload.file = std::move(file);
    workload.model = std::move(model);
    workload.training = training;
  }

  Source &parameter(std::string name, std::vector<int64_t> shape, float scale,
                    float offset = 0) {
    workload.parameters.push_back({.name = std::move(name),
                                   .shape = std::move(shape),
                                   .seed = ++seed,
                                   .scale = scale,
                                   .offset = offset});
    return workload.parameters.back();
  }
  Source &input(std::string name, std::vector<int64_t> shape) {
    uint32_t number = inputSeed + workload.inputs.size();
    workload.inputs.push_back(
        {.name = std::move(name), .shape = std::move(shape), .seed = number});
    return workload.inputs.back();
  }
  void labels(std::string name, std::vector<int64_t> shape, uint32_t classes,
              uint32_t seed = labelSeed) {
    Source &source = input(std::move(name), std::move(shape));
    source.classes = classes;
    source.seed = seed;
  }

  /// A product's work; training also has the products that give the gradients
  /// of both operands, or of the weights alone where the input is given.
  void product(double flops, bool givenInput = false) {
    workload.flops += flops * (!workload.training ? 1 : givenInput ? 2 : 3);
  }
  void dense(const std::string &name, int64_t rows, int64_t in, int64_t out,
             bool givenInput = false) {
    parameter(name + ".weight", {out, in}, weightScale(in)).order = {1, 0};
    parameter(name + ".bias", {out}, biasScale);
    product(2.0 * static_cast<double>(rows * in * out), givenInput);
  }
  void norm(const std::string &name, int64_t width) {
    parameter(name + ".gamma", {width}, biasScale, 1);
    parameter(name + ".beta", {width}, biasScale);
  }
  /// `side`×`side` results of a 5×5 kernel.
  void conv(const std::string &name, int64_t side, int64_t in, int64_t out,
            bool givenInput = false) {
    parameter(name + ".weight", {out, in, 5, 5}, weightScale(in * 25)).order = {
        2, 3, 1, 0};
    parameter(name + ".bias", {out}, biasScale);
    product(
        2.0 * static_cast<double>(workload.batch * side * side * 25 * in * out),
        givenInput);
  }
  /// Pre-norm; `sequences` of `length` tokens.
  void encoderBlock(const std::string &scope, int64_t sequences, int64_t length,
                    int64_t width) {
    int64_t rows = sequences * length;
    norm(scope + "norm1", width);
    dense(scope + "attention.qkv", rows, width, 3 * width);
    product(4.0 * static_cast<double>(rows * length * width));
    dense(scope + "attention.output", rows, width, width);
    norm(scope + "norm2", width);
    dense(scope + "up", rows, width, 4 * width);
    dense(scope + "down", rows, 4 * width, width);
  }

  /// Inputs and parameters are read once and the output is written, but the
  /// slots of Adam and the parameters are both read and written.
  Workload finish(std::vector<int64_t> outputShape = {}) {
    workload.outputShape = std::move(outputShape);
    auto parameters = static_cast<double>(workload.parameterBytes());
    for (const Source &source : workload.inputs)
      workload.bytesRead += 4.0 * static_cast<double>(source.size());
    workload.bytesRead += parameters * (workload.training ? 3 : 1);
    workload.bytesWritten =
        workload.training
            ? 3 * parameters
            : 4.0 * static_cast<double>(sizeOf(workload.outputShape));
    return workload;
  }

  Workload workload;

private:
  uint32_t seed = 0;
};

void mlpLayers(Builder &builder, int64_t batch) {
  builder.input("x", {batch, 784});
  builder.dense("hidden1", batch, 784, 512, /*givenInput=*/true);
  builder.dense("hidden2", batch, 512, 256);
  builder.dense("logits", batch, 256, 10);
}

void lenetLayers(Builder &builder, int64_t batch) {
  builder.input("x", {batch, 3, 32, 32}).order = {0, 2, 3, 1};
  builder.conv("conv1", 28, 3, 8, /*givenInput=*/true);
  builder.conv("conv2", 10, 8, 16);
  builder.dense("hidden1", batch, 400, 120);
  // The peers' images reach the dense layer with the channels first.
  Source &flattened = builder.workload.parameters[4];
  flattened.shape = {120, 16, 5, 5};
  flattened.order = {2, 3, 1, 0};
  builder.dense("hidden2", batch, 120, 84);
  builder.dense("logits", batch, 84, 10);
}

Workload mlp(int64_t batch) {
  Builder builder("W1", batch, "mlp", "mlp_inference");
  mlpLayers(builder, batch);
  return builder.finish({batch, 10});
}

Workload lenet(int64_t batch) {
  Builder builder("W2", batch, "lenet", "lenet_inference");
  lenetLayers(builder, batch);
  return builder.finish({batch, 10});
}

Workload encoder(int64_t batch) {
  constexpr int64_t length = 128, width = 256;
  Builder builder("W4", batch, "encoder", "encoder");
  builder.input("x", {batch, length, width});
  builder.encoderBlock("", batch, length, width);
  return builder.finish({batch, length, width});
}

Workload lstm(int64_t batch) {
  constexpr int64_t steps = 64, in = 128, units = 256;
  Builder builder("W5", batch, "lstm", "lstm");
  builder.input("x", {steps, batch, in});
  float scale = weightScale(units);
  builder.parameter("lstm.weight_x", {4 * units, in}, scale).order = {1, 0};
  builder.parameter("lstm.weight_h", {4 * units, units}, scale).order = {1, 0};
  Source &bias = builder.parameter("lstm.bias", {4 * units}, biasScale);
  bias.addedSeed = bias.seed + 1;
  builder.product(
      2.0 * static_cast<double>(steps * batch * 4 * units * (in + units)));
  Workload workload = builder.finish({steps, batch, units});
  // The recurrent weights are needed again at each step.
  workload.sweeps = steps;
  workload.bytesRead = 4.0 * 4 * units * units;
  workload.bytesWritten = 0;
  return workload;
}

Workload mlpTraining(int64_t batch) {
  Builder builder("W6-mlp", batch, "mlp", "mlp_training", /*training=*/true);
  mlpLayers(builder, batch);
  builder.labels("labels", {batch}, 10);
  return builder.finish();
}

Workload lenetTraining(int64_t batch) {
  Builder builder("W6-lenet", batch, "lenet", "lenet_training",
                  /*training=*/true);
  lenetLayers(builder, batch);
  builder.labels("labels", {batch}, 10);
  return builder.finish();
}

Workload charsTraining(int64_t batch) {
  constexpr int64_t length = 64, width = 128, vocabulary = 96;
  constexpr float embeddingScale = 0.5f;
  Builder builder("W7", batch, "chars", "chars", /*training=*/true);
  builder.labels("text", {batch, length}, vocabulary, inputSeed);
  builder.labels("next", {batch, length}, vocabulary);
  builder.parameter("characters.weight", {vocabulary, width}, embeddingScale);
  builder.parameter("positions", {length, width}, embeddingScale);
  builder.encoderBlock("layer0.", batch, length, width);
  builder.encoderBlock("layer1.", batch, length, width);
  builder.norm("norm", width);
  builder.dense("logits", batch * length, width, vocabulary);
  return builder.finish();
}

/// a·b with a constant b, which may be packed ahead, or with both as inputs.
Workload gemm(int64_t n, bool constant) {
  Builder builder(constant ? "W8" : "W8-variable", n, "gemm",
                  constant ? "gemm_constant" : "gemm_variable");
  builder.input("a", {n, n}).seed = 1;
  if (constant)
    builder.parameter("b", {n, n}, 1).seed = 2;
  else
    builder.input("b", {n, n}).seed = 2;
  auto edge = static_cast<double>(n);
  builder.product(2 * edge * edge * edge);
  return builder.finish({n, n});
}

Workload chain() {
  constexpr int64_t size = int64_t(16) << 20;
  Builder builder("W9-chain", 1, "rows", "chain");
  for (const char *name : {"a", "b", "c", "d"})
    builder.input(name, {size});
  return builder.finish({size});
}

constexpr int64_t rows = 4096, columns = 1024;

Workload softmax() {
  Builder builder("W9-softmax", 1, "rows", "rows_softmax");
  builder.input("x", {rows, columns});
  return builder.finish({rows, columns});
}

Workload layerNorm() {
  Builder builder("W9-layernorm", 1, "rows", "rows_layer_norm");
  builder.input("x", {rows, columns});
  builder.norm("norm", columns);
  return builder.finish({rows, columns});
}

} // namespace

std::vector<Workload> allWorkloads() {
  std::vector<Workload> result = {
      mlp(1),    mlp(32),          mlp(256),          lenet(1),
      lenet(64), encoder(1),       encoder(8),        lstm(1),
      lstm(16),  mlpTraining(128), lenetTraining(64), charsTraining(16)};
  for (bool constant : {true, false})
    for (int64_t n : {256, 512, 1024, 2048})
      result.push_back(gemm(n, constant));
  result.push_back(chain());
  result.push_back(softmax());
  result.push_back(layerNorm());
  return result;
}

std::vector<Workload> selectWorkloads(const std::string &only) {
  std::vector<Workload> all = allWorkloads(), result;
  if (only.empty())
    return all;
  std::vector<bool> chosen(all.size());
  for (size_t begin = 0; begin <= only.size();) {
    size_t end = std::min(only.find(',', begin), only.size());
    std::string part = only.substr(begin, end - begin);
    bool any = false;
    for (size_t i = 0; i < all.size(); ++i)
      if (part == all[i].name || part == all[i].label() ||
          all[i].name.rfind(part + "-", 0) == 0)
        chosen[i] = any = true;
    if (!any)
      return {};
    begin = end + 1;
  }
  for (size_t i = 0; i < all.size(); ++i)
    if (chosen[i])
      result.push_back(all[i]);
  return result;
}

Workload findWorkload(const std::string &label) {
  for (Workload &workload : allWorkloads())
    if (workload.label() == label)
      return workload;
  std::fprintf(stderr, "error: there is no workload %s\n", label.c_str());
  std::exit(2);
}

} // namespace bench
