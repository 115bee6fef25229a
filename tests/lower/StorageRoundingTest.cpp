//===- StorageRoundingTest.cpp - every bf16 through every function --------===//
//
// All 2¹⁶ numbers, denormals, infinities and nans among them, through each
// function of one number and each cast, on every target.  What is exact or
// rounded correctly in f32 has one right answer; a function with a bound in f32
// may give what any f32 within its bound rounds to.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Bf16.h"
#include "tests/lower/Compiled.h"
#include "tests/lower/MathTable.h"

#include <functional>
#include <limits>

using namespace sinter;
using namespace sinter::test;

namespace {

class StorageRounding : public testing::TestWithParam<const char *> {};

std::vector<uint16_t> allBf16() {
  std::vector<uint16_t> all(everyBf16);
  for (int64_t i = 0; i < everyBf16; ++i)
    all[i] = static_cast<uint16_t>(i);
  return all;
}

std::string entry(const std::string &name, const std::string &op,
                  const std::string &from, const std::string &to) {
  return "sinter.entry @" + name + "(%x: " + from +
         " {sinter.name = \"x\"}) -> (" + to +
         " {sinter.name = \"y\"}) {\n  %y = sinter." + op +
         "\n  sinter.return %y : " + to + "\n}\n";
}
std::string tensor(int64_t count, const std::string &element) {
  return "tensor<" + std::to_string(count) + "x" + element + ">";
}

::testing::AssertionResult same(uint16_t got, uint16_t wanted) {
  if (got == wanted || (isNanBf16(got) && isNanBf16(wanted)))
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << std::hex << "0x" << got << " instead of 0x" << wanted << " ("
         << valueOfBf16(got) << " instead of " << valueOfBf16(wanted) << ')';
}

TEST_P(StorageRounding, FunctionsRoundOnceWhatTheyComputeInF32) {
  Compiled compiled(mathModule("bf16"), GetParam(), 2, From::Gradient);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled.assembly().find("@PLT"), std::string::npos)
      << "calls a library";
  std::vector<uint16_t> x = allBf16(), y(everyBf16);
  for (const MathFunction &f : mathFunctions) {
    ASSERT_EQ(compiled.call(f.entry(), {x.data(), y.data()}), SINTER_OK);
    for (int64_t i = 0; i < everyBf16; ++i) {
      float at = valueOfBf16(x[i]);
      double exact = f.wanted(at);
      uint16_t nearest = nearestOfAllBf16(static_cast<float>(exact));
      // Half a unit more than the bound, for the f32 that it is measured by.
      double unit = std::max(std::ldexp(std::fabs(exact), -23), 0x1p-149);
      bool isExact = f.bound < 1 || !std::isfinite(exact);
      double error = isExact ? 0 : (f.bound + 0.5) * unit;
      if (same(y[i], nearestOfAllBf16(exact - error)) ||
          same(y[i], nearestOfAllBf16(exact + error)))
        continue;
      ASSERT_TRUE(same(y[i], nearest)) << f.entry() << " of " << at;
    }
  }
}

TEST_P(StorageRounding, SignsAndNansStayAsTheyAre) {
  std::string all = tensor(everyBf16, "bf16");
  std::string text = "module @m {\n";
  for (const char *op : {"neg", "abs", "sign"})
    text += entry(op, std::string(op) + " %x : " + all, all, all);
  // Movement keeps every bit, those of signalling nans too.
  text +=
      entry("reverse", "reverse %x dims [0] : " + all + " -> " + all, all, all);
  Compiled compiled(text + "}\n", GetParam(), 2, From::Gradient);
  ASSERT_TRUE(compiled);
  std::vector<uint16_t> x = allBf16(), y(everyBf16);
  auto run = [&](const char *op, const std::function<double(double)> &f) {
    ASSERT_EQ(compiled.call(op, {x.data(), y.data()}), SINTER_OK);
    for (int64_t i = 0; i < everyBf16; ++i)
      ASSERT_TRUE(same(y[i], nearestOfAllBf16(f(valueOfBf16(x[i])))))
          << op << " of " << x[i];
  };
  run("neg", [](double v) { return -v; });
  run("abs", [](double v) { return std::fabs(v); });
  run("sign", [](double v) { return v > 0 ? 1 : v < 0 ? -1 : v; });
  ASSERT_EQ(compiled.call("reverse", {x.data(), y.data()}), SINTER_OK);
  for (int64_t i = 0; i < everyBf16; ++i)
    ASSERT_EQ(y[i], x[everyBf16 - 1 - i]);
}

