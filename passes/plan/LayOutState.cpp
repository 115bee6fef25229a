//===- LayOutState.cpp - where variables stand in the state ---------------===//
//
// Comes in: variables.  Goes out: variables with offsets, in the order of their
// declaration, and the module's `sinter.state_bytes`.  The order is the user's,
// so that the layout can be read off the model.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ByteLimits.h"
#include "passes/plan/Stage.h"
#include "passes/plan/packer/Packer.h"

#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;

namespace sinter::passes {
#define GEN_PASS_DEF_LAYOUTSTATE
#include "passes/plan/Passes.h.inc"
} // namespace sinter::passes

namespace {
class LayOutState : public sinter::passes::impl::LayOutStateBase<LayOutState> {
  void runOnOperation() override {
    int64_t bytes = 0;
    for (auto variable : getOperation().getOps<VariableOp>()) {
      if (failed(verifyAddressable(variable.getLoc(), variable.getType())))
        return signalPassFailure();
      variable.setOffset(bytes);
      bytes += sinter::plan::alignedSize(getByteSize(variable.getType()));
      if (bytes > addressableBytes) {
        variable.emitError("makes the state larger than the ")
            << addressableBytes << " bytes that a process can address";
        return signalPassFailure();
      }
    }
    getOperation()->setAttr("sinter.state_bytes",
                            Builder(&getContext()).getI64IntegerAttr(bytes));
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createLayOutStatePass() {
  return std::make_unique<LayOutState>();
}
