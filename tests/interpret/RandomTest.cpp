//===- RandomTest.cpp - Philox known answers, layout, moments -------------===//

#include "tests/interpret/Run.h"
#include <cmath>

using namespace sinter::interpret;

namespace {
class RandomOps : public Interpret {
protected:
  Array key(int64_t seed, int64_t call) {
    return ints("tensor<2xi64>", {seed, call});
  }
  std::vector<double> uniform(int64_t seed, int64_t call, int32_t stream,
                              int64_t n, const std::string &type = "f32") {
    std::string t = "tensor<" + std::to_string(n) + "x" + type + ">";
    return apply("sinter.random_uniform %0 stream " + std::to_string(stream) +
                     " : " + t,
                 t, {key(seed, call)})
        .floats;
  }
};

double from24(uint32_t word) { return std::ldexp(word >> 8, -24); }
double from53(uint32_t high, uint32_t low) {
  return std::ldexp(
      static_cast<double>((static_cast<uint64_t>(high) << 32 | low) >> 11),
      -53);
}

// Random123's known answer for philox4x32-10 with counter and key zero:
// 6627e8d5 e169c58d bc57ac4c 9b00dbd8.  Its words are 16 elements apart.
TEST_F(RandomOps, KnownAnswerOfZeros) {
  std::vector<double> u = uniform(0, 0, 0, 64);
  EXPECT_EQ(u[0], from24(0x6627e8d5));
  EXPECT_EQ(u[16], from24(0xe169c58d));
  EXPECT_EQ(u[32], from24(0xbc57ac4c));
  EXPECT_EQ(u[48], from24(0x9b00dbd8));
  std::vector<double> d = uniform(0, 0, 0, 64, "f64");
  EXPECT_EQ(d[0], from53(0x6627e8d5, 0xe169c58d));
  EXPECT_EQ(d[48], from53(0x9b00dbd8, 0x6627e8d5));
}

// Seed, stream and both halves of the call reach the cipher: the digits of π
// that Random123 tests with, but for the block, computed apart.
TEST_F(RandomOps, KnownAnswerOfAllParts) {
  int64_t seed = 0x299f31d0a4093822, call = 0x0370734413198a2e;
  auto stream = static_cast<int32_t>(0x85a308d3);
  std::vector<double> u = uniform(seed, call, stream, 130);
  EXPECT_EQ(u[0], from24(0x3f6d24d7));
  EXPECT_EQ(u[16], from24(0x529108a0));
  // Element 64 + 2 is in block 16 + 2; with 48 more, its last word.
  EXPECT_EQ(u[66], from24(0x40009246));
  EXPECT_EQ(u[114], from24(0x4c7d8dc5));
}

TEST_F(RandomOps, UniformMoments) {
  const int64_t n = 200000;
  for (const char *type : {"f32", "f64"}) {
    std::vector<double> u = uniform(7, 3, 42, n, type);
    double mean = 0, square = 0, neighbours = 0;
    for (int64_t i = 0; i < n; ++i) {
      ASSERT_GE(u[i], 0);
      ASSERT_LT(u[i], 1);
      mean += u[i] / n;
      square += u[i] * u[i] / n;
      neighbours += (u[i] - 0.5) * (u[(i + 1) % n] - 0.5) / n;
    }
    // Four standard deviations of each estimate.
    EXPECT_NEAR(mean, 0.5, 4 * std::sqrt(1.0 / 12 / n));
    EXPECT_NEAR(square, 1.0 / 3, 4 * std::sqrt(4.0 / 45 / n));
    EXPECT_NEAR(neighbours, 0, 4 / 12.0 / std::sqrt(n));
  }
}

TEST_F(RandomOps, NormalMoments) {
  const int64_t n = 200000;
  Array x = apply("sinter.random_normal %0 stream 8 : tensor<200000xf32>",
                  "tensor<200000xf32>", {key(1, 2)});
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (double z : x.floats) {
    m1 += z / n, m2 += z * z / n, m3 += z * z * z / n;
    m4 += z * z * z * z / n;
  }
  EXPECT_NEAR(m1, 0, 4 * std::sqrt(1.0 / n));
  EXPECT_NEAR(m2, 1, 4 * std::sqrt(2.0 / n));
  EXPECT_NEAR(m3, 0, 4 * std::sqrt(15.0 / n));
  EXPECT_NEAR(m4, 3, 4 * std::sqrt(96.0 / n));
}

TEST_F(RandomOps, NormalIsBoxMullerOfTwoStreams) {
  Array z = apply("sinter.random_normal %0 stream 8 : tensor<5xf64>",
                  "tensor<5xf64>", {key(1, 2)});
  std::vector<double> u = uniform(1, 2, 8, 5, "f64"),
                      v = uniform(1, 2, 9, 5, "f64");
  for (int i = 0; i < 5; ++i)
    EXPECT_NEAR(z.floats[i],
                std::sqrt(-2 * std::log(1 - u[i])) *
                    std::cos(2 * 3.141592653589793 * v[i]),
                1e-14);
}

TEST_F(RandomOps, BernoulliComparesTheUniformNumber) {
  std::vector<double> u = uniform(5, 6, 10, 1000);
  for (double p : {0.0, 0.3, 1.0}) {
    Array b = apply("sinter.random_bernoulli %0 stream 10 probability " +
                        std::to_string(p) + " : tensor<1000xi1>",
                    "tensor<1000xi1>", {key(5, 6)});
    for (int i = 0; i < 1000; ++i)
      EXPECT_EQ(b.ints[i], u[i] < static_cast<float>(p));
  }
}

TEST_F(RandomOps, StreamsCallsAndSeedsDiffer) {
  std::vector<double> u = uniform(1, 1, 2, 16);
  EXPECT_NE(u, uniform(1, 1, 4, 16));
  EXPECT_NE(u, uniform(1, 2, 2, 16));
  EXPECT_NE(u, uniform(2, 1, 2, 16));
  EXPECT_NE(u, uniform(1, 1 + (int64_t{1} << 32), 2, 16));
  EXPECT_EQ(u, uniform(1, 1, 2, 16));
}
} // namespace
