//===- ModelTest.cpp - modules, names, places, sharing, batch axes --------===//

#include "tests/frontend/Build.h"

using namespace sinter;
using testing::Test;

namespace {

/// The model of architecture.md, as written there.
void mlp(Model &m) {
  const int64_t batch = m.option("batch", 128);
  auto network = [&](Tensor images) {
    Tensor x = reshape(cast(images, f32) / 255.0f, {batch, 784});
    x = relu(nn::dense(m, "hidden1", x, 256));
    x = relu(nn::dense(m, "hidden2", x, 128));
    return nn::dense(m, "logits", x, 10);
  };
  m.entry("train", [&](Entry &e) {
    Tensor images = e.input("images", u8, {batch, 28, 28});
    Tensor labels = e.input("labels", u8, {batch});
    Tensor logits = network(images);
    Tensor loss = nn::cross_entropy(logits, labels);
    optim::adam(m, loss, {.learning_rate = 1e-3f});
    e.output("loss", loss);
    e.output("accuracy", nn::accuracy(logits, labels));
  });
  m.entry("predict", [&](Entry &e) {
    e.output("probs", softmax(network(e.input("images", u8, {batch, 28, 28}))));
  });
}

std::vector<std::string> variableNames(Built &built) {
  std::vector<std::string> names;
  for (auto variable : built.module->getOps<ir::VariableOp>())
    names.push_back(variable.getSymName().str());
  return names;
}

TEST(Model, OfTheArchitectureBuilds) {
  Built built(mlp);
  ASSERT_TRUE(built.module);
  std::vector<std::string> names = variableNames(built);
  std::vector<std::string> first(names.begin(), names.begin() + 7);
  EXPECT_EQ(first, (std::vector<std::string>{"hidden1.weight", "hidden1.bias",
                                             "hidden2.weight", "hidden2.bias",
                                             "logits.weight", "logits.bias",
                                             "adam.step"}));
  EXPECT_EQ(names.size(), 6u + 1 + 12);
  EXPECT_EQ(names[7], "hidden1.weight.adam.m");
  int64_t parameters = 0;
  for (auto variable : built.module->getOps<ir::VariableOp>())
    if (variable.getTrainable())
      parameters += mlir::cast<mlir::RankedTensorType>(variable.getType())
                        .getNumElements();
  EXPECT_EQ(parameters, 235146);

  std::vector<std::string> entries;
  for (auto entry : built.module->getOps<ir::EntryOp>())
    entries.push_back(entry.getSymName().str());
  EXPECT_EQ(entries, (std::vector<std::string>{"init", "train", "predict"}));
  // The option marks the axis of every input, and with it that of probs.
  EXPECT_EQ(built.axis("train", 0, false), "0");
  EXPECT_EQ(built.axis("train", 1, false), "0");
  EXPECT_EQ(built.axis("train", 0), "none");
  EXPECT_EQ(built.axis("predict", 0), "0");
  EXPECT_EQ(built.attribute("train", 1, false, ir::nameAttr), "labels");
  EXPECT_EQ(built.attribute("predict", 0, true, ir::nameAttr), "probs");
  EXPECT_EQ(built.attribute("init", 0, false, ir::nameAttr), "seed");
}

TEST(Model, OptionsSetExtents) {
  Built built(mlp, {{"batch", "7"}});
  ASSERT_TRUE(built.module);
  EXPECT_EQ(mlir::cast<mlir::RankedTensorType>(
                built.entry("train").getArgumentTypes()[0])
                .getShape(),
            (llvm::ArrayRef<int64_t>{7, 28, 28}));
  ASSERT_EQ(built.options.size(), 1u);
  EXPECT_EQ(built.options[0].name, "batch");
  EXPECT_EQ(built.options[0].type, "integer");
  EXPECT_EQ(built.options[0].otherwise, "128");
  EXPECT_EQ(built.options[0].value, "7");
}

TEST(Model, OptionsOfEveryType) {
  int64_t integer = 0;
  double number = 0;
  bool truth = false;
  std::string text;
  Built built(
      [&](Model &m) {
        integer = m.option("integer", int64_t(1));
        number = m.option("number", 0.5);
        truth = m.option("truth", false);
        text = m.option("text", "a");
        m.entry("e", [&](Entry &e) { e.output("y", ones({2})); });
      },
      {{"integer", "-3"},
       {"number", "1e-3"},
       {"truth", "true"},
       {"text", "b=c"}});
  EXPECT_TRUE(built.module);
  EXPECT_EQ(integer, -3);
  EXPECT_EQ(number, 1e-3);
  EXPECT_TRUE(truth);
  EXPECT_EQ(text, "b=c");
}

TEST(Model, BuildsTheSameTextTwice) {
  auto text = [] {
    Built built(mlp);
    std::string result;
    llvm::raw_string_ostream os(result);
    mlir::OpPrintingFlags flags;
    flags.enableDebugInfo(true, false);
    built.module->print(os, flags);
    return result;
  };
  EXPECT_EQ(text(), text());
}

TEST(Model, NothingIsFoldedOrMerged) {
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {3});
      Tensor a = x + x;
      Tensor b = x + x;
      e.output("y", a * 1.0 - b);
    });
  });
  EXPECT_EQ(built.ops("e"), (std::vector<std::string>{"add", "add", "constant",
                                                      "mul", "sub", "return"}));
}

