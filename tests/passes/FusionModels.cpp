//===- FusionModels.cpp - models as `simplified` leaves them --------------===//

#include "FusionModels.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <vector>

using namespace sinter::tests;

namespace {

/// Writes one op a line; a place in the source is the line of this text.
class Text {
public:
  template <typename... Args> void line(const char *format, Args &&...args) {
    text += llvm::formatv(format, std::forward<Args>(args)...).str() + "\n";
  }
  std::string text;
};

std::string type(std::vector<int64_t> shape, const char *element = "f32") {
  std::string result = "tensor<";
  for (int64_t extent : shape)
    result += std::to_string(extent) + "x";
  return result + element + ">";
}

struct Layer {
  const char *name;
  int64_t in, out;
};

} // namespace

/// x·W + b.
static void dense(Text &t, const std::string &result, const std::string &x,
                  int64_t batch, const Layer &layer) {
  std::string shape = type({batch, layer.out});
  t.line("%{0}_p = sinter.dot_general %{1}, %{2}_w contract [1] x [0] "
         "batch [] x [] : {3}, {4} -> {5} loc(\"{2}.matmul\")",
         result, x, layer.name, type({batch, layer.in}),
         type({layer.in, layer.out}), shape);
  t.line("%{0}_bs = sinter.broadcast %{1}_b dims [1] : {2} -> {3}", result,
         layer.name, type({layer.out}), shape);
  t.line("%{0} = sinter.add %{0}_p, %{0}_bs : {1} loc(\"{2}.bias\")", result,
         shape, layer.name);
}

/// From %images to %logits.
static void forward(Text &t, const MlpSizes &s,
                    const std::vector<Layer> &layers) {
  std::string bytes = type({s.batch, 1, s.inputs}, "ui8");
  std::string cube = type({s.batch, 1, s.inputs});
  std::string flat = type({s.batch, s.inputs});
  for (const Layer &l : layers) {
    t.line("%{0}_w = sinter.read @{0}.weight : {1}", l.name,
           type({l.in, l.out}));
    t.line("%{0}_b = sinter.read @{0}.bias : {1}", l.name, type({l.out}));
  }
  t.line("%floats = sinter.cast %images : {0} to {1}", bytes, cube);
  t.line("%c255 = sinter.constant dense<255.0> : {0}", cube);
  t.line("%scaled = sinter.div %floats, %c255 : {0}", cube);
  t.line("%x = sinter.reshape %scaled : {0} -> {1}", cube, flat);
  std::string x = "x";
  for (const Layer &l : layers) {
    bool last = &l == &layers.back();
    std::string y = last ? "logits" : std::string(l.name) + "_pre";
    dense(t, y, x, s.batch, l);
    if (last)
      break;
    std::string shape = type({s.batch, l.out});
    t.line("%{0}_zero = sinter.constant dense<0.0> : {1}", l.name, shape);
    t.line("%{0}_act = sinter.max %{1}, %{0}_zero : {2} loc(\"{0}.relu\")",
           l.name, y, shape);
    x = std::string(l.name) + "_act";
  }
}

static void softmax(Text &t, const MlpSizes &s) {
  std::string full = type({s.batch, s.classes}), row = type({s.batch});
  t.line("%max = sinter.reduce_max %logits dims [1] : {0} -> {1}", full, row);
  t.line("%maxes = sinter.broadcast %max dims [0] : {1} -> {0}", full, row);
  t.line("%shifted = sinter.sub %logits, %maxes : {0}", full);
  t.line("%exp = sinter.exp %shifted : {0}", full);
  t.line("%sum = sinter.reduce_sum %exp dims [1] : {0} -> {1}", full, row);
  t.line("%sums = sinter.broadcast %sum dims [0] : {1} -> {0}", full, row);
  t.line("%softmax = sinter.div %exp, %sums : {0}", full);
}

