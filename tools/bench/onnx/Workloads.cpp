//===- Workloads.cpp - workloads as ONNX files ----------------------------===//
//
// As an exporter would write them: by ONNX's plain operators, which the
// runtime's own optimizer then fuses.
//
//===----------------------------------------------------------------------===//

#include "onnx/Workloads.h"

#include "Data.h"
#include "onnx/Graph.h"

#include <cmath>

namespace bench::onnx {

namespace {

class Writer {
public:
  explicit Writer(const Workload &workload) : workload(workload) {
    for (const Source &source : workload.inputs)
      graph.input(source.name, source.shape);
  }

  /// The result's name.
  std::string build();
  Graph graph;

private:
  using Kind = Attribute;

  std::string parameter(const std::string &name) {
    const Source &source = workload.parameter(name);
    return graph.constant(source.shape, floats(source));
  }
  /// A dense layer's weight [out, in] as [in, out], for products of more than
  /// two dimensions.
  std::string transposed(const std::string &name) {
    const Source &source = workload.parameter(name);
    const int64_t out = source.shape[0], in = source.shape[1];
    std::vector<float> from = floats(source), to(from.size());
    for (int64_t o = 0; o < out; ++o)
      for (int64_t i = 0; i < in; ++i)
        to[i * out + o] = from[o * in + i];
    return graph.constant({in, out}, to);
  }

  std::string gemm(const std::string &name, const std::string &x) {
    const Source &weight = workload.parameter(name + ".weight");
    std::string flat = graph.constant(
        {weight.shape[0], weight.size() / weight.shape[0]}, floats(weight));
    return graph.node("Gemm", {x, flat, parameter(name + ".bias")},
                      {Kind::of("transB", 1)});
  }
  std::string relu(const std::string &x) { return graph.node("Relu", {x}); }
  std::string softmax(const std::string &x) {
    return graph.node("Softmax", {x}, {Kind::of("axis", -1)});
  }
  std::string mlp(std::string x) {
    x = relu(gemm("hidden1", x));
    return softmax(gemm("logits", relu(gemm("hidden2", x))));
  }
  std::string conv(const std::string &name, const std::string &x) {
    std::string y = relu(graph.node(
        "Conv", {x, parameter(name + ".weight"), parameter(name + ".bias")}));
    const Extents two = {2, 2};
    return graph.node(
        "MaxPool", {y},
        {Kind::of("kernel_shape", two), Kind::of("strides", two)});
  }
  std::string dense(const std::string &name, const std::string &x) {
    return graph.node("Add",
                      {graph.node("MatMul", {x, transposed(name + ".weight")}),
                       parameter(name + ".bias")});
  }
  std::string norm(const std::string &name, const std::string &x) {
    return graph.node(
        "LayerNormalization",
        {x, parameter(name + ".gamma"), parameter(name + ".beta")},
        {Kind::of("axis", -1), Kind::ofReal("epsilon", 1e-5f)});
  }
  std::string gelu(const std::string &x) {
    std::string erf = graph.node(
        "Erf", {graph.node("Div", {x, graph.scalar(std::sqrt(2.0f))})});
    return graph.node(
        "Mul",
        {graph.node("Mul", {x, graph.node("Add", {erf, graph.scalar(1)})}),
         graph.scalar(0.5f)});
  }
  std::string encoder(std::string x);
  std::string lstm(const std::string &x);

  const Workload &workload;
};

std::string Writer::encoder(std::string x) {
  constexpr int64_t heads = 4;
  const Extents &shape = workload.inputs[0].shape;
  const int64_t batch = shape[0], length = shape[1], width = shape[2];
  Names parts = graph.node(
      "Split",
      {dense("attention.qkv", norm("norm1", x)),
       graph.constant({3}, std::vector<int64_t>{width, width, width})},
      {Kind::of("axis", 2)}, 3);
  std::string byHead = graph.constant(
      {4}, std::vector<int64_t>{batch, length, heads, width / heads});
  auto head = [&](const std::string &part, const Extents &order) {
    return graph.node("Transpose", {graph.node("Reshape", {part, byHead})},
                      {Kind::of("perm", order)});
  };
  std::string q = head(parts[0], {0, 2, 1, 3});
  std::string k = head(parts[1], {0, 2, 3, 1});
  std::string v = head(parts[2], {0, 2, 1, 3});
  std::string scale =
      graph.scalar(1 / std::sqrt(static_cast<float>(width / heads)));
  std::string scores = graph.node("Mul", {graph.node("MatMul", {q, k}), scale});
  std::string joined = graph.node(
      "Reshape",
      {graph.node("Transpose", {graph.node("MatMul", {softmax(scores), v})},
                  {Kind::of("perm", Extents{0, 2, 1, 3})}),
       graph.constant({3}, std::vector<int64_t>{batch, length, width})});
  x = graph.node("Add", {x, dense("attention.output", joined)});
  return graph.node("Add",
                    {x, dense("down", gelu(dense("up", norm("norm2", x))))});
}

/// ONNX has the gates in the order i, o, f, c.
std::string Writer::lstm(const std::string &x) {
  auto reordered = [&](const std::string &name, Extents shape) {
    constexpr int order[] = {0, 3, 1, 2};
    std::vector<float> from = floats(workload.parameter(name)), to;
    size_t gate = from.size() / 4;
    for (int g : order)
      to.insert(to.end(), from.begin() + static_cast<int64_t>(g * gate),
                from.begin() + static_cast<int64_t>((g + 1) * gate));
    // The second half of the biases.
    if (name == "lstm.bias")
      to.resize(2 * to.size());
    shape.insert(shape.begin(), 1);
    return graph.constant(shape, to);
  };
  const Extents &recurrent = workload.parameter("lstm.weight_h").shape;
  const Extents &input = workload.parameter("lstm.weight_x").shape;
  std::string states = graph.node("LSTM",
                                  {x, reordered("lstm.weight_x", input),
                                   reordered("lstm.weight_h", recurrent),
                                   reordered("lstm.bias", {2 * recurrent[0]})},
                                  {Kind::of("hidden_size", recurrent[1])});
  return graph.node("Squeeze",
                    {states, graph.constant({1}, std::vector<int64_t>{1})});
}

std::string Writer::build() {
  const std::string &name = workload.name;
  if (name == "W1")
    return mlp("x");
  if (name == "W2")
    return mlp(graph.node("Flatten", {conv("conv2", conv("conv1", "x"))}));
  if (name == "W4")
    return encoder("x");
  if (name == "W5")
    return lstm("x");
  if (name == "W8")
    return graph.node("MatMul", {"a", parameter("b")});
  if (name == "W8-variable")
    return graph.node("MatMul", {"a", "b"});
  if (name == "W9-softmax")
    return softmax("x");
  if (name == "W9-layernorm")
    return norm("norm", "x");
  if (name != "W9-chain")
    return {};
  std::string sum = graph.node("Add", {graph.node("Mul", {"a", "b"}), "c"});
  return graph.node("Mul",
                    {graph.node("Tanh", {sum}), graph.node("Sigmoid", {"d"})});
}

} // namespace

bool write(const Workload &workload, const std::string &path) {
  if (workload.training)
    return false;
  Writer writer(workload);
  std::string result = writer.build();
  return !result.empty() &&
         writer.graph.write(path, result, workload.outputShape);
}

} // namespace bench::onnx
