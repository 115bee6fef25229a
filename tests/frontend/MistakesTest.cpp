//===- MistakesTest.cpp - every misuse is an error at the user's line -----===//

#include "tests/frontend/Build.h"

#include <cstdio>
#include <fstream>

using namespace sinter;

namespace {

/// Expects exactly these (line, part of the message), in order.
void expectMistakes(const Built &built,
                    const std::vector<std::pair<unsigned, std::string>> &want) {
  std::string all;
  for (const Mistake &mistake : built.mistakes)
    all += mistake.render();
  ASSERT_EQ(built.mistakes.size(), want.size()) << all;
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(built.mistakes[i].line, want[i].first) << all;
    EXPECT_NE(built.mistakes[i].message.find(want[i].second), std::string::npos)
        << built.mistakes[i].message << "\nlacks\n"
        << want[i].second;
    EXPECT_NE(built.mistakes[i].file.find("MistakesTest.cpp"),
              std::string::npos);
    EXPECT_GT(built.mistakes[i].column, 0u);
  }
}

/// One entry around `body`; expects one mistake at the line of the call.
void expectMistake(const std::string &message,
                   std::function<void(Model &, Entry &, Tensor, Tensor)> body,
                   Place place = Place::current()) {
  Built built([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {4, 3});
      Tensor n = e.input("n", u8, {4});
      body(m, e, x, n);
      e.output("y", x);
    });
  });
  std::string all;
  for (const Mistake &mistake : built.mistakes)
    all += mistake.render();
  ASSERT_EQ(built.mistakes.size(), 1u) << message << "\n" << all;
  EXPECT_NE(built.mistakes[0].message.find(message), std::string::npos)
      << built.mistakes[0].message << "\nlacks\n"
      << message;
  // The whole call may stand on several lines.
  EXPECT_GE(built.mistakes[0].line, place.line());
  EXPECT_LE(built.mistakes[0].line, place.line() + 8);
}

TEST(Mistakes, ThreeGiveThreeErrorsAtTheirLines) {
  unsigned line = 0;
  Built built([&](Model &m) {
    m.entry("train", [&](Entry &e) {
      Tensor x = e.input("x", f32, {32, 784});
      line = __LINE__;
      Tensor a = reshape(x, {32, 700});
      Tensor b = x + full({10}, 1);
      Tensor c = nn::dense(m, "hidden", cast(x, i32), 5);
      Tensor d = relu(a) + b * c; // poison: no further error
      e.output("d", d);
    });
  });
  expectMistakes(
      built,
      {{line + 1, "reshape: cannot make 22400 elements of 25088"},
       {line + 2, "f32[32, 784] and f32[10] do not broadcast: dimension -1"},
       {line + 3, "dense: takes floats [..., in], not i32[32, 784]"}});
}

TEST(Mistakes, AreRenderedWithLineAndCaret) {
  std::string path = testing::TempDir() + "rendered.cpp";
  std::ofstream(path) << "first\n\tx + y;\n";
  Mistake mistake{path, 2, 4, "wrong"};
  EXPECT_EQ(mistake.render(),
            path + ":2:4: error: wrong\n  \tx + y;\n  \t  ^\n");
  std::remove(path.c_str());
  EXPECT_EQ(mistake.render(), path + ":2:4: error: wrong\n");
}

TEST(Mistakes, OfTypes) {
  expectMistake("element types differ, f32[4, 3] and u8[4]",
                [](Model &, Entry &, Tensor x, Tensor n) { x + n; });
  expectMistake("exp: takes f32 or f64, not u8[4]: use cast",
                [](Model &, Entry &, Tensor, Tensor n) { exp(n); });
  expectMistake("300 does not fit u8",
                [](Model &, Entry &, Tensor, Tensor n) { n + 300; });
  expectMistake("0.5 does not fit u8",
                [](Model &, Entry &, Tensor, Tensor n) { n * 0.5; });
  expectMistake("1e+300 does not fit f32: cast the tensor to f64",
                [](Model &, Entry &, Tensor x, Tensor) { x * 1e300; });
  expectMistake("1e+39 does not fit f32", [](Model &, Entry &, Tensor, Tensor) {
    constant(std::vector<double>{1, 1e39}, {2});
  });
  expectMistake("the condition must be i1",
                [](Model &, Entry &, Tensor x, Tensor) { where(x, x, x); });
  expectMistake("indices must be integers",
                [](Model &, Entry &, Tensor x, Tensor) { gather(x, x); });
  expectMistake("!: takes i1", [](Model &, Entry &, Tensor x, Tensor) { !x; });
}

