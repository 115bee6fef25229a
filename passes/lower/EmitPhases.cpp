//===- EmitPhases.cpp - loops over outer spaces, rows and columns ---------===//
//
// One loop nest a phase (LaneLoops.h); several vectors at once where that keeps
// more accumulators (column reductions) or whole groups of random numbers.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitPhases.h"

#include "compiler/ir/ModuleFacts.h"
#include "passes/lower/Collapse.h"
#include "passes/lower/Combine.h"
#include "passes/lower/EmitConcatenation.h"
#include "passes/lower/EmitLibraryCall.h"
#include "passes/lower/EmitScatter.h"
#include "passes/lower/EmitSequence.h"
#include "passes/lower/LaneLoops.h"
#include "passes/lower/Places.h"
#include "passes/lower/ReductionWave.h"
#include "passes/lower/Squares.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <numeric>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// Accumulators that fit the registers beside what they are computed from.
static constexpr int64_t kColumnVectors = 16;
/// Elements that share Philox blocks, see Random.td.
static constexpr int64_t kRandomGroup = 64;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
class PhaseLoops {
public:
  PhaseLoops(KernelOp kernel, const Phase &phase, const KernelPhases &plan,
             const LoopForm &form, const KernelBuffers &buffers,
             ValueEmitter &emitter)
      : kernel(kernel), phase(phase), plan(plan), form(form), buffers(buffers),
        emitter(emitter), builder(emitter.builder), loc(kernel.getLoc()),
        returned(kernel.getBody().front().getTerminator()->getOperands()) {}

  void emit();

private:
  void outerPoints(ArrayRef<Point> points);
  void reduceAt(ArrayRef<Point> points);
  /// A result's element that is computed and not stored yet: everything is
  /// read before anything is written.
  struct Store {
    unsigned number;
    Point point;
    Value value;
  };
  void compute(unsigned number, const Point &point,
               SmallVectorImpl<Store> &stores);
  void storeAll(ArrayRef<Store> stores);
  void writeResults(ArrayRef<unsigned> numbers, ArrayRef<Point> points);
  void windowPoints(ArrayRef<Point> points);
  bool isFull(unsigned number) const;
  bool fillsWindows() const;
  void storeRows(ArrayRef<Store> columns);
  SmallVector<SmallVector<int64_t>> rowBlocks() const;
  bool turn(ArrayRef<SmallVector<int64_t>> blocks, size_t across);
  void fillRows(const Point &rows, ArrayRef<int64_t> inner);
  void prefetchNextRow(ArrayRef<int64_t> shape, const Point &point);
  int64_t unrolling() const;

  KernelOp kernel;
  const Phase &phase;
  const KernelPhases &plan;
  const LoopForm &form;
  const KernelBuffers &buffers;
  ValueEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  OperandRange returned;
};
} // namespace

void PhaseLoops::reduceAt(ArrayRef<Point> points) {
  ArrayRef<Operation *> left = phase.reducing;
  unsigned number = 0;
  while (!left.empty()) {
    SmallVector<Operation *> wave = nextWave(left);
    auto each = [&](auto action) {
      for (const RowCacheSlot &slot : phase.rowCaches)
        if (slot.filledBy >= number && slot.filledBy < number + wave.size())
          action(emitter.rowCaches[slot.value.getAsOpaquePointer()]);
    };
    each([](ValueEmitter::RowCache &cache) { cache.filling = true; });
    emitter.emitReductions(wave, points);
    each([](ValueEmitter::RowCache &cache) {
      cache.filling = false;
      cache.filled = true;
    });
    number += wave.size();
    left = left.drop_front(wave.size());
  }
  for (Operation *op : phase.reducing) {
    Value value = op->getResult(0);
    auto kept = plan.stored.find(value);
    if (kept == plan.stored.end())
      continue;
    Value flat = scratchView(emitter, loc, buffers.scratch, kept->second,
                             value.getType());
    for (const Point &point : points)
      emitter.store(loc, emitter.emit(value, point), flat,
                    tensorType(value).getShape(), point);
  }
}

void PhaseLoops::compute(unsigned number, const Point &point,
                         SmallVectorImpl<Store> &stores) {
  stores.push_back({number, point, emitter.emit(returned[number], point)});
}