//===----------------------------------------------------------------------===//
// Places and names
//===----------------------------------------------------------------------===//

std::string text(mlir::Location loc) {
  std::string result;
  llvm::raw_string_ostream os(result);
  loc->print(os);
  return result;
}

TEST(Places, EveryOpHasTheUsersLine) {
  Built built(mlp);
  ASSERT_TRUE(built.module);
  built.module->walk([](mlir::Operation *op) {
    EXPECT_NE(text(op->getLoc()).find("ModelTest.cpp"), std::string::npos)
        << text(op->getLoc());
  });
}

TEST(Places, LibraryFunctionsSayBothPlacesAndNames) {
  unsigned line = 0;
  Built built([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {2, 3});
      line = __LINE__ + 1;
      Tensor y = nn::dense(m, "layer", x, 4);
      e.output("y", named(relu(y), "hidden"));
    });
  });
  ASSERT_TRUE(built.module);
  for (mlir::Operation &op : built.entry("e").getBody().front()) {
    if (!mlir::isa<ir::DotGeneralOp>(op) && !mlir::isa<ir::MaxOp>(op))
      continue;
    std::string given = ir::getGivenName(op.getLoc()).str();
    EXPECT_EQ(given, mlir::isa<ir::MaxOp>(op) ? "hidden" : "layer.matmul");
    auto name = mlir::cast<mlir::NameLoc>(op.getLoc());
    auto call = mlir::cast<mlir::CallSiteLoc>(name.getChildLoc());
    auto user = mlir::cast<mlir::FileLineColLoc>(call.getCaller());
    EXPECT_EQ(user.getLine(), mlir::isa<ir::MaxOp>(op) ? line + 1 : line);
    auto inner = mlir::cast<mlir::FileLineColLoc>(call.getCallee());
    // A path that does not depend on where the project was built.
    EXPECT_TRUE(inner.getFilename().getValue().starts_with("frontend/"));
  }
}

TEST(Places, ScopesPrefixNames) {
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {2, 3});
      Scope encoder("encoder");
      e.output("y", nn::dense(m, "layer", x, 4));
    });
  });
  EXPECT_EQ(
      variableNames(built),
      (std::vector<std::string>{"encoder.layer.weight", "encoder.layer.bias"}));
}

//===----------------------------------------------------------------------===//
// Sharing
//===----------------------------------------------------------------------===//

