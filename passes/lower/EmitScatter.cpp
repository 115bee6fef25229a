//===- EmitScatter.cpp - a copy, then updates in their order --------------===//

#include "passes/lower/EmitScatter.h"
#include "passes/lower/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

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

  void copy();
  /// Loops over the dimensions of the updates before the trailing ones.
  void updates(const Indices &at);

private:
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
};
} // namespace

void ScatterLoops::copy() {
  eachPlace(emitter, loc, form, ShapedType::getNumElements(shape),
            [&](Index place, int64_t lanes, int64_t active) {
              emitter.space.setLanes(lanes, active);
              Indices at = emitter.space.delinearize(place, shape);
              Point point = Point::vector(builder, loc, at, lanes, active);
              Value element = emitter.emit(op.getOperand(), point);
              emitter.store(loc, element, flat, shape, point);
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
  eachPlace(
      emitter, loc, form, ShapedType::getNumElements(trailing),
      [&](Index place, int64_t lanes, int64_t active) {
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
        Value old = emitter.load(loc, flat, element,
                                 emitter.space.linearize(target.indices, shape),
                                 target);
        Value sum =
            isa<FloatType>(element)
                ? arith::AddFOp::create(builder, loc, old, term).getResult()
                : arith::AddIOp::create(builder, loc, old, term).getResult();
        emitter.store(loc, sum, flat, shape, target);
      });
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
    loops.copy();
    loops.updates({});
  }
}
