//===- DoublesTest.cpp - every op on f64, to twelve digits ----------------===//
//
// Against long double (64 bits of mantissa), within 1e-12 of the result; sums
// within 1e-12 of the sum of their terms' sizes.  A double that went through a
// float on its way shows.
//
//===----------------------------------------------------------------------===//

#include "tests/lower/Compiled.h"
#include "tests/lower/DoublesCases.h"

#include <random>
#include <set>

using namespace sinter;
using namespace sinter::test;
using namespace sinter::test::doubles;

namespace {
/// One entry a case, on all operands.
std::string entryOf(const std::string &name, const std::string &body,
                    const std::string &values, const std::string &types) {
  return "sinter.entry @" + name + "(%a: " + V + ", %b: " + V + ", %p: " + V +
         ", %m: " + M + ", %d: " + V + ", %h: " + V +
         ", %flags: tensor<37xi1>, %n: tensor<37xi64>, %places: tensor<5xi64>, "
         "%key: tensor<2xi64>, %images: tensor<5x37x1xf64>, %kernels: "
         "tensor<5x1x37xf64>) -> (" +
         types + ") {\n" + body + "\nsinter.return " + values + " : " + types +
         "\n}\n";
}

class Doubles : public testing::TestWithParam<Target> {
protected:
  Doubles() {
    std::mt19937_64 random(5);
    auto fill = [&](int64_t count, double low, double high) {
      Numbers x;
      for (int64_t i = 0; i < count; ++i)
        x.push_back(low + (high - low) * std::ldexp(random(), -64));
      return x;
    };
    o.a = fill(wide, -7, 7);
    o.b = fill(wide, -2, 2);
    o.p = fill(wide, 0, 50);
    o.m = fill(rows * wide, -3, 3);
    o.d = fill(wide, -1, 1);
    o.h = fill(wide, 1, 9);
    // Near zero, where 1 + x forgets x, and far away.
    o.a[0] = 1e-13;
    o.a[1] = -3e-9;
    o.a[2] = 2.5;
    o.a[3] = -600;
    o.p[0] = 1e-13;
    o.p[1] = 1e18;
    for (int64_t i = 0; i < wide; ++i) {
      o.flags.push_back(i % 3 == 0);
      o.n.push_back((1ll << 53) - 7 * i);
    }
    o.places = {3, 99, 0, -1, 3};
    o.key = {1234567, 89};
  }

  std::vector<Array> inputs(Compiled &compiled, llvm::StringRef entry) {
    llvm::ArrayRef<mlir::Type> types = compiled.inputTypes(entry);
    return {Array::of(types[0], o.a),          Array::of(types[1], o.b),
            Array::of(types[2], o.p),          Array::of(types[3], o.m),
            Array::of(types[4], o.d),          Array::of(types[5], o.h),
            Array::ofInts(types[6], o.flags),  Array::ofInts(types[7], o.n),
            Array::ofInts(types[8], o.places), Array::ofInts(types[9], o.key),
            Array::of(types[10], o.m),         Array::of(types[11], o.m)};
  }

  Operands o;
};

TEST_P(Doubles, EveryOpKeepsTwelveDigits) {
  auto [cpu, level] = GetParam();
  std::vector<Case> cases = allCases();
  std::string text = "module @m {\n";
  for (auto [number, c] : llvm::enumerate(cases))
    text += entryOf("e" + std::to_string(number), "%y = sinter." + c.op, "%y",
                    c.type);
  Compiled compiled(text + "}\n", cpu, level);
  ASSERT_TRUE(compiled);
  for (auto [number, c] : llvm::enumerate(cases)) {
    SCOPED_TRACE(c.op);
    std::string entry = "e" + std::to_string(number);
    Reals wanted = c.wanted(o);
    Array got = compiled.run(entry, inputs(compiled, entry))[0];
    ASSERT_EQ(got.size(), static_cast<int64_t>(wanted.size()));
    for (int64_t i = 0; i < got.size(); ++i) {
      // At poles.
      if (std::isnan(wanted[i].value) ? std::isnan(got.number(i))
                                      : got.number(i) == wanted[i].value)
        continue;
      ASSERT_LE(std::fabs(got.number(i) - wanted[i].value),
                1e-12L * wanted[i].size)
          << "at " << i << ": " << got.number(i) << " instead of "
          << static_cast<double>(wanted[i].value);
    }
  }
}

// √(−2 ln(1 − u₁))·cos(2πu₂) of the numbers that the op is defined by, and
// those between 0 and 1 with more digits than a float has.
class DoublesAtRandom : public Doubles {};
TEST_P(DoublesAtRandom, KeepTheirFormula) {
  auto [cpu, level] = GetParam();
  std::string body;
  for (const char *line : {"u = sinter.random_uniform %key stream 6",
                           "v = sinter.random_uniform %key stream 7",
                           "z = sinter.random_normal %key stream 6"})
    body += "%" + std::string(line) + " : " + M + "\n";
  Compiled compiled(
      "module @m {\n" +
          entryOf("e", body, "%u, %v, %z", M + ", " + M + ", " + M) + "}\n",
      cpu, level);
  ASSERT_TRUE(compiled);
  std::vector<Array> got = compiled.run("e", inputs(compiled, "e"));
  std::set<double> different(got[0].floats.begin(), got[0].floats.end());
  EXPECT_EQ(different.size(), static_cast<size_t>(rows * wide));
  int fine = 0;
  for (int64_t i = 0; i < rows * wide; ++i) {
    double u = got[0].floats[i], v = got[1].floats[i];
    EXPECT_TRUE(u >= 0 && u < 1 && v >= 0 && v < 1);
    fine += static_cast<float>(u) != u;
    Real radius = std::sqrt(-2 * std::log1p(-Real(u)));
    Real wanted = radius * std::cos(2 * std::acos(-1.0L) * v);
    EXPECT_LE(std::fabs(got[2].floats[i] - wanted), 1e-12L * radius);
  }
  EXPECT_GT(fine, rows * wide * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(Targets, Doubles, testing::ValuesIn(allTargets));

INSTANTIATE_TEST_SUITE_P(Levels, DoublesAtRandom,
                         testing::Values(std::tuple("native", 0),
                                         std::tuple("native", 2)));

TEST(DoublesTable, HasEveryOpOnF64) {
  std::set<std::string> covered = {"random_uniform", "random_normal"};
  for (const Case &c : allCases())
    covered.insert(c.op.substr(0, c.op.find(' ')));
  expectEveryOpOn("f64", covered);
}

} // namespace
