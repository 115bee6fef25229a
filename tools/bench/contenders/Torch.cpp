//===- Torch.cpp - the workloads on libtorch ------------------------------===//
//
//   bench-torch WORKLOAD THREADS
//
// A workload is run in the ways that libtorch offers: operation by operation;
// traced, frozen and optimized; by the one function that there is for a
// transformer's layer.  The fastest on this machine counts.
//
//===----------------------------------------------------------------------===//

#include "Contender.h"
#include "Data.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/script.h>
#include <torch/torch.h>

using namespace bench;
using torch::Tensor;

namespace {

Tensor makeTensor(const Source &source) {
  if (source.classes) {
    Tensor result = torch::empty(source.shape, torch::kLong);
    fillClasses(source, result.data_ptr<int64_t>());
    return result;
  }
  Tensor result = torch::empty(source.shape);
  fill(source, result.data_ptr<float>());
  return result;
}

/// A workload's tensors and its forward pass.
class Network {
public:
  explicit Network(const Workload &workload) : workload(workload) {
    for (const Source &source : workload.parameters) {
      Tensor value = makeTensor(source);
      // As torch has a dense layer's weights.
      if (source.shape.size() == 4 && source.name.rfind("conv", 0) != 0)
        value = value.flatten(1);
      parameters[source.name] = value.set_requires_grad(workload.training);
    }
    for (const Source &source : workload.inputs)
      inputs.push_back(makeTensor(source));
  }

  Tensor forward(const std::vector<Tensor> &x);

  std::vector<Tensor> inputs;
  std::map<std::string, Tensor> parameters;

private:
  Tensor dense(const std::string &name, Tensor x) {
    return torch::linear(x, parameters[name + ".weight"],
                         parameters[name + ".bias"]);
  }
  Tensor conv(const std::string &name, Tensor x) {
    return torch::max_pool2d(
        torch::relu(torch::conv2d(x, parameters[name + ".weight"],
                                  parameters[name + ".bias"])),
        2);
  }
  Tensor norm(const std::string &name, Tensor x) {
    return torch::layer_norm(x, {x.size(-1)}, parameters[name + ".gamma"],
                             parameters[name + ".beta"], 1e-5);
  }
  Tensor mlp(Tensor x) {
    x = torch::relu(dense("hidden1", x));
    return dense("logits", torch::relu(dense("hidden2", x)));
  }
  Tensor lenet(Tensor x) {
    return mlp(torch::flatten(conv("conv2", conv("conv1", x)), 1));
  }
  Tensor encoderBlock(const std::string &scope, Tensor x, bool causal) {
    constexpr int64_t heads = 4;
    const int64_t batch = x.size(0), length = x.size(1), width = x.size(2);
    Tensor qkv = dense(scope + "attention.qkv", norm(scope + "norm1", x))
                     .view({batch, length, 3, heads, width / heads})
                     .permute({2, 0, 3, 1, 4});
    Tensor scores =
        torch::matmul(qkv.select(0, 0), qkv.select(0, 1).transpose(-2, -1)) *
        (1 / std::sqrt(static_cast<double>(width / heads)));
    if (causal) {
      if (!mask.defined())
        mask = torch::full({length, length}, -1e9).triu(1);
      scores = scores + mask;
    }
    Tensor joined = torch::matmul(torch::softmax(scores, -1), qkv.select(0, 2))
                        .transpose(1, 2)
                        .reshape({batch, length, width});
    x = x + dense(scope + "attention.output", joined);
    return x +
           dense(scope + "down",
                 torch::gelu(dense(scope + "up", norm(scope + "norm2", x))));
  }
  Tensor lstm(Tensor x) {
    const Tensor &recurrent = parameters["lstm.weight_h"];
    Tensor zero = torch::zeros({1, x.size(1), recurrent.size(1)});
    Tensor bias = parameters["lstm.bias"];
    return std::get<0>(torch::lstm(
        x, {zero, zero},
        {parameters["lstm.weight_x"], recurrent, bias, torch::zeros_like(bias)},
        true, 1, 0.0, false, false, false));
  }
  Tensor chars(Tensor text) {
    Tensor x = torch::embedding(parameters["characters.weight"], text) +
               parameters["positions"];
    x = encoderBlock("layer0.", x, true);
    x = encoderBlock("layer1.", x, true);
    return dense("logits", norm("norm", x)).flatten(0, 1);
  }

  const Workload &workload;
  Tensor mask;
};

/// The result; the logits, in training.
Tensor Network::forward(const std::vector<Tensor> &x) {
  const std::string &name = workload.name;
  if (name == "W1")
    return torch::softmax(mlp(x[0]), 1);
  if (name == "W2")
    return torch::softmax(lenet(x[0]), 1);
  if (name == "W4")
    return encoderBlock("", x[0], false);
  if (name == "W5")
    return lstm(x[0]);
  if (name == "W6-mlp")
    return mlp(x[0]);
  if (name == "W6-lenet")
    return lenet(x[0]);
  if (name == "W7")
    return chars(x[0]);
  if (name == "W8")
    return torch::mm(x[0], parameters["b"]);
  if (name == "W8-variable")
    return torch::mm(x[0], x[1]);
  if (name == "W9-chain")
    return torch::tanh(x[0] * x[1] + x[2]) * torch::sigmoid(x[3]);
  if (name == "W9-softmax")
    return torch::softmax(x[0], 1);
  if (name == "W9-layernorm")
    return norm("norm", x[0]);
  return {};
}

class Inference : public Contender {
public:
  explicit Inference(const Workload &workload)
      : workload(workload), network(workload) {
    call = [this] {
      c10::InferenceMode inference;
      return network.forward(network.inputs);
    };
  }

