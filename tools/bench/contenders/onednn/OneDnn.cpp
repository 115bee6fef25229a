//===- OneDnn.cpp - the workloads on oneDNN -------------------------------===//
//
//   bench-onednn WORKLOAD THREADS
//
// What oneDNN does not have, cross-entropy and Adam, is plain C++ that the
// compiler vectorizes.  The threads are OpenMP's (OMP_NUM_THREADS).
//
//===----------------------------------------------------------------------===//

#include "Contender.h"
#include "Data.h"
#include "Network.h"

#include <cmath>
#include <cstdio>

using namespace bench;

namespace {

memory mlp(Network &network) {
  memory x = network.dense("hidden1", network.input("x"), Activation::relu);
  x = network.dense("hidden2", x, Activation::relu);
  return network.dense("logits", x, Activation::none);
}

memory lenet(Network &network) {
  memory x = network.pool(network.conv("conv1", network.input("x")));
  x = network.pool(network.conv("conv2", x));
  x = network.dense("hidden1", x, Activation::relu);
  x = network.dense("hidden2", x, Activation::relu);
  return network.dense("logits", x, Activation::none);
}

memory encoder(Network &network) {
  constexpr int64_t heads = 4;
  memory x = network.input("x");
  const memory::dims shape = x.get_desc().dims();
  const int64_t batch = shape[0], length = shape[1], width = shape[2];
  const int64_t one = width / heads;
  x = network.view(x, 0, {batch * length, width}, {width, 1});
  memory qkv = network.dense("attention.qkv", network.layerNorm("norm1", x),
                             Activation::none);
  memory::dims strides = {length * 3 * width, one, 3 * width, 1};
  memory::dims transposed = {length * 3 * width, one, 1, 3 * width};
  memory q = network.view(qkv, 0, {batch, heads, length, one}, strides);
  memory k = network.view(qkv, width, {batch, heads, one, length}, transposed);
  memory v = network.view(qkv, 2 * width, {batch, heads, length, one}, strides);
  memory scores =
      network.matmul(q, k, {}, 1 / std::sqrt(static_cast<float>(one)));
  memory joined = network.make({{batch * length, width}, Type::f32, Tag::ab});
  network.matmul(network.softmax(scores, 3), v,
                 network.view(joined, 0, {batch, heads, length, one},
                              {length * width, one, width, 1}));
  x = network.dense("attention.output", joined, Activation::none, x);
  memory y =
      network.dense("up", network.layerNorm("norm2", x), Activation::gelu);
  return network.dense("down", y, Activation::none, x);
}

/// The result of a workload without training; empty if oneDNN has no primitive
/// for it.
memory build(const std::string &name, Network &network) {
  if (name == "W1")
    return network.softmax(mlp(network), 1);
  if (name == "W2")
    return network.softmax(lenet(network), 1);
  if (name == "W4")
    return encoder(network);
  if (name == "W5")
    return network.lstm(network.input("x"));
  if (name == "W8")
    return network.product(network.input("a"), "b");
  if (name == "W8-variable")
    return network.matmul(network.input("a"), network.input("b"), {});
  if (name == "W9-softmax")
    return network.softmax(network.input("x"), 1);
  if (name == "W9-layernorm")
    return network.layerNorm("norm", network.input("x"));
  return {};
}

class Inference : public Contender {
public:
  Inference(const Workload &workload)
      : network(workload), output(build(workload.name, network)) {}
  bool supported() const { return static_cast<bool>(output); }
  void run() override { network.execute(0, network.size()); }
  std::vector<float> result() override {
    return {data(output), data(output) + elements(output)};
  }

private:
  Network network;
  memory output;
};

class Training : public Contender {
public:
  explicit Training(const Workload &workload)
      : network(workload), labels(workload.batch) {
    logits = workload.name == "W6-mlp" ? mlp(network) : lenet(network);
    forward = network.size();
    fillClasses(workload.inputs[1], labels.data());
    gradient = network.make(logits.get_desc());
    network.backward(gradient);
    for (const Trained &trained : network.trained) {
      first.emplace_back(elements(trained.value));
      second.emplace_back(elements(trained.value));
    }
  }

  void run() override {
    network.execute(0, forward);
    crossEntropy();
    network.execute(forward, network.size());
    adam();
  }
  std::vector<float> result() override { return {static_cast<float>(loss)}; }

private:
  void crossEntropy() {
    constexpr int classes = 10;
    loss = 0;
    auto batch = static_cast<float>(labels.size());
    for (size_t i = 0; i < labels.size(); ++i) {
      const float *row = data(logits) + i * classes;
      float *to = data(gradient) + i * classes;
      float largest = *std::max_element(row, row + classes), sum = 0;
      for (int c = 0; c < classes; ++c)
        sum += to[c] = std::exp(row[c] - largest);
      loss -= std::log(to[labels[i]] / sum) / batch;
      for (int c = 0; c < classes; ++c)
        to[c] = (to[c] / sum - (c == labels[i] ? 1 : 0)) / batch;
    }
  }

  void adam() {
    constexpr float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
    ++steps;
    auto rate = static_cast<float>(1e-3 / (1 - std::pow(0.9, steps)));
    auto correction =
        static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, steps)));
    for (size_t k = 0; k < network.trained.size(); ++k) {
      float *__restrict value = data(network.trained[k].value);
      const float *__restrict g = data(network.trained[k].gradient);
      float *__restrict m = first[k].data(), *__restrict v = second[k].data();
      size_t n = first[k].size();
      for (size_t i = 0; i < n; ++i) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        value[i] -=
            rate * m[i] / (__builtin_sqrtf(v[i]) * correction + epsilon);
      }
    }
  }

  Network network;
  std::vector<int> labels;
  memory logits, gradient;
  size_t forward = 0;
  std::vector<std::vector<float>> first, second;
  double loss = 0;
  int64_t steps = 0;
};

} // namespace

int main(int argc, char **argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench-onednn WORKLOAD THREADS\n");
    return 2;
  }
  Workload workload = findWorkload(argv[1]);
  noteLoaded();
  if (workload.name == "W6-mlp" || workload.name == "W6-lenet") {
    Training training(workload);
    return serve(training, true);
  }
  if (workload.training)
    return serveUnsupported();
  Inference inference(workload);
  return inference.supported() ? serve(inference, false) : serveUnsupported();
} catch (const std::exception &error) {
  std::fprintf(stderr, "bench-onednn: error: %s\n", error.what());
  return 1;
}
