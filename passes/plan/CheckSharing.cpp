//===- CheckSharing.cpp - a proof of each plan by running it on tags ------===//
//
// Comes in: a program and its sharing.  Goes out: success, or an error that
// names the step whose operand is not what it should be.
//
// Two memories run side by side: in one, every value has a storage of its own;
// the other is the planned one.  Each byte holds the number of the write it
// came from.  This knows nothing of live ranges, so it finds mistakes in them.
// Loops run three times at most: the first, the second and the last step see
// all that others can see.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/ShareStorage.h"

#include <map>

using namespace mlir;
using namespace sinter::passes::plan;

namespace {

/// Bytes `start` … `end` − 1, of which byte p has the identity p + delta.
struct Piece {
  int64_t start, end, delta;
};

/// What stands in a range of bytes; gaps were never written.
class Tags {
public:
  void write(int64_t start, ArrayRef<Piece> pieces, int64_t bytes) {
    erase(start, start + bytes);
    for (const Piece &piece : pieces)
      map[start + piece.start] = {start + piece.end, piece.delta - start};
  }
  /// Relative to `start`.
  SmallVector<Piece> read(int64_t start, int64_t bytes) const {
    SmallVector<Piece> pieces;
    auto at = map.upper_bound(start);
    if (at != map.begin())
      --at;
    for (; at != map.end() && at->first < start + bytes; ++at) {
      int64_t from = std::max(at->first, start);
      int64_t to = std::min(at->second.first, start + bytes);
      if (from < to)
        pieces.push_back({from - start, to - start, at->second.second + start});
    }
    return pieces;
  }

private:
  void erase(int64_t start, int64_t end) {
    auto at = map.upper_bound(start);
    if (at != map.begin())
      --at;
    while (at != map.end() && at->first < end) {
      auto [from, value] = *at;
      if (value.first <= start) {
        ++at;
        continue;
      }
      at = map.erase(at);
      if (from < start)
        map[from] = {start, value.second};
      if (value.first > end)
        map[end] = value;
    }
  }

  std::map<int64_t, std::pair<int64_t, int64_t>> map;
};

/// A place of the planned memory: which memory, and the byte in it.
using Address = std::pair<int, int64_t>;

class Check {
public:
  Check(const Program &program, const Sharing &sharing)
      : program(program), sharing(sharing) {}

  LogicalResult run() {
    for (auto [number, storage] : llvm::enumerate(program.storages))
      if (storage.space == Space::State || storage.space == Space::Input ||
          storage.space == Space::Constant)
        define({{static_cast<int>(number), 0, {}}, {}, storage.loc},
               storage.bytes);
    if (failed(run(0, program.steps.size())))
      return failure();
    for (auto [number, storage] : llvm::enumerate(program.storages))
      if (storage.space == Space::State || storage.space == Space::Output)
        if (failed(compare({{static_cast<int>(number), 0, {}}, {}, storage.loc},
                           storage.bytes)))
          return failure();
    return success();
  }

private:
  Address own(const View &view) const {
    return {view.storage, getOffset(view)};
  }
  Address planned(const View &view) const {
    View place = sharing.resolve(view);
    const Storage &storage = program.storages[place.storage];
    int64_t offset = getOffset(place);
    if (storage.space == Space::Workspace)
      return {-1, sharing.offsets[place.storage] + offset};
    if (storage.space == Space::State)
      return {-2, storage.place + offset};
    return {place.storage, offset};
  }
  int64_t getOffset(const View &view) const {
    int64_t offset = view.offset;
    for (auto [loop, stride] : view.strides)
      offset += index.lookup(loop) * stride;
    return offset;
  }