/// Cross-entropy with its gradient %dlogits, and the accuracy.
static void loss(Text &t, const MlpSizes &s) {
  std::string full = type({s.batch, s.classes}), row = type({s.batch});
  std::string ints = type({s.batch, s.classes}, "i32");
  std::string rowInts = type({s.batch}, "i32");
  softmax(t, s);
  t.line("%label = sinter.cast %labels : {0} to {1}", type({s.batch}, "ui8"),
         rowInts);
  t.line("%wide = sinter.broadcast %label dims [0] : {0} -> {1}", rowInts,
         ints);
  t.line("%iota = sinter.iota dim 1 : {0}", ints);
  t.line("%is = sinter.compare eq %wide, %iota : {0}", ints);
  t.line("%hot = sinter.cast %is : {0} to {1}",
         type({s.batch, s.classes}, "i1"), full);
  t.line("%log = sinter.log %sum : {0}", row);
  t.line("%picked = sinter.mul %hot, %shifted : {0}", full);
  t.line("%pick = sinter.reduce_sum %picked dims [1] : {0} -> {1}", full, row);
  t.line("%losses = sinter.sub %log, %pick : {0}", row);
  t.line("%total = sinter.reduce_sum %losses dims [0] : {0} -> tensor<f32>",
         row);
  t.line("%inverse = sinter.constant dense<{0}> : tensor<f32>",
         llvm::formatv("{0:E}", 1.0 / s.batch).str());
  t.line("%loss = sinter.mul %total, %inverse : tensor<f32> loc(\"loss\")");
  t.line("%guess = sinter.argmax %logits dim 1 : {0} -> {1}", full, rowInts);
  t.line("%right = sinter.compare eq %guess, %label : {0}", rowInts);
  t.line("%hits = sinter.cast %right : {0} to {1}", type({s.batch}, "i1"), row);
  t.line("%count = sinter.reduce_sum %hits dims [0] : {0} -> tensor<f32>", row);
  t.line("%accuracy = sinter.mul %count, %inverse : tensor<f32> "
         "loc(\"accuracy\")");
  t.line("%difference = sinter.sub %softmax, %hot : {0}", full);
  t.line("%scale = sinter.constant dense<{1}> : {0}", full,
         llvm::formatv("{0:E}", 1.0 / s.batch).str());
  t.line("%logits_d = sinter.mul %difference, %scale : {0}", full);
}

/// Gradients %NAME_w_d and %NAME_b_d of every layer.
static void backward(Text &t, const MlpSizes &s,
                     const std::vector<Layer> &layers) {
  std::string dy = "logits_d";
  for (size_t i = layers.size(); i-- > 0;) {
    const Layer &l = layers[i];
    std::string x = i == 0 ? "x" : std::string(layers[i - 1].name) + "_act";
    std::string out = type({s.batch, l.out}), in = type({s.batch, l.in});
    t.line("%{0}_b_d = sinter.reduce_sum %{1} dims [0] : {2} -> {3}", l.name,
           dy, out, type({l.out}));
    t.line("%{0}_w_d = sinter.dot_general %{1}, %{2} contract [0] x [0] "
           "batch [] x [] : {3}, {4} -> {5}",
           l.name, x, dy, in, out, type({l.in, l.out}));
    if (i == 0)
      break;
    t.line("%{0}_x_d = sinter.dot_general %{1}, %{0}_w contract [1] x [1] "
           "batch [] x [] : {2}, {3} -> {4}",
           l.name, dy, out, type({l.in, l.out}), in);
    t.line("%{0}_mask = sinter.compare gt %{1}, %{2}_zero : {3}", l.name, x,
           layers[i - 1].name, in);
    t.line("%{0}_pre_d = sinter.select %{0}_mask, %{0}_x_d, %{1}_zero : {2}",
           l.name, layers[i - 1].name, in);
    dy = std::string(l.name) + "_pre_d";
  }
}

namespace {
/// A variable with the names of its value and gradient: %VALUE and %VALUE_d.
struct Parameter {
  std::string variable, value, type;
};
} // namespace

