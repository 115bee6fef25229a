//===- Packer.cpp - first fit in several orders, then a local search ------===//
//
// Comes in: intervals.  Goes out: offsets.  Buffers are placed one after
// another, each at the lowest offset where it fits (first fit); all depends on
// the order.  Several greedy orders are tried, by size, by bytes × lifetime, by
// lifetime, by time, by how full the arena is meanwhile; the best of them is
// then varied by moving the buffers that touch the arena's end to earlier
// ranks, with a fixed seed and a bounded amount of work.  The search ends when
// the lower bound is reached, which is the usual case.  (Sekiyama et al.,
// "Profile-guided memory optimization for deep neural networks", 2018, and
// Pisarchyk & Lee, "Efficient memory management for deep neural net inference",
// 2020, compare such orders.)
//
//===----------------------------------------------------------------------===//

#include "passes/plan/packer/Packer.h"

#include <algorithm>
#include <functional>
#include <map>

using namespace sinter::plan;

namespace {

/// How many comparisons of two buffers the local search may spend on an order:
/// a few hundredths of a second.
constexpr int64_t searchWork = 20'000'000;
/// More rounds than this are seldom seen to help.
constexpr int64_t maxRounds = 2000;
/// How much more of both a long search may take.
constexpr int64_t longSearch = 100;
/// How many of the greedy orders are varied.
constexpr size_t searchStarts = 5;

/// xorshift64*: small, seeded, the same on every machine.
struct Random {
  uint64_t state = 0x9E3779B97F4A7C15u;
  /// Uniform enough in [0, n).
  size_t below(size_t n) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 0x2545F4914F6CDD1Du >> 32) % n;
  }
};

/// An order and what came of it.
struct Start {
  std::vector<size_t> order;
  std::vector<int64_t> offsets;
  int64_t total;
};

class Search {
public:
  Search(const std::vector<Interval> &intervals, Effort effort)
      : effort(effort) {
    for (const Interval &interval : intervals) {
      buffers.push_back(interval);
      buffers.back().bytes = alignedSize(interval.bytes);
    }
    best.offsets.assign(buffers.size(), 0);
    best.lowerBound = getLowerBound(intervals);
    for (size_t i = 0; i != buffers.size(); ++i)
      if (buffers[i].bytes > 0)
        all.push_back(i);
  }

  Packing run() {
    if (all.empty())
      return best;
    std::vector<int64_t> pressure = getPressure();
    auto bytes = [&](size_t i) { return buffers[i].bytes; };
    auto life = [&](size_t i) {
      return buffers[i].last - buffers[i].first + 1;
    };
    auto area = [&](size_t i) {
      return static_cast<double>(bytes(i)) * static_cast<double>(life(i));
    };
    using Less = std::function<bool(size_t, size_t)>;
    const Less orders[] = {
        [&](size_t a, size_t b) { return bytes(a) > bytes(b); },
        [&](size_t a, size_t b) { return area(a) > area(b); },
        [&](size_t a, size_t b) { return life(a) > life(b); },
        [&](size_t a, size_t b) { return buffers[a].first < buffers[b].first; },
        [&](size_t a, size_t b) { return buffers[a].last > buffers[b].last; },
        [&](size_t a, size_t b) {
          return pressure[a] != pressure[b] ? pressure[a] > pressure[b]
                                            : life(a) > life(b);
        },
        [&](size_t a, size_t b) {
          return pressure[a] != pressure[b] ? pressure[a] > pressure[b]
                                            : bytes(a) > bytes(b);
        },
    };
    std::vector<Start> starts;
    for (const Less &less : orders) {
      std::vector<size_t> order = all;
      std::stable_sort(order.begin(), order.end(), less);
      int64_t total = place(order);
      starts.push_back({order, offsets, total});
      if (total == best.lowerBound)
        return finish(starts.back());
    }
    auto getSmallest = [&] {
      return *std::min_element(
          starts.begin(), starts.end(),
          [](const Start &a, const Start &b) { return a.total < b.total; });
    };
    if (effort == Effort::Greedy)
      return finish(getSmallest());
    // The best few are varied, each on its own: one alone often gets stuck.
    std::stable_sort(
        starts.begin(), starts.end(),
        [](const Start &a, const Start &b) { return a.total < b.total; });
    starts.resize(searchStarts);
    for (Start &start : starts) {
      improve(start);
      if (start.total == best.lowerBound)
        return finish(start);
    }
    return finish(getSmallest());
  }

private:
  /// For each buffer, the most bytes that are ever alive beside it.
  std::vector<int64_t> getPressure() const {
    // Bytes alive from each moment at which something changes.
    std::map<int64_t, int64_t> live;
    for (size_t i : all) {
      live[buffers[i].first] += buffers[i].bytes;
      live[buffers[i].last + 1] -= buffers[i].bytes;
    }
    int64_t sum = 0;
    for (auto &[moment, bytes] : live)
      bytes = sum += bytes;
    std::vector<int64_t> pressure(buffers.size());
    for (size_t i : all)
      for (auto at = live.find(buffers[i].first); at->first <= buffers[i].last;
           ++at)
        pressure[i] = std::max(pressure[i], at->second);
    return pressure;
  }

