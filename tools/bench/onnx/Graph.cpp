//===- Graph.cpp - ONNX files, written ------------------------------------===//

#include "Graph.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace bench::onnx {

namespace {

enum WireType { varintWire = 0, lengthWire = 2, fixed32Wire = 5 };
enum ElementType { floatType = 1, int64Type = 7 };

// The fields' numbers, by message.
namespace model {
enum { irVersion = 1, graph = 7, operatorSets = 8, setVersion = 2 };
}
namespace graphs {
enum { node = 1, name = 2, initializer = 5, input = 11, output = 12 };
}
namespace fields {
enum { input = 1, output = 2, operation = 4, attribute = 5 };
}
namespace attribute {
enum { name = 1, real = 2, integer = 3, integers = 8, type = 20 };
}
namespace tensors {
enum { dims = 1, type = 2, name = 8, data = 9 };
}

/// A ValueInfoProto of floats.
Message describe(const std::string &name, const Extents &shape) {
  Message extents;
  for (int64_t extent : shape) {
    Message dimension;
    dimension.number(1, extent);
    extents.message(1, dimension);
  }
  Message tensor, type, value;
  tensor.number(1, floatType);
  tensor.message(2, extents);
  type.message(1, tensor);
  value.text(1, name);
  value.message(2, type);
  return value;
}

} // namespace

void Message::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    wire += static_cast<char>(value | 0x80);
  wire += static_cast<char>(value);
}

void Message::number(int field, int64_t value) {
  varint(static_cast<uint64_t>(field) << 3 | varintWire);
  varint(static_cast<uint64_t>(value));
}

void Message::real(int field, float value) {
  varint(static_cast<uint64_t>(field) << 3 | fixed32Wire);
  char data[sizeof value];
  std::memcpy(data, &value, sizeof value);
  wire.append(data, sizeof value);
}

void Message::bytes(int field, const void *data, size_t size) {
  varint(static_cast<uint64_t>(field) << 3 | lengthWire);
  varint(size);
  wire.append(static_cast<const char *>(data), size);
}

void Graph::input(const std::string &name, const Extents &shape) {
  graph.message(graphs::input, describe(name, shape));
}

std::string Graph::initializer(const Extents &shape, int type, const void *data,
                               size_t size) {
  std::string name = fresh();
  Message tensor;
  for (int64_t extent : shape)
    tensor.number(tensors::dims, extent);
  tensor.number(tensors::type, type);
  tensor.text(tensors::name, name);
  tensor.bytes(tensors::data, data, size);
  graph.message(graphs::initializer, tensor);
  return name;
}

std::string Graph::constant(const Extents &shape,
                            const std::vector<float> &values) {
  return initializer(shape, floatType, values.data(),
                     values.size() * sizeof(float));
}

std::string Graph::constant(const Extents &shape,
                            const std::vector<int64_t> &values) {
  return initializer(shape, int64Type, values.data(),
                     values.size() * sizeof(int64_t));
}

Names Graph::node(const std::string &operation, const Names &inputs,
                  const std::vector<Attribute> &attributes, int results) {
  Names names;
  for (int i = 0; i < results; ++i)
    names.push_back(fresh());
  nodes.push_back({operation, inputs, names, attributes});
  return names;
}

Message Graph::encode(const Node &node) {
  Message result;
  for (const std::string &input : node.inputs)
    result.text(fields::input, input);
  for (const std::string &name : node.results)
    result.text(fields::output, name);
  result.text(fields::operation, node.operation);
  for (const Attribute &from : node.attributes) {
    Message to;
    to.text(attribute::name, from.name);
    if (from.kind == Attribute::Kind::real)
      to.real(attribute::real, from.real);
    else
      for (int64_t value : from.integers)
        to.number(from.kind == Attribute::Kind::integer ? attribute::integer
                                                        : attribute::integers,
                  value);
    to.number(attribute::type, static_cast<int>(from.kind));
    result.message(fields::attribute, to);
  }
  return result;
}

std::string Graph::node(const std::string &operation, const Names &inputs,
                        const std::vector<Attribute> &attributes) {
  return node(operation, inputs, attributes, 1)[0];
}

bool Graph::write(const std::string &path, const std::string &name,
                  const Extents &shape) {
  for (Node node : nodes) {
    std::replace(node.results.begin(), node.results.end(), name,
                 std::string("y"));
    graph.message(graphs::node, encode(node));
  }
  graph.text(graphs::name, "workload");
  graph.message(graphs::output, describe("y", shape));
  Message operators, file;
  operators.number(model::setVersion, 17);
  file.number(model::irVersion, 8);
  file.message(model::operatorSets, operators);
  file.message(model::graph, graph);
  std::FILE *stream = std::fopen(path.c_str(), "wb");
  if (!stream)
    return false;
  const std::string &bytes = file.encoded();
  size_t written = std::fwrite(bytes.data(), 1, bytes.size(), stream);
  return std::fclose(stream) == 0 && written == bytes.size();
}

} // namespace bench::onnx
