//===- LiveBytes.cpp - the memory of a planned entry, counted again
//--------===//

#include "tests/passes/LiveBytes.h"

#include "llvm/ADT/MapVector.h"

#include <numeric>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::test;

namespace {

using Range = std::pair<int64_t, int64_t>;

struct Touch {
  BufferOp buffer;
  bool write;
  int64_t moment;
};

class Lives {
public:
  std::vector<BufferLife> of(EntryOp entry) {
    visit(entry.getBody().front());
    std::vector<BufferLife> lives;
    for (auto &[storage, touches] : storages)
      lives.push_back(getLife(touches));
    return lives;
  }

private:
  /// Where the buffer is for these indices; loops that are not named are at 0.
  static Range getRange(BufferOp buffer,
                        const DenseMap<Value, int64_t> &indices) {
    int64_t at = buffer.getOffset();
    for (auto [index, stride] :
         llvm::zip(buffer.getIndices(), buffer.getStrides()))
      at += indices.lookup(index) * stride;
    auto type = cast<MemRefType>(buffer.getType());
    return {at, at + type.getNumElements() * type.getElementTypeBitWidth() / 8};
  }

  void touch(Value value, bool write) {
    auto buffer = value.getDefiningOp<BufferOp>();
    if (buffer && buffer.getSpace() == BufferSpace::Workspace &&
        cast<MemRefType>(buffer.getType()).getNumElements() > 0)
      storages[buffer->getAttr("sinter.storage")].push_back(
          {buffer, write, moment});
  }
  void visit(Block &block) {
    for (Operation &op : block) {
      ++moment;
      if (auto launch = dyn_cast<LaunchOp>(op)) {
        for (Value in : launch.getIns_())
          touch(in, false);
        for (Value out : launch.getOuts_())
          touch(out, true);
        if (launch.getScratch())
          touch(launch.getScratch(), true);
      } else if (auto copy = dyn_cast<CopyOp>(op)) {
        touch(copy.getSource(), false);
        touch(copy.getTarget(), true);
      } else if (auto store = dyn_cast<StoreIndexOp>(op)) {
        touch(store.getTarget(), true);
      } else if (auto loop = dyn_cast<LoopOp>(op)) {
        size_t number = loops.size();
        loops.push_back({loop, moment, 0});
        visit(loop.getBody().front());
        loops[number].last = moment;
      }
    }
  }

  /// Runs one step of `loop`, of which the touches are given in order, inner
  /// loops in full; whether all of `whole` is written before anything else of
  /// it is read.
  static bool isRewritten(LoopOp loop, ArrayRef<Touch> touches, Range whole) {
    std::vector<Range> written;
    DenseMap<Value, int64_t> indices;
    bool old = false;
    std::function<void(Block &)> run = [&](Block &block) {
      for (Operation &op : block) {
        if (auto inner = dyn_cast<LoopOp>(op)) {
          int64_t count = inner.getTripCount();
          for (int64_t i = 0; i != count; ++i) {
            indices[inner.getBody().getArgument(0)] =
                inner.getReverse() ? count - 1 - i : i;
            run(inner.getBody().front());
          }
          continue;
        }
        for (bool write : {false, true})
          for (Touch touch : touches) {
            Value value = touch.buffer.getResult();
            if (touch.write != write || !uses(op, value, write))
              continue;
            Range range = getRange(touch.buffer, indices);
            if (write)
              add(written, range);
            else
              old |= llvm::none_of(written, [&](Range r) {
                return r.first <= range.first && range.second <= r.second;
              });
          }
      }
    };
    run(loop.getBody().front());
    return !old && written.size() == 1 && written[0] == whole;
  }
  static bool uses(Operation &op, Value value, bool write) {
    if (auto launch = dyn_cast<LaunchOp>(op))
      return write ? llvm::is_contained(launch.getOuts_(), value) ||
                         launch.getScratch() == value
                   : llvm::is_contained(launch.getIns_(), value);
    if (auto copy = dyn_cast<CopyOp>(op))
      return value == (write ? copy.getTarget() : copy.getSource());
    auto store = dyn_cast<StoreIndexOp>(op);
    return store && write && store.getTarget() == value;
  }
  /// Joins a range into disjoint ones.
  static void add(std::vector<Range> &ranges, Range range) {
    std::vector<Range> apart;
    for (Range other : ranges)
      if (other.second < range.first || range.second < other.first)
        apart.push_back(other);
      else
        range = {std::min(range.first, other.first),
                 std::max(range.second, other.second)};
    apart.push_back(range);
    ranges = std::move(apart);
  }