TEST(Mistakes, OfShapes) {
  expectMistake("must equal the last but one of the second, 4",
                [](Model &, Entry &, Tensor x, Tensor) { matmul(x, x); });
  expectMistake("dimension 2 is out of range for f32[4, 3]",
                [](Model &, Entry &, Tensor x, Tensor) { sum(x, 2); });
  expectMistake("dimension 0 is named twice",
                [](Model &, Entry &, Tensor x, Tensor) {
                  transpose(x, {0, 0});
                });
  expectMistake("dim: dimension 5 is out of range",
                [](Model &, Entry &, Tensor x, Tensor) { x.dim(5); });
  expectMistake("is not a part of dimension 0",
                [](Model &, Entry &, Tensor x, Tensor) { slice(x, 0, 2, 9); });
  expectMistake("element 4 of dimension 0",
                [](Model &, Entry &, Tensor x, Tensor) { at(x, 4); });
  expectMistake("does not divide into 2 equal parts",
                [](Model &, Entry &, Tensor x, Tensor) { split(x, 2, 1); });
  expectMistake("is negative",
                [](Model &, Entry &, Tensor, Tensor) { zeros({-3}); });
  expectMistake("is too large", [](Model &, Entry &, Tensor, Tensor) {
    zeros({int64_t(1) << 40, int64_t(1) << 40});
  });
  expectMistake("cannot infer the extent -1",
                [](Model &, Entry &, Tensor x, Tensor) {
                  reshape(x, {-1, 5});
                });
  expectMistake("needs at least one tensor",
                [](Model &, Entry &, Tensor, Tensor) { concatenate({}, 0); });
  expectMistake("reshape one to the other's shape",
                [](Model &, Entry &, Tensor x, Tensor) {
                  nn::mse(x, sum(x, 1, keep_dims));
                });
  expectMistake("labels for the logits f32[4, 3]",
                [](Model &, Entry &, Tensor x, Tensor n) {
                  nn::cross_entropy(x, slice(n, 0, 0, 2));
                });
}

TEST(Mistakes, OfTransformers) {
  expectMistake("embedding: takes integer indices, not f32[4, 3]",
                [](Model &m, Entry &, Tensor x, Tensor) {
                  nn::embedding(m, "table", x, 10, 2);
                });
  expectMistake("embedding: a table of 0 rows",
                [](Model &m, Entry &, Tensor, Tensor n) {
                  nn::embedding(m, "table", n, 0, 2);
                });
  expectMistake("layer_norm: f32[4, 3] has no last 3 dimensions",
                [](Model &m, Entry &, Tensor x, Tensor) {
                  nn::layer_norm(m, "norm", x, {.dims = 3});
                });
  expectMistake(
      "rms_norm: takes floats [..., width], not u8[4]",
      [](Model &m, Entry &, Tensor, Tensor n) { nn::rms_norm(m, "norm", n); });
  expectMistake("layer_norm: epsilon, -1, is negative",
                [](Model &m, Entry &, Tensor x, Tensor) {
                  nn::layer_norm(m, "norm", x, {.epsilon = -1});
                });
  expectMistake("group_norm: 3 channels do not divide into 2 groups",
                [](Model &m, Entry &, Tensor x, Tensor) {
                  nn::group_norm(m, "norm", x, 2);
                });
  expectMistake("attention: takes float queries [..., n, d]",
                [](Model &, Entry &, Tensor x, Tensor) {
                  attention(x, transpose(x), x);
                });
  expectMistake("broadcast to the scores' i1[4, 4], not i1[4, 3]",
                [](Model &, Entry &, Tensor x, Tensor) {
                  attention(x, x, x, {.mask = x > 0});
                });
  expectMistake("the width 3 does not divide into 2 heads",
                [](Model &m, Entry &, Tensor x, Tensor) {
                  nn::multi_head_attention(m, "a", x, {.heads = 2});
                });
  expectMistake("-1 heads", [](Model &m, Entry &, Tensor x, Tensor) {
    nn::multi_head_attention(m, "a", x, {.heads = -1});
  });
  expectMistake("the memory f32[1, 4, 3] does not fit f32[4, 3]",
                [](Model &m, Entry &, Tensor x, Tensor) {
                  nn::multi_head_attention(m, "a", x, expand_dims(x, 0));
                });
  expectMistake(
      "positional_encoding: takes a float type",
      [](Model &, Entry &, Tensor, Tensor) { positional_encoding(4, 3, i32); });
  expectMistake("is negative", [](Model &, Entry &, Tensor, Tensor) {
    positional_encoding(-4, 3);
  });
  expectMistake("is too large for a constant",
                [](Model &, Entry &, Tensor, Tensor) {
                  positional_encoding(1 << 20, 1 << 10);
                });
}

