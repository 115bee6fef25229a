//===- ScalarReasonsTest.cpp - why a kernel has no vectors ----------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/PackedCode.h"

using namespace sinter;
using namespace sinter::test;

namespace {
struct Case {
  const char *name, *arguments, *type, *body, *reason;
};
const Case cases[] = {
    {"wide", "%a: tensor<64xf32>", "tensor<64xf32>",
     "%y = sinter.add %a, %a : tensor<64xf32>", ""},
    {"rows", "%a: tensor<9x40xf32>", "tensor<9xf32>",
     "%y = sinter.reduce_sum %a dims [1] : tensor<9x40xf32> -> tensor<9xf32>",
     ""},
    {"single", "%a: tensor<i64>", "tensor<i64>",
     "%y = sinter.add %a, %a : tensor<i64>", "it computes single elements"},
    {"short", "%a: tensor<3xf32>", "tensor<3xf32>",
     "%y = sinter.add %a, %a : tensor<3xf32>",
     "no loop along a row has 8 elements to fill a vector"},
    {"empty", "%a: tensor<0x4xf32>", "tensor<0x4xf32>",
     "%y = sinter.add %a, %a : tensor<0x4xf32>", "it has no elements"},
    {"library", "%a: tensor<64xf64>", "tensor<64xf64>",
     "%y = sinter.exp %a : tensor<64xf64>", "exp is called for each element"},
    {"remainder", "%a: tensor<64xf32>", "tensor<64xf32>",
     "%y = sinter.rem %a, %a : tensor<64xf32>",
     "fmod is called for each element"},
    {"scattered", "%a: tensor<3xf32>, %i: tensor<3xi32>", "tensor<3xf32>",
     "%y = sinter.scatter_add %a[%i] += %a axis 0 batch 0 : tensor<3xf32>, "
     "tensor<3xi32>, tensor<3xf32>",
     "scattered elements are added one by one"},
    {"running", "%a: tensor<9x40xf32>", "tensor<9x40xf32>",
     "%y = sinter.cumulative_sum %a dim 1 : tensor<9x40xf32>",
     "elements along a row follow each other"},
    {"columns", "%a: tensor<9x40xf32>", "tensor<9x40xf32>",
     "%y = sinter.cumulative_sum %a dim 0 : tensor<9x40xf32>", ""}};

std::string module() {
  std::string text = "module @m {\n";
  for (const Case &c : cases)
    text += std::string("sinter.entry @") + c.name + "(" + c.arguments +
            ") -> " + c.type + " {\n" + c.body +
            "\nsinter.return %y : " + c.type + "\n}\n";
  return text + "}\n";
}

/// The kernel that the entry's name begins.
template <typename T>
const T &ofEntry(const std::map<std::string, T> &all, const char *entry) {
  auto found = all.lower_bound(std::string(entry) + "_");
  EXPECT_TRUE(found != all.end() && found->first.rfind(entry, 0) == 0) << entry;
  return found->second;
}

TEST(ScalarReasons, AreThoseOfWhatWasEmitted) {
  Compiled compiled(module(), "x86-64-v3");
  ASSERT_TRUE(compiled);
  auto functions = findFunctions(compiled.assembly());
  for (const Case &c : cases) {
    EXPECT_EQ(ofEntry(compiled.scalarReasons(), c.name), c.reason) << c.name;
    EXPECT_TRUE(*c.reason || ofEntry(functions, c.name).isPacked) << c.name;
  }
  // And the eye that looks for packed instructions is not blind.
  for (const char *scalar : {"single", "short", "empty", "scattered"})
    EXPECT_FALSE(ofEntry(functions, scalar).isPacked) << scalar;
}

TEST(ScalarReasons, NobodyWantedVectorsAtO0) {
  Compiled compiled(module(), "x86-64-v3", /*level=*/0);
  ASSERT_TRUE(compiled);
  for (const auto &[kernel, reason] : compiled.scalarReasons())
    EXPECT_EQ(reason, "") << kernel;
  for (const auto &[name, code] : findFunctions(compiled.assembly()))
    EXPECT_FALSE(code.isPacked) << name;
}

} // namespace
