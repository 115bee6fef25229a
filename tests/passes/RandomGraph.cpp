//===- RandomGraph.cpp - models that nobody would write -------------------===//

#include "RandomGraph.h"

#include <numeric>
#include <random>
#include <vector>

namespace {

using Shape = std::vector<int64_t>;

struct Value {
  std::string name;
  Shape shape;
  std::string element;

  std::string type() const {
    std::string text = "tensor<";
    for (int64_t extent : shape)
      text += std::to_string(extent) + "x";
    return text + element + ">";
  }
};

std::string list(const Shape &numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i)
    text += (i ? ", " : "") + std::to_string(numbers[i]);
  return text + "]";
}

class Graph {
public:
  explicit Graph(uint32_t seed) : generator(seed) {}
  std::string make(int ops);

private:
  int pick(int count) { return static_cast<int>(generator() % count); }
  template <typename T> const T &oneOf(const std::vector<T> &choices) {
    return choices[pick(choices.size())];
  }
  Value fresh(Shape shape, std::string element) {
    return {"%v" + std::to_string(next++), std::move(shape),
            std::move(element)};
  }
  const Value &add(Value value, const std::string &text) {
    body += value.name + " = sinter." + text + "\n";
    values.push_back(std::move(value));
    return values.back();
  }

  /// Any value made so far; recent ones are likelier, so chains form.
  Value any() {
    int n = values.size();
    return values[pick(2) ? pick(n) : n - 1 - pick(std::min(n, 4))];
  }
  Value anyFloat() {
    for (int tries = 0; tries < 50; ++tries)
      if (Value v = any(); v.element == "f32")
        return v;
    return values[0];
  }
  /// A float of this shape, broadcast from a scalar if there is none.
  Value like(const Shape &shape) {
    for (int tries = 0; tries < 8; ++tries)
      if (Value v = any(); v.element == "f32" && v.shape == shape)
        return v;
    if (pick(2)) {
      Value c = fresh(shape, "f32");
      return add(c, "constant dense<" + std::to_string(pick(9) - 4) +
                        ".5> : " + c.type());
    }
    Value scalar = fresh({}, "f32");
    add(scalar, "constant dense<0.75> : tensor<f32>");
    Value b = fresh(shape, "f32");
    return add(b, "broadcast " + scalar.name + " dims [] : tensor<f32> -> " +
                      b.type());
  }

  void pointwise();
  void movement();
  void broadcast();
  void reduction();
  void contraction();
  void indexing();
  void scan();

  std::mt19937 generator;
  int next = 0;
  std::string body;
  std::vector<Value> values;
};

} // namespace

void Graph::pointwise() {
  Value a = anyFloat();
  Value r = fresh(a.shape, "f32");
  switch (pick(6)) {
  case 0:
    add(r, oneOf<std::string>({"neg", "abs", "exp", "tanh", "logistic"}) + " " +
               a.name + " : " + a.type());
    break;
  case 1: {
    Value b = like(a.shape), c = fresh(a.shape, "i1");
    add(c, "compare gt " + a.name + ", " + b.name + " : " + a.type());
    add(r,
        "select " + c.name + ", " + a.name + ", " + b.name + " : " + a.type());
    break;
  }
  case 2: {
    Value i = fresh(a.shape, "i32");
    add(i, "cast " + a.name + " : " + a.type() + " to " + i.type());
    add(r, "cast " + i.name + " : " + i.type() + " to " + r.type());
    break;
  }
  default:
    add(r, oneOf<std::string>({"add", "sub", "mul", "max", "min", "div"}) +
               " " + a.name + ", " + like(a.shape).name + " : " + a.type());
  }
}

void Graph::broadcast() {
  Value a = any();
  if (a.shape.size() > 2)
    return;
  Value r = a;
  r.name = fresh({}, "").name;
  Shape dims(a.shape.size());
  std::iota(dims.begin(), dims.end(), 0);
  if (pick(2)) { // in front
    r.shape.insert(r.shape.begin(), 1 + pick(4));
    for (int64_t &d : dims)
      ++d;
  } else {
    r.shape.push_back(1 + pick(4));
  }
  add(r, "broadcast " + a.name + " dims " + list(dims) + " : " + a.type() +
             " -> " + r.type());
}

