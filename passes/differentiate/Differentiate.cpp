//===- Differentiate.cpp - expands derivative requests --------------------===//
//
// gradient %y wrt xs      is vjp (%y) wrt (xs) cotangents (1)
// vjp (ys) wrt (xs) …     becomes a reverse sweep over the ops before it
// jvp (ys) wrt (xs) …     becomes a forward sweep
//
// in program order, innermost region first: what an earlier request emitted is
// ordinary ops by the time a later one differentiates them.  A structural zero
// becomes a constant only here, where a request's result is one.  Nothing is
// folded or merged before or during this: with y1 = a + b and y2 = a + b, a
// gradient with respect to y2 alone would change its meaning if they were one.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "compiler/ir/Sweep.h"
#include "passes/differentiate/Stage.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;

namespace sinter::passes {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "passes/differentiate/Passes.h.inc"
} // namespace sinter::passes

static Value createSplat(OpBuilder &builder, Location loc, Type type,
                         double number) {
  auto tensor = cast<RankedTensorType>(type);
  auto value = DenseElementsAttr::get(
      tensor, builder.getFloatAttr(tensor.getElementType(), number));
  return ConstantOp::create(builder, loc, tensor, value);
}

/// The sweep's answer for the results of `request`.
static FailureOr<Values> sweep(Operation *request, OpBuilder &builder) {
  if (auto gradient = dyn_cast<GradientOp>(request)) {
    Value one = createSplat(builder, getCotangentLoc(request->getLoc()),
                            gradient.getOf().getType(), 1);
    return sweepReverse(builder, gradient.getWrt(), gradient.getOf(), {one});
  }
  if (auto vjp = dyn_cast<VjpOp>(request))
    return sweepReverse(builder, vjp.getWrt(), vjp.getOf(),
                        Values(vjp.getCotangents()));
  auto jvp = cast<JvpOp>(request);
  return sweepForward(builder, jvp.getWrt(), Values(jvp.getTangents()),
                      jvp.getOf());
}

static LogicalResult expand(Operation *request) {
  OpBuilder builder(request);
  FailureOr<Values> derivatives = sweep(request, builder);
  if (failed(derivatives))
    return failure();
  for (auto [result, derivative] :
       llvm::zip(request->getResults(), *derivatives)) {
    if (!derivative)
      derivative = createSplat(builder, request->getLoc(), result.getType(), 0);
    result.replaceAllUsesWith(derivative);
  }
  request->erase();
  return success();
}

/// Erases ops without users and without effects, last first.
static void eraseDeadOps(Operation *function) {
  function->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
}

namespace {
class Differentiate
    : public sinter::passes::impl::DifferentiateBase<Differentiate> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<EntryOp>())
      if (failed(differentiate(entry)))
        return signalPassFailure();
  }

  LogicalResult differentiate(EntryOp entry) {
    eraseDeadOps(entry);
    SmallVector<Operation *> requests;
    entry.walk([&](Operation *op) {
      if (isa<GradientOp, VjpOp, JvpOp>(op))
        requests.push_back(op);
    });
    // One message for each mistake: a request that could not be expanded stops
    // those behind it, which may build on it.
    for (Operation *request : requests)
      if (failed(expand(request)))
        return failure();
    entry.walk([](StopGradientOp op) {
      op.getResult().replaceAllUsesWith(op.getOperand());
      op.erase();
    });
    eraseDeadOps(entry);
    return success();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createDifferentiatePass() {
  return std::make_unique<Differentiate>();
}
