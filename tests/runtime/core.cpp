// The core against published vectors and closed forms.
#include "sinter_runtime.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace {

using Words = std::array<uint32_t, 4>;

Words philox(Words counter, std::array<uint32_t, 2> key) {
  Words out;
  sinter_philox4x32(counter.data(), key.data(), out.data());
  return out;
}

// Random123, tests/kat_vectors, lines "philox4x32 10".
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                   {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

std::vector<int64_t> shuffle(uint64_t seed, uint64_t epoch, int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  sinter_shuffle(seed, epoch, n, order.data());
  return order;
}

TEST(Shuffle, IsAPermutation) {
  for (int64_t n : {0, 1, 2, 3, 10, 1001}) {
    std::vector<int64_t> order = shuffle(7, 3, n), sorted = order;
    std::sort(sorted.begin(), sorted.end());
    std::vector<int64_t> identity(order.size());
    std::iota(identity.begin(), identity.end(), 0);
    EXPECT_EQ(sorted, identity) << n;
  }
}

TEST(Shuffle, DependsOnSeedAndEpochOnly) {
  EXPECT_EQ(shuffle(7, 3, 100), shuffle(7, 3, 100));
  EXPECT_NE(shuffle(7, 3, 100), shuffle(8, 3, 100));
  EXPECT_NE(shuffle(7, 3, 100), shuffle(7, 4, 100));
  EXPECT_NE(shuffle(7, 3, 100), shuffle(7 + (uint64_t(1) << 32), 3, 100));
  EXPECT_NE(shuffle(7, 3, 100), shuffle(7, 3 + (uint64_t(1) << 32), 100));
}

// Fisher-Yates written again, over 128-bit products.
TEST(Shuffle, IsTheDocumentedFisherYates) {
  uint64_t seed = 0x123456789abcdef0, epoch = 5;
  int64_t n = 57;
  std::vector<int64_t> expected(static_cast<size_t>(n));
  std::iota(expected.begin(), expected.end(), 0);
  uint64_t draws = 0;
  for (int64_t i = n - 1; i > 0; --i, ++draws) {
    Words words = philox({static_cast<uint32_t>(draws / 2), 5, 0, 0x73687566},
                         {0x9abcdef0, 0x12345678});
    uint64_t draw = draws % 2 ? uint64_t(words[3]) << 32 | words[2]
                              : uint64_t(words[1]) << 32 | words[0];
    __extension__ typedef unsigned __int128 Wide;
    auto j = static_cast<size_t>(Wide(draw) * Wide(i + 1) >> 64);
    std::swap(expected[static_cast<size_t>(i)], expected[j]);
  }
  EXPECT_EQ(shuffle(seed, epoch, n), expected);
}

// Every place of every sample equally often: chi-squared of a 6 x 6 table with
// 25 degrees of freedom is below 60 but for one seed in ten thousand.
TEST(Shuffle, IsUniform) {
  constexpr int n = 6, trials = 60000;
  int counts[n][n] = {};
  for (uint64_t epoch = 0; epoch < trials; ++epoch) {
    std::vector<int64_t> order = shuffle(1, epoch, n);
    for (int place = 0; place < n; ++place)
      ++counts[place][order[static_cast<size_t>(place)]];
  }
  double expected = trials / n, statistic = 0;
  for (auto &row : counts)
    for (int count : row)
      statistic += (count - expected) * (count - expected) / expected;
  EXPECT_LT(statistic, 60);
}

TEST(Dtype, HasSizeAndName) {
  EXPECT_EQ(sinter_dtype_size(SINTER_BF16), 2u);
  EXPECT_EQ(sinter_dtype_size(SINTER_I1), 1u);
  EXPECT_STREQ(sinter_dtype_name(SINTER_U8), "u8");
  for (int32_t unknown : {-1, 10, 1 << 30}) {
    EXPECT_EQ(sinter_dtype_size(unknown), 0u);
    EXPECT_EQ(sinter_dtype_name(unknown), nullptr);
  }
}

TEST(Status, HasWords) {
  EXPECT_STREQ(sinter_status_message(SINTER_MISALIGNED),
               "the state or the workspace is not 64-byte aligned");
  EXPECT_STREQ(sinter_status_message(77), "unknown status");
}

} // namespace
