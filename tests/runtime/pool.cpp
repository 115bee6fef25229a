// The thread pool: every index exactly once, whatever the threads do, and the
// same failure that a serial run reports.
#include "sinter_runtime.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

struct Counts {
  explicit Counts(size_t n) : hits(n) {}
  std::vector<std::atomic<int>> hits;
  static int body(void *data, int64_t i) {
    ++static_cast<Counts *>(data)->hits[static_cast<size_t>(i)];
    return 0;
  }
  bool allAre(int n) const {
    for (const std::atomic<int> &hit : hits)
      if (hit != n)
        return false;
    return true;
  }
};

TEST(Pool, RunsEveryIndexOnce) {
  for (int threads : {1, 2, 3, 8, 64}) {
    sinter::Pool pool(threads);
    const sinter_host *host = pool.host();
    for (int64_t n : {0, 1, 2, 7, 64, 1024, 1025, 5000, 100003}) {
      Counts counts(static_cast<size_t>(n));
      EXPECT_EQ(host->parallel_for(host->self, n, Counts::body, &counts), 0);
      EXPECT_TRUE(counts.allAre(1)) << threads << " threads, n = " << n;
    }
  }
}

// Regions that follow each other at once are where a late worker could meet
// the body of a region that is over.
TEST(Pool, SurvivesManySmallRegions) {
  for (int threads : {2, 4}) {
    sinter::Pool pool(threads);
    const sinter_host *host = pool.host();
    for (int region = 0; region < 20000; ++region) {
      Counts counts(static_cast<size_t>(2 + region % 5));
      host->parallel_for(host->self, 2 + region % 5, Counts::body, &counts);
      ASSERT_TRUE(counts.allAre(1)) << region;
    }
  }
}

TEST(Pool, WakesParkedWorkers) {
  sinter::Pool pool(2);
  const sinter_host *host = pool.host();
  // Both bodies wait for each other, so that both threads must take part.
  auto meet = [](void *data, int64_t) {
    auto *arrived = static_cast<std::atomic<int> *>(data);
    ++*arrived;
    while (*arrived < 2)
      std::this_thread::yield();
    return 0;
  };
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> arrived = 0;
    host->parallel_for(host->self, 2, meet, &arrived);
    EXPECT_EQ(arrived, 2);
  }
}

TEST(Pool, ReportsTheFirstFailureAsASerialRunDoes) {
  for (int threads : {1, 2, 4}) {
    sinter::Pool pool(threads);
    const sinter_host *host = pool.host();
    for (int64_t n : {10, 3000}) {
      auto body = [](void *, int64_t i) {
        return i % 3 == 2 ? static_cast<int>(100 + i) : 0;
      };
      for (int repeat = 0; repeat < 200; ++repeat)
        ASSERT_EQ(host->parallel_for(host->self, n, body, nullptr), 102);
    }
    // The next region knows nothing of it.
    Counts counts(10);
    EXPECT_EQ(host->parallel_for(host->self, 10, Counts::body, &counts), 0);
  }
}

// Index 1 is in the chunk of index 0, behind it.
TEST(Pool, RunsNothingBehindAFailure) {
  sinter::Pool pool(2);
  const sinter_host *host = pool.host();
  auto body = [](void *data, int64_t i) {
    if (i == 1)
      *static_cast<bool *>(data) = true;
    return i == 0 ? 7 : 0;
  };
  bool ran = false;
  EXPECT_EQ(host->parallel_for(host->self, 3000, body, &ran), 7);
  EXPECT_FALSE(ran);
}

struct Nest {
  const sinter_host *host;
  std::atomic<int> inner = 0;
};

TEST(Pool, RunsNestedRegionsSerially) {
  sinter::Pool pool(4);
  Nest nest{pool.host()};
  auto outer = [](void *data, int64_t) {
    auto *nest = static_cast<Nest *>(data);
    std::pair<Nest *, std::thread::id> job{nest, std::this_thread::get_id()};
    auto inner = [](void *data, int64_t) {
      auto *job = static_cast<std::pair<Nest *, std::thread::id> *>(data);
      ++job->first->inner;
      return std::this_thread::get_id() == job->second ? 0 : 1;
    };
    return nest->host->parallel_for(nest->host->self, 50, inner, &job);
  };
  EXPECT_EQ(nest.host->parallel_for(nest.host->self, 20, outer, &nest), 0);
  EXPECT_EQ(nest.inner, 1000);
}

TEST(Pool, ServesSeveralCallersAtOnce) {
  sinter::Pool pool(3);
  const sinter_host *host = pool.host();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int region = 0; region < 500; ++region) {
        Counts counts(32);
        host->parallel_for(host->self, 32, Counts::body, &counts);
        wrong += !counts.allAre(1);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Pool, IsMadeOfOneTo64Threads) {
  EXPECT_EQ(sinter_pool_create(0), nullptr);
  EXPECT_EQ(sinter_pool_create(-3), nullptr);
  EXPECT_EQ(sinter_pool_create(65), nullptr);
  EXPECT_THROW(sinter::Pool(0), sinter::Error);
  for (int i = 0; i < 50; ++i) // destroyed while workers still spin
    sinter::Pool pool(1 + i % 8);
  sinter_pool_destroy(nullptr);
}

TEST(AlignedBytes, AreAlignedZeroedAndMove) {
  sinter::AlignedBytes bytes(100);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.data()) % SINTER_ALIGNMENT, 0u);
  for (std::byte byte : bytes.bytes())
    EXPECT_EQ(byte, std::byte{0});
  void *place = bytes.data();
  sinter::AlignedBytes moved(std::move(bytes));
  EXPECT_EQ(moved.data(), place);
  EXPECT_EQ(moved.size(), 100u);
  EXPECT_NE(sinter::AlignedBytes(0).data(), nullptr);
}

TEST(Check, ThrowsWithWords) {
  EXPECT_NO_THROW(sinter::check(SINTER_OK, "f"));
  try {
    sinter::check(SINTER_MISALIGNED, "mlp_train");
    FAIL();
  } catch (const sinter::Error &error) {
    EXPECT_STREQ(error.what(), "mlp_train: the state or the workspace is not "
                               "64-byte aligned");
    EXPECT_EQ(error.status(), SINTER_MISALIGNED);
  }
}

} // namespace
