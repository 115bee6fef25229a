//===- EmitReductions.cpp - loops that combine elements -------------------===//
//
// Reductions, arg-reductions and (where no contraction emitter takes them)
// contractions at given points.  Two forms:
//
//   lanes outside   the points are vectors along kept dimensions; each lane
//                   reduces on its own, several points side by side
//   lanes inside    the points are elements and the innermost reduced
//                   dimension is contiguous: vectors of partial results, then
//                   a tree over the lanes
//
// In both the innermost loop is unrolled with accumulators of its own.  The
// order of combination follows from shapes and lanes alone: with one lane and
// no unrolling it is the interpreter's.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/Collapse.h"
#include "passes/lower/Combine.h"
#include "passes/lower/ValueEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
/// Accumulators enough to hide the latency of an addition.
constexpr int64_t kAccumulators = 4;

class ReductionLoops {
public:
  ReductionLoops(ValueEmitter &emitter, ArrayRef<Operation *> ops,
                 ArrayRef<Point> points)
      : emitter(emitter), builder(emitter.builder), ops(ops), points(points),
        loc(ops.front()->getLoc()), extents(reducedExtents(ops.front())) {}

  void emit();

private:
  /// One partial result: of op `op` at point `point`.
  struct Slot {
    unsigned op, point;
  };
  void chooseForm();
  SmallVector<Value> neutral(int64_t lanes);
  /// The loops from `level` on; accumulators in, accumulators out.
  SmallVector<Value> level(unsigned level, const Indices &reduced,
                           SmallVector<Value> accumulators);
  /// All elements one after the other, without a loop, from the first on.
  void writeOut(SmallVector<Value> &accumulators);
  SmallVector<Value> innermost(const Indices &reduced,
                               SmallVector<Value> accumulators);
  SmallVector<Value>
  loop(int64_t begin, int64_t end, int64_t step,
       SmallVector<Value> accumulators,
       llvm::function_ref<SmallVector<Value>(Index, SmallVector<Value>)> body);
  /// Combines the elements at `reduced` into the accumulators that begin at
  /// `from`, if there is something in them already; the vector of elements has
  /// `lanes`, `active` of them counting.
  void accumulate(const Indices &reduced, int64_t lanes, int64_t active,
                  SmallVector<Value> &accumulators, unsigned from);
  Indices operandIndices(const Indices &blocks) const;

  unsigned perSet() const { return width; }

  ValueEmitter &emitter;
  OpBuilder &builder;
  ArrayRef<Operation *> ops;
  ArrayRef<Point> points;
  Location loc;
  SmallVector<int64_t> extents;

  /// Reduced dimensions merged into blocks; one loop each.
  SmallVector<SmallVector<int64_t>> blocks;
  SmallVector<int64_t> blockExtents;
  int64_t lanes = 1, unroll = 1;
  bool scalarTail = false;
  SmallVector<Slot> slots;
  /// Values in one set of accumulators.
  unsigned width = 0;
};
} // namespace

void ReductionLoops::chooseForm() {
  // Dimensions that may be walked as one: lanes then run over all of them.
  bool inside = points.front().lanes == 1 && emitter.innerLanes > 1;
  for (Operation *op : ops)
    inside &= reducesInnermost(op);
  SmallVector<bool> boundary(extents.size() + 1, false);
  for (Operation *op : ops)
    markReducedBoundaries(op, boundary);
  for (size_t d = 0; d < extents.size(); ++d) {
    if (d == 0 || boundary[d])
      blocks.emplace_back();
    blocks.back().push_back(extents[d]);
  }
  for (ArrayRef<int64_t> block : blocks)
    blockExtents.push_back(ShapedType::getNumElements(block));
  if (blocks.empty())
    return;
  int64_t last = blockExtents.back();
  if (inside && last > 1 &&
      (emitter.maskedTails || last >= emitter.innerLanes)) {
    lanes = emitter.innerLanes;
    scalarTail = !emitter.maskedTails && last % lanes != 0;
  }
  if (emitter.innerLanes > 1) {
    int64_t wanted = std::max<int64_t>(
        1, kAccumulators / static_cast<int64_t>(points.size() * ops.size()));
    while (unroll * 2 <= wanted && last >= 2 * unroll * lanes)
      unroll *= 2;
  }
}

SmallVector<Value> ReductionLoops::neutral(int64_t lanes) {
  SmallVector<Value> values;
  for (Slot slot : slots)
    for (TypedAttr attr : neutralElements(ops[slot.op]))
      values.push_back(emitter.constant(
          loc, attr, std::max(lanes, points[slot.point].lanes)));
  return values;
}