  BufferLife getLife(ArrayRef<Touch> touches) {
    const DenseMap<Value, int64_t> atZero;
    Range whole = getRange(touches[0].buffer, atZero);
    for (Touch touch : touches) {
      // The corners of what the loops sweep.
      Range low = getRange(touch.buffer, atZero), high = low;
      for (auto [index, stride] :
           llvm::zip(touch.buffer.getIndices(), touch.buffer.getStrides())) {
        auto loop = cast<LoopOp>(
            cast<BlockArgument>(index).getParentBlock()->getParentOp());
        (stride < 0 ? low.first : high.second) +=
            stride * (static_cast<int64_t>(loop.getTripCount()) - 1);
      }
      whole = {std::min(whole.first, low.first),
               std::max(whole.second, high.second)};
    }
    BufferLife life{(whole.second - whole.first + 63) / 64 * 64,
                    touches.front().moment, touches.back().moment};
    for (LoopSpan &loop : loops) {
      std::vector<Touch> inside;
      for (const Touch &touch : touches)
        if (loop.first < touch.moment && touch.moment <= loop.last)
          inside.push_back(touch);
      // What the loop steps along is needed as a whole while it runs.
      bool steps = llvm::any_of(inside, [&](Touch touch) {
        return llvm::is_contained(touch.buffer.getIndices(),
                                  loop.op.getBody().getArgument(0));
      });
      if (inside.empty() || (!steps && isRewritten(loop.op, inside, whole)))
        continue;
      life.first = std::min(life.first, loop.first);
      life.last = std::max(life.last, loop.last);
    }
    return life;
  }

  struct LoopSpan {
    LoopOp op;
    int64_t first, last;
  };
  int64_t moment = 0;
  std::vector<LoopSpan> loops;
  llvm::MapVector<Attribute, std::vector<Touch>> storages;
};

} // namespace

std::vector<BufferLife> sinter::test::getLives(EntryOp entry) {
  return Lives().of(entry);
}

int64_t sinter::test::getMostAlive(const std::vector<BufferLife> &lives) {
  int64_t most = 0;
  for (const BufferLife &at : lives) {
    int64_t alive = 0;
    for (const BufferLife &other : lives)
      if (other.first <= at.first && at.first <= other.last)
        alive += other.bytes;
    most = std::max(most, alive);
  }
  return most;
}

int64_t sinter::test::getSmallestArena(const std::vector<BufferLife> &lives) {
  std::vector<size_t> order(lives.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t best = std::numeric_limits<int64_t>::max();
  do {
    std::vector<int64_t> offsets(lives.size(), -1);
    int64_t end = 0;
    for (size_t i : order) {
      // The lowest line at which it meets nobody.
      for (int64_t at = 0; offsets[i] < 0; at += 64) {
        bool free = true;
        for (size_t j = 0; j != lives.size(); ++j)
          free &= offsets[j] < 0 || lives[i].first > lives[j].last ||
                  lives[j].first > lives[i].last ||
                  at + lives[i].bytes <= offsets[j] ||
                  offsets[j] + lives[j].bytes <= at;
        if (free)
          offsets[i] = at;
      }
      end = std::max(end, offsets[i] + lives[i].bytes);
    }
    best = std::min(best, end);
  } while (std::next_permutation(order.begin(), order.end()));
  return lives.empty() ? 0 : best;
}
