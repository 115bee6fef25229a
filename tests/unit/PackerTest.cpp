//===- PackerTest.cpp - the arena packer ----------------------------------===//
//
// Compared with an exhaustive search over all placement orders on small cases
// (first fit reaches an optimum in some order), and with the lower bound on
// traces shaped like a training step.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/packer/Packer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

using namespace sinter::plan;

namespace {

bool meet(const Interval &a, const Interval &b) {
  return a.first <= b.last && b.first <= a.last;
}

/// Checks a packing against the definition.
void expectValid(const std::vector<Interval> &in, const Packing &packing) {
  ASSERT_EQ(packing.offsets.size(), in.size());
  int64_t end = 0;
  for (size_t i = 0; i != in.size(); ++i) {
    int64_t offset = packing.offsets[i];
    EXPECT_EQ(offset % 64, 0);
    EXPECT_GE(offset, 0);
    end = std::max(end, offset + (in[i].bytes + 63) / 64 * 64);
    for (size_t j = 0; j != i; ++j)
      EXPECT_TRUE(!meet(in[i], in[j]) || in[i].bytes == 0 || in[j].bytes == 0 ||
                  offset + in[i].bytes <= packing.offsets[j] ||
                  packing.offsets[j] + in[j].bytes <= offset)
          << i << " overlaps " << j;
  }
  EXPECT_EQ(packing.total, end);
  // The lower bound, moment by moment.
  int64_t bound = 0;
  for (const Interval &at : in) {
    int64_t live = 0;
    for (const Interval &other : in)
      if (other.first <= at.first && at.first <= other.last)
        live += (other.bytes + 63) / 64 * 64;
    bound = std::max(bound, live);
  }
  EXPECT_EQ(packing.lowerBound, bound);
}

int64_t bruteForce(const std::vector<Interval> &in) {
  std::vector<size_t> order(in.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t best = INT64_MAX;
  do {
    std::vector<int64_t> offset(in.size(), -1);
    int64_t total = 0;
    for (size_t i : order) {
      for (int64_t at = 0; offset[i] < 0; at += 64) {
        bool free = true;
        for (size_t j = 0; j != in.size(); ++j)
          free &= offset[j] < 0 || !meet(in[i], in[j]) ||
                  at + in[i].bytes <= offset[j] ||
                  offset[j] + in[j].bytes <= at;
        if (free)
          offset[i] = at;
      }
      total = std::max(total, offset[i] + in[i].bytes);
    }
    best = std::min(best, total);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

/// Forward activations that live until their backward step, gradients that live
/// shortly, parameter gradients that live until the update.
std::vector<Interval> trainingTrace(std::mt19937 &random, int layers) {
  std::vector<Interval> trace;
  int64_t end = 6 * layers;
  for (int layer = 0; layer != layers; ++layer) {
    int64_t activation = 64 << (random() % 11);
    activation += 4 * (random() % 300);
    trace.push_back({activation, 2 * layer, end - 4 * layer});
    trace.push_back({activation, 2 * layer, 2 * layer + 1});
    trace.push_back({activation, end - 4 * layer - 3, end - 4 * layer});
    trace.push_back({static_cast<int64_t>(4 * (random() % 9000)),
                     end - 4 * layer, end + 3});
    trace.push_back({static_cast<int64_t>(random() % 5000), 2 * layer + 1,
                     2 * layer + 1 + static_cast<int64_t>(random() % 9)});
  }
  return trace;
}

} // namespace

TEST(Packer, NothingNeedsNothing) {
  Packing packing = pack({});
  EXPECT_EQ(packing.total, 0);
  EXPECT_EQ(packing.lowerBound, 0);
}

TEST(Packer, EmptyBuffersTakeNoBytes) {
  std::vector<Interval> in = {{0, 0, 9}, {100, 3, 4}, {0, 3, 3}};
  Packing packing = pack(in);
  expectValid(in, packing);
  EXPECT_EQ(packing.total, 128);
}

TEST(Packer, DisjointLivesShareBytes) {
  std::vector<Interval> in = {{1000, 0, 1}, {1000, 2, 3}, {1000, 4, 4}};
  Packing packing = pack(in);
  expectValid(in, packing);
  EXPECT_EQ(packing.total, 1024);
}

TEST(Packer, LastMomentIsInclusive) {
  std::vector<Interval> in = {{64, 0, 2}, {64, 2, 3}};
  EXPECT_EQ(pack(in).total, 128);
}

TEST(Packer, ReachesTheOptimumOnSmallCases) {
  std::mt19937 random(11);
  for (int round = 0; round != 60; ++round) {
    std::vector<Interval> in;
    for (int i = 0; i != 7; ++i) {
      int64_t first = random() % 8;
      in.push_back({static_cast<int64_t>(64 * (1 + random() % 6)), first,
                    first + static_cast<int64_t>(random() % 4)});
    }
    Packing packing = pack(in);
    expectValid(in, packing);
    EXPECT_EQ(packing.total, bruteForce(in)) << "round " << round;
  }
}

TEST(Packer, TrainingTracesAreWithinTwoPercentOfTheBound) {
  std::mt19937 random(5);
  for (int round = 0; round != 30; ++round) {
    std::vector<Interval> in = trainingTrace(random, 3 + round);
    Packing packing = pack(in);
    expectValid(in, packing);
    EXPECT_LE(packing.total, 1.02 * packing.lowerBound) << "round " << round;
  }
}

TEST(Packer, SameInputSameOffsets) {
  std::mt19937 random(7);
  std::vector<Interval> in = trainingTrace(random, 40);
  EXPECT_EQ(pack(in).offsets, pack(in).offsets);
}

TEST(Packer, MoreEffortIsNeverWorse) {
  std::mt19937 random(13);
  int bounded = 0, longer = 0;
  for (int round = 0; round != 6; ++round) {
    std::vector<Interval> in;
    for (int i = 0; i != 100; ++i) {
      int64_t first = random() % 60;
      in.push_back({static_cast<int64_t>(64 * (1 + random() % 40)), first,
                    first + static_cast<int64_t>(random() % 9)});
    }
    Packing greedy = pack(in, Effort::Greedy);
    Packing search = pack(in, Effort::Bounded);
    Packing costly = pack(in, Effort::Long);
    for (const Packing &packing : {greedy, search, costly})
      expectValid(in, packing);
    EXPECT_GE(greedy.total, search.total);
    EXPECT_GE(search.total, costly.total);
    bounded += search.total < greedy.total;
    longer += costly.total < search.total;
  }
  // Each level is worth its name.
  EXPECT_GT(bounded, 0);
  EXPECT_GT(longer, 0);
}

TEST(Packer, ThousandsOfBuffers) {
  std::mt19937 random(3);
  std::vector<Interval> in = trainingTrace(random, 1200);
  Packing packing = pack(in);
  ASSERT_EQ(packing.offsets.size(), 6000u);
  EXPECT_LE(packing.total, 1.02 * packing.lowerBound);
}
