//===- ArrayTest.cpp - arrays to bytes and constants and back -------------===//

#include "tests/interpret/Run.h"
#include <cstring>
#include <limits>

using namespace mlir;
using namespace sinter::interpret;

namespace {
using ArrayTest = Interpret;

TEST_F(ArrayTest, BytesAreThoseOfC) {
  EXPECT_EQ(floats("tensor<1xf32>", {1.5}).toBytes(),
            (std::vector<char>{0, 0, char(0xc0), 0x3f}));
  EXPECT_EQ(
      ints("tensor<1xi32>", {-2}).toBytes(),
      (std::vector<char>{char(0xfe), char(0xff), char(0xff), char(0xff)}));
  EXPECT_EQ(ints("tensor<2xui8>", {200, 1}).toBytes(),
            (std::vector<char>{char(200), 1}));
  EXPECT_EQ(ints("tensor<3xi1>", {1, 0, 1}).toBytes(),
            (std::vector<char>{1, 0, 1}));
}

TEST_F(ArrayTest, BytesComeBack) {
  for (Array array :
       {ints("tensor<2xi64>", {INT64_MIN, 9007199254740993}),
        ints("tensor<2xi8>", {-128, 127}), ints("tensor<2xui8>", {255, 0}),
        ints("tensor<2xi1>", {1, 0}), ints("tensor<0xi32>", {}),
        floats("tensor<2xf64>", {0.1, -0.0}),
        floats("tensor<2xf32>",
               {1e-45, std::numeric_limits<double>::infinity()})}) {
    auto back = Array::fromBytes(array.type(), array.toBytes());
    ASSERT_TRUE(static_cast<bool>(back));
    EXPECT_TRUE(identical(*back, array));
    auto constant = Array::fromElements(array.toElements());
    ASSERT_TRUE(static_cast<bool>(constant));
    EXPECT_TRUE(identical(*constant, array));
  }
}

TEST_F(ArrayTest, TooFewBytesAreAnError) {
  auto array = Array::fromBytes(type("tensor<2xf32>"), std::vector<char>(7));
  EXPECT_EQ(llvm::toString(array.takeError()),
            "7 bytes cannot fill 2 elements of 4 bytes");
}

TEST_F(ArrayTest, EqualElementsMakeASplat) {
  EXPECT_TRUE(floats("tensor<3xf32>", {2, 2, 2}).toElements().isSplat());
  EXPECT_FALSE(floats("tensor<2xf32>", {0.0, -0.0}).toElements().isSplat());
}

TEST_F(ArrayTest, ResourcesAreRead) {
  auto module = parse(R"(
    sinter.kernel @f() -> tensor<2xi32> {
      %y = sinter.constant dense_resource<two> : tensor<2xi32>
      sinter.return %y : tensor<2xi32>
    }
    {-#
      dialect_resources: { builtin: {
        two: "0x040000000700000009000000"
      } }
    #-})");
  ASSERT_TRUE(module);
  auto y = Interpreter(*module).run("f", {});
  ASSERT_TRUE(static_cast<bool>(y)) << llvm::toString(y.takeError());
  EXPECT_EQ(y->at(0).ints, (std::vector<int64_t>{7, 9}));
}

TEST_F(ArrayTest, IdenticalTellsZerosApartAndNansNot) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(identical(floats("tensor<1xf32>", {0.0}),
                         floats("tensor<1xf32>", {-0.0})));
  EXPECT_TRUE(identical(floats("tensor<1xf32>", {nan}),
                        floats("tensor<1xf32>", {-nan})));
  EXPECT_FALSE(
      identical(floats("tensor<1xf32>", {1}), floats("tensor<1xf64>", {1})));
  EXPECT_FALSE(identical(floats("tensor<2xf32>", {1, 1}),
                         floats("tensor<2x1xf32>", {1, 1})));
}
} // namespace