void Graph::movement() {
  Value a = any();
  size_t rank = a.shape.size();
  if (rank == 0)
    return;
  Value r = a;
  r.name = fresh({}, "").name;
  std::string tail;
  switch (pick(6)) {
  case 0: {
    Shape order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), generator);
    for (size_t d = 0; d < rank; ++d)
      r.shape[d] = a.shape[order[d]];
    tail = "transpose " + a.name + " " + list(order);
    break;
  }
  case 1: {
    Shape offsets, strides;
    for (size_t d = 0; d < rank; ++d) {
      offsets.push_back(a.shape[d] > 1 ? pick(a.shape[d]) : 0);
      strides.push_back(1 + pick(2));
      r.shape[d] = (a.shape[d] - offsets[d] + strides[d] - 1) / strides[d];
    }
    tail = "slice " + a.name + " offsets " + list(offsets) + " sizes " +
           list(r.shape) + " strides " + list(strides);
    break;
  }
  case 2: {
    Shape low, high, interior;
    for (size_t d = 0; d < rank; ++d) {
      low.push_back(pick(2));
      high.push_back(pick(2));
      interior.push_back(pick(2));
      int64_t between = a.shape[d] > 0 ? (a.shape[d] - 1) * interior[d] : 0;
      r.shape[d] = low[d] + a.shape[d] + between + high[d];
    }
    tail = "pad " + a.name + " low " + list(low) + " high " + list(high) +
           " interior " + list(interior);
    break;
  }
  case 3:
    tail = "reverse " + a.name + " dims [" + std::to_string(pick(rank)) + "]";
    break;
  case 4: {
    int64_t count = 1;
    for (int64_t extent : a.shape)
      count *= extent;
    r.shape = pick(2) ? Shape{count} : Shape{count, 1};
    tail = "reshape " + a.name;
    break;
  }
  default: {
    int d = pick(rank);
    r.shape[d] *= 2;
    add(r, "concatenate " + a.name + ", " + a.name + " dim " +
               std::to_string(d) + " : " + a.type() + ", " + a.type() + " -> " +
               r.type());
    return;
  }
  }
  add(r, tail + " : " + a.type() + " -> " + r.type());
}

void Graph::reduction() {
  Value a = anyFloat();
  int rank = a.shape.size();
  if (rank == 0)
    return;
  if (pick(5) == 0) {
    int d = pick(rank);
    if (a.shape[d] == 0)
      return;
    Value r = fresh(a.shape, "i32");
    r.shape.erase(r.shape.begin() + d);
    add(r, "argmax " + a.name + " dim " + std::to_string(d) + " : " + a.type() +
               " -> " + r.type());
    return;
  }
  Shape dims, kept;
  int form = pick(4); // rows, columns, all, anything
  for (int d = 0; d < rank; ++d) {
    bool reduce = form == 0   ? d == rank - 1
                  : form == 1 ? d == 0
                  : form == 2 ? true
                              : pick(2);
    reduce ? dims.push_back(d) : kept.push_back(a.shape[d]);
  }
  if (dims.empty())
    return;
  Value r = fresh(kept, "f32");
  add(r, oneOf<std::string>(
             {"reduce_sum", "reduce_sum", "reduce_max", "reduce_min"}) +
             " " + a.name + " dims " + list(dims) + " : " + a.type() + " -> " +
             r.type());
  // Usually a part of something like a softmax.
  if (dims.size() == 1 && pick(2)) {
    Shape places;
    for (int d = 0; d < rank; ++d)
      if (d != dims[0])
        places.push_back(d);
    Value wide = fresh(a.shape, "f32"), s = fresh(a.shape, "f32");
    add(wide, "broadcast " + r.name + " dims " + list(places) + " : " +
                  r.type() + " -> " + wide.type());
    add(s, "sub " + a.name + ", " + wide.name + " : " + a.type());
  }
}

void Graph::contraction() {
  Value a = anyFloat(), b = anyFloat();
  if (a.shape.size() != 2 || b.shape.size() != 2)
    return;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      if (a.shape[i] == b.shape[j]) {
        Value r = fresh({a.shape[1 - i], b.shape[1 - j]}, "f32");
        add(r, "dot_general " + a.name + ", " + b.name + " contract [" +
                   std::to_string(i) + "] x [" + std::to_string(j) +
                   "] batch [] x [] : " + a.type() + ", " + b.type() + " -> " +
                   r.type());
        return;
      }
}

void Graph::indexing() {
  if (pick(4) == 0) {
    Value r = fresh(anyFloat().shape, "f32");
    add(r, "random_uniform %key stream " + std::to_string(2 * pick(9)) + " : " +
               r.type());
    return;
  }
  Value a = anyFloat();
  if (a.shape.empty())
    return;
  Value i = fresh({3}, "i32");
  add(i, "iota dim 0 : " + i.type());
  Shape taken = a.shape;
  taken[0] = 3;
  if (pick(2)) {
    Value r = fresh(taken, "f32");
    add(r, "gather " + a.name + "[" + i.name + "] axis 0 batch 0 : " +
               a.type() + ", " + i.type() + " -> " + r.type());
    return;
  }
  Value updates = like(taken);
  Value r = fresh(a.shape, "f32");
  add(r, "scatter_add " + a.name + "[" + i.name + "] += " + updates.name +
             " axis 0 batch 0 : " + a.type() + ", " + i.type() + ", " +
             updates.type());
}