  /// Places the buffers in this order; returns the arena's size.
  int64_t place(const std::vector<size_t> &order) {
    offsets.assign(buffers.size(), 0);
    placed.clear();
    int64_t total = 0;
    for (size_t index : order) {
      const Interval &buffer = buffers[index];
      // `placed` stands in the order of offsets: the first hole is the lowest.
      int64_t offset = 0;
      for (size_t other : placed) {
        ++work;
        const Interval &block = buffers[other];
        if (block.last < buffer.first || buffer.last < block.first)
          continue;
        if (offsets[other] >= offset + buffer.bytes)
          break;
        offset = std::max(offset, offsets[other] + block.bytes);
      }
      offsets[index] = offset;
      total = std::max(total, offset + buffer.bytes);
      auto at = std::upper_bound(
          placed.begin(), placed.end(), offset,
          [&](int64_t want, size_t other) { return want < offsets[other]; });
      placed.insert(at, index);
    }
    return total;
  }

  /// Moves a buffer at the arena's end, or any other, to an earlier rank.
  void improve(Start &start) {
    Random random;
    work = 0;
    // A longer search begins with the rounds of a shorter one.
    int64_t factor = effort == Effort::Long ? longSearch : 1;
    for (int64_t round = 0;
         round != maxRounds * factor && work < searchWork * factor; ++round) {
      std::vector<size_t> order = start.order;
      std::vector<size_t> ranks;
      for (size_t rank = 0; rank != order.size(); ++rank)
        if (start.offsets[order[rank]] + buffers[order[rank]].bytes ==
            start.total)
          ranks.push_back(rank);
      size_t from = round % 2 ? random.below(order.size())
                              : ranks[random.below(ranks.size())];
      size_t to = random.below(order.size());
      if (round % 4 == 3) {
        std::swap(order[from], order[to]);
      } else {
        to = std::min(from, to);
        std::rotate(order.begin() + to, order.begin() + from,
                    order.begin() + from + 1);
      }
      int64_t total = place(order);
      if (total <= start.total)
        start = {order, offsets, total};
      if (start.total == best.lowerBound)
        return;
    }
  }

  Packing finish(const Start &start) {
    best.offsets = start.offsets;
    best.total = start.total;
    return best;
  }

  Effort effort;
  std::vector<Interval> buffers;
  std::vector<size_t> all, placed;
  std::vector<int64_t> offsets;
  Packing best;
  int64_t work = 0;
};

} // namespace

int64_t sinter::plan::getLowerBound(const std::vector<Interval> &intervals) {
  // Deaths before births at the same moment: `last` is inclusive.
  std::vector<std::pair<int64_t, int64_t>> events;
  for (const Interval &interval : intervals) {
    events.emplace_back(interval.first, alignedSize(interval.bytes));
    events.emplace_back(interval.last + 1, -alignedSize(interval.bytes));
  }
  std::sort(events.begin(), events.end());
  int64_t live = 0, most = 0;
  for (auto [time, change] : events)
    most = std::max(most, live += change);
  return most;
}

Packing sinter::plan::pack(const std::vector<Interval> &intervals,
                           Effort effort) {
  return Search(intervals, effort).run();
}
