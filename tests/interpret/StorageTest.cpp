//===- StorageTest.cpp - bf16 in the interpreter --------------------------===//
//
// An op on bf16 is the op on f32, rounded once, to what a search among all bf16
// finds to be nearest.  (tests/lower/StorageOpsTest.cpp compares every op on
// bf16 with itself on f32.)
//
//===----------------------------------------------------------------------===//

#include "tests/interpret/Run.h"
#include "tests/lower/Bf16.h"

#include <cmath>

using namespace sinter::interpret;
using namespace sinter::test;

namespace {

using Storage = Interpret;

const char *const all = "tensor<65536xbf16>";

/// Every bf16, in the order of its bits.
Array everyNumber(mlir::Type type) {
  std::vector<char> bytes(2 * everyBf16);
  for (int64_t i = 0; i < everyBf16; ++i) {
    auto bits = static_cast<uint16_t>(i);
    std::memcpy(bytes.data() + 2 * i, &bits, sizeof bits);
  }
  return llvm::cantFail(Array::fromBytes(type, bytes));
}

uint16_t bitsAt(const std::vector<char> &bytes, int64_t i) {
  uint16_t bits;
  std::memcpy(&bits, bytes.data() + 2 * i, sizeof bits);
  return bits;
}

TEST_F(Storage, BytesAreTheUpperHalvesOfF32AndKeepEveryBit) {
  Array x = everyNumber(type(all));
  std::vector<char> bytes = x.toBytes();
  for (int64_t i = 0; i < everyBf16; ++i) {
    ASSERT_EQ(bitsAt(bytes, i), i);
    float value = valueOfBf16(static_cast<uint16_t>(i));
    ASSERT_TRUE(x.floats[i] == value || std::isnan(value)) << i;
    ASSERT_EQ(std::isnan(x.floats[i]), std::isnan(value)) << i;
  }
}

TEST_F(Storage, NumbersBecomeTheNearestAndOfTwoTheEven) {
  // Each number, and what lies a quarter, a half and three from it to the next.
  std::vector<double> numbers;
  for (int64_t i = 0; i < 0x7f7f; ++i) {
    double low = valueOfBf16(static_cast<uint16_t>(i));
    double high = valueOfBf16(static_cast<uint16_t>(i + 1));
    for (double part : {0.0, 0.25, 0.5, 0.75})
      for (double sign : {1.0, -1.0})
        numbers.push_back(sign * (low + part * (high - low)));
    // Too close to the middle for f32.
    numbers.push_back((low + high) / 2 * (1 + 0x1p-40));
  }
  for (double x : {0x1.fep127, 0x1.ff8p127, 0x1.ffp127, 0x1.fefffffp127, 1e300,
                   HUGE_VAL, 0x1p-134, 0x1.8p-134, 0x1p-150})
    numbers.push_back(x);
  Array x = Array::of(
      type("tensor<" + std::to_string(numbers.size()) + "xbf16>"), numbers);
  std::vector<char> bytes = x.toBytes();
  for (size_t i = 0; i < numbers.size(); ++i)
    ASSERT_EQ(bitsAt(bytes, i), nearestOfAllBf16(numbers[i])) << numbers[i];
}

TEST_F(Storage, ArithmeticIsThatOfF32RoundedOnce) {
  Array x = everyNumber(type(all));
  // Another number beside each, of any size.
  Array y = x;
  for (int64_t i = 0; i < everyBf16; ++i)
    y.floats[i] = x.floats[i * 40503 % everyBf16];
  struct {
    const char *op;
    float (*f)(float, float);
  } const ops[] = {{"add", [](float a, float b) { return a + b; }},
                   {"sub", [](float a, float b) { return a - b; }},
                   {"mul", [](float a, float b) { return a * b; }},
                   {"div", [](float a, float b) { return a / b; }}};
  for (auto [op, f] : ops) {
    Array z =
        apply(std::string("sinter.") + op + " %0, %1 : " + all, all, {x, y});
    std::vector<char> bytes = z.toBytes();
    for (int64_t i = 0; i < everyBf16; ++i) {
      auto a = static_cast<float>(x.floats[i]);
      auto b = static_cast<float>(y.floats[i]);
      uint16_t wanted = nearestOfAllBf16(f(a, b));
      ASSERT_TRUE(bitsAt(bytes, i) == wanted ||
                  (isNanBf16(bitsAt(bytes, i)) && isNanBf16(wanted)))
          << op << ' ' << a << ' ' << b;
    }
  }
}

TEST_F(Storage, SumsAreKeptInF32) {
  // 256 + 1 is 256 in bf16, so a sum kept in it would stay there.
  std::vector<double> ones(1000, 1);
  Array x = floats("tensor<1000xbf16>", ones);
  Array sum = apply("sinter.reduce_sum %0 dims [0] : tensor<1000xbf16> -> "
                    "tensor<bf16>",
                    "tensor<bf16>", {x});
  EXPECT_EQ(sum.floats[0], 1000);
  Array dot = apply("sinter.dot_general %0, %0 contract [0] x [0] batch [] x "
                    "[] : tensor<1000xbf16>, tensor<1000xbf16> -> tensor<bf16>",
                    "tensor<bf16>", {x});
  EXPECT_EQ(dot.floats[0], 1000);
  Array running = apply("sinter.cumulative_sum %0 dim 0 : tensor<1000xbf16>",
                        "tensor<1000xbf16>", {x});
  EXPECT_EQ(running.floats[999], 1000);
  // 997 is not a bf16: rounded, but not in the sums after it.
  EXPECT_EQ(running.floats[996], 996);
  Array places = ints("tensor<1000xi32>", std::vector<int64_t>(1000, 0));
  Array added =
      apply("sinter.scatter_add %0[%1] += %2 axis 0 batch 0 : "
            "tensor<1xbf16>, tensor<1000xi32>, tensor<1000xbf16>",
            "tensor<1xbf16>", {floats("tensor<1xbf16>", {0}), places, x});
  EXPECT_EQ(added.floats[0], 1000);
}

TEST_F(Storage, F64RoundsNothing) {
  Array x = floats("tensor<1xbf16>", {0.5});
  Array y = apply("sinter.exp %0 : tensor<1xbf16>", "tensor<1xbf16>", {x},
                  Precision::F64);
  EXPECT_EQ(y.floats[0], std::exp(0.5));
}

} // namespace
