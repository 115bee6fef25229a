//===- EmitScatter.cpp - a copy, then updates in their order --------------===//
//
// Threads may share the dimensions before the scattered one, else the columns
// behind it: every task takes all updates, in their order, but only a part of
// each, so every element has its own additions in one order.  What has neither
// (a histogram) is serial.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitScatter.h"
#include "passes/lower/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
class ScatterLoops {
public:
  ScatterLoops(ScatterAddOp op, const LoopForm &form, Value flat,
               ValueEmitter &emitter)
      : op(op), form(form), flat(flat), emitter(emitter),
        builder(emitter.builder), loc(op.getLoc()), axis(op.getAxis()),
        batch(op.getBatchDims()), shape(tensorType(op).getShape()),
        slices(tensorType(op.getIndices()).getShape().drop_front(batch)) {}

  void copy(int64_t tasks);
  void share(int64_t tasks);

private:
  /// Loops over the dimensions of the updates before the trailing ones.
  void updates(const Indices &at);
  void slice(const Indices &at);
  /// Loops over the trailing dimensions as one, contiguous in both.
  void row(const Indices &before, const Indices &updateBefore);

  ScatterAddOp op;
  const LoopForm &form;
  Value flat;
  ValueEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  int64_t axis, batch;
  ArrayRef<int64_t> shape, slices;
  /// The whole vectors of columns that the task takes, if not all.
  std::optional<std::pair<Value, Value>> columns;
};
} // namespace

void ScatterLoops::copy(int64_t tasks) {
  eachPlace(
      emitter, loc, form, ShapedType::getNumElements(shape),
      [&](Index place, int64_t lanes, int64_t active) {
        emitter.space.setLanes(lanes, active);
        Indices at = emitter.space.delinearize(place, shape);
        Point point = Point::vector(builder, loc, at, lanes, active);
        Value element = emitter.emit(op.getOperand(), point);
        emitter.store(loc, element, flat, shape, point);
      },
      tasks);
}

void ScatterLoops::share(int64_t tasks) {
  ArrayRef<int64_t> around = shape.take_front(axis);
  emitter.space.setLanes(1, 1);
  if (int64_t count = ShapedType::getNumElements(around); count != 1)
    return emitter.share(loc, 0, count, 1, tasks, [&](Index place) {
      updates(emitter.space.delinearize(place, around));
    });
  Indices at(axis, Index(0));
  int64_t vectors =
      ShapedType::getNumElements(shape.drop_front(axis + 1)) / form.lanes;
  int64_t each = llvm::divideCeil(vectors, std::max<int64_t>(tasks, 1));
  if (tasks <= 1 || each == vectors)
    return updates(at);
  int64_t width = each * form.lanes, parts = llvm::divideCeil(vectors, each);
  emitter.share(loc, 0, parts, 1, parts, [&](Index part) {
    Value begin = emitter.space.scalar(loc, part * width);
    Value whole =
        arith::ConstantIndexOp::create(builder, loc, vectors * form.lanes);
    Value end = arith::MinUIOp::create(
        builder, loc, emitter.space.scalar(loc, part * width + Index(width)),
        whole);
    columns = {begin, end};
    updates(at);
    columns.reset();
  });
}

void ScatterLoops::updates(const Indices &at) {
  size_t depth = at.size();
  ArrayRef<int64_t> updates = tensorType(op.getUpdates()).getShape();
  if (depth == axis + slices.size())
    return slice(at);
  emitter.space.setLanes(1, 1);
  emitter.loop(loc, 0, updates[depth], 1, [&](Index index) {
    Indices next = at;
    next.push_back(index);
    this->updates(next);
  });
}

void ScatterLoops::slice(const Indices &at) {
  Indices where(at.begin(), at.begin() + batch);
  where.insert(where.end(), at.begin() + axis, at.end());
  Value name = emitter.emit(op.getIndices(), Point::scalar(where));
  Type index = builder.getIndexType();
  Value place =
      tensorType(op.getIndices()).getElementType().isUnsignedInteger()
          ? arith::IndexCastUIOp::create(builder, loc, index, name).getResult()
          : arith::IndexCastOp::create(builder, loc, index, name).getResult();
  Value inside = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ult, place,
      arith::ConstantIndexOp::create(builder, loc, shape[axis]));
  auto branch = scf::IfOp::create(builder, loc, inside);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitter.enter();
  Indices before(at.begin(), at.begin() + axis);
  before.push_back(emitter.space.symbol(place, shape[axis]));
  row(before, at);
  emitter.leave();
}