Indices ReductionLoops::operandIndices(const Indices &at) const {
  Indices indices;
  for (auto [block, place] : llvm::zip_equal(blocks, at))
    for (Index &index : emitter.space.delinearize(place, block))
      indices.push_back(index);
  return indices;
}

void ReductionLoops::accumulate(const Indices &reduced, int64_t lanes,
                                int64_t active,
                                SmallVector<Value> &accumulators,
                                unsigned from) {
  unsigned next = from;
  for (Slot slot : slots) {
    Operation *op = ops[slot.op];
    Point point = points[slot.point];
    if (lanes > 1)
      point = Point::vector(builder, loc, point.indices, lanes, active);
    emitter.space.setLanes(point.lanes, point.active());
    SmallVector<Value> element =
        contribution(emitter, op, point, operandIndices(reduced));
    unsigned count = neutralElements(op).size();
    ArrayRef<Value> old(accumulators.begin() + next, count);
    SmallVector<Value> sum =
        old.front() ? combine(emitter, op, old, element, /*inOrder=*/true)
                    : element;
    for (unsigned i = 0; i < count; ++i) {
      // Lanes beyond the end keep what they have.
      if (lanes > 1 && point.mask)
        sum[i] =
            arith::SelectOp::create(builder, loc, point.mask, sum[i], old[i]);
    }
    std::copy(sum.begin(), sum.end(), accumulators.begin() + next);
    next += count;
  }
}

SmallVector<Value> ReductionLoops::loop(
    int64_t begin, int64_t end, int64_t step, SmallVector<Value> accumulators,
    llvm::function_ref<SmallVector<Value>(Index, SmallVector<Value>)> body) {
  if (begin >= end)
    return accumulators;
  if (end - begin <= step) {
    emitter.enter();
    SmallVector<Value> results = body(Index(begin), accumulators);
    emitter.leave();
    return results;
  }
  auto at = [&](int64_t i) {
    return arith::ConstantIndexOp::create(builder, loc, i).getResult();
  };
  auto loop = scf::ForOp::create(builder, loc, at(begin), at(end), at(step),
                                 accumulators);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  emitter.enter();
  Index index = emitter.space.symbol(loop.getInductionVar(), end,
                                     begin % step == 0 ? step : 1);
  SmallVector<Value> results =
      body(index, SmallVector<Value>(loop.getRegionIterArgs()));
  emitter.leave();
  scf::YieldOp::create(builder, loc, results);
  return SmallVector<Value>(loop.getResults());
}

SmallVector<Value> ReductionLoops::innermost(const Indices &reduced,
                                             SmallVector<Value> accumulators) {
  int64_t extent = blockExtents.back();
  int64_t stride = lanes * unroll;
  int64_t whole = extent / stride * stride;
  int64_t vectors = extent / lanes * lanes;
  auto at = [&](const Index &index) {
    Indices all = reduced;
    all.push_back(index);
    if (lanes > 1)
      all.back().lane = 1;
    return all;
  };
  accumulators = loop(0, whole, stride, accumulators,
                      [&](Index index, SmallVector<Value> values) {
                        for (int64_t u = 0; u < unroll; ++u)
                          accumulate(at(index + Index(u * lanes)), lanes, lanes,
                                     values, u * width);
                        return values;
                      });
  accumulators = loop(whole, vectors, lanes, accumulators,
                      [&](Index index, SmallVector<Value> values) {
                        accumulate(at(index), lanes, lanes, values, 0);
                        return values;
                      });
  if (vectors == extent)
    return accumulators;
  if (!scalarTail) {
    emitter.enter();
    accumulate(at(Index(vectors)), lanes, extent - vectors, accumulators, 0);
    emitter.leave();
    return accumulators;
  }
  return loop(vectors, extent, 1, accumulators,
              [&](Index index, SmallVector<Value> values) {
                Indices all = reduced;
                all.push_back(index);
                accumulate(all, 1, 1, values, unroll * width);
                return values;
              });
}

SmallVector<Value> ReductionLoops::level(unsigned depth, const Indices &reduced,
                                         SmallVector<Value> accumulators) {
  if (depth + 1 == blocks.size())
    return innermost(reduced, accumulators);
  return loop(0, blockExtents[depth], 1, accumulators,
              [&](Index index, SmallVector<Value> values) {
                Indices all = reduced;
                all.push_back(index);
                return level(depth + 1, all, values);
              });
}

void ReductionLoops::writeOut(SmallVector<Value> &accumulators) {
  llvm::fill(accumulators, Value());
  for (int64_t i = 0; i < ShapedType::getNumElements(blockExtents); ++i)
    accumulate(emitter.space.delinearize(Index(i), blockExtents), 1, 1,
               accumulators, 0);
}