TEST(Mistakes, OfDerivatives) {
  expectMistake("gradient: needs a scalar, not f32[4, 3]",
                [](Model &, Entry &, Tensor x, Tensor) { gradient(x, x); });
  expectMistake("has 0 cotangents for 1 ys",
                [](Model &, Entry &, Tensor x, Tensor) { vjp({x}, {x}, {}); });
  expectMistake(
      "has read no trainable variable",
      [](Model &m, Entry &, Tensor x, Tensor) { optim::adam(m, sum(x)); });
}

TEST(Mistakes, OfEmptyHandles) {
  expectMistake("this tensor is empty",
                [](Model &, Entry &, Tensor, Tensor) { relu(Tensor()); });
  expectMistake(
      "assign: this variable is empty",
      [](Model &, Entry &, Tensor x, Tensor) { Variable().assign(x); });
  expectMistake("read: this variable is empty",
                [](Model &, Entry &, Tensor x, Tensor) { x + Variable(); });
  expectMistake("its initializer is empty",
                [](Model &m, Entry &, Tensor, Tensor) {
                  m.parameter("w", {2}, Initializer());
                });
}

TEST(Mistakes, OfLoops) {
  expectMistake("the carry begins as f32[4, 3] and the body returns it as "
                "f32[]",
                [](Model &, Entry &, Tensor x, Tensor) {
                  repeat(x, 3, [](Tensor c) { return sum(c); });
                });
  expectMistake("5 steps, but the input f32[4, 3]",
                [](Model &, Entry &, Tensor x, Tensor) {
                  scan(x, x, 5, [](Tensor c, Tensor) { return c; });
                });
  expectMistake("belongs to the body of a loop that has ended",
                [](Model &, Entry &, Tensor x, Tensor) {
                  Tensor inside;
                  repeat(x, 3, [&](Tensor c) { return inside = c * 2; });
                  tanh(inside);
                });
  expectMistake("inside a loop's body",
                [](Model &m, Entry &, Tensor x, Tensor) {
                  Variable v = m.variable("v", {4, 3}, init::zeros());
                  repeat(x, 3, [&](Tensor c) {
                    v.assign(c);
                    return c;
                  });
                });
  // A body of which the loop was a mistake is gone; its tensors stay safe.
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {4, 3}), inside;
      repeat(x, 3, [&](Tensor c) {
        inside = c * 2;
        return sum(c);
      });
      named(inside, "inside");
      e.output("y", inside + x);
    });
  });
  EXPECT_EQ(built.mistakes.size(), 2u);
}

