//===- RandomOps.cpp - what random models are made of ---------------------===//
//
// Each method adds an op of its family where the values made so far allow one.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/RandomGraphBuilder.h"

#include <algorithm>
#include <numeric>

using namespace sinter::tests;

void RandomGraphBuilder::pointwise() {
  Value a = anyReal();
  Value r = fresh(a.shape, real, a.bound);
  switch (pick(6)) {
  case 0:
    if (options.exact)
      add(r,
          oneOf<std::string>({"neg", "abs"}) + " " + a.name + " : " + a.type());
    else
      add(r, oneOf<std::string>({"neg", "abs", "exp", "tanh", "logistic"}) +
                 " " + a.name + " : " + a.type());
    return;
  case 1: {
    Value b = like(a.shape), c = fresh(a.shape, "i1");
    if (a.name == b.name)
      return; // a constant in disguise
    add(c, "compare gt " + a.name + ", " + b.name + " : " + a.type());
    r.bound = std::max(a.bound, b.bound);
    add(r,
        "select " + c.name + ", " + a.name + ", " + b.name + " : " + a.type());
    return;
  }
  case 2: {
    Value i = fresh(a.shape, "i32");
    add(i, "cast " + a.name + " : " + a.type() + " to " + i.type());
    add(r, "cast " + i.name + " : " + i.type() + " to " + r.type());
    return;
  }
  default:
    std::string op =
        oneOf<std::string>({"add", "sub", "mul", "max", "min", "div"});
    if (options.exact && op == "div")
      op = "sub";
    Value b = like(a.shape);
    auto bound = [&] {
      return op[0] == 'm' && op[1] == 'u' ? a.bound * b.bound
             : op[0] == 'm'               ? std::max(a.bound, b.bound)
                                          : a.bound + b.bound;
    };
    keepExact(bound(), a, &b);
    r.bound = bound();
    add(r, op + " " + a.name + ", " + b.name + " : " + a.type());
  }
}

void RandomGraphBuilder::function() {
  Value a = anyReal();
  Value r = fresh(a.shape, real);
  if (options.exact) {
    r.bound = a.bound;
    add(r, oneOf<std::string>({"floor", "ceil", "round", "sign"}) + " " +
               a.name + " : " + a.type());
    return;
  }
  // Those that are defined for positive numbers get them.
  std::string op =
      oneOf<std::string>({"sin", "cos", "erf", "expm1", "sign", "floor", "ceil",
                          "round", "log", "log1p", "sqrt", "rsqrt", "pow"});
  if (op == "log" || op == "log1p" || op == "sqrt" || op == "rsqrt" ||
      op == "pow") {
    Value positive = fresh(a.shape, real);
    a = add(positive, "abs " + a.name + " : " + a.type());
  }
  std::string operands = a.name;
  if (op == "pow")
    operands += ", " + like(a.shape).name;
  add(r, op + " " + operands + " : " + a.type());
}