void ReductionLoops::emit() {
  for (unsigned op = 0; op < ops.size(); ++op)
    for (unsigned point = 0; point < points.size(); ++point)
      slots.push_back({op, point});
  auto finish = [&](Slot slot, Value value) {
    emitter.define(ops[slot.op]->getResult(0), points[slot.point], value);
  };
  if (ShapedType::getNumElements(extents) == 0) {
    for (Slot slot : slots)
      finish(slot, emitter.constant(loc, emptyResult(ops[slot.op]),
                                    points[slot.point].lanes));
    return;
  }
  for (Slot slot : slots)
    width += neutralElements(ops[slot.op]).size();
  chooseForm();

  SmallVector<Value> accumulators;
  if (emitter.writesOut) {
    lanes = unroll = 1;
    scalarTail = false;
  }
  for (int64_t u = 0; u < unroll; ++u)
    llvm::append_range(accumulators, neutral(lanes));
  if (scalarTail)
    llvm::append_range(accumulators, neutral(1));
  if (blocks.empty())
    accumulate({}, 1, 1, accumulators, 0);
  else if (emitter.writesOut)
    writeOut(accumulators);
  else
    accumulators = level(0, {}, accumulators);

  unsigned next = 0;
  for (Slot slot : slots) {
    Operation *op = ops[slot.op];
    unsigned count = neutralElements(op).size();
    auto part = [&](int64_t set) {
      ArrayRef<Value> all(accumulators);
      return SmallVector<Value>(all.slice(set * width + next, count));
    };
    SmallVector<SmallVector<Value>> parts;
    for (int64_t u = 0; u < unroll; ++u)
      parts.push_back(part(u));
    for (int64_t half = unroll / 2; half > 0; half /= 2)
      for (int64_t u = 0; u < half; ++u)
        parts[u] = combine(emitter, op, parts[u], parts[u + half]);
    SmallVector<Value> result = parts[0];
    if (lanes > 1)
      result = combineLanes(emitter, op, result);
    if (scalarTail)
      result = combine(emitter, op, result, part(unroll));
    finish(slot, result.back());
    next += count;
  }
}

void ValueEmitter::emitReductions(ArrayRef<Operation *> ops,
                                  ArrayRef<Point> points) {
  ReductionLoops(*this, ops, points).emit();
}

Value ValueEmitter::computeScatter(ScatterAddOp op, const Point &point) {
  // One element: the operand's, plus the updates whose index names it, in
  // their order.
  Location loc = op.getLoc();
  RankedTensorType named = tensorType(op.getIndices());
  int64_t axis = op.getAxis(), batch = op.getBatchDims();
  ArrayRef<int64_t> slices = named.getShape().drop_front(batch);
  const Indices &at = point.indices;
  Value start = emit(op.getOperand(), point);
  if (ShapedType::getNumElements(slices) == 0)
    return start;
  Value wanted = space.value(loc, at[axis]);
  wanted = arith::IndexCastOp::create(
      builder, loc, registerType(builder.getI64Type(), point.lanes), wanted);
  std::function<Value(size_t, Indices, Value)> nest =
      [&](size_t depth, Indices slice, Value sum) -> Value {
    if (depth < slices.size()) {
      auto bound = [&](int64_t i) {
        return arith::ConstantIndexOp::create(builder, loc, i).getResult();
      };
      auto loop = scf::ForOp::create(builder, loc, bound(0),
                                     bound(slices[depth]), bound(1), sum);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      enter();
      slice.push_back(space.symbol(loop.getInductionVar(), slices[depth]));
      Value next = nest(depth + 1, slice, loop.getRegionIterArg(0));
      leave();
      scf::YieldOp::create(builder, loc, next);
      return loop.getResult(0);
    }
    Indices where(at.begin(), at.begin() + batch);
    where.insert(where.end(), slice.begin(), slice.end());
    Value name = emit(op.getIndices(), point.at(where));
    Type wide = registerType(builder.getI64Type(), point.lanes);
    if (named.getElementType().isUnsignedInteger())
      name = arith::ExtUIOp::create(builder, loc, wide, name);
    else if (named.getElementType().getIntOrFloatBitWidth() < 64)
      name = arith::ExtSIOp::create(builder, loc, wide, name);
    Value here = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       name, wanted);
    Indices update(at.begin(), at.begin() + axis);
    update.insert(update.end(), slice.begin(), slice.end());
    update.insert(update.end(), at.begin() + axis + 1, at.end());
    Value term = emit(op.getUpdates(), point.at(std::move(update)));
    Value more =
        isa<FloatType>(tensorType(op).getElementType())
            ? arith::AddFOp::create(builder, loc, sum, term).getResult()
            : arith::AddIOp::create(builder, loc, sum, term).getResult();
    return arith::SelectOp::create(builder, loc, here, more, sum);
  };
  return nest(0, {}, start);
}