TEST(Mistakes, OfEntries) {
  unsigned line = 0;
  Built built([&](Model &m) {
    Tensor kept;
    Entry *ended = nullptr;
    m.entry("a", [&](Entry &e) {
      kept = e.input("x", f32, {2});
      ended = &e;
      e.output("y", kept);
    });
    line = __LINE__;
    m.entry("b", [&](Entry &e) { e.output("y", kept * 2); });
    m.entry("b", [&](Entry &e) { e.output("y", ones({1})); });
    m.entry("init", [&](Entry &e) { e.output("y", ones({1})); });
    m.entry("a b", [&](Entry &e) { e.output("y", ones({1})); });
    m.entry("c", [&](Entry &e) { e.output("y", e.input("y", f32, {1})); });
    relu(kept);
    m.entry("d", [&](Entry &) { m.entry("f", [](Entry &) {}); });
  });
  expectMistakes(built, {{line + 1, "belongs to the entry 'a'"},
                         {line + 2, "there is an entry 'b' already"},
                         {line + 3, "'init' is made from"},
                         {line + 4, "becomes part of a C function's"},
                         {line + 5, "has 'y' already"},
                         {line + 6, "ops belong inside m.entry"},
                         {line + 7, "entries do not nest"}});
  // Nothing that an entry so named asks for is mistaken for the real one's.
  Built init([](Model &m) {
    m.entry("init", [](Entry &e) { e.output("y", random::uniform({3})); });
  });
  ASSERT_EQ(init.mistakes.size(), 1u);
  Built nothing([](Model &m) { m.entry("a", [](Entry &) {}); });
  ASSERT_EQ(nothing.mistakes.size(), 1u);
  EXPECT_NE(nothing.mistakes[0].message.find("does nothing"),
            std::string::npos);
  Built empty([](Model &) {});
  ASSERT_EQ(empty.mistakes.size(), 1u);
  EXPECT_NE(empty.mistakes[0].message.find("no entry"), std::string::npos);
}

TEST(Mistakes, OfBatches) {
  unsigned line = 0;
  Built built([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      line = __LINE__;
      Tensor a = e.input("a", f32, {batch_axis(4), 3});
      Tensor b = e.input("b", f32, {3, batch_axis(4)});
      Tensor c = e.input("c", f32, {batch_axis(8), 3});
      Tensor d = e.input("d", f32, {batch_axis(0), 3});
      Tensor f = e.input("f", f32, {batch_axis(4), batch_axis(4)});
      e.output("y", sum(a) + sum(b) + sum(c) + sum(d) + sum(f));
    });
    m.entry("f", [&](Entry &e) {
      e.output("y", e.input("x", f32, {batch_axis(8)}));
    });
  });
  std::string first = std::to_string(line + 1);
  expectMistakes(built, {{line + 3, "input 'c': a batch of 8 samples, but 'a', "
                                    "in line " +
                                        first + ", has 4"},
                         {line + 4, "a batch of 0 samples"},
                         {line + 5, "more than one extent"}});
}

TEST(Mistakes, OfOptimizers) {
  unsigned line = 0;
  Built built([&](Model &m) {
    Variable a = m.parameter("a", {2}, init::zeros());
    Variable b = m.parameter("b", {2}, init::zeros());
    line = __LINE__;
    m.entry("pretrain", [&](Entry &) { optim::adam(m, sum(a * b)); });
    m.entry("tune", [&](Entry &) { optim::adam(m, sum(a * a)); });
    m.entry("twice", [&](Entry &) {
      optim::sgd(m, sum(a * b), {.variables = {a}});
      optim::adam(m, sum(a * b), {.name = "both"});
    });
    m.entry("ok", [&](Entry &) { optim::adam(m, sum(a), {.name = "t"}); });
  });
  expectMistakes(
      built,
      {{line + 2, "adam: 'a' has slots of another optimizer 'adam', in "
                  "line " +
                      std::to_string(line + 1)},
       {line + 5, "adam: 'a' is assigned in this entry already, in line " +
                      std::to_string(line + 4)}});
}

TEST(Mistakes, OfTensorsThatOutliveTheirModel) {
  Tensor kept;
  Variable variable;
  Built first([&](Model &m) {
    variable = m.variable("v", {2}, init::zeros());
    m.entry("e", [&](Entry &e) { e.output("y", kept = ones({2})); });
  });
  ASSERT_TRUE(first.module);
  EXPECT_EQ(kept.shape(), std::vector<int64_t>{2});
  unsigned line = 0;
  Built second([&](Model &m) {
    m.entry("e", [&](Entry &e) {
      line = __LINE__;
      e.output("y", kept * 2);
      e.output("z", variable * 2);
      named(kept, "kept");
    });
  });
  expectMistakes(second, {{line + 1, "a model that has been built already"},
                          {line + 2, "a model that has been built already"}});
}

