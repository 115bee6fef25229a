//===- RandomTest.cpp - draws: streams, calls, dropout --------------------===//

#include "tests/frontend/Build.h"

using namespace sinter;

namespace {

Computed dropoutModel(double keep) {
  return Computed([=](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f64, {10000});
      Tensor first = nn::dropout(x, keep);
      Tensor second = nn::dropout(x, keep);
      e.output("first", first);
      e.output("second", second);
      e.output("slope", gradient(sum(first), x));
    });
  });
}

TEST(Dropout, KeepsItsShareAndScales) {
  Computed model = dropoutModel(0.8);
  model.run("init", {{4}});
  Numbers x(10000, 2);
  auto have = model.run("e", {x});
  int kept = 0, same = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_TRUE(have[0][i] == 0 || std::abs(have[0][i] - 2.5) < 1e-12);
    EXPECT_EQ(have[2][i] == 0, have[0][i] == 0);
    kept += have[0][i] != 0;
    same += (have[0][i] != 0) == (have[1][i] != 0);
  }
  EXPECT_NEAR(kept, 8000, 4 * std::sqrt(10000 * 0.16));
  // Two layers draw from two streams: they agree by chance only.
  EXPECT_NEAR(same, 6800, 4 * std::sqrt(10000 * 0.68 * 0.32));
  // The next call draws anew, the same seed draws the same.
  EXPECT_NE(model.run("e", {x})[0], have[0]);
  model.run("init", {{4}});
  EXPECT_EQ(model.run("e", {x})[0], have[0]);
  model.run("init", {{5}});
  EXPECT_NE(model.run("e", {x})[0], have[0]);
}

TEST(Random, EntriesWithoutDrawsKeepNoKey) {
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) { e.output("y", ones({2})); });
  });
  EXPECT_FALSE(built.module->lookupSymbol("rng"));
}

TEST(Random, StreamsAreHashesOfNames) {
  // FNV-1a of "noise#0", the last bit cleared, by hand.
  uint32_t hash = 2166136261u;
  for (char c : std::string("noise#0"))
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  Built built([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Scope scope("noise");
      e.output("y", random::uniform({2}));
    });
  });
  ASSERT_TRUE(built.module);
  bool found = false;
  built.module->walk([&](ir::RandomUniformOp op) {
    found = true;
    EXPECT_EQ(static_cast<uint32_t>(op.getStream()), hash & ~1u);
  });
  EXPECT_TRUE(found);
}

TEST(Random, AUsersVariableMayNotTakeTheKeysName) {
  unsigned line = 0;
  Built built([&](Model &m) {
    m.entry("e", [&](Entry &e) { e.output("y", random::uniform({2})); });
    line = __LINE__ + 1;
    m.variable("rng", {3}, init::zeros());
    Scope scope("mine");
    m.variable("rng", {3}, init::zeros());
  });
  ASSERT_EQ(built.mistakes.size(), 1u);
  EXPECT_EQ(built.mistakes[0].line, line);
  EXPECT_NE(built.mistakes[0].message.find(
                "'rng' is reserved for the state of the random numbers"),
            std::string::npos);
}

} // namespace