void RandomGraphBuilder::integers() {
  const std::vector<std::string> types = {"i64", "i32", "i8", "ui8"};
  Value a = any();
  bool isReal = a.element == real;
  if (isReal || a.element == "i1" || pick(3) == 0) {
    Value r = fresh(a.shape, oneOf(types));
    add(r, "cast " + a.name + " : " + a.type() + " to " + r.type());
    return;
  }
  Value b = a;
  for (int tries = 0; tries < 8; ++tries)
    if (Value v = any(); v.element == a.element && v.shape == a.shape)
      b = v;
  Value r = fresh(a.shape, a.element);
  std::string both = " " + a.name + ", " + b.name + " : " + a.type();
  switch (pick(6)) {
  case 0:
    add(r, oneOf<std::string>({"neg", "abs", "sign", "not"}) + " " + a.name +
               " : " + a.type());
    return;
  case 1: {
    if (a.name == b.name)
      return;
    Value c = fresh(a.shape, "i1");
    add(c, "compare " +
               oneOf<std::string>({"lt", "le", "eq", "ne", "gt", "ge"}) + both);
    Value d = fresh(a.shape, real, 1);
    add(d, "cast " + c.name + " : " + c.type() + " to " + d.type());
    return;
  }
  case 2: {
    if (a.shape.empty())
      return;
    int d = pick(a.shape.size());
    r.shape.erase(r.shape.begin() + d);
    add(r, oneOf<std::string>(
               {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"}) +
               " " + a.name + " dims [" + std::to_string(d) +
               "] : " + a.type() + " -> " + r.type());
    return;
  }
  case 3: // Back to reals, where that is exact in every precision.
    if (a.element == "i8" || a.element == "ui8") {
      Value d = fresh(a.shape, real, 255);
      add(d, "cast " + a.name + " : " + a.type() + " to " + d.type());
      return;
    }
    [[fallthrough]];
  default:
    add(r, oneOf<std::string>({"add", "sub", "mul", "max", "min", "div", "rem",
                               "and", "or", "xor"}) +
               both);
  }
}

void RandomGraphBuilder::broadcast() {
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
  if (isTooLarge(r))
    return;
  add(r, "broadcast " + a.name + " dims " + list(dims) + " : " + a.type() +
             " -> " + r.type());
}

void RandomGraphBuilder::movement() {
  Value a = any();
  size_t rank = a.shape.size();
  if (rank == 0)
    return;
  Value r = a;
  r.name = fresh({}, "").name;
  std::string text;
  switch (pick(6)) {
  case 0: {
    Shape order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), generator);
    for (size_t d = 0; d < rank; ++d)
      r.shape[d] = a.shape[order[d]];
    text = "transpose " + a.name + " " + list(order);
    break;
  }
  case 1: {
    Shape offsets, strides;
    for (size_t d = 0; d < rank; ++d) {
      offsets.push_back(a.shape[d] > 1 ? pick(a.shape[d]) : 0);
      strides.push_back(1 + pick(2));
      r.shape[d] = (a.shape[d] - offsets[d] + strides[d] - 1) / strides[d];
    }
    text = "slice " + a.name + " offsets " + list(offsets) + " sizes " +
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
    text = "pad " + a.name + " low " + list(low) + " high " + list(high) +
           " interior " + list(interior);
    break;
  }
  case 3:
    text = "reverse " + a.name + " dims [" + std::to_string(pick(rank)) + "]";
    break;
  case 4: {
    r.shape = pick(2) ? Shape{a.size()} : Shape{a.size(), 1};
    text = "reshape " + a.name;
    break;
  }
  default: {
    int d = pick(rank);
    r.shape[d] *= 2;
    if (!isTooLarge(r))
      add(r, "concatenate " + a.name + ", " + a.name + " dim " +
                 std::to_string(d) + " : " + a.type() + ", " + a.type() +
                 " -> " + r.type());
    return;
  }
  }
  if (!isTooLarge(r))
    add(r, text + " : " + a.type() + " -> " + r.type());
}