/// The numbers that all parameters share.
static void adamCorrections(Text &t) {
  t.line("%t = sinter.read @adam.step : tensor<i64>");
  t.line("%one = sinter.constant dense<1> : tensor<i64>");
  t.line("%next = sinter.add %t, %one : tensor<i64>");
  t.line("sinter.write @adam.step, %next : tensor<i64>");
  t.line("%time = sinter.cast %next : tensor<i64> to tensor<f32>");
  t.line("%unit = sinter.constant dense<1.0> : tensor<f32>");
  for (auto [name, beta] : {std::pair("1", "0.9"), std::pair("2", "0.999")}) {
    t.line("%beta{0} = sinter.constant dense<{1}> : tensor<f32>", name, beta);
    t.line("%power{0} = sinter.pow %beta{0}, %time : tensor<f32>", name);
    t.line("%correction{0} = sinter.sub %unit, %power{0} : tensor<f32>", name);
  }
}

static void adamUpdate(Text &t, const Parameter &parameter) {
  const auto &[variable, v, shape] = parameter;
  auto constant = [&](const char *name, const char *value) {
    t.line("%{0}_{1} = sinter.constant dense<{2}> : {3}", v, name, value,
           shape);
  };
  auto op = [&](const char *name, const char *op, std::string a,
                std::string b) {
    t.line("%{0}_{1} = sinter.{2} %{3}, %{4} : {5}", v, name, op, a, b, shape);
  };
  constant("k1", "0.9");
  constant("j1", "0.1");
  constant("k2", "0.999");
  constant("j2", "0.001");
  constant("rate", "0.001");
  constant("epsilon", "1.0e-08");
  t.line("%{0}_m = sinter.read @{1}.m : {2}", v, variable, shape);
  t.line("%{0}_v = sinter.read @{1}.v : {2}", v, variable, shape);
  op("m1", "mul", v + "_m", v + "_k1");
  op("m2", "mul", v + "_d", v + "_j1");
  op("mn", "add", v + "_m1", v + "_m2");
  op("v1", "mul", v + "_v", v + "_k2");
  op("v2", "mul", v + "_d", v + "_d");
  op("v3", "mul", v + "_v2", v + "_j2");
  op("vn", "add", v + "_v1", v + "_v3");
  t.line("%{0}_s1 = sinter.broadcast %correction1 dims [] : tensor<f32> -> {1}",
         v, shape);
  t.line("%{0}_s2 = sinter.broadcast %correction2 dims [] : tensor<f32> -> {1}",
         v, shape);
  op("mc", "div", v + "_mn", v + "_s1");
  op("vc", "div", v + "_vn", v + "_s2");
  t.line("%{0}_root = sinter.sqrt %{0}_vc : {1}", v, shape);
  op("denominator", "add", v + "_root", v + "_epsilon");
  op("step", "div", v + "_mc", v + "_denominator");
  op("scaled", "mul", v + "_step", v + "_rate");
  op("n", "sub", v, v + "_scaled");
  t.line("sinter.write @{0}, %{1}_n : {2}", variable, v, shape);
  t.line("sinter.write @{0}.m, %{1}_mn : {2}", variable, v, shape);
  t.line("sinter.write @{0}.v, %{1}_vn : {2}", variable, v, shape);
}

static void adam(Text &t, const std::vector<Layer> &layers) {
  adamCorrections(t);
  for (const Layer &l : layers)
    for (bool weight : {true, false}) {
      std::string name = l.name;
      adamUpdate(t, {name + (weight ? ".weight" : ".bias"),
                     name + (weight ? "_w" : "_b"),
                     weight ? type({l.in, l.out}) : type({l.out})});
    }
}