  SmallVector<Piece> newPiece(int64_t bytes) {
    int64_t identity = next;
    next += bytes;
    return bytes ? SmallVector<Piece>{{0, bytes, identity}}
                 : SmallVector<Piece>();
  }
  void define(const Operand &operand, int64_t bytes) {
    SmallVector<Piece> piece = newPiece(bytes);
    auto [memory, at] = own(operand.view);
    values[memory].write(at, piece, bytes);
    auto [place, start] = planned(operand.view);
    places[place].write(start, piece, bytes);
  }
  LogicalResult compare(const Operand &operand, int64_t bytes) {
    auto [memory, at] = own(operand.view);
    auto [place, start] = planned(operand.view);
    SmallVector<Piece> want = values[memory].read(at, bytes);
    SmallVector<Piece> have = places[place].read(start, bytes);
    auto *piece = have.begin();
    for (const Piece &part : want)
      for (int64_t from = part.start; from < part.end; from = piece->end) {
        while (piece != have.end() && piece->end <= from)
          ++piece;
        if (piece == have.end() || piece->start > from ||
            piece->delta != part.delta)
          return emitError(operand.loc)
                 << "bug: the memory plan destroys this value before its last "
                    "reader";
      }
    return success();
  }

  LogicalResult launch(const Step &step);
  LogicalResult run(int from, int to);

  const Program &program;
  const Sharing &sharing;
  std::map<int, Tags> values, places;
  DenseMap<int, int64_t> index;
  int64_t next = 0;
};

LogicalResult Check::launch(const Step &step) {
  auto meet = [&](const Operand &a, const Operand &b) {
    Address x = planned(a.view), y = planned(b.view);
    return x.first == y.first && x.second < y.second + b.getBytes() &&
           y.second < x.second + a.getBytes();
  };
  auto complain = [&] {
    return emitError(step.loc)
           << "bug: the memory plan puts a result of this kernel on bytes that "
              "the kernel still needs";
  };
  for (auto [r, result] : llvm::enumerate(step.writes)) {
    for (auto [i, argument] : llvm::enumerate(step.reads))
      if (meet(result, argument) &&
          (step.overwrites[r] != static_cast<int64_t>(i) ||
           planned(result.view) != planned(argument.view) ||
           result.getBytes() != argument.getBytes()))
        return complain();
    for (size_t other = 0; other != r; ++other)
      if (meet(result, step.writes[other]))
        return complain();
  }
  if (step.scratch >= 0) {
    // Scratch is filled with something new before the arguments are read, and
    // again after the results are written.
    Operand scratch{{step.scratch, 0, {}}, {}, step.loc};
    define(scratch, program.storages[step.scratch].bytes);
  }
  for (const Operand &read : step.reads)
    if (failed(compare(read, read.getBytes())))
      return failure();
  for (const Operand &write : step.writes)
    define(write, write.getBytes());
  if (step.scratch >= 0) {
    Operand scratch{{step.scratch, 0, {}}, {}, step.loc};
    define(scratch, program.storages[step.scratch].bytes);
    for (const Operand &write : step.writes)
      if (failed(compare(write, write.getBytes())))
        return failure();
  }
  return success();
}

LogicalResult Check::run(int from, int to) {
  for (int i = from; i < to; ++i) {
    const Step &step = program.steps[i];
    switch (step.kind) {
    case Step::Launch:
      if (failed(launch(step)))
        return failure();
      break;
    case Step::Copy: {
      int64_t bytes = step.reads[0].getBytes();
      if (failed(compare(step.reads[0], bytes)))
        return failure();
      auto [memory, at] = own(step.reads[0].view);
      SmallVector<Piece> pieces = values[memory].read(at, bytes);
      auto [target, to] = own(step.writes[0].view);
      values[target].write(to, pieces, bytes);
      if (!isRemoved(step, sharing)) {
        auto [place, start] = planned(step.writes[0].view);
        places[place].write(start, pieces, bytes);
      }
      break;
    }
    case Step::StoreIndex:
      define(step.writes[0], step.writes[0].getBytes());
      break;
    case Step::Begin:
    case Step::LoopEnd:
      break;
    case Step::LoopBegin: {
      const Loop &loop = program.loops[step.loop];
      for (int64_t k = 0; k < loop.tripCount; ++k) {
        if (k == 2)
          k = loop.tripCount - 1;
        index[step.loop] = loop.reverse ? loop.tripCount - 1 - k : k;
        if (failed(run(loop.begin + 1, loop.end)))
          return failure();
      }
      i = loop.end;
      break;
    }
    }
  }
  return success();
}

} // namespace

LogicalResult sinter::passes::plan::checkSharing(const Program &program,
                                                 const Sharing &sharing) {
  return Check(program, sharing).run();
}
