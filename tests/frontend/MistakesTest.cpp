//===- MistakesTest.cpp - misused models are errors at the user's lines ---===//
//
// Several mistakes in one model, each an error at its own line; those of single
// ops are in OpMistakesTest.
//
//===----------------------------------------------------------------------===//

#include "tests/frontend/Mistakes.h"

#include <cstdio>
#include <fstream>

using namespace sinter;

namespace {

/// Expects exactly these (line, part of the message), in order.
void expectMistakes(const Built &built,
                    const std::vector<std::pair<unsigned, std::string>> &want) {
  ASSERT_EQ(built.mistakes.size(), want.size()) << rendered(built);
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(built.mistakes[i].line, want[i].first) << rendered(built);
    expectSays(built.mistakes[i], want[i].second);
    EXPECT_NE(built.mistakes[i].file.find("MistakesTest.cpp"),
              std::string::npos);
    EXPECT_GT(built.mistakes[i].column, 0u);
  }
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

TEST(Mistakes, OfEntries) {
  unsigned line = 0;
  Built built([&](Model &m) {
    Tensor kept;
    m.entry("a", [&](Entry &e) {
      kept = e.input("x", f32, {2});
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
  expectOnly(init, "'init' is made from");
  Built nothing([](Model &m) { m.entry("a", [](Entry &) {}); });
  expectOnly(nothing, "does nothing");
  expectOnly(Built([](Model &) {}), "no entry");
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
              {line + 6, "a trainable variable is f32, f64 or bf16"},
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
  expectOnly(unknown, "it asks for batch");
}

TEST(Mistakes, OutsideOfAnyModelAreKeptForTheNext) {
  unsigned line = __LINE__ + 1;
  Tensor stray = relu(Tensor());
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) { e.output("y", ones({1})); });
  });
  ASSERT_FALSE(built.mistakes.empty());
  EXPECT_EQ(built.mistakes[0].line, line);
  expectSays(built.mistakes[0], "inside SINTER_MODEL");
}

TEST(Mistakes, ExceptionsOfTheModelAreReported) {
  Built built([](Model &m) {
    m.entry("e", [&](Entry &) { throw std::runtime_error("no data"); });
  });
  expectOnly(built, "exception: no data");
}

} // namespace
