//===- Graph.h - ONNX files, written ----------------------------*- C++ -*-===//
//
// So much of ONNX as the workloads need: one graph of operator set 17, with
// float and i64 constants, as protobuf's wire format (onnx.proto3 has the
// fields' numbers).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TOOLS_BENCH_ONNX_GRAPH_H
#define SINTER_TOOLS_BENCH_ONNX_GRAPH_H

#include <cstdint>
#include <string>
#include <vector>

namespace bench::onnx {

/// A message of protobuf under construction.
class Message {
public:
  void number(int field, int64_t value);
  void real(int field, float value);
  void bytes(int field, const void *data, size_t size);
  void text(int field, const std::string &value) {
    bytes(field, value.data(), value.size());
  }
  void message(int field, const Message &value) { text(field, value.wire); }
  const std::string &encoded() const { return wire; }

private:
  void varint(uint64_t value);
  std::string wire;
};

/// An attribute of a node.
struct Attribute {
  enum class Kind { real = 1, integer = 2, integers = 7 };
  std::string name;
  Kind kind;
  float real = 0;
  std::vector<int64_t> integers = {};

  static Attribute of(std::string name, int64_t value) {
    return {std::move(name), Kind::integer, 0, {value}};
  }
  static Attribute of(std::string name, std::vector<int64_t> values) {
    return {std::move(name), Kind::integers, 0, std::move(values)};
  }
  static Attribute ofReal(std::string name, float value) {
    return {std::move(name), Kind::real, value, {}};
  }
};

using Names = std::vector<std::string>;
using Extents = std::vector<int64_t>;

class Graph {
public:
  void input(const std::string &name, const Extents &shape);
  /// The name of a constant.
  std::string constant(const Extents &shape, const std::vector<float> &values);
  std::string constant(const Extents &shape,
                       const std::vector<int64_t> &values);
  std::string scalar(float value) {
    return constant({}, std::vector<float>{value});
  }
  /// The name of a node's result.
  std::string node(const std::string &operation, const Names &inputs,
                   const std::vector<Attribute> &attributes = {});
  /// The names of all its results.
  Names node(const std::string &operation, const Names &inputs,
             const std::vector<Attribute> &attributes, int results);
  /// Makes `name`, which no node reads, the one result, as "y", and writes the
  /// file.
  bool write(const std::string &path, const std::string &name,
             const Extents &shape);

private:
  std::string fresh() { return "v" + std::to_string(++count); }
  std::string initializer(const Extents &shape, int type, const void *data,
                          size_t size);

  struct Node {
    std::string operation;
    Names inputs, results;
    std::vector<Attribute> attributes;
  };
  static Message encode(const Node &node);

  Message graph;
  std::vector<Node> nodes;
  int count = 0;
};

} // namespace bench::onnx

#endif // SINTER_TOOLS_BENCH_ONNX_GRAPH_H
