//===- VerifyGradientStage.cpp - what holds after the gradient stage ------===//

#include "compiler/ir/ByteLimits.h"
#include "passes/differentiate/Stage.h"

#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;

namespace sinter::passes {
#define GEN_PASS_DEF_VERIFYGRADIENTSTAGE
#include "passes/differentiate/Passes.h.inc"
} // namespace sinter::passes

static LogicalResult verifyOp(Operation *op) {
  if (isa<GradientOp, VjpOp, JvpOp, StopGradientOp>(op))
    return op->emitError("'")
           << op->getName() << "' is left after the gradient stage";
  if (isa<UnknownLoc>(op->getLoc()))
    return op->emitError("'")
           << op->getName() << "' has no location after the gradient stage";
  if (isOpTriviallyDead(op))
    return op->emitError("'")
           << op->getName() << "' is dead after the gradient stage";
  return success();
}

namespace {
class VerifyGradientStage
    : public sinter::passes::impl::VerifyGradientStageBase<
          VerifyGradientStage> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (op == getOperation())
        return WalkResult::advance();
      return WalkResult(verifyOp(op));
    });
    if (result.wasInterrupted() || failed(verifyAddressable(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createVerifyGradientStagePass() {
  return std::make_unique<VerifyGradientStage>();
}
