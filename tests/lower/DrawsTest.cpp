//===- DrawsTest.cpp - loops that draw, and code that they share ----------===//
//
// Against the interpreter, which knows no kernels: numbers bit by bit,
// functions of them closely; few and many elements (one task and several), in
// one draw and in a normal's two, in one loop and in one for each row.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"

#include "llvm/ADT/StringRef.h"

using namespace sinter::test;

namespace {
class Draws : public testing::TestWithParam<Target> {};

size_t count(llvm::StringRef text, llvm::StringRef what) {
  return text.count(what);
}

/// Two draws of one shape, and one that uses a single stream twice, which is
/// another function.
std::string drawThree(const std::string &type) {
  auto value = [&](const std::string &name, int first, int second) {
    return "  %u" + name + " = sinter.random_uniform %key stream " +
           std::to_string(first) + " : " + type + "\n  %v" + name +
           " = sinter.random_uniform %key stream " + std::to_string(second) +
           " : " + type + "\n  %y" + name + " = sinter.sub %u" + name + ", %v" +
           name + " : " + type + "\n";
  };
  return "module @m {\nsinter.entry @f(%key: tensor<2xi64>) -> (" + type +
         ", " + type + ", " + type + ") {\n" + value("0", 7, 8) +
         value("1", -5, 8) + value("2", 9, 9) +
         "  sinter.return %y0, %y1, %y2 : " + type + ", " + type + ", " + type +
         "\n}\n}\n";
}

TEST_P(Draws, AreOfTheirOwnStreams) {
  auto [cpu, level] = GetParam();
  for (const char *type :
       {"tensor<37xf32>", "tensor<300x1001xf32>", "tensor<5x9xf64>"}) {
    SCOPED_TRACE(type);
    Compiled compiled(drawThree(type), cpu, level);
    ASSERT_TRUE(compiled);
    Array key = Array::of(compiled.inputTypes("f")[0], {1234567, 3});
    std::vector<Array> got = compiled.run("f", {key});
    std::vector<Array> wanted = compiled.interpret("f", {key});
    ASSERT_EQ(got.size(), 3u);
    for (int k = 0; k != 3; ++k)
      expectClose(got[k], wanted[k], 0, "draw " + std::to_string(k));
    EXPECT_NE(got[0].floats, got[1].floats);
  }
}

TEST_P(Draws, ShareOneFunctionIfTheyAreAlike) {
  auto [cpu, level] = GetParam();
  std::string text = "module @m {\nsinter.entry @f(%key: tensor<2xi64>) -> (";
  const std::string type = "tensor<64x48xf32>";
  std::string body, values, types;
  for (int k = 0; k != 6; ++k) {
    std::string n = std::to_string(k);
    // Each is reduced, so that each is a kernel.
    body += "  %u" + n + " = sinter.random_uniform %key stream " +
            std::to_string(100 + 3 * k) + " : " + type + "\n  %y" + n +
            " = sinter.reduce_sum %u" + n + " dims [0, 1] : " + type +
            " -> tensor<f32>\n";
    values += (k ? ", %y" : "%y") + n;
    types += k ? ", tensor<f32>" : "tensor<f32>";
  }
  text += types + ") {\n" + body + "  sinter.return " + values + " : " + types +
          "\n}\n}\n";
  Compiled compiled(text, cpu, level);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(count(compiled.loops(), "sinter.stream"), 0u);
  // The function is called with six numbers.
  for (int k = 0; k != 6; ++k)
    EXPECT_NE(compiled.loops().find("constant " + std::to_string(100 + 3 * k) +
                                    " : i32"),
              std::string::npos);
  // It, and the parts of its sum that are tasks.
  EXPECT_LE(count(compiled.loops(), "func.func private"), 4u);
  Array key = Array::of(compiled.inputTypes("f")[0], {99, 1});
  std::vector<Array> got = compiled.run("f", {key});
  std::vector<Array> wanted = compiled.interpret("f", {key});
  for (int k = 0; k != 6; ++k)
    expectClose(got[k], wanted[k], 200, "sum " + std::to_string(k));
}

/// Normal numbers, with a row added to each of theirs if there is one.
void expectNormal(Target target, const std::string &type,
                  const std::string &row) {
  SCOPED_TRACE(type + " " + row);
  std::string input = row.empty() ? "" : ", %b: " + row;
  std::string sum = "  %b0 = sinter.broadcast %b dims [1] : " + row + " -> " +
                    type + "\n  %y = sinter.add %n, %b0 : " + type +
                    "\n  sinter.return %y : ";
  Compiled compiled(
      "module @m {\nsinter.entry @f(%key: tensor<2xi64>" + input + ") -> (" +
          type + ") {\n  %n = sinter.random_normal %key stream 3 : " + type +
          "\n" + (row.empty() ? "  sinter.return %n : " : sum) + type +
          "\n}\n}\n",
      std::get<0>(target), std::get<1>(target), From::Gradient);
  ASSERT_TRUE(compiled);
  std::vector<Array> inputs;
  for (mlir::Type input : compiled.inputTypes("f"))
    inputs.push_back(Array::zeros(input));
  inputs[0] = Array::of(compiled.inputTypes("f")[0], {42, 7});
  Array got = compiled.run("f", inputs)[0];
  Array wanted = compiled.interpret("f", inputs)[0];
  ASSERT_EQ(got.floats.size(), wanted.floats.size());
  // Both round the angle, of at most 2π, and the cosine.
  for (size_t i = 0; i < got.floats.size(); ++i)
    ASSERT_NEAR(got.floats[i], wanted.floats[i], 4e-6) << i;
}

/// Whole groups of 64, which share their blocks, and what is left behind the
/// last: less than a vector, or some vectors.
TEST_P(Draws, AreNormalInAGroupAndBehindTheLast) {
  for (const char *type : {"tensor<5xf32>", "tensor<64xf32>", "tensor<7x9xf32>",
                           "tensor<5x5x3x8xf32>", "tensor<84x10xf32>",
                           "tensor<301x1001xf32>", "tensor<101xf64>"})
    expectNormal(GetParam(), type, "");
  expectNormal(GetParam(), "tensor<13x37xf32>", "tensor<37xf32>");
  expectNormal(GetParam(), "tensor<3x300xf32>", "tensor<300xf32>");
}

INSTANTIATE_TEST_SUITE_P(Targets, Draws, testing::ValuesIn(allTargets));
} // namespace
