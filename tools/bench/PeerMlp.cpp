//===- PeerMlp.cpp - the MLP's training step, on oneDNN -------------------===//
//
// Inner products in the layouts that oneDNN asks for, weights kept in them,
// ReLU as a post-op of the forward pass; what oneDNN does not have (scaling the
// images, cross-entropy, Adam) is plain C++ that the compiler vectorizes.
//
//===----------------------------------------------------------------------===//

#include "PeerMlp.h"

#include <cmath>
#include <cstring>
#include <dnnl.hpp>
#include <unordered_map>

using namespace dnnl;

namespace bench {

namespace {
using Type = memory::data_type;
using Tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

struct Call {
  primitive what;
  Arguments arguments;
};

struct Parameter {
  memory value, gradient;
  std::vector<float> first, second;
};

float *data(const memory &m) {
  return static_cast<float *>(m.get_data_handle());
}
} // namespace

struct PeerMlp::State {
  engine cpu{engine::kind::cpu, 0};
  stream queue{cpu};
  int64_t batch, classes;
  memory input, logits, logitsGradient;
  std::vector<Call> forward, backward;
  std::vector<Parameter> parameters;
  int64_t steps = 0;

  memory make(const memory::desc &desc) {
    memory result(desc, cpu);
    std::memset(result.get_data_handle(), 0, desc.get_size());
    return result;
  }
  memory reordered(std::vector<Call> &calls, const memory &from,
                   const memory::desc &desc) {
    if (from.get_desc() == desc)
      return from;
    memory to = make(desc);
    calls.push_back(
        {reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}});
    return to;
  }
};

PeerMlp::PeerMlp(int64_t batch, const std::vector<DenseParameters> &layers)
    : state(std::make_unique<State>()) {
  State &s = *state;
  s.batch = batch;
  s.classes = layers.back().out;
  auto plain = [](memory::dims dims) {
    return memory::desc(dims, Type::f32, dims.size() == 1 ? Tag::a : Tag::ab);
  };
  auto any = [](memory::dims dims) {
    return memory::desc(dims, Type::f32, Tag::any);
  };

  struct Layer {
    inner_product_forward::primitive_desc forward;
    memory input, weight, bias, output;
  };
  std::vector<Layer> built;
  memory x = s.input = s.make(plain({batch, layers.front().in}));
  for (const DenseParameters &layer : layers) {
    bool last = &layer == &layers.back();
    primitive_attr attributes;
    if (!last) {
      post_ops relu;
      relu.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
      attributes.set_post_ops(relu);
    }
    inner_product_forward::primitive_desc forward(
        {prop_kind::forward_training, any({batch, layer.in}),
         any({layer.out, layer.in}), plain({layer.out}),
         plain({batch, layer.out})},
        attributes, s.cpu);
    // [in, out] is what oneDNN calls [out, in] in format ba.
    memory given({{layer.out, layer.in}, Type::f32, Tag::ba}, s.cpu,
                 const_cast<float *>(layer.weight));
    memory weight = s.make(forward.weights_desc());
    reorder(given, weight).execute(s.queue, given, weight);
    s.queue.wait();
    memory bias = s.make(plain({layer.out}));
    std::memcpy(data(bias), layer.bias, layer.out * sizeof(float));
    memory packed = s.reordered(s.forward, x, forward.src_desc());
    memory output = s.make(plain({batch, layer.out}));
    s.forward.push_back({inner_product_forward(forward),
                         {{DNNL_ARG_SRC, packed},
                          {DNNL_ARG_WEIGHTS, weight},
                          {DNNL_ARG_BIAS, bias},
                          {DNNL_ARG_DST, output}}});
    built.push_back({forward, packed, weight, bias, output});
    x = output;
  }
  s.logits = x;
  memory gradient = s.logitsGradient = s.make(plain({batch, s.classes}));

  for (size_t i = layers.size(); i-- > 0;) {
    const Layer &layer = built[i];
    int64_t in = layers[i].in, out = layers[i].out;
    if (i + 1 < layers.size()) {
      memory::desc desc = plain({batch, out});
      eltwise_forward::primitive_desc hint(
          {prop_kind::forward_training, algorithm::eltwise_relu_use_dst_for_bwd,
           desc, 0, 0},
          s.cpu);
      eltwise_backward::primitive_desc relu(
          {algorithm::eltwise_relu_use_dst_for_bwd, desc, desc, 0, 0}, s.cpu,
          hint);
      memory masked = s.make(desc);
      s.backward.push_back({eltwise_backward(relu),
                            {{DNNL_ARG_DST, layer.output},
                             {DNNL_ARG_DIFF_DST, gradient},
                             {DNNL_ARG_DIFF_SRC, masked}}});
      gradient = masked;
    }
    inner_product_backward_weights::primitive_desc weights(
        {any({batch, in}), any({out, in}), plain({out}), plain({batch, out})},
        s.cpu, layer.forward);
    memory source = s.reordered(s.backward, layer.input, weights.src_desc());
    memory weightGradient = s.make(weights.diff_weights_desc());
    memory biasGradient = s.make(plain({out}));
    s.backward.push_back({inner_product_backward_weights(weights),
                          {{DNNL_ARG_SRC, source},
                           {DNNL_ARG_DIFF_DST, gradient},
                           {DNNL_ARG_DIFF_WEIGHTS, weightGradient},
                           {DNNL_ARG_DIFF_BIAS, biasGradient}}});
    weightGradient =
        s.reordered(s.backward, weightGradient, layer.weight.get_desc());
    auto slots = [](const memory &m) {
      return std::vector<float>(m.get_desc().get_size() / sizeof(float));
    };
    s.parameters.push_back({layer.weight, weightGradient, slots(layer.weight),
                            slots(layer.weight)});
    s.parameters.push_back(
        {layer.bias, biasGradient, slots(layer.bias), slots(layer.bias)});
    if (i == 0)
      break;
    inner_product_backward_data::primitive_desc input(
        {any({batch, in}), any({out, in}), plain({batch, out})}, s.cpu,
        layer.forward);
    memory weight = s.reordered(s.backward, layer.weight, input.weights_desc());
    memory inputGradient = s.make(input.diff_src_desc());
    s.backward.push_back({inner_product_backward_data(input),
                          {{DNNL_ARG_WEIGHTS, weight},
                           {DNNL_ARG_DIFF_DST, gradient},
                           {DNNL_ARG_DIFF_SRC, inputGradient}}});
    gradient = s.reordered(s.backward, inputGradient, plain({batch, in}));
  }
}

