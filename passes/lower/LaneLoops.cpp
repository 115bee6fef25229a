//===- LaneLoops.cpp - loops over index spaces in vectors -----------------===//

#include "passes/lower/LaneLoops.h"

#include "passes/lower/Collapse.h"

using namespace mlir;
using namespace sinter::passes;

/// Trips enough for threads to share them evenly.
static constexpr int64_t kEnough = 8;

SmallVector<SmallVector<int64_t>>
sinter::passes::dimensionBlocks(ArrayRef<int64_t> shape,
                                ArrayRef<bool> boundary, size_t from) {
  SmallVector<SmallVector<int64_t>> blocks;
  // Dimensions of one element belong anywhere: the boundary before them is one
  // before the next longer dimension.
  bool split = true;
  for (size_t d = from; d < shape.size(); ++d) {
    split |= boundary[d];
    if (blocks.empty() || (split && shape[d] != 1)) {
      blocks.emplace_back();
      split = false;
    }
    blocks.back().push_back(shape[d]);
  }
  return blocks;
}

SmallVector<SmallVector<int64_t>>
sinter::passes::mergeDimensions(ArrayRef<int64_t> shape, ArrayRef<Value> values,
                                size_t from, size_t apart) {
  SmallVector<bool> boundary(shape.size(), false);
  for (Value value : values)
    markBoundaries(value, boundary);
  if (apart < shape.size())
    boundary[apart] = true;
  return dimensionBlocks(shape, boundary, from);
}

int64_t sinter::passes::lanesForRows(ArrayRef<SmallVector<int64_t>> blocks,
                                     int64_t lanes, int64_t fewest) {
  while (!blocks.empty() && lanes / 2 >= fewest &&
         ShapedType::getNumElements(blocks.back()) <= lanes / 2)
    lanes /= 2;
  return lanes;
}

Indices LaneLoops::extend(const Indices &prefix, const Index &place,
                          ArrayRef<int64_t> block) {
  Indices indices = prefix;
  for (Index &index : emitter.space.delinearize(place, block))
    indices.push_back(index);
  return indices;
}

void LaneLoops::lanesLoop(ArrayRef<int64_t> block, int64_t lanes,
                          int64_t unroll, int64_t tasks, const Indices &prefix,
                          Body body) {
  int64_t extent = ShapedType::getNumElements(block);
  if (lanes == 1) {
    emitter.space.setLanes(1, 1);
    emitter.share(loc, 0, extent, 1, tasks, [&](Index index) {
      body(Point::scalar(extend(prefix, index, block)));
    });
    return;
  }
  auto pointAt = [&](Index place, int64_t active) {
    emitter.space.setLanes(lanes, active);
    place.lane = 1;
    return Point::vector(builder, loc, extend(prefix, place, block), lanes,
                         active);
  };
  auto vectors = [&](const Index &index, int64_t count, int64_t active) {
    if (apart > 0 && count > 1) {
      // A part of a group is done in any order.
      int64_t near =
          count == unroll ? std::clamp<int64_t>(apart / lanes, 1, count) : 1;
      emitter.loop(loc, 0, near, 1, [&](Index side) {
        Index first = index + side * lanes;
        prepare(pointAt(first, active));
        emitter.loop(loc, 0, count / near, 1, [&](Index far) {
          body(pointAt(first + far * (near * lanes), active));
        });
      });
      return;
    }
    SmallVector<Point> points;
    for (int64_t u = 0; u < count; ++u)
      points.push_back(pointAt(index + Index(u * lanes), active));
    body(points);
  };
  int64_t stride = lanes * unroll;
  int64_t whole = extent / stride * stride;
  // Costly vectors are not written out once more for what one loop leaves of a
  // group; rows would leave as much each.
  bool leavesGroup =
      apart > 0 && !emitter.maskedTails && prefix.empty() && whole > 0;
  int64_t rest = leavesGroup ? whole : extent / lanes * lanes;
  emitter.share(loc, 0, whole, stride, tasks,
                [&](Index index) { vectors(index, unroll, lanes); });
  // What is left of a group of vectors is done at once too.
  if (int64_t left = (rest - whole) / lanes) {
    emitter.enter();
    vectors(Index(whole), left, lanes);
    emitter.leave();
  }
  if (rest == extent)
    return;
  if (emitter.maskedTails) {
    emitter.enter();
    vectors(Index(rest), 1, extent - rest);
    emitter.leave();
    return;
  }
  emitter.space.setLanes(1, 1);
  emitter.loop(loc, rest, extent, 1, [&](Index index) {
    body(Point::scalar(extend(prefix, index, block)));
  });
}

void LaneLoops::nest(ArrayRef<SmallVector<int64_t>> blocks, int64_t lanes,
                     int64_t unroll, int64_t tasks, const Indices &prefix,
                     size_t depth, Body body) {
  if (depth == blocks.size()) {
    emitter.enter();
    body(Point::scalar(prefix));
    emitter.leave();
    return;
  }
  // A short loop around is one with the loop inside it, if tasks need both.
  SmallVector<SmallVector<int64_t>> joined(blocks);
  while (joined.size() > depth + (lanes > 1 ? 2 : 1) &&
         ShapedType::getNumElements(joined[depth]) < std::min(tasks, kEnough)) {
    llvm::append_range(joined[depth], joined[depth + 1]);
    joined.erase(joined.begin() + depth + 1);
  }
  blocks = joined;
  if (depth + 1 == blocks.size()) {
    lanesLoop(blocks[depth], lanes, unroll, tasks, prefix, body);
    return;
  }
  emitter.space.setLanes(1, 1);
  emitter.share(loc, 0, ShapedType::getNumElements(blocks[depth]), 1, tasks,
                [&](Index index) {
                  nest(blocks, lanes, unroll, /*tasks=*/1,
                       extend(prefix, index, blocks[depth]), depth + 1, body);
                });
}
