//===- RandomGraph.cpp - models that nobody would write -------------------===//

#include "tests/passes/RandomGraphBuilder.h"

#include <algorithm>
#include <numeric>

using namespace sinter::tests;

/// Graphs stay small: nothing grows beyond this.
constexpr int64_t mostElements = 3000;

std::string RandomGraphBuilder::Value::type() const {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

int64_t RandomGraphBuilder::Value::size() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

std::string RandomGraphBuilder::list(const Shape &numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i)
    text += (i ? ", " : "") + std::to_string(numbers[i]);
  return text + "]";
}

RandomGraphBuilder::Value RandomGraphBuilder::add(Value value,
                                                  const std::string &text) {
  body += value.name + " = sinter." + text + "\n";
  values.push_back(value);
  return value;
}

bool RandomGraphBuilder::isTooLarge(const Value &value) {
  return value.size() > mostElements || value.shape.size() > 4;
}

std::string RandomGraphBuilder::clampText(const std::string &name,
                                          const Value &value) {
  std::string n = std::to_string(next++), type = " : " + value.type() + "\n";
  std::string bound = std::to_string(static_cast<int>(exactBound)) + ".0>";
  return "%lo" + n + " = sinter.constant dense<-" + bound + type + "%hi" + n +
         " = sinter.constant dense<" + bound + type + "%cut" + n +
         " = sinter.max " + value.name + ", %lo" + n + type + name +
         " = sinter.min %cut" + n + ", %hi" + n + type;
}

void RandomGraphBuilder::keepExact(double bound, Value &a, Value *b) {
  // A sum of so large numbers is exact in f32 in any order.
  constexpr double mostExact = 1 << 22;
  if (!options.exact || bound <= mostExact)
    return;
  for (Value *value : {&a, b})
    if (value && value->element == real) {
      Value cut = fresh(value->shape, real);
      body += clampText(cut.name, *value);
      *value = cut;
    }
}

RandomGraphBuilder::Value RandomGraphBuilder::any() {
  int n = values.size();
  return values[pick(2) ? pick(n) : n - 1 - pick(std::min(n, 4))];
}

RandomGraphBuilder::Value RandomGraphBuilder::anyReal() {
  for (int tries = 0; tries < 50; ++tries)
    if (Value v = any(); v.element == real)
      return v;
  return values[0];
}

std::string RandomGraphBuilder::realConstant(int number) {
  return "constant dense<" + std::to_string(number) +
         (options.exact ? ".0> : " : ".5> : ");
}

RandomGraphBuilder::Value RandomGraphBuilder::like(const Shape &shape) {
  for (int tries = 0; tries < 8; ++tries)
    if (Value v = any(); v.element == real && v.shape == shape)
      return v;
  if (pick(2)) {
    Value c = fresh(shape, real);
    return add(c, realConstant(pick(9) - 4) + c.type());
  }
  Value scalar = fresh({}, real);
  add(scalar, realConstant(0) + scalar.type());
  Value b = fresh(shape, real);
  return add(b, "broadcast " + scalar.name + " dims [] : " + scalar.type() +
                    " -> " + b.type());
}

void RandomGraphBuilder::choose() {
  switch (pick(options.everyOp ? 21 : 15)) {
  case 0:
  case 1:
  case 2:
  case 3:
  case 4:
    return pointwise();
  case 5:
  case 6:
    return movement();
  case 7:
  case 8:
    return broadcast();
  case 9:
  case 10:
    return reduction();
  case 11:
    return contraction();
  case 12:
    return indexing();
  case 13:
    if (pick(3) == 0)
      scan();
    return;
  case 14:
    return pick(2) ? windows() : convolution();
  case 15:
    return contraction();
  case 16:
    return function();
  case 17:
    return windows();
  case 18:
    return convolution();
  default:
    return integers();
  }
}

/// Updates of all variables by one formula.
void RandomGraphBuilder::update(const std::vector<Value> &variables) {
  std::vector<std::string> steps;
  if (options.gradient) {
    // The loss: the sums of a few squashed values.
    Value loss = fresh({}, real);
    body += loss.name + " = sinter." + realConstant(0) + loss.type() + "\n";
    for (int term = 0; term < 3; ++term) {
      Value v = anyReal(), squashed = fresh(v.shape, real);
      Value part = fresh({}, real), sum = fresh({}, real);
      Shape dims(v.shape.size());
      std::iota(dims.begin(), dims.end(), 0);
      body += squashed.name + " = sinter.tanh " + v.name + " : " + v.type() +
              "\n" + part.name + " = sinter.reduce_sum " + squashed.name +
              " dims " + list(dims) + " : " + v.type() + " -> " + part.type() +
              "\n" + sum.name + " = sinter.add " + loss.name + ", " +
              part.name + " : " + loss.type() + "\n";
      loss = sum;
    }
    std::string names, wrt, types;
    for (const Value &variable : variables) {
      steps.push_back(fresh({}, real).name);
      std::string comma = names.empty() ? "" : ", ";
      names += comma + steps.back();
      wrt += comma + variable.name;
      types += comma + variable.type();
    }
    body += names + " = sinter.gradient " + loss.name + " wrt " + wrt + " : " +
            loss.type() + " wrt " + types + "\n";
  }
  for (size_t i = 0; i < variables.size(); ++i) {
    Value v = variables[i], g = like(v.shape);
    if (options.gradient)
      g.name = steps[i];
    keepExact(g.bound * g.bound, g);
    Value s = fresh(v.shape, real, g.bound * g.bound);
    Value u = fresh(v.shape, real, exactBound + s.bound);
    add(s, "mul " + g.name + ", " + g.name + " : " + v.type());
    add(u, "sub " + v.name + ", " + s.name + " : " + v.type());
    std::string written = u.name;
    if (options.exact) {
      written = fresh({}, real).name;
      body += clampText(written, u);
    }
    body += "sinter.write @w" + std::to_string(i) + ", " + written + " : " +
            v.type() + "\n";
  }
}

std::string RandomGraphBuilder::make() {
  std::vector<Value> inputs;
  for (int i = 0; i < 4; ++i) {
    Shape shape;
    for (int rank = pick(4) == 0 ? 1 : 2; rank > 0; --rank)
      shape.push_back(pick(40) == 0 ? 0 : oneOf(options.extents));
    inputs.push_back(fresh(shape, i == 3 ? "ui8" : real));
    values.push_back(inputs.back());
  }
  std::string head = "module @random {\n";
  std::vector<Value> variables;
  for (int i = 0; i < 3; ++i) {
    Value v = fresh({oneOf(options.extents), oneOf(options.extents)}, real);
    variables.push_back(v);
    head += "sinter.variable @w" + std::to_string(i) + " : " + v.type() + "\n";
    add(v, "read @w" + std::to_string(i) + " : " + v.type());
  }
  head += "sinter.variable @rng : tensor<2xi64>\n";
  body += "%key = sinter.read @rng : tensor<2xi64>\n";

  size_t given = values.size();
  while (static_cast<int>(values.size()) < options.ops)
    choose();
  update(variables);

  std::string names, types;
  for (size_t i = given; i < values.size(); ++i)
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

std::string sinter::tests::randomGraph(uint32_t seed,
                                       const GraphOptions &options) {
  return RandomGraphBuilder(seed, options).make();
}

std::string sinter::tests::randomGraph(uint32_t seed, int ops) {
  GraphOptions options;
  options.ops = ops;
  return randomGraph(seed, options);
}