PeerMlp::~PeerMlp() = default;

/// The mean loss, and its gradient with respect to the logits.
static float crossEntropy(const float *logits, const uint8_t *labels,
                          int64_t batch, int64_t classes, float *gradient) {
  double loss = 0;
  for (int64_t i = 0; i < batch; ++i) {
    const float *row = logits + i * classes;
    float largest = row[0], sum = 0;
    for (int64_t c = 1; c < classes; ++c)
      largest = std::max(largest, row[c]);
    for (int64_t c = 0; c < classes; ++c)
      sum += gradient[i * classes + c] = std::exp(row[c] - largest);
    for (int64_t c = 0; c < classes; ++c) {
      float &g = gradient[i * classes + c];
      g = (g / sum - (c == labels[i] ? 1.0f : 0.0f)) / batch;
    }
    loss += std::log(sum) + largest - row[labels[i]];
  }
  return static_cast<float>(loss / batch);
}

float PeerMlp::step(const uint8_t *images, const uint8_t *labels) {
  State &s = *state;
  float *input = data(s.input);
  size_t pixels = s.input.get_desc().get_size() / sizeof(float);
  for (size_t i = 0; i < pixels; ++i)
    input[i] = images[i] / 255.0f;
  for (Call &call : s.forward)
    call.what.execute(s.queue, call.arguments);
  s.queue.wait();
  float loss = crossEntropy(data(s.logits), labels, s.batch, s.classes,
                            data(s.logitsGradient));
  for (Call &call : s.backward)
    call.what.execute(s.queue, call.arguments);
  s.queue.wait();

  constexpr float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f, rate = 1e-3f;
  ++s.steps;
  float scale1 = 1 / (1 - std::pow(beta1, s.steps));
  float scale2 = 1 / (1 - std::pow(beta2, s.steps));
  for (Parameter &p : s.parameters) {
    float *__restrict w = data(p.value);
    const float *__restrict g = data(p.gradient);
    float *__restrict m = p.first.data(), *__restrict v = p.second.data();
    for (size_t i = 0; i < p.first.size(); ++i) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
      w[i] -=
          rate * (m[i] * scale1) / (__builtin_sqrtf(v[i] * scale2) + epsilon);
    }
  }
  return loss;
}

} // namespace bench
