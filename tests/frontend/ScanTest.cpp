//===- ScanTest.cpp - loops: structures, captures, random steps -----------===//

#include "tests/frontend/Build.h"

using namespace sinter;

namespace {

ir::ScanOp onlyScan(Built &built) {
  ir::ScanOp result;
  built.module->walk([&](ir::ScanOp scan) { result = scan; });
  return result;
}

TEST(Scan, StructuresComeBackInOrder) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor xs = e.input("xs", f64, {4, 2});
      using Carry = std::tuple<Tensor, std::pair<Tensor, Tensor>>;
      Carry init{zeros({2}, f64), {ones({2}, f64), zeros({}, f64)}};
      auto [carry, ys] = scan(init, xs, 4, [](Carry carry, Tensor x, Tensor t) {
        auto [sum_, rest] = carry;
        Tensor index = cast(t, f64);
        Carry next{sum_ + x, {rest.first * x, rest.second + index}};
        return std::pair(next, std::vector<Tensor>{x * 2, index});
      });
      e.output("sum", std::get<0>(carry));
      e.output("product", std::get<1>(carry).first);
      e.output("steps", std::get<1>(carry).second);
      e.output("doubled", ys[0]);
      e.output("indices", ys[1]);
      Tensor back = scan(
          zeros({}, f64), xs, 4,
          [](Tensor c, Tensor x) { return c * 10 + at(x, 0); },
          /*reverse=*/true);
      e.output("back", back);
      e.output("power",
               repeat(ones({}, f64), 5, [](Tensor c) { return c * 3; }));
    });
  });
  auto have = model.run("e", {{1, 2, 3, 4, 5, 6, 7, 8}});
  expectNear(have[0], {16, 20});
  expectNear(have[1], {105, 384});
  expectNear(have[2], {6});
  expectNear(have[3], {2, 4, 6, 8, 10, 12, 14, 16});
  expectNear(have[4], {0, 1, 2, 3});
  expectNear(have[5], {7531});
  expectNear(have[6], {243});
}

TEST(Scan, CapturesBecomeInvariantsOnce) {
  Built built([](Model &m) {
    Variable w = m.parameter("w", {3}, init::zeros());
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f32, {3});
      e.output("y", repeat(x, 4, [&](Tensor c) {
                 return repeat(c * x, 2, [&](Tensor d) { return d * w + x; });
               }));
    });
  });
  ASSERT_TRUE(built.module);
  ir::ScanOp outer = *built.entry("e").getBody().getOps<ir::ScanOp>().begin();
  EXPECT_EQ(outer.getInvariants().size(), 2u); // x and w
  ir::ScanOp inner = *outer.getBody().getOps<ir::ScanOp>().begin();
  EXPECT_EQ(inner.getInvariants().size(), 2u);
  // The variable is read in the entry, not in the loop.
  EXPECT_EQ(llvm::count(built.ops("e"), "read"), 1);
}

TEST(Scan, GradientInsideAndThrough) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor w = e.input("w", f64, {});
      // x ← w·x three times: w³; and Newton's step with a gradient inside.
      Tensor cube = repeat(ones({}, f64), 3, [&](Tensor c) { return c * w; });
      e.output("slope", gradient(cube, w));
      Tensor root = repeat(w, 8, [&](Tensor x) {
        Tensor f = x * x - 2;
        return x - f / gradient(f, x);
      });
      e.output("root", root);
    });
  });
  auto have = model.run("e", {{1.5}});
  expectNear(have[0], {3 * 1.5 * 1.5});
  expectNear(have[1], {std::sqrt(2.0)});
}