TEST(Mistakes, OfVariables) {
  unsigned line = 0;
  Built built([&](Model &m) {
    line = __LINE__;
    m.parameter("w", {2, 2}, init::zeros());
    m.parameter("w", {2, 3}, init::zeros());
    m.parameter("w", {2, 2}, init::constant(1));
    m.variable("w", {2, 2}, init::zeros());
    m.parameter("a..b", {2}, init::zeros());
    m.parameter("i", {2}, init::zeros(), i32);
    m.parameter("v", {2}, init::values({1, 2, 3}));
    m.entry("e", [&](Entry &e) {
      Variable w = m.parameter("w", {2, 2}, init::zeros());
      w.assign(ones({3}));
      e.output("y", w * 2);
      m.parameter("w", {2, 2}, init::zeros());
    });
    m.entry("f", [&](Entry &e) {
      Variable w = m.parameter("w", {2, 2}, init::zeros());
      w.assign(ones({2, 2}));
      w.assign(ones({2, 2}));
    });
    m.entry("w", [&](Entry &e) { e.output("y", ones({1})); });
  });
  expectMistakes(
      built, {{line + 2, "is f32[2, 2], not f32[2, 3]"},
              {line + 3, "begins as constant(0), not constant(1)"},
              {line + 4, "is trainable"},
              {line + 5, "is not a name"},
              {line + 6, "a trainable variable is f32 or f64"},
              {line + 10, "the variable is f32[2, 2], the value f32[3]"},
              {line + 12,
               "this entry asked for it in line " + std::to_string(line + 9)},
              {line + 17,
               "this entry assigned it in line " + std::to_string(line + 16)},
              {line + 19, "there is a variable 'w' already"}});
  unsigned place = 0;
  Built wrong([&](Model &m) {
    place = __LINE__ + 1;
    m.parameter("v", {2}, init::values({1, 2, 3}));
    m.entry("e", [&](Entry &e) { e.output("y", ones({1})); });
  });
  expectMistakes(wrong, {{place, "3 values for f32[2]"}});
}

TEST(Mistakes, OfOptions) {
  unsigned line = 0;
  Built built(
      [&](Model &m) {
        line = __LINE__;
        m.option("batch", 8);
        m.option("batch", 9);
        m.option("rate", 0.5);
        m.option("two words", 1);
        m.batch(8);
        m.entry("e", [&](Entry &e) { e.output("y", ones({1})); });
      },
      {{"rate", "fast"}, {"batch", "-4"}, {"missing", "1"}});
  ASSERT_EQ(built.mistakes.size(), 5u);
  built.mistakes.pop_back();
  expectMistakes(built,
                 {{line + 2, "asked for before as integer with default 8"},
                  {line + 3, "'fast' (from -P) is not a number"},
                  {line + 4, "must be of letters"},
                  {line + 5, "at least 1 is needed"}});
  Built unknown(
      [&](Model &m) {
        m.option("batch", 8);
        m.entry("e", [&](Entry &e) { e.output("y", ones({1})); });
      },
      {{"btach", "1"}});
  ASSERT_EQ(unknown.mistakes.size(), 1u);
  EXPECT_NE(unknown.mistakes[0].message.find("it asks for batch"),
            std::string::npos);
}

TEST(Mistakes, OutsideOfAnyModelAreKeptForTheNext) {
  unsigned line = __LINE__ + 1;
  Tensor stray = relu(Tensor());
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) { e.output("y", ones({1})); });
  });
  ASSERT_FALSE(built.mistakes.empty());
  EXPECT_EQ(built.mistakes[0].line, line);
  EXPECT_NE(built.mistakes[0].message.find("inside SINTER_MODEL"),
            std::string::npos);
}

TEST(Mistakes, ExceptionsOfTheModelAreReported) {
  Built built([](Model &m) {
    m.entry("e", [&](Entry &) { throw std::runtime_error("no data"); });
  });
  ASSERT_EQ(built.mistakes.size(), 1u);
  EXPECT_NE(built.mistakes[0].message.find("exception: no data"),
            std::string::npos);
}

} // namespace