void PhaseLoops::storeAll(ArrayRef<Store> stores) {
  for (const Store &store : stores)
    emitter.store(
        loc, store.value,
        ValueEmitter::flatten(builder, loc, buffers.results[store.number]),
        tensorType(returned[store.number]).getShape(), store.point,
        /*isResult=*/true);
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

void PhaseLoops::writeResults(ArrayRef<unsigned> numbers,
                              ArrayRef<Point> points) {
  SmallVector<Store> stores;
  for (const Point &point : points)
    for (unsigned number : numbers)
      compute(number, point, stores);
  storeAll(stores);
}

/// What the next row reads at `point` of this one.
void PhaseLoops::prefetchNextRow(ArrayRef<int64_t> shape, const Point &point) {
  int64_t row =
      ShapedType::getNumElements(shape.drop_front(phase.outer.size()));
  emitter.space.setLanes(point.lanes, point.active());
  for (auto [argument, buffer] :
       llvm::zip_equal(kernel.getArguments(), buffers.arguments))
    if (tensorType(argument).getShape() == shape) {
      Index here = emitter.space.linearize(point.indices, shape);
      here.lane = 0;
      emitter.prefetch(loc, ValueEmitter::flatten(builder, loc, buffer),
                       here + Index(row));
    }
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

void PhaseLoops::outerPoints(ArrayRef<Point> points) {
  if (fillsWindows())
    return windowPoints(points);
  if (phase.rows)
    emitter.rowIndices = points.front().indices;
  for (const RowCacheSlot &slot : phase.rowCaches) {
    RankedTensorType type = tensorType(slot.value);
    ValueEmitter::RowCache &cache =
        emitter.rowCaches[slot.value.getAsOpaquePointer()];
    cache.innerShape =
        SmallVector<int64_t>(type.getShape().drop_front(phase.outer.size()));
    cache.flat = scratchView(
        emitter, loc, buffers.scratch, slot.offset,
        RankedTensorType::get(cache.innerShape, type.getElementType()),
        phase.taskBytes);
    cache.filling = cache.filled = false;
  }
  reduceAt(points);

  SmallVector<unsigned> here;
  SmallVector<SmallVector<unsigned>> inner;
  for (unsigned number : phase.results) {
    ArrayRef<int64_t> shape = tensorType(returned[number]).getShape();
    if (shape.size() == phase.outer.size()) {
      here.push_back(number);
      continue;
    }
    auto group = llvm::find_if(inner, [&](ArrayRef<unsigned> numbers) {
      return tensorType(returned[numbers.front()]).getShape() == shape;
    });
    if (group == inner.end())
      inner.push_back({number});
    else
      group->push_back(number);
  }
  // Rows before elements: a row's result may not lie over what the row reads.
  for (ArrayRef<unsigned> numbers : inner) {
    ArrayRef<int64_t> shape = tensorType(returned[numbers.front()]).getShape();
    SmallVector<Value> values;
    for (unsigned number : numbers)
      values.push_back(returned[number]);
    SmallVector<SmallVector<int64_t>> blocks =
        mergeDimensions(shape, values, phase.outer.size());
    LaneLoops(emitter, loc)
        .nest(blocks, form.lanes, 1, /*tasks=*/1, points.front().indices, 0,
              [&](ArrayRef<Point> at) {
                writeResults(numbers, at);
                if (form.prefetchesRows)
                  prefetchNextRow(shape, at.front());
              });
  }
  writeResults(here, points);
  emitter.rowCaches.clear();
}

int64_t PhaseLoops::unrolling() const {
  if (form.lanes == 1 || phase.rows || fillsWindows())
    return 1;
  if (!phase.reducing.empty()) {
    int64_t most = 1;
    for (ArrayRef<Operation *> left = phase.reducing; !left.empty();) {
      int64_t wave = nextWave(left).size();
      most = std::max(most, wave);
      left = left.drop_front(wave);
    }
    return std::max<int64_t>(1, kColumnVectors / most);
  }
  // A group of random numbers at once.
  llvm::DenseSet<Value> seen;
  auto draws = [&](auto &&draws, Value value) -> bool {
    Operation *op = value.getDefiningOp();
    if (!op || !seen.insert(value).second)
      return false;
    return isa<RandomUniformOp, RandomNormalOp, RandomBernoulliOp>(op) ||
           llvm::any_of(op->getOperands(),
                        [&](Value operand) { return draws(draws, operand); });
  };
  for (unsigned number : phase.results)
    if (draws(draws, returned[number]))
      return std::max<int64_t>(1, kRandomGroup / form.lanes);
  return 1;
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

void PhaseLoops::emit() {
  SmallVector<Value> values;
  for (Operation *op : phase.reducing)
    values.push_back(op->getResult(0));
  for (unsigned number : phase.results)
    if (tensorType(returned[number]).getShape().size() == phase.outer.size())
      values.push_back(returned[number]);
  SmallVector<SmallVector<int64_t>> blocks =
      phase.turnsRows() ? rowBlocks() : mergeDimensions(phase.outer, values, 0);
  int64_t lanes = phase.rows ? 1 : form.lanes;
  bool moved = false;
  if (lanes > 1 && phase.reducing.empty()) {
    auto across = findAcross(values, blocks);
    if (across && turn(blocks, *across))
      return;
    moved = !across && llvm::any_of(behindPointwise(values), [](Value source) {
      return source.getDefiningOp<TransposeOp>() != nullptr;
    });
  }
  // Too short for a vector: lanes over all dimensions, with divisions; but
  // rows that are moved whole are read and written as they lie.
  if (lanes > 1 && blocks.size() > 1 && !moved &&
      (phase.reducing.empty() || phase.turnsRows()) &&
      ShapedType::getNumElements(blocks.back()) < lanes / 2 &&
      ShapedType::getNumElements(phase.outer) >= lanes) {
    SmallVector<int64_t> all(phase.outer);
    blocks.assign(1, all);
  }
  lanes = lanesForRows(blocks, lanes, form.fewestLanes);
  LaneLoops(emitter, loc)
      .nest(blocks, lanes, unrolling(), phase.tasks, {}, 0,
            [&](ArrayRef<Point> points) { outerPoints(points); });
}

LogicalResult sinter::passes::emitPhases(KernelOp kernel, const LoopForm &form,
                                         const KernelBuffers &buffers,
                                         ValueEmitter &emitter) {
  KernelPhases plan = KernelPhases::of(kernel);
  if (plan.scratchBytes > 0 &&
      (!buffers.scratch ||
       cast<MemRefType>(buffers.scratch.getType()).getNumElements() <
           plan.scratchBytes))
    return kernel.emitOpError("needs ")
           << plan.scratchBytes << " bytes of scratch by its loop nests, but "
           << "its schedule has less";
  emitter.innerLanes = form.lanes;
  emitter.maskedTails = form.maskedTails;
  OperandRange returned =
      kernel.getBody().front().getTerminator()->getOperands();
  for (const Phase &phase : plan.phases) {
    if (!phase.reducing.empty() && isa<ScatterAddOp>(phase.reducing.front()))
      emitScatter(cast<ScatterAddOp>(phase.reducing.front()), phase, plan, form,
                  kernel, buffers, emitter);
    else if (ConcatenateOp joined = findJoined(phase, returned))
      emitConcatenation(joined, phase, form, buffers, emitter);
    else if (!phase.reducing.empty() &&
             isa<LibraryCallOp>(phase.reducing.front())) {
      if (failed(emitLibraryCall(cast<LibraryCallOp>(phase.reducing.front()),
                                 phase, plan, kernel, buffers, emitter)))
        return failure();
    } else if (!phase.reducing.empty() && writesWhole(phase.reducing.front()))
      emitSequence(phase.reducing.front(), phase, plan, form, buffers, emitter);
    else
      PhaseLoops(kernel, phase, plan, form, buffers, emitter).emit();
    // From here on these are read from memory.
    for (Operation *op : phase.reducing) {
      Value value = op->getResult(0);
      if (auto kept = plan.stored.find(value); kept != plan.stored.end())
        emitter.bindBuffer(value, scratchView(emitter, kernel.getLoc(),
                                              buffers.scratch, kept->second,
                                              value.getType()));
      else if (auto it = llvm::find(returned, value); it != returned.end())
        emitter.bindBuffer(value, buffers.results[it - returned.begin()]);
    }
  }
  return failure(emitter.failed());
}