std::string
sinter::tests::adamText(const std::vector<std::vector<int64_t>> &shapes) {
  std::vector<Parameter> parameters;
  Text t;
  t.line("module @adam {{");
  std::string gradients;
  for (const std::vector<int64_t> &shape : shapes) {
    std::string name = "p" + std::to_string(parameters.size());
    parameters.push_back({name, name, type(shape)});
    for (const char *slot : {"", ".m", ".v"})
      t.line("sinter.variable @{0}{1} : {2}", name, slot, type(shape));
    gradients +=
        (gradients.empty() ? "%" : ", %") + name + "_d: " + type(shape);
  }
  t.line("sinter.variable @adam.step : tensor<i64>");
  t.line("sinter.entry @train({0}) {{", gradients);
  adamCorrections(t);
  for (const Parameter &p : parameters) {
    t.line("%{0} = sinter.read @{1} : {2}", p.value, p.variable, p.type);
    adamUpdate(t, p);
  }
  t.line("sinter.return\n}\n}");
  return t.text;
}

std::string sinter::tests::mlpText(const MlpSizes &s) {
  std::vector<Layer> layers = {{"hidden1", s.inputs, s.hidden1},
                               {"hidden2", s.hidden1, s.hidden2},
                               {"logits", s.hidden2, s.classes}};
  Text t;
  t.line("module @mlp {{");
  for (const Layer &l : layers)
    for (const char *slot : {"", ".m", ".v"}) {
      t.line("sinter.variable @{0}.weight{1} : {2}", l.name, slot,
             type({l.in, l.out}));
      t.line("sinter.variable @{0}.bias{1} : {2}", l.name, slot, type({l.out}));
    }
  t.line("sinter.variable @adam.step : tensor<i64>");
  std::string images = type({s.batch, 1, s.inputs}, "ui8");
  std::string full = type({s.batch, s.classes});

  t.line("sinter.entry @train(%images: {0}, %labels: {1}) -> (tensor<f32>, "
         "tensor<f32>) {{",
         images, type({s.batch}, "ui8"));
  forward(t, s, layers);
  loss(t, s);
  backward(t, s, layers);
  adam(t, layers);
  t.line("sinter.return %loss, %accuracy : tensor<f32>, tensor<f32>");
  t.line("}");

  t.line("sinter.entry @predict(%images: {0}) -> ({1}) {{", images, full);
  forward(t, s, layers);
  softmax(t, s);
  t.line("sinter.return %softmax : {0}", full);
  t.line("}");
  t.line("}");
  return t.text;
}

std::string sinter::tests::recurrentText(int64_t steps, int64_t batch,
                                         int64_t width) {
  std::string state = type({batch, width}), square = type({width, width});
  std::string stacked = type({steps, batch, width});
  Text t;
  t.line("sinter.entry @run(%xs: {0}, %w: {1}, %u: {1}, %b: {2}) -> ({3}, {0}) "
         "{{",
         stacked, square, type({width}), state);
  t.line("%zero = sinter.constant dense<0.0> : {0}", state);
  t.line("%p = sinter.dot_general %xs, %w contract [2] x [0] batch [] x [] : "
         "{0}, {1} -> {0} loc(\"input.matmul\")",
         stacked, square);
  t.line("%bs = sinter.broadcast %b dims [2] : {0} -> {1}", type({width}),
         stacked);
  t.line("%q = sinter.add %p, %bs : {0}", stacked);
  t.line(
      "%h, %ys = sinter.scan {0} carry(%c = %zero : {1}) each(%x = %q : {2}) "
      "with(%v = %u : {3}) index(%t) -> ({1}, {2}) {{",
      steps, state, stacked, square);
  t.line("%r = sinter.dot_general %c, %v contract [1] x [0] batch [] x [] : "
         "{0}, {1} -> {0} loc(\"state.matmul\")",
         state, square);
  t.line("%s = sinter.add %r, %x : {0}", state);
  t.line("%n = sinter.tanh %s : {0}", state);
  t.line("sinter.yield %n, %n : {0}, {0}", state);
  t.line("}");
  t.line("sinter.return %h, %ys : {0}, {1}", state, stacked);
  t.line("}");
  return t.text;
}