void Graph::scan() {
  Value xs = anyFloat(), c = anyFloat(), w = anyFloat();
  if (xs.shape.empty())
    return;
  Value x = xs, ys = c;
  x.shape.erase(x.shape.begin());
  ys.shape.insert(ys.shape.begin(), xs.shape[0]);
  Value last = fresh(c.shape, "f32");
  ys.name = fresh({}, "").name;
  std::string n = std::to_string(next);
  std::string sum = w.shape == c.shape ? "%w" + n : "%c" + n;
  if (x.shape == c.shape)
    sum = "%x" + n;
  body += last.name + ", " + ys.name + " = sinter.scan " +
          std::to_string(xs.shape[0]) + (pick(2) ? " reverse" : "") +
          " carry(%c" + n + " = " + c.name + " : " + c.type() + ") each(%x" +
          n + " = " + xs.name + " : " + xs.type() + ") with(%w" + n + " = " +
          w.name + " : " + w.type() + ") index(%t" + n + ") -> (" + c.type() +
          ", " + ys.type() + ") {\n";
  body += "%p" + n + " = sinter.mul %c" + n + ", " + sum + " : " + c.type() +
          "\n%q" + n + " = sinter.tanh %p" + n + " : " + c.type() + "\n%f" + n +
          " = sinter.cast %t" + n + " : tensor<i64> to tensor<f32>\n%g" + n +
          " = sinter.broadcast %f" + n + " dims [] : tensor<f32> -> " +
          c.type() + "\n%y" + n + " = sinter.add %q" + n + ", %g" + n + " : " +
          c.type() + "\nsinter.yield %q" + n + ", %y" + n + " : " + c.type() +
          ", " + c.type() + "\n}\n";
  values.push_back(last);
  values.push_back(ys);
}

std::string Graph::make(int ops) {
  std::vector<Value> inputs;
  const std::vector<int64_t> extents = {3, 3, 4, 4, 5, 1, 2};
  for (int i = 0; i < 4; ++i) {
    Shape shape;
    for (int rank = pick(4) == 0 ? 1 : 2; rank > 0; --rank)
      shape.push_back(pick(40) == 0 ? 0 : oneOf(extents));
    inputs.push_back(fresh(shape, i == 3 ? "ui8" : "f32"));
    values.push_back(inputs.back());
  }
  std::string head = "module @random {\n";
  std::vector<Value> variables;
  for (int i = 0; i < 3; ++i) {
    Value v = fresh({oneOf(extents), oneOf(extents)}, "f32");
    variables.push_back(v);
    head += "sinter.variable @w" + std::to_string(i) + " : " + v.type() + "\n";
    add(v, "read @w" + std::to_string(i) + " : " + v.type());
  }
  head += "sinter.variable @rng : tensor<2xi64>\n";
  body += "%key = sinter.read @rng : tensor<2xi64>\n";

  while (static_cast<int>(values.size()) < ops)
    switch (pick(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      pointwise();
      break;
    case 5:
    case 6:
      movement();
      break;
    case 7:
    case 8:
      broadcast();
      break;
    case 9:
    case 10:
      reduction();
      break;
    case 11:
      contraction();
      break;
    case 12:
      indexing();
      break;
    default:
      if (pick(3) == 0)
        scan();
    }

  // Updates by one formula, with a gradient where a value fits.
  for (size_t i = 0; i < variables.size(); ++i) {
    Value v = variables[i], g = like(v.shape);
    Value s = fresh(v.shape, "f32"), u = fresh(v.shape, "f32");
    add(s, "mul " + g.name + ", " + g.name + " : " + v.type());
    add(u, "sub " + v.name + ", " + s.name + " : " + v.type());
    body += "sinter.write @w" + std::to_string(i) + ", " + u.name + " : " +
            v.type() + "\n";
  }
  std::string names, types;
  for (size_t i = 7; i < values.size(); ++i)
    if (pick(4) == 0 || i + 1 == values.size()) {
      names += (names.empty() ? "" : ", ") + values[i].name;
      types += (types.empty() ? "" : ", ") + values[i].type();
    }
  std::string signature;
  for (const Value &input : inputs)
    signature +=
        (signature.empty() ? "" : ", ") + input.name + ": " + input.type();
  return head + "sinter.entry @run(" + signature + ") -> (" + types + ") {\n" +
         body + "sinter.return " + names + " : " + types + "\n}\n}\n";
}

std::string sinter::tests::randomGraph(uint32_t seed, int ops) {
  return Graph(seed).make(ops);
}
