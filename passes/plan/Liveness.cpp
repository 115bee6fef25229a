//===- Liveness.cpp - live ranges by one walk backwards -------------------===//
//
// Comes in: a program.  Goes out: live ranges with holes.  Loops nest, so no
// fixed point is needed: what is live at the end of a body is what is live
// after the loop and what the body reads before it writes it.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/Liveness.h"

using namespace sinter::passes::plan;

/// For each loop, the storages whose first access in the body does not replace
/// them whole: their contents come from before the loop or the step before.
static std::vector<llvm::SmallVector<int>>
computeExposed(const Program &program) {
  std::vector<llvm::SmallVector<int>> exposed(program.loops.size());
  for (auto [number, loop] : llvm::enumerate(program.loops)) {
    llvm::DenseSet<int> seen;
    for (int i = loop.begin + 1; i < loop.end; ++i) {
      const Step &step = program.steps[i];
      for (const Operand &read : step.reads)
        if (seen.insert(read.view.storage).second)
          exposed[number].push_back(read.view.storage);
      for (const Operand &write : step.writes)
        if (seen.insert(write.view.storage).second &&
            !program.coversStorage(write))
          exposed[number].push_back(write.view.storage);
    }
  }
  return exposed;
}

/// Notes the copies that nobody reads in `dead`, too.
static std::vector<LiveRange>
walkBackwards(const Program &program, llvm::SmallVectorImpl<int> &deadCopies) {
  std::vector<llvm::SmallVector<int>> exposed = computeExposed(program);
  std::vector<LiveRange> ranges(program.storages.size());
  constexpr int64_t dead = -1;
  std::vector<int64_t> liveUntil(program.storages.size(), dead);

  auto use = [&](int storage, int64_t end) {
    if (liveUntil[storage] == dead)
      liveUntil[storage] = end;
  };
  auto define = [&](int storage, int64_t start) {
    ranges[storage].push_back({start, liveUntil[storage]});
    liveUntil[storage] = dead;
  };

  int64_t count = program.steps.size();
  for (auto [number, storage] : llvm::enumerate(program.storages))
    if (storage.space == Space::State || storage.space == Space::Output)
      use(number, 2 * count + 1);
  for (int64_t i = count - 1; i >= 0; --i) {
    const Step &step = program.steps[i];
    if (step.kind == Step::LoopEnd)
      for (int storage : exposed[step.loop])
        use(storage, 2 * i + 1);
    bool early = step.kind == Step::Launch || step.kind == Step::Copy;
    for (const Operand &write : step.writes) {
      int storage = write.view.storage;
      if (step.kind == Step::Begin) {
        if (liveUntil[storage] != dead)
          define(storage, 2 * i + 1);
        continue;
      }
      if (step.kind == Step::Copy && liveUntil[storage] == dead)
        deadCopies.push_back(i);
      use(storage, 2 * i + 2);
      if (program.coversStorage(write) || step.fresh)
        define(storage, early ? 2 * i : 2 * i + 1);
    }
    if (step.scratch >= 0) {
      use(step.scratch, 2 * i + 2);
      define(step.scratch, 2 * i);
    }
    for (const Operand &read : step.reads)
      use(read.view.storage, 2 * i + 1);
  }
  for (size_t storage = 0; storage != ranges.size(); ++storage) {
    if (liveUntil[storage] != dead)
      define(storage, 0);
    std::reverse(ranges[storage].begin(), ranges[storage].end());
  }
  return ranges;
}

std::vector<LiveRange>
sinter::passes::plan::computeLiveness(const Program &program) {
  llvm::SmallVector<int> deadCopies;
  return walkBackwards(program, deadCopies);
}

void sinter::passes::plan::dropDeadCopies(Program &program) {
  for (bool changed = true; changed;) {
    llvm::SmallVector<int> deadCopies;
    walkBackwards(program, deadCopies);
    changed = !deadCopies.empty();
    for (int number : deadCopies) {
      Step &step = program.steps[number];
      step.kind = Step::Begin;
      step.reads.clear();
      step.writes.clear();
    }
  }
}

LiveRange sinter::passes::plan::join(const LiveRange &a, const LiveRange &b) {
  LiveRange all = a;
  all.insert(all.end(), b.begin(), b.end());
  llvm::sort(all, [](const Segment &x, const Segment &y) {
    return std::pair(x.start, x.end) < std::pair(y.start, y.end);
  });
  LiveRange joined;
  for (const Segment &segment : all) {
    if (!joined.empty() && segment.start <= joined.back().end)
      joined.back().end = std::max(joined.back().end, segment.end);
    else
      joined.push_back(segment);
  }
  return joined;
}

bool sinter::passes::plan::forEachOverlap(
    const LiveRange &a, const LiveRange &b,
    llvm::function_ref<bool(Segment)> visit) {
  auto x = a.begin(), y = b.begin();
  while (x != a.end() && y != b.end()) {
    Segment overlap{std::max(x->start, y->start), std::min(x->end, y->end)};
    if (overlap.start < overlap.end && !visit(overlap))
      return false;
    if (x->end < y->end)
      ++x;
    else
      ++y;
  }
  return true;
}