TEST(Variables, AreSharedByNameBetweenEntries) {
  Built built([](Model &m) {
    auto network = [&](Tensor x) { return nn::dense(m, "layer", x, 4); };
    m.entry("a", [&](Entry &e) {
      e.output("y", network(e.input("x", f32, {2, 3})));
    });
    m.entry("b", [&](Entry &e) {
      e.output("y", network(e.input("x", f32, {5, 3})));
    });
  });
  EXPECT_EQ(variableNames(built),
            (std::vector<std::string>{"layer.weight", "layer.bias"}));
}

TEST(Variables, OneReadAnEntry) {
  Built built([](Model &m) {
    Variable w = m.parameter("w", {3}, init::zeros());
    m.entry("e", [&](Entry &e) {
      Tensor loss = sum(w * w);
      w.assign(w - gradient(loss, {w})[0] - gradient(loss, w));
      e.output("loss", loss);
    });
  });
  EXPECT_EQ(llvm::count(built.ops("e"), "read"), 1);
}

TEST(Variables, OfAnUnusedParameterAreNotTrained) {
  Built built([](Model &m) {
    Variable w = m.parameter("w", {3}, init::zeros());
    m.parameter("unused", {3}, init::zeros());
    m.entry("e", [&](Entry &e) { optim::sgd(m, sum(w * w)); });
  });
  EXPECT_EQ(llvm::count(built.ops("e"), "write"), 2); // w and the step
}

TEST(Variables, BeginAsTheirInitializersSay) {
  Computed model([](Model &m) {
    m.variable("a", {2}, init::constant(3));
    m.variable("b", {2, 2}, init::values({1, 2, 3, 4}));
    m.variable("c", {}, init::constant(7), {.dtype = i64});
    m.parameter("n", {100, 100}, init::he_normal(), f64);
    m.parameter("u", {100, 100}, init::uniform(2, 3), f64);
    m.entry("e", [&](Entry &e) { e.output("y", ones({1})); });
  });
  model.run("init", {{5}});
  expectNear(model.variable("a"), {3, 3});
  expectNear(model.variable("b"), {1, 2, 3, 4});
  expectNear(model.variable("c"), {7});
  double sum = 0, squares = 0;
  for (double x : model.variable("n"))
    sum += x, squares += x * x;
  EXPECT_NEAR(sum / 1e4, 0, 4 * std::sqrt(0.02) / 100);
  EXPECT_NEAR(squares / 1e4, 0.02, 0.02 * 4 * std::sqrt(2.0) / 100);
  double low = 9, high = 0, mean = 0;
  for (double x : model.variable("u"))
    low = std::min(low, x), high = std::max(high, x), mean += x / 1e4;
  EXPECT_GE(low, 2);
  EXPECT_LT(high, 3);
  EXPECT_NEAR(mean, 2.5, 4 / std::sqrt(12.0) / 100);
}

TEST(Variables, AddingOneDoesNotChangeTheOthers) {
  auto weights = [](bool more) {
    Computed model([=](Model &m) {
      if (more)
        m.parameter("first", {4}, init::normal(1));
      m.parameter("w", {4}, init::normal(1));
      m.entry("e", [&](Entry &e) { e.output("y", ones({1})); });
    });
    model.run("init", {{5}});
    return model.variable("w");
  };
  EXPECT_EQ(weights(false), weights(true));
}

//===----------------------------------------------------------------------===//
// Batch axes
//===----------------------------------------------------------------------===//

TEST(BatchAxes, AreWhatTheModelMarks) {
  Built built([](Model &m) {
    const Batch batch = m.batch(8);
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {3, batch, 5});
      Tensor table = e.input("table", f32, {8, 5}); // 8 by chance
      e.output("sum", sum(x, 0));
      e.output("product", matmul(sum(x, 0), transpose(table)));
      e.output("total", sum(x, {0, 1}));
      e.output("moved", transpose(x, {2, 0, 1}));
      e.output("flat", reshape(transpose(x, {1, 0, 2}), {batch, 15}));
      e.output("twice", table * 2);
      e.output("best", argmax(x, 0));
    });
  });
  ASSERT_TRUE(built.module);
  EXPECT_EQ(built.axis("e", 0, false), "1");
  EXPECT_EQ(built.axis("e", 1, false), "none");
  std::vector<std::string> want = {"0", "0", "none", "2", "0", "none", "0"};
  for (unsigned i = 0; i < want.size(); ++i)
    EXPECT_EQ(built.axis("e", i), want[i]) << "output " << i;
}