  void run() override { output = call(); }
  std::vector<float> result() override {
    Tensor dense = output.contiguous();
    const float *values = dense.data_ptr<float>();
    return {values, values + dense.numel()};
  }

  void settle() override {
    std::vector<Call> ways = {call, traced()};
    if (workload.name == "W4")
      ways.push_back([this] {
        torch::NoGradGuard none;
        return transformerLayer(network.parameters, network.inputs[0]);
      });
    double best = 1e30;
    for (const Call &way : ways) {
      double time = timed(way);
      if (time < best) {
        best = time;
        call = way;
      }
    }
  }

private:
  using Call = std::function<Tensor()>;

  /// Traced with the parameters as the module's own, frozen, optimized.
  Call traced() {
    torch::NoGradGuard none;
    auto module = std::make_shared<torch::jit::Module>("Model");
    for (auto &[name, value] : network.parameters) {
      std::string member = name;
      std::replace(member.begin(), member.end(), '.', '_');
      module->register_parameter(member, value, false);
    }
    torch::jit::Stack inputs(network.inputs.begin(), network.inputs.end());
    auto graph =
        torch::jit::tracer::trace(
            inputs,
            [this](torch::jit::Stack stack) -> torch::jit::Stack {
              std::vector<Tensor> x;
              for (const auto &value : stack)
                x.push_back(value.toTensor());
              return {network.forward(x)};
            },
            [](const Tensor &) { return std::string(); }, /*strict=*/true,
            /*force_outplace=*/false, module.get())
            .first->graph;
    auto *function = module->_ivalue()->compilation_unit()->create_function(
        c10::QualifiedName("Model.forward"), graph);
    module->type()->addMethod(function);
    module->eval();
    torch::jit::Module frozen = torch::jit::freeze(*module);
    *module = torch::jit::optimize_for_inference(frozen);
    return [module, inputs] {
      torch::NoGradGuard none;
      return module->forward(inputs).toTensor();
    };
  }

  static Tensor transformerLayer(std::map<std::string, Tensor> &p, Tensor x) {
    return at::_transformer_encoder_layer_fwd(
        x, x.size(2), 4, p["attention.qkv.weight"], p["attention.qkv.bias"],
        p["attention.output.weight"], p["attention.output.bias"],
        /*use_gelu=*/true, /*norm_first=*/true, 1e-5, p["norm1.gamma"],
        p["norm1.beta"], p["norm2.gamma"], p["norm2.beta"], p["up.weight"],
        p["up.bias"], p["down.weight"], p["down.bias"]);
  }

  /// The least of some calls, after the first ones, which compile.
  static double timed(const Call &call) {
    using Clock = std::chrono::steady_clock;
    constexpr int warmUp = 3, calls = 12;
    auto least = Clock::duration::max();
    for (int i = 0; i < warmUp + calls; ++i) {
      auto start = Clock::now();
      call();
      if (i >= warmUp)
        least = std::min(least, Clock::now() - start);
    }
    return std::chrono::duration<double>(least).count();
  }

  const Workload &workload;
  Network network;
  Call call;
  Tensor output;
};

class Training : public Contender {
public:
  explicit Training(const Workload &workload)
      : network(workload), optimizer(list(network)) {}

  void run() override {
    optimizer.zero_grad();
    loss = torch::nn::functional::cross_entropy(network.forward(network.inputs),
                                                network.inputs[1].flatten());
    loss.backward();
    optimizer.step();
  }
  std::vector<float> result() override { return {loss.item<float>()}; }

private:
  static torch::optim::Adam list(Network &network) {
    std::vector<Tensor> parameters;
    for (auto &[name, value] : network.parameters)
      parameters.push_back(value);
    return torch::optim::Adam(
        parameters,
        torch::optim::AdamOptions(1e-3).betas({0.9, 0.999}).eps(1e-8));
  }

  Network network;
  torch::optim::Adam optimizer;
  Tensor loss;
};

} // namespace

int main(int argc, char **argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench-torch WORKLOAD THREADS\n");
    return 2;
  }
  at::set_num_threads(std::atoi(argv[2]));
  at::set_num_interop_threads(1);
  Workload workload = findWorkload(argv[1]);
  noteLoaded();
  if (workload.training) {
    Training training(workload);
    return serve(training, true);
  }
  Inference inference(workload);
  return serve(inference, false);
} catch (const std::exception &error) {
  std::fprintf(stderr, "bench-torch: error: %s\n", error.what());
  return 1;
}
