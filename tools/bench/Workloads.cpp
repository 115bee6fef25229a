//===- Workloads.cpp - the table of workloads -----------------------------===//
//
// Each function below builds one row for one size.  Parameters are numbered in
// the order in which a network's forward pass meets them; the number is the
// seed of their data.
//
//===----------------------------------------------------------------------===//

#include "Workload.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>

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

/// A workload at any size, and the sizes that the table has.
struct Family {
  std::string name;
  std::function<Workload(int64_t)> atSize;
  std::vector<int64_t> sizes;
  /// Its shapes do not depend on a size.
  bool fixedSize = false;
};

const std::vector<Family> &families() {
  static const std::vector<int64_t> edges = {256, 512, 1024, 2048};
  static const std::vector<Family> result = {
      {"W1", mlp, {1, 32, 256}},
      {"W2", lenet, {1, 64}},
      {"W4", encoder, {1, 8}},
      {"W5", lstm, {1, 16}},
      {"W6-mlp", mlpTraining, {128}},
      {"W6-lenet", lenetTraining, {64}},
      {"W7", charsTraining, {16}},
      {"W8", [](int64_t n) { return gemm(n, /*constant=*/true); }, edges},
      {"W8-variable", [](int64_t n) { return gemm(n, /*constant=*/false); },
       edges},
      {"W9-chain", [](int64_t) { return chain(); }, {1}, /*fixedSize=*/true},
      {"W9-softmax", [](int64_t) { return softmax(); }, {1}, true},
      {"W9-layernorm", [](int64_t) { return layerNorm(); }, {1}, true}};
  return result;
}

/// What "NAME" or "NAME:SIZE" stands for: the sizes of the table, or that one.
/// A name stands for those that go on after it with a dash, too.
std::vector<Workload> named(const std::string &text) {
  constexpr int64_t largest = 1 << 20;
  size_t colon = text.find(':');
  std::string name = text.substr(0, colon);
  std::optional<int64_t> size;
  if (colon != std::string::npos) {
    int64_t number = 0;
    const char *begin = text.data() + colon + 1,
               *end = text.data() + text.size();
    auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || stop != end || number < 1 || number > largest)
      return {};
    size = number;
  }
  std::vector<Workload> result;
  for (const Family &family : families()) {
    if (family.name != name && (size || family.name.rfind(name + "-", 0) != 0))
      continue;
    if (size && family.fixedSize && *size != family.sizes.front())
      continue;
    for (int64_t each : size ? std::vector{*size} : family.sizes)
      result.push_back(family.atSize(each));
  }
  return result;
}

} // namespace

std::vector<Workload> allWorkloads() {
  std::vector<Workload> result;
  for (const Family &family : families())
    for (int64_t size : family.sizes)
      result.push_back(family.atSize(size));
  return result;
}

std::vector<Workload> selectWorkloads(const std::string &only) {
  if (only.empty())
    return allWorkloads();
  std::vector<Workload> result;
  for (size_t begin = 0; begin <= only.size();) {
    size_t end = std::min(only.find(',', begin), only.size());
    std::vector<Workload> some = named(only.substr(begin, end - begin));
    if (some.empty())
      return {};
    for (Workload &workload : some)
      if (std::none_of(result.begin(), result.end(),
                       [&](const Workload &other) {
                         return other.label() == workload.label();
                       }))
        result.push_back(std::move(workload));
    begin = end + 1;
  }
  auto row = [](const Workload &workload) {
    return std::find_if(
        families().begin(), families().end(),
        [&](const Family &family) { return family.name == workload.name; });
  };
  std::stable_sort(
      result.begin(), result.end(),
      [&](const Workload &a, const Workload &b) { return row(a) < row(b); });
  return result;
}

Workload findWorkload(const std::string &label) {
  std::vector<Workload> found = named(label);
  if (found.size() == 1)
    return std::move(found.front());
  std::fprintf(stderr, "error: there is no workload %s\n", label.c_str());
  std::exit(2);
}

} // namespace bench
