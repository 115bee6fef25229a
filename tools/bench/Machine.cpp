//===- Machine.cpp - what the machine can do at most ----------------------===//

#include "Machine.h"

#include "Process.h"
#include "Workload.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>
#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace bench {

#if defined(__AVX512F__)
typedef float Vector __attribute__((vector_size(64)));
#elif defined(__AVX__)
typedef float Vector __attribute__((vector_size(32)));
#else
typedef float Vector __attribute__((vector_size(16)));
#endif
constexpr int64_t lanes = sizeof(Vector) / sizeof(float);

/// The least time of `work` on so many threads at once, over `attempts`.  Each
/// has a core of its own, and is there before it is needed.
static double best(int threads, int attempts,
                   const std::function<void(int)> &work) {
  const std::vector<int> cores = availableCores();
  std::atomic<int> begun = 0, ended = 0;
  auto help = [&](int thread) {
    if (static_cast<size_t>(thread) < cores.size())
      pin(0, {cores[thread]});
    for (int attempt = 1; attempt <= attempts; ++attempt) {
      while (begun < attempt)
        ;
      work(thread);
      ++ended;
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads; ++i)
    helpers.emplace_back(help, i);
  if (threads > 1 && !cores.empty())
    pin(0, {cores[0]});
  double result = 1e30;
  for (int attempt = 1; attempt <= attempts; ++attempt) {
    double start = nowMicroseconds();
    begun = attempt;
    work(0);
    while (ended < attempt * (threads - 1))
      ;
    result = std::min(result, nowMicroseconds() - start);
  }
  for (std::thread &helper : helpers)
    helper.join();
  pin(0, cores);
  return result;
}

// As many chains as hide the latency of four cycles on two units, and leave
// registers for the factors.
static void multiplyAdd(int64_t repeats) {
  constexpr int chains = 12;
  Vector sums[chains] = {};
  Vector a = {}, b = {};
  a += 0.5f;
  b += 0.25f;
  // The chains must not look equal to the compiler.
  for (Vector &sum : sums)
    asm volatile("" : "+x"(sum));
  for (int64_t i = 0; i < repeats; ++i) {
    for (Vector &sum : sums)
      sum = sum * a + b;
    // The compiler must not collapse the repeats.
    asm volatile("" : "+x"(a), "+x"(b));
  }
  Vector total = {};
  for (const Vector &sum : sums)
    total += sum;
  asm volatile("" : : "x"(total));
}

Machine::Machine(int threads) : threads(threads) {
  constexpr int64_t repeats = 2000000;
  constexpr int attempts = 9;
  double microseconds =
      best(threads, attempts, [&](int) { multiplyAdd(repeats); });
  peak = 2.0 * lanes * 12 * repeats * threads / microseconds / 1e3;
}

/// Stores past the caches, if asked to and where the processor can.
template <bool past> static void store(Vector *to, Vector value) {
  if (!past) {
    *to = value;
    return;
  }
#if defined(__AVX512F__)
  _mm512_stream_ps(reinterpret_cast<float *>(to), value);
#elif defined(__AVX__)
  _mm256_stream_ps(reinterpret_cast<float *>(to), value);
#else
  *to = value;
#endif
}

/// Reads `reads` vectors for each one it writes; with none to write, it reads.
/// Several from one place before the next place: that is what memory likes.
template <bool past>
static void stream(const Vector *from, int64_t count, Vector *to,
                   int64_t written, int64_t reads) {
  constexpr int64_t run = 8;
  Vector sums[run] = {};
  if (!written)
    for (int64_t i = 0; i + run <= count; i += run)
      for (int64_t k = 0; k < run; ++k)
        sums[k] += from[i + k];
  for (int64_t i = 0; i + run <= written; i += run) {
    std::fill_n(sums, run, Vector{});
    for (int64_t part = 0; part < reads; ++part)
      for (int64_t k = 0; k < run; ++k)
        sums[k] += from[part * written + i + k];
    for (int64_t k = 0; k < run; ++k)
      store<past>(to + i + k, sums[k]);
  }
  for (Vector &sum : sums)
    asm volatile("" : : "x"(sum));
}

double Machine::streamMicroseconds(double read, double written) const {
  // Next to so much reading a little writing does not show.
  constexpr double negligible = 1.0 / 32;
  constexpr int attempts = 15;
  if (written < negligible * read)
    written = 0;
  auto count = static_cast<int64_t>(read / sizeof(Vector) / threads);
  auto stores = static_cast<int64_t>(written / sizeof(Vector) / threads);
  int64_t reads = stores ? std::max<int64_t>(count / stores, 1) : 0;
  count = std::max(count, reads * stores);
  if (count == 0)
    return 0;
  auto make = [&](int64_t vectors) {
    size_t bytes = std::max<size_t>(vectors * threads, 1) * sizeof(Vector);
    auto *memory = static_cast<Vector *>(
        std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096));
    std::fill_n(memory, vectors * threads, Vector{});
    return std::unique_ptr<Vector, void (*)(void *)>(memory, std::free);
  };
  auto from = make(count), to = make(stores);
  auto measured = [&](auto streamPart) {
    return best(threads, attempts, [&](int thread) {
      streamPart(from.get() + thread * count, count, to.get() + thread * stores,
                 stores, reads);
    });
  };
  // What fits into the caches is better left there.
  double result = std::min(measured(stream<false>), measured(stream<true>));
  if (threads == 1)
    return result;
  // One thread does a little work sooner than several meet.
  return std::min(result, best(1, attempts, [&](int) {
                    stream<false>(from.get(), count * threads, to.get(),
                                  stores * threads, reads);
                  }));
}

double Machine::copyGigabytes() const {
  constexpr double bytes = 128 << 20;
  return 2 * bytes / streamMicroseconds(bytes, bytes) / 1e3;
}

double Machine::cacheGigabytes() const {
  constexpr double bytes = 4 << 20;
  return bytes / streamMicroseconds(bytes, 0) / 1e3;
}

double Machine::limit(const Workload &workload) const {
  double arithmetic = workload.flops / peak / 1e3;
  double memory = static_cast<double>(workload.sweeps) *
                  streamMicroseconds(workload.bytesRead, workload.bytesWritten);
  return std::max(arithmetic, memory);
}

} // namespace bench