void ScatterLoops::row(const Indices &before, const Indices &updateBefore) {
  ArrayRef<int64_t> trailing = shape.drop_front(axis + 1);
  int64_t extent = ShapedType::getNumElements(trailing);
  auto add = [&](Index place, int64_t lanes, int64_t active) {
    emitter.space.setLanes(lanes, active);
    Indices inner = emitter.space.delinearize(place, trailing);
    auto point = [&](Indices indices) {
      indices.insert(indices.end(), inner.begin(), inner.end());
      return Point::vector(builder, loc, std::move(indices), lanes, active);
    };
    Point target = point(before);
    Value term = emitter.emit(op.getUpdates(), point(updateBefore));
    Type element = tensorType(op).getElementType();
    emitter.space.setLanes(lanes, active);
    Value old =
        emitter.load(loc, flat, element,
                     emitter.space.linearize(target.indices, shape), target);
    Value sum =
        isa<FloatType>(element)
            ? arith::AddFOp::create(builder, loc, old, term).getResult()
            : arith::AddIOp::create(builder, loc, old, term).getResult();
    emitter.store(loc, sum, flat, shape, target);
  };
  if (!columns)
    return eachPlace(emitter, loc, form, extent, add);
  auto [begin, end] = *columns;
  int64_t whole = extent / form.lanes * form.lanes;
  OpBuilder::InsertionGuard guard(builder);
  auto loop = scf::ForOp::create(
      builder, loc, begin, end,
      arith::ConstantIndexOp::create(builder, loc, form.lanes));
  builder.setInsertionPointToStart(loop.getBody());
  emitter.enter();
  Index place = emitter.space.symbol(loop.getInductionVar(), whole, form.lanes);
  place.lane = form.lanes > 1;
  add(place, form.lanes, form.lanes);
  emitter.leave();
  if (whole == extent)
    return;
  // What is left of the columns is the last task's.
  builder.setInsertionPointAfter(loop);
  Value isLast = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq, end,
      arith::ConstantIndexOp::create(builder, loc, whole));
  auto branch = scf::IfOp::create(builder, loc, isLast);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitter.enter();
  eachPlace(emitter, loc, form, extent, add, /*tasks=*/1, /*begin=*/whole);
  emitter.leave();
}

/// What `body` does, if the value is no argument that lies where `target` does:
/// a table that is updated in place is large, and what is added may be little.
static void unlessOneMemory(Value value, Value target,
                            const KernelBuffers &buffers, ValueEmitter &emitter,
                            llvm::function_ref<void()> body) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return body();
  OpBuilder &builder = emitter.builder;
  Location loc = value.getLoc();
  auto begin = [&](Value memory) -> Value {
    return memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, memory);
  };
  Value apart = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ne,
      begin(buffers.arguments[argument.getArgNumber()]), begin(target));
  auto branch = scf::IfOp::create(builder, loc, apart);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitter.enter();
  body();
  emitter.leave();
}

void sinter::passes::emitScatter(ScatterAddOp op, const Phase &phase,
                                 const KernelPhases &plan, const LoopForm &form,
                                 KernelOp kernel, const KernelBuffers &buffers,
                                 ValueEmitter &emitter) {
  Location loc = op.getLoc();
  SmallVector<Value> targets;
  if (auto kept = plan.stored.find(op.getResult()); kept != plan.stored.end())
    targets.push_back(
        scratchView(emitter, loc, buffers.scratch, kept->second, op.getType()));
  for (unsigned number : phase.results)
    targets.push_back(
        ValueEmitter::flatten(emitter.builder, loc, buffers.results[number]));
  for (Value flat : targets) {
    ScatterLoops loops(op, form, flat, emitter);
    unlessOneMemory(op.getOperand(), flat, buffers, emitter,
                    [&] { loops.copy(phase.tasks); });
    loops.share(phase.tasks);
  }
}
