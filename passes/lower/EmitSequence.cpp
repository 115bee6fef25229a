//===- EmitSequence.cpp - running sums ------------------------------------===//
//
// Sums wait in registers while a loop goes along the dimension: a few vectors
// side by side where there are dimensions behind it, else the sums of a few
// rows, one element after another.  Several chains of additions run at once,
// and each sum is added in the order that the op states.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitSequence.h"
#include "passes/lower/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// Sums that are added at the same time: an addition takes four cycles.
static constexpr int64_t kChains = 4;

Indices sinter::passes::alongRow(const Indices &outer, Index i,
                                 const Indices &inner) {
  Indices at = outer;
  at.push_back(i);
  at.insert(at.end(), inner.begin(), inner.end());
  return at;
}

namespace {
class RunningSums {
public:
  RunningSums(CumulativeSumOp op, const LoopForm &form, ArrayRef<Value> targets,
              ValueEmitter &emitter)
      : op(op), form(form), targets(targets), emitter(emitter),
        builder(emitter.builder), loc(op.getLoc()),
        shape(cast<RankedTensorType>(op.getType()).getShape()),
        dimension(op.getDimension()), extent(shape[dimension]),
        outer(shape.take_front(dimension)),
        inner(shape.drop_front(dimension + 1)) {}

  void emit(int64_t tasks);

private:
  /// The first indices of a chain, and the others, for some lanes.
  struct Chain {
    Indices before, behind;
    int64_t lanes, active;
  };
  void sums(ArrayRef<Chain> chains);
  void vectors(const Indices &row, int64_t tasks);
  void rows(int64_t tasks);

  CumulativeSumOp op;
  const LoopForm &form;
  ArrayRef<Value> targets;
  ValueEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  ArrayRef<int64_t> shape;
  int64_t dimension, extent;
  ArrayRef<int64_t> outer, inner;
};
} // namespace

void RunningSums::sums(ArrayRef<Chain> chains) {
  Type element = cast<RankedTensorType>(op.getType()).getElementType();
  SmallVector<Value> zeros;
  for (const Chain &chain : chains) {
    Type scalar = ValueEmitter::registerType(element);
    zeros.push_back(emitter.constant(
        loc, cast<TypedAttr>(builder.getZeroAttr(scalar)), chain.lanes));
  }
  auto bound = [&](int64_t i) {
    return arith::ConstantIndexOp::create(builder, loc, i).getResult();
  };
  auto loop = scf::ForOp::create(builder, loc, bound(0), bound(extent),
                                 bound(1), zeros);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  emitter.enter();
  Index step = emitter.space.symbol(loop.getInductionVar(), extent);
  Index i = op.getReverse() ? Index(extent - 1) - step : step;
  SmallVector<Value> next;
  for (auto [chain, sum] : llvm::zip(chains, loop.getRegionIterArgs())) {
    emitter.space.setLanes(chain.lanes, chain.active);
    Point point =
        Point::vector(builder, loc, alongRow(chain.before, i, chain.behind),
                      chain.lanes, chain.active);
    Value term = emitter.emit(op.getOperand(), point);
    Value total =
        isa<FloatType>(element)
            ? arith::AddFOp::create(builder, loc, sum, term).getResult()
            : arith::AddIOp::create(builder, loc, sum, term).getResult();
    emitter.space.setLanes(chain.lanes, chain.active);
    for (Value flat : targets)
      emitter.store(loc, op.getExclusive() ? Value(sum) : total, flat, shape,
                    point);
    next.push_back(total);
  }
  emitter.leave();
  scf::YieldOp::create(builder, loc, next);
}

/// The sums of one row, which is a matrix: its columns side by side.
void RunningSums::vectors(const Indices &row, int64_t tasks) {
  int64_t columns = ShapedType::getNumElements(inner);
  auto chain = [&](Index place, int64_t lanes, int64_t active) {
    emitter.space.setLanes(lanes, active);
    return Chain{row, emitter.space.delinearize(place, inner), lanes, active};
  };
  int64_t lanes = form.lanes, group = lanes * kChains;
  int64_t grouped = lanes > 1 ? columns / group * group : 0;
  emitter.share(loc, 0, grouped, group, tasks, [&](Index first) {
    SmallVector<Chain> chains;
    for (int64_t c = 0; c < kChains; ++c) {
      Index place = first + Index(c * lanes);
      place.lane = 1;
      chains.push_back(chain(place, lanes, lanes));
    }
    sums(chains);
  });
  eachPlace(emitter, loc, form, columns - grouped,
            [&](Index place, int64_t lanes, int64_t active) {
              sums(chain(place + Index(grouped), lanes, active));
            });
}

/// Rows of single elements.
void RunningSums::rows(int64_t tasks) {
  int64_t count = ShapedType::getNumElements(outer);
  int64_t grouped = form.lanes > 1 ? count / kChains * kChains : 0;
  auto chain = [&](Index row) {
    emitter.space.setLanes(1, 1);
    return Chain{emitter.space.delinearize(row, outer),
                 Indices(inner.size(), Index(0)), 1, 1};
  };
  emitter.share(loc, 0, grouped, kChains, tasks, [&](Index first) {
    SmallVector<Chain> chains;
    for (int64_t c = 0; c < kChains; ++c)
      chains.push_back(chain(first + Index(c)));
    sums(chains);
  });
  emitter.loop(loc, grouped, count, 1, [&](Index row) { sums(chain(row)); });
}

void RunningSums::emit(int64_t tasks) {
  if (ShapedType::getNumElements(shape) == 0)
    return;
  if (ShapedType::getNumElements(inner) == 1)
    return rows(tasks);
  int64_t count = ShapedType::getNumElements(outer);
  bool sharesRows = count > 1;
  emitter.share(loc, 0, count, 1, sharesRows ? tasks : 1, [&](Index row) {
    emitter.space.setLanes(1, 1);
    vectors(emitter.space.delinearize(row, outer), sharesRows ? 1 : tasks);
  });
}

void sinter::passes::emitCumulativeSum(CumulativeSumOp op, int64_t tasks,
                                       const LoopForm &form,
                                       ArrayRef<Value> targets,
                                       ValueEmitter &emitter) {
  RunningSums(op, form, targets, emitter).emit(tasks);
}

void sinter::passes::emitSequence(Operation *op, const Phase &phase,
                                  const KernelPhases &plan,
                                  const LoopForm &form,
                                  const KernelBuffers &buffers,
                                  ValueEmitter &emitter) {
  Location loc = op->getLoc();
  Value result = op->getResult(0);
  SmallVector<Value> targets;
  if (auto kept = plan.stored.find(result); kept != plan.stored.end())
    targets.push_back(scratchView(emitter, loc, buffers.scratch, kept->second,
                                  result.getType()));
  for (unsigned number : phase.results)
    targets.push_back(
        ValueEmitter::flatten(emitter.builder, loc, buffers.results[number]));
  if (auto sum = dyn_cast<CumulativeSumOp>(op))
    emitCumulativeSum(sum, phase.tasks, form, targets, emitter);
  else
    emitArgSort(cast<ArgSortOp>(op), phase, form, buffers.scratch, targets,
                emitter);
}