TEST_P(StorageRounding, CastsToBf16TakeTheNearestAndOfTwoTheEven) {
  // Around every bf16: itself, just above, and on, before and behind the middle
  // to the next.
  const uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
  const int64_t parts = std::size(lower), count = everyBf16 * parts;
  std::vector<float> x;
  for (int64_t i = 0; i < everyBf16; ++i)
    for (uint32_t part : lower)
      x.push_back(floatOfBits((static_cast<uint32_t>(i) << 16) | part));
  std::vector<double> wide(x.begin(), x.end());
  std::string singles = tensor(count, "f32"), halves = tensor(count, "bf16"),
              doubles = tensor(count, "f64");
  Compiled compiled(
      "module @m {\n" +
          entry("f32", "cast %x : " + singles + " to " + halves, singles,
                halves) +
          entry("f64", "cast %x : " + doubles + " to " + halves, doubles,
                halves) +
          // Back again: a pair of casts that must stay.
          "sinter.entry @around(%x: " + singles + ") -> " + singles +
          " {\n  %y = sinter.cast %x : " + singles + " to " + halves +
          "\n  %z = sinter.cast %y : " + halves + " to " + singles +
          "\n  sinter.return %z : " + singles + "\n}\n" + "}\n",
      GetParam(), 2, From::Gradient);
  ASSERT_TRUE(compiled);
  std::vector<uint16_t> y(count);
  for (const char *from : {"f32", "f64"}) {
    void *input = std::string(from) == "f32" ? static_cast<void *>(x.data())
                                             : static_cast<void *>(wide.data());
    ASSERT_EQ(compiled.call(from, {input, y.data()}), SINTER_OK);
    for (int64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(same(y[i], nearestOfAllBf16(x[i]))) << from << ' ' << x[i];
      // A nan is quiet.
      ASSERT_TRUE(!std::isnan(x[i]) || (y[i] & 0x40)) << from << ' ' << i;
    }
  }
  std::vector<float> back(count);
  ASSERT_EQ(compiled.call("around", {x.data(), back.data()}), SINTER_OK);
  for (int64_t i = 0; i < count; ++i) {
    float wanted = valueOfBf16(nearestOfAllBf16(x[i]));
    ASSERT_TRUE(back[i] == wanted ||
                (std::isnan(back[i]) && std::isnan(wanted)))
        << x[i];
  }
}

TEST_P(StorageRounding, CastsFromBf16AreThoseOfItsValue) {
  std::string all = tensor(everyBf16, "bf16"), text = "module @m {\n";
  for (const char *to : {"f32", "f64", "i64", "i32", "i8", "ui8", "i1"})
    text += entry(to, "cast %x : " + all + " to " + tensor(everyBf16, to), all,
                  tensor(everyBf16, to));
  Compiled compiled(text + "}\n", GetParam(), 2, From::Gradient);
  ASSERT_TRUE(compiled);
  std::vector<uint16_t> x = allBf16();
  auto check = [&](const char *to, auto zero, auto wanted) {
    std::vector<decltype(zero)> y(everyBf16);
    ASSERT_EQ(compiled.call(to, {x.data(), y.data()}), SINTER_OK);
    for (int64_t i = 0; i < everyBf16; ++i) {
      double value = valueOfBf16(x[i]);
      auto want = static_cast<decltype(zero)>(wanted(value));
      ASSERT_TRUE(y[i] == want || (std::isnan(value) && y[i] != y[i]))
          << to << " of " << value;
    }
  };
  auto within = [](double low, double high) {
    return [=](double v) {
      return std::isnan(v) ? 0 : std::clamp(std::trunc(v), low, high);
    };
  };
  check("f32", 0.0f, [](double v) { return v; });
  check("f64", 0.0, [](double v) { return v; });
  check("i32", int32_t{0}, within(-0x1p31, 0x1p31 - 1));
  check("i8", int8_t{0}, within(-128, 127));
  check("ui8", uint8_t{0}, within(0, 255));
  check("i1", uint8_t{0}, [](double v) { return v != 0; });
  check("i64", int64_t{0}, [](double v) -> int64_t {
    if (std::isnan(v))
      return 0;
    if (v >= 0x1p63)
      return std::numeric_limits<int64_t>::max();
    return v < -0x1p63 ? std::numeric_limits<int64_t>::min()
                       : static_cast<int64_t>(v);
  });
}

TEST_P(StorageRounding, CastsOfIntegersGoByWayOfF32) {
  constexpr int64_t count = 4099;
  std::string halves = tensor(count, "bf16"), text = "module @m {\n";
  for (const char *from : {"i64", "i32", "i8", "ui8", "i1"})
    text += entry(from, "cast %x : " + tensor(count, from) + " to " + halves,
                  tensor(count, from), halves);
  Compiled compiled(text + "}\n", GetParam(), 2, From::Gradient);
  ASSERT_TRUE(compiled);
  auto check = [&](const char *from, auto zero, bool isTruth = false) {
    std::vector<decltype(zero)> x(count);
    uint64_t state = 1;
    for (int64_t i = 0; i < count; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      x[i] =
          static_cast<decltype(zero)>(static_cast<int64_t>(state) >> (i % 64));
      if (isTruth)
        x[i] &= 1;
    }
    std::vector<uint16_t> y(count);
    ASSERT_EQ(compiled.call(from, {x.data(), y.data()}), SINTER_OK);
    for (int64_t i = 0; i < count; ++i)
      ASSERT_TRUE(same(y[i], nearestOfAllBf16(static_cast<float>(x[i]))))
          << from << ' ' << +x[i];
  };
  check("i64", int64_t{0});
  check("i32", int32_t{0});
  check("i8", int8_t{0});
  check("ui8", uint8_t{0});
  check("i1", uint8_t{0}, /*isTruth=*/true);
}

INSTANTIATE_TEST_SUITE_P(Cpus, StorageRounding, testing::ValuesIn(allCpus),
                         nameOfCpu);

} // namespace