TEST(BatchAxes, SurviveMergedDimensionsAndLoops) {
  Built built([](Model &m) {
    const Batch batch = m.batch(4);
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {batch, 6, 5});
      Tensor rows = reshape(x, {batch * 6, 5});
      e.output("merged", rows);
      e.output("back", reshape(rows * 2, {batch, 6, 5}));
      auto [last, all] = scan(zeros({batch, 5}), transpose(x, {1, 0, 2}), 6,
                              [](Tensor c, Tensor step) {
                                Tensor next = c + step;
                                return std::pair(next, next);
                              });
      e.output("last", last);
      e.output("all", all);
      e.output("again", checkpoint([&] {
                 return transpose(x * 2, {1, 0, 2});
               }));
    });
  });
  ASSERT_TRUE(built.module);
  EXPECT_EQ(built.axis("e", 0), "none");
  EXPECT_EQ(built.axis("e", 1), "0");
  EXPECT_EQ(built.axis("e", 2), "0");
  EXPECT_EQ(built.axis("e", 3), "1");
  EXPECT_EQ(built.axis("e", 4), "1");
}

/// What is padded must not change what is kept.
TEST(BatchAxes, EndWhereSamplesMix) {
  Built built([](Model &m) {
    const Batch batch = m.batch(4);
    Variable w = m.parameter("w", {5, 5}, init::zeros());
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {batch, 5});
      Tensor i = e.input("i", i32, {batch});
      e.output("centered", x - mean(x, 0));
      e.output("gram", matmul(x, transpose(x)));
      e.output("largest", x / max(x));
      e.output("other", gather(x, i));
      e.output("reversed", reverse(x, 0) * x);
      e.output("crossed", matmul(x, w) + mean(x));
      e.output("carried", repeat(x, 3, [](Tensor c) { return c - sum(c, 0); }));
      e.output("through", gradient(sum(square(sum(x * x))), x));
    });
    m.entry("kept", [&](Entry &e) {
      Tensor x = e.input("x", f32, {batch, 5});
      Tensor i = e.input("i", i32, {batch});
      e.output("centered", x - mean(x, 1, keep_dims));
      e.output("row", gather(Tensor(w), i));
      e.output("dense", matmul(x, w) * random::uniform({batch, 5}));
      e.output("scaled", x * sum(w));
      e.output("slope", gradient(mean(exp(matmul(x, w))), x));
      Tensor slope = gradient(mean(exp(matmul(x, w))), x);
      e.output("curve", gradient(sum(square(slope)), x));
      e.output("pushed", jvp({exp(x)}, {x}, {x})[0]);
      e.output("pulled", vjp({exp(x)}, {x}, {x})[0]);
      e.output("carried",
               repeat(zeros({batch, 5}), 3, [&](Tensor c) { return c + x; }));
    });
  });
  for (const Mistake &mistake : built.mistakes)
    ADD_FAILURE() << mistake.render();
  ASSERT_TRUE(built.module);
  for (unsigned i = 0; i < 8; ++i)
    EXPECT_EQ(built.axis("e", i), "none") << "output " << i;
  for (unsigned i = 0; i < 9; ++i)
    EXPECT_EQ(built.axis("kept", i), "0") << "output " << i;
}

TEST(BatchAxes, GuessedUnlessFixed) {
  Built built([](Model &m) {
    const int64_t batch = m.option("batch", 8);
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {batch, 2});
      Tensor table = e.input("table", f32, {fixed(8), 2});
      e.output("y", x * 2);
      e.output("z", table * 2);
    });
  });
  ASSERT_TRUE(built.module);
  EXPECT_EQ(built.axis("e", 0), "0");
  EXPECT_EQ(built.axis("e", 1), "none");
}

} // namespace
