//===- EmitPhases.cpp - loops over outer spaces, rows and columns ---------===//
//
// One loop nest a phase (LaneLoops.h); several vectors at once where that keeps
// more accumulators (column reductions) or whole groups of random numbers.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitPhases.h"

#include "compiler/ir/MathFunctions.h"
#include "compiler/ir/ModuleFacts.h"
#include "passes/lower/Collapse.h"
#include "passes/lower/Combine.h"
#include "passes/lower/EmitConcatenation.h"
#include "passes/lower/EmitLibraryCall.h"
#include "passes/lower/EmitScatter.h"
#include "passes/lower/EmitSequence.h"
#include "passes/lower/LaneLoops.h"
#include "passes/lower/PhaseLoops.h"
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
/// Elements that share Philox blocks, and how far apart those of one block are,
/// see Random.td.
static constexpr int64_t kRandomGroup = 64, kRandomColumns = 16;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

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

/// Whether so many vectors at once are of random numbers, and what is made of
/// each is much more code than the number is: normal ones take a logarithm and
/// a cosine.
bool PhaseLoops::drawsForFunctions(int64_t unroll) {
  return unroll > 1 && phase.reducing.empty() &&
         llvm::any_of(kernel.getBody().front(),
                      [](Operation &op) { return isMathFunction(&op); });
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
  LaneLoops loops(emitter, loc);
  auto draw = [&](const Point &point) {
    for (Operation &op : kernel.getBody().front())
      if (isa<RandomUniformOp>(op) &&
          tensorType(op.getResult(0)).getShape() == ArrayRef(phase.outer))
        emitter.emit(op.getResult(0), point);
  };
  int64_t unroll = unrolling();
  if (drawsForFunctions(unroll)) {
    loops.apart = kRandomColumns;
    loops.prepare = draw;
  }
  loops.nest(blocks, lanes, unroll, phase.tasks, {}, 0,
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
