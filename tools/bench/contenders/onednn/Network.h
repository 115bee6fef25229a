//===- Network.h - networks of oneDNN's primitives --------------*- C++ -*-===//
//
// Layers append primitives to a list that a call executes in order.  As oneDNN
// wants to be used: it chooses the layouts, weights are brought into theirs
// once, bias, activation and residual are a part of the product.
//
// In training each layer also leaves a function that, given the gradient of its
// result, appends the primitives of its backward pass.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_CONTENDERS_ONEDNN_NETWORK_H
#define SINTER_TOOLS_BENCH_CONTENDERS_ONEDNN_NETWORK_H

#include "Workload.h"

#include <dnnl.hpp>
#include <functional>
#include <unordered_map>

namespace bench {

using dnnl::memory;
using Type = memory::data_type;
using Tag = memory::format_tag;

enum class Activation { none, relu, gelu };

/// A trained tensor, in oneDNN's layout, and its gradient in the same.
struct Trained {
  memory value, gradient;
};

class Network {
public:
  explicit Network(const Workload &workload) : workload(workload) {}

  /// Runs the primitives from number `begin` to before `end`.
  void execute(size_t begin, size_t end);
  size_t size() const { return calls.size(); }

  /// The workload's input in its own layout.
  memory input(const std::string &name);

  /// x·w + b, an activation of it, or its sum with `residual`.
  memory dense(const std::string &name, memory x, Activation activation,
               memory residual = {});
  /// relu of a 5×5 convolution.
  memory conv(const std::string &name, memory x);
  /// The largest of each 2×2.
  memory pool(memory x);
  memory softmax(memory x, int axis);
  memory layerNorm(const std::string &name, memory x);
  /// c = scale·a·b, by matrix or batch of them; c is made if it is empty.
  memory matmul(memory a, memory b, memory c, float scale = 1);
  /// a·b with a constant b.
  memory product(memory a, const std::string &b);
  memory lstm(memory x);

  /// A tensor of zeros, which lives as long as the network.
  memory make(const memory::desc &desc);
  /// A part of a tensor that this network has made.
  memory view(memory whole, int64_t offset, const memory::dims &shape,
              const memory::dims &strides);

  /// Appends the backward pass of all layers so far.
  void backward(memory gradientOfResult);
  std::vector<Trained> trained;

private:
  using Arguments = std::unordered_map<int, memory>;
  using Backward = std::function<memory(memory)>;

  void append(dnnl::primitive what, Arguments arguments);
  /// `from` in another layout, by a primitive of its own if it has to be.
  memory laidOut(memory from, const memory::desc &desc);
  /// The same for a constant: now, and never again.
  memory packed(memory from, const memory::desc &desc);
  memory parameter(const std::string &name, const memory::dims &shape, Tag tag);
  dnnl::prop_kind direction() const;
  dnnl::primitive_attr epilogue(Activation activation, memory residual) const;
  /// Makes a weight and its bias known to the optimizer.
  void train(memory weight, memory bias);
  /// The gradient in front of a relu with this result.
  memory reluBackward(memory result, memory gradient);
  memory denseBackward(const dnnl::inner_product_forward::primitive_desc &pd,
                       memory x, size_t parameters, bool first,
                       memory gradient);
  memory convBackward(const dnnl::convolution_forward::primitive_desc &pd,
                      memory x, size_t parameters, bool first, memory gradient);
  /// Appends a primitive that computes a weight's gradient in layout `desc` and
  /// brings it into the weight's own.
  void weightGradient(dnnl::primitive what, Arguments arguments,
                      const memory::desc &desc, size_t parameters);

  const Workload &workload;
  dnnl::engine cpu{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{cpu};
  std::vector<std::pair<dnnl::primitive, Arguments>> calls;
  std::vector<Backward> backwards;
  std::vector<memory> made;
};

/// A layout for oneDNN to choose.
inline memory::desc anyLayout(const memory::dims &shape) {
  return {shape, Type::f32, Tag::any};
}
inline float *data(const memory &m) {
  return static_cast<float *>(m.get_data_handle());
}
inline int64_t elements(const memory &m) {
  return static_cast<int64_t>(m.get_desc().get_size() / sizeof(float));
}

} // namespace bench

#endif // SINTER_TOOLS_BENCH_CONTENDERS_ONEDNN_NETWORK_H
