//===- PhaseRows.cpp - phases whose rows are in registers -----------------===//
//
// Windows and short rows are computed with all their elements at hand, from the
// first reduction to the last result; transposed arguments are turned in
// squares, or a vector of short rows at a time.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/Collapse.h"
#include "passes/lower/LaneLoops.h"
#include "passes/lower/PhaseLoops.h"
#include "passes/lower/Squares.h"

using namespace mlir;
using namespace sinter::ir;

namespace sinter::passes {

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

bool PhaseLoops::isFull(unsigned number) const {
  return tensorType(returned[number]).getShape() == ArrayRef(phase.space);
}

/// Whether the elements of the windows are wanted together.
bool PhaseLoops::fillsWindows() const {
  return phase.turnsRows() ||
         (phase.isWindows() &&
          llvm::any_of(phase.results,
                       [&](unsigned number) { return isFull(number); }));
}

/// The windows at `points`: their elements are in registers from the first
/// reduction to the last result.
void PhaseLoops::windowPoints(ArrayRef<Point> points) {
  emitter.turnsRows = phase.turnsRows() && points.front().lanes > 1;
  emitter.writesOut = true;
  reduceAt(points);
  emitter.writesOut = false;
  // At each element of the windows, where the outer point is put around it.
  SmallVector<Point> elements;
  SmallVector<int64_t> extents;
  for (int64_t d : phase.reduced)
    extents.push_back(phase.space[d]);
  for (int64_t i = 0; i < ShapedType::getNumElements(extents); ++i) {
    Indices within = emitter.space.delinearize(Index(i), extents);
    for (const Point &point : points) {
      Indices indices = point.indices;
      for (auto [d, index] : llvm::zip_equal(phase.reduced, within))
        indices.insert(indices.begin() + d, index);
      elements.push_back(point.at(std::move(indices)));
    }
  }
  SmallVector<Store> stores;
  SmallVector<SmallVector<Store>> rows;
  for (unsigned number : phase.results) {
    bool turns = isFull(number) && emitter.turnsRows;
    SmallVector<Store> &into = turns ? rows.emplace_back() : stores;
    for (const Point &point :
         isFull(number) ? ArrayRef<Point>(elements) : points)
      compute(number, point, into);
  }
  storeAll(stores);
  for (ArrayRef<Store> row : rows)
    storeRows(row);
  emitter.turnsRows = false;
}

/// A result's columns, of rows in the order of the lanes.
void PhaseLoops::storeRows(ArrayRef<Store> columns) {
  const Point &point = columns.front().point;
  emitter.space.setLanes(point.lanes, point.active());
  Index place = emitter.space.linearize(
      point.indices, tensorType(returned[columns.front().number]).getShape());
  if (point.lanes == 1 || !emitter.space.isAffine(place) ||
      place.lane != static_cast<int64_t>(columns.size()))
    return storeAll(columns);
  SmallVector<Value> values;
  for (const Store &store : columns)
    values.push_back(store.value);
  emitter.storeRows(loc, values,
                    ValueEmitter::flatten(
                        builder, loc, buffers.results[columns.front().number]),
                    place, point);
}

/// The outer space of rows that are turned: one loop where whole rows follow
/// each other in all that is read.
SmallVector<SmallVector<int64_t>> PhaseLoops::rowBlocks() const {
  llvm::DenseSet<Value> known;
  for (Operation *op : phase.reducing)
    known.insert(op->getResult(0));
  SmallVector<bool> boundary(phase.space.size(), false);
  for (Operation *op : phase.reducing)
    markBoundaries(op->getOperand(0), boundary, known);
  for (unsigned number : phase.results) {
    if (isFull(number)) {
      markBoundaries(returned[number], boundary, known);
      continue;
    }
    SmallVector<bool> outer(phase.outer.size(), false);
    markBoundaries(returned[number], outer, known);
    for (auto [d, isBoundary] : llvm::enumerate(outer))
      boundary[d] = boundary[d] || isBoundary;
  }
  return dimensionBlocks(phase.outer, boundary);
}

/// Pointwise results of arguments that lie transposed along block `across`;
/// whether there is enough to turn.
bool PhaseLoops::turn(ArrayRef<SmallVector<int64_t>> blocks, size_t across) {
  auto lanesOf = [&](Blocks fitting) {
    return lanesToTurn(fitting, form.lanes, form.fewestLanes, form.maskedTails);
  };
  // Short rows of results, of which a vector holds several.
  ArrayRef<int64_t> inner = blocks.back();
  int64_t length = ShapedType::getNumElements(inner);
  if (across + 2 == blocks.size() && length <= form.lanes / 2) {
    auto lanes = lanesOf(blocks.drop_back());
    if (lanes && *lanes >= length) {
      LaneLoops(emitter, loc)
          .nest(blocks.drop_back(), *lanes, 1, phase.tasks, {}, 0,
                [&](ArrayRef<Point> points) {
                  emitter.turnsRows = points.front().lanes > 1;
                  fillRows(points.front(), inner);
                  emitter.turnsRows = false;
                });
      return true;
    }
  }
  auto lanes = lanesOf(blocks);
  if (!lanes || ShapedType::getNumElements(blocks[across]) < 2)
    return false;
  loopOverSquares(emitter, loc, blocks, across, *lanes, phase.tasks,
                  [&](const Point &point) { outerPoints(point); });
  return true;
}

/// Every element of rows that are of dimensions `inner`.
void PhaseLoops::fillRows(const Point &rows, ArrayRef<int64_t> inner) {
  SmallVector<SmallVector<Store>> stores;
  for (unsigned number : phase.results) {
    SmallVector<Store> &columns = stores.emplace_back();
    for (int64_t i = 0; i < ShapedType::getNumElements(inner); ++i) {
      Indices indices = rows.indices;
      llvm::append_range(indices, emitter.space.delinearize(Index(i), inner));
      compute(number, rows.at(std::move(indices)), columns);
    }
  }
  for (ArrayRef<Store> columns : stores)
    storeRows(columns);
}

} // namespace sinter::passes