TEST(Scan, StepsOfNestedLoopsDrawDifferentNumbers) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      auto [last, drawn] = scan(zeros({}), Nothing(), 3, [](Tensor c) {
        auto [inner, ys] = scan(c, Nothing(), 4, [](Tensor d) {
          return std::pair(d, random::uniform({2}));
        });
        return std::pair(inner, ys);
      });
      e.output("drawn", drawn);
      e.output("outside", random::uniform({2}));
    });
  });
  model.run("init", {{11}});
  Numbers all;
  for (int call = 0; call < 2; ++call)
    for (const Numbers &numbers : model.run("e"))
      all.insert(all.end(), numbers.begin(), numbers.end());
  ASSERT_EQ(all.size(), 2u * (3 * 4 * 2 + 2));
  llvm::sort(all);
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  expectNear(model.variable("rng"), {11, 2});
}

TEST(Checkpoint, IsItsFunction) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      Tensor x = e.input("x", f64, {3});
      auto [y, rest] = checkpoint([&] {
        return std::pair(exp(x), std::vector<Tensor>{sum(x), x});
      });
      e.output("y", y);
      e.output("sum", rest[0]);
      e.output("same", rest[1]);
      e.output("slope", gradient(sum(y * rest[0]), x));
    });
  });
  auto have = model.run("e", {{0, 1, 2}});
  Numbers exps{1, std::exp(1), std::exp(2)};
  double total = exps[0] + exps[1] + exps[2];
  expectNear(have[0], exps);
  expectNear(have[1], {3});
  expectNear(have[2], {0, 1, 2});
  expectNear(have[3],
             {3 * exps[0] + total, 3 * exps[1] + total, 3 * exps[2] + total});
}

// With it or without, in a loop or not.
TEST(Checkpoint, DrawsTheNumbersOfItsPlace) {
  Numbers drawn[2];
  for (bool checkpoints : {false, true}) {
    Computed model([=](Model &m) {
      m.entry("e", [&](Entry &e) {
        auto draw = [] { return random::uniform({2}, f64); };
        auto step = [=](Tensor c) {
          Tensor y = checkpoints ? checkpoint(draw) : draw();
          auto [last, inner] = scan(
              c, Nothing(), 2, [=](Tensor d) { return std::pair(d, draw()); });
          return std::pair(last, std::vector<Tensor>{y, inner});
        };
        e.output("outside", checkpoints ? checkpoint(draw) : draw());
        auto [last, ys] = scan(zeros({}), Nothing(), 3, [=](Tensor c) {
          if (!checkpoints)
            return step(c);
          return checkpoint([=] { return step(c); });
        });
        e.output("inside", ys[0]);
        e.output("deeper", ys[1]);
      });
    });
    model.run("init", {{11}});
    for (const Numbers &numbers : model.run("e"))
      drawn[checkpoints].insert(drawn[checkpoints].end(), numbers.begin(),
                                numbers.end());
  }
  EXPECT_EQ(drawn[0], drawn[1]);
  EXPECT_EQ(drawn[0].size(), 2u + 3 * 2 + 3 * 2 * 2);
}

TEST(Scan, NoStepsGiveTheInitialCarry) {
  Computed model([](Model &m) {
    m.entry("e", [&](Entry &e) {
      auto [last, ys] = scan(full({2}, 5, f64), Nothing(), 0,
                             [](Tensor c) { return std::pair(c * 2, c); });
      e.output("last", last);
      e.output("ys", ys);
    });
  });
  auto have = model.run("e");
  expectNear(have[0], {5, 5});
  expectNear(have[1], {});
}

TEST(Scan, OpCountDoesNotDependOnSteps) {
  auto count = [](int64_t steps) {
    Built built([=](Model &m) {
      m.entry("e", [&](Entry &e) {
        e.output("y", repeat(ones({2}), steps, [](Tensor c) { return c * 2; }));
      });
    });
    int ops = 0;
    built.module->walk([&](mlir::Operation *) { ++ops; });
    EXPECT_EQ(static_cast<int64_t>(onlyScan(built).getTripCount()), steps);
    return ops;
  };
  EXPECT_EQ(count(2), count(1000));
}

} // namespace
