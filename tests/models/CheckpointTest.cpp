//===- CheckpointTest.cpp - training that keeps less and learns the same --===//
//
// A deep model is compiled twice, with and without checkpoints.  Steps of
// training have to leave the same bits in its state, random numbers included,
// and need far less memory with them.
//
//===----------------------------------------------------------------------===//

#include "sinter_runtime.h"

#include <sinter/compile.h>
#include <sinter/sinter.h>

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace sinter;

namespace {

constexpr int64_t batch = 512, width = 16, hidden = 64, blocks = 6;

void build(Model &m) {
  bool checkpoints = m.option("checkpoints", true);
  std::string inside = m.option("inside", "plain");
  auto block = [&](int64_t i, Tensor x) {
    Tensor h = nn::dense(m, "in" + std::to_string(i), x, hidden);
    h = sin(h) * exp(tanh(h));
    if (inside == "dropout")
      h = nn::dropout(h, 0.75);
    if (inside == "loop")
      h = repeat(h, 3, [&](Tensor c) { return c + nn::dropout(tanh(c), 0.5); });
    return x + 0.25f * nn::dense(m, "out" + std::to_string(i), h, width);
  };
  m.entry("train", [&](Entry &e) {
    Tensor x = e.input("x", f32, {batch, width}), y = x;
    for (int64_t i = 0; i < blocks; ++i) {
      Tensor before = y;
      auto f = [&] { return block(i, before); };
      auto nested = [&] { return checkpoints ? checkpoint(f) : f(); };
      if (inside == "nested" && checkpoints)
        y = checkpoint(nested);
      else
        y = nested();
    }
    Tensor loss = mean(square(y - x));
    optim::sgd(m, loss, {.learning_rate = 0.01f});
    e.output("loss", loss);
  });
}

struct Trained {
  std::vector<std::byte> state;
  std::vector<float> losses;
  uint64_t workspace = 0;
};

Trained train(bool checkpoints, const std::string &inside) {
  Executable model =
      compile({"deep", build, Place::current()},
              {.options = {{"checkpoints", checkpoints ? "true" : "false"},
                           {"inside", inside}}});
  std::vector<float> x(batch * width);
  std::mt19937 generator(1);
  for (float &number : x)
    number = static_cast<float>(generator() >> 8) * 0x1p-23f - 1;
  Trained result;
  for (int i = 0; i < 3; ++i)
    model.run("train", {{"x", x}, {"loss", result.losses.emplace_back()}});
  result.state.assign(model.state().begin(), model.state().end());
  result.workspace = model.model().entries[0].workspace_bytes;
  return result;
}

class Checkpoints : public ::testing::TestWithParam<const char *> {};

TEST_P(Checkpoints, TrainsTheSameInLessMemory) {
  Trained with = train(true, GetParam()), without = train(false, GetParam());
  EXPECT_EQ(with.losses, without.losses);
  EXPECT_NE(with.losses[1], with.losses[0]);
  EXPECT_EQ(with.state, without.state);
  // Of each block its input stays, a quarter of the hidden values, of which the
  // plain model keeps two or more.
  EXPECT_LT(with.workspace * 2, without.workspace);
}

INSTANTIATE_TEST_SUITE_P(
    , Checkpoints, ::testing::Values("plain", "dropout", "nested", "loop"),
    [](const auto &info) { return std::string(info.param); });

// Several results, of a tree's type, some of them unused.
TEST(Checkpoint, ReturnsTrees) {
  static auto pair = [](Model &m) {
    m.entry("f", [&](Entry &e) {
      Tensor x = e.input("x", f32, {4});
      auto [y, more] = checkpoint([&] {
        return std::pair(exp(x), std::vector<Tensor>{sin(x), cos(x)});
      });
      e.output("dx", gradient(sum(y * more[0]), x));
    });
  };
  Executable model =
      compile({"pair", [](Model &m) { pair(m); }, Place::current()});
  std::vector<float> x = {0.5f, -1, 2, 0}, dx(4);
  model.run("f", {{"x", x}, {"dx", dx}});
  for (size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(dx[i], std::exp(x[i]) * (std::sin(x[i]) + std::cos(x[i])),
                1e-5);
}

} // namespace