void RandomGraphBuilder::indexing() {
  if (pick(4) == 0) {
    std::string stream = std::to_string(2 * pick(9));
    Value r = fresh(anyReal().shape, real, 1);
    if (!options.exact) {
      add(r, (options.everyOp && pick(2) ? "random_normal" : "random_uniform") +
                 (" %key stream " + stream + " : " + r.type()));
      return;
    }
    Value flag = fresh(r.shape, "i1");
    add(flag, "random_bernoulli %key stream " + stream +
                  " probability 0.25 : " + flag.type());
    add(r, "cast " + flag.name + " : " + flag.type() + " to " + r.type());
    return;
  }
  Value a = anyReal();
  if (a.shape.empty())
    return;
  Value i = fresh({3}, "i32");
  add(i, "iota dim 0 : " + i.type());
  // Any integers are indices: many are out of range.
  if (options.everyOp)
    for (int tries = 0; tries < 8; ++tries)
      if (Value v = any();
          v.element != real && v.element != "i1" && v.shape.size() == 1)
        i = v;
  Shape taken = a.shape;
  taken[0] = i.shape[0];
  if (pick(2)) {
    Value r = fresh(taken, real, a.bound);
    if (!isTooLarge(r))
      add(r, "gather " + a.name + "[" + i.name + "] axis 0 batch 0 : " +
                 a.type() + ", " + i.type() + " -> " + r.type());
    return;
  }
  Value updates = like(taken);
  auto bound = [&] {
    return a.bound + std::max<int64_t>(updates.size(), 1) * updates.bound;
  };
  keepExact(bound(), a, &updates);
  Value r = fresh(a.shape, real, bound());
  add(r, "scatter_add " + a.name + "[" + i.name + "] += " + updates.name +
             " axis 0 batch 0 : " + a.type() + ", " + i.type() + ", " +
             updates.type());
}

void RandomGraphBuilder::scan() {
  Value xs = anyReal(), c = anyReal(), w = anyReal();
  if (xs.shape.empty())
    return;
  Value x = xs, ys = c;
  x.shape.erase(x.shape.begin());
  ys.shape.insert(ys.shape.begin(), xs.shape[0]);
  if (isTooLarge(ys))
    return;
  // Products of the carry stay exact if everything is small.
  for (Value *value : {&xs, &c, &w})
    keepExact(value->bound > exactBound ? HUGE_VAL : 0, *value);
  Value last = fresh(c.shape, real);
  ys.name = fresh({}, "").name;
  ys.bound = exactBound + static_cast<double>(xs.shape[0]);
  std::string n = std::to_string(next++), type = " : " + c.type() + "\n";
  std::string factor = w.shape == c.shape ? "%w" + n : "%c" + n;
  if (x.shape == c.shape)
    factor = "%x" + n;
  body += last.name + ", " + ys.name + " = sinter.scan " +
          std::to_string(xs.shape[0]) + (pick(2) ? " reverse" : "") +
          " carry(%c" + n + " = " + c.name + " : " + c.type() + ") each(%x" +
          n + " = " + xs.name + " : " + xs.type() + ") with(%w" + n + " = " +
          w.name + " : " + w.type() + ") index(%t" + n + ") -> (" + c.type() +
          ", " + ys.type() + ") {\n";
  std::string product = "%p" + n;
  body += product + " = sinter.mul %c" + n + ", " + factor + type;
  // A body of several kernels.
  if (options.everyOp && c.shape.size() == 2 && pick(2)) {
    std::string k = std::to_string(c.shape[1]);
    std::string square = "tensor<" + k + "x" + k + "x" + real + ">";
    body += "%d" + n + " = sinter.dot_general %c" + n + ", %c" + n +
            " contract [0] x [0] batch [] x [] : " + c.type() + ", " +
            c.type() + " -> " + square + "\n%e" + n +
            " = sinter.dot_general %c" + n + ", %d" + n +
            " contract [1] x [0] batch [] x [] : " + c.type() + ", " + square +
            " -> " + c.type() + "\n%s" + n + " = sinter.sub " + product +
            ", %e" + n + type;
    product = "%s" + n;
  }
  if (options.exact) {
    Value p = fresh(c.shape, real);
    p.name = product;
    body += clampText("%q" + n, p);
  } else {
    body += "%q" + n + " = sinter.tanh " + product + type;
  }
  body += "%f" + n + " = sinter.cast %t" + n + " : tensor<i64> to tensor<" +
          real + ">\n%g" + n + " = sinter.broadcast %f" + n +
          " dims [] : tensor<" + real + "> -> " + c.type() + "\n%y" + n +
          " = sinter.add %q" + n + ", %g" + n + type + "sinter.yield %q" + n +
          ", %y" + n + " : " + c.type() + ", " + c.type() + "\n}\n";
  values.push_back(last);
  values.push_back(ys);
}
