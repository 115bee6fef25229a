//===- InProcessTest.cpp - a model compiled and run by one program --------===//

#include <sinter/compile.h>
#include <sinter/sinter.h>

#include "gtest/gtest.h"

#include <cmath>
#include <thread>
#include <vector>

using namespace sinter;

SINTER_MODEL(parabola) {
  const int64_t size = m.option("size", 4);
  m.entry("f", [&](Entry &e) {
    Tensor x = e.input("x", f32, {size});
    e.output("y", x * x + 1.0f);
  });
}

SINTER_MODEL(product) {
  m.entry("f", [&](Entry &e) {
    Tensor a = e.input("a", f32, {2, 3}), b = e.input("b", f32, {3, 2});
    e.output("y", tanh(matmul(a, b)));
  });
}

constexpr int mistakenLine = __LINE__ + 3;
SINTER_MODEL(mistaken) {
  m.entry("f", [&](Entry &e) {
    e.output("y", e.input("x", f32, {4}) + e.input("z", f32, {3}));
  });
}

namespace {

TEST(InProcess, CompilesAndRuns) {
  Executable exe = sinter::compile(parabola());
  std::vector<float> x{1, 2, 3, 4}, y(4);
  exe.run("f", {{"x", x}, {"y", y}});
  EXPECT_EQ(y, (std::vector<float>{2, 5, 10, 17}));
}

TEST(InProcess, TakesTheModelsOptions) {
  Executable exe = sinter::compile(
      parabola(),
      {.cpu = "generic", .optimization = 0, .options = {{"size", "2"}}});
  std::vector<float> x{-1, 0.5}, y(2);
  exe.run("f", {{"x", x}, {"y", y}});
  EXPECT_EQ(y, (std::vector<float>{2, 1.25}));
}

TEST(InProcess, CallsALibraryIfTheBuildHasIt) {
  CompileSettings settings;
  settings.library = "onednn:all";
#ifdef HAS_ONEDNN
  Executable exe = sinter::compile(product(), settings);
  std::vector<float> a{1, 0, 0, 0, 0.5, 0}, b{0.25, 1, 2, 0.5, 7, 8}, y(4);
  exe.run("f", {{"a", a}, {"b", b}, {"y", y}});
  const float wanted[] = {0.25f, 1, 1, 0.25f};
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(y[i], std::tanh(wanted[i]), 1e-6);
#else
  try {
    sinter::compile(product(), settings);
    FAIL() << "there is no oneDNN";
  } catch (const CompileError &error) {
    EXPECT_NE(std::string(error.what()).find("this build has no oneDNN"),
              std::string::npos)
        << error.what();
  }
#endif
  settings.library = "blas";
  EXPECT_THROW(sinter::compile(product(), settings), CompileError);
}

TEST(InProcess, RefusesArgumentsThatDoNotFit) {
  Executable exe = sinter::compile(parabola());
  std::vector<float> x(3), y(4);
  EXPECT_THROW(exe.run("f", {{"x", x}, {"y", y}}), std::invalid_argument);
  EXPECT_THROW(exe.run("g", {{"x", y}, {"y", y}}), std::invalid_argument);
}

TEST(InProcess, ThrowsTheModelsMistakes) {
  try {
    sinter::compile(mistaken());
    FAIL() << "the shapes do not fit";
  } catch (const CompileError &error) {
    EXPECT_NE(
        std::string(error.what())
            .find("InProcessTest.cpp:" + std::to_string(mistakenLine) + ":"),
        std::string::npos)
        << error.what();
  }
}

TEST(InProcess, CompilesInSeveralThreadsAtOnce) {
  std::vector<std::vector<float>> results(4, std::vector<float>(4));
  std::vector<std::thread> threads;
  for (int k = 0; k != 4; ++k)
    threads.emplace_back([&, k] {
      Executable exe = sinter::compile(parabola(), {.jobs = k});
      std::vector<float> x{1, 2, 3, 4};
      exe.run("f", {{"x", x}, {"y", results[k]}});
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::vector<float> &y : results)
    EXPECT_EQ(y, (std::vector<float>{2, 5, 10, 17}));
}

TEST(InProcess, RefusesSettingsThatThereAreNot) {
  for (int jobs : {-1, 2000})
    EXPECT_THROW(sinter::compile(parabola(), {.jobs = jobs}), CompileError);
  for (int level : {-1, 9})
    EXPECT_THROW(sinter::compile(parabola(), {.optimization = level}),
                 CompileError);
  try {
    sinter::compile(parabola(), {.cpu = "foo"});
    FAIL() << "there is no such CPU";
  } catch (const CompileError &error) {
    EXPECT_EQ(std::string(error.what()).find("error: unknown CPU 'foo'"), 0u)
        << error.what();
  }
}

} // namespace
