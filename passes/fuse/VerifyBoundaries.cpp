//===- VerifyBoundaries.cpp - no kernel boundary without a reason ---------===//
//
// A value that goes from kernel to kernel through memory is either worth it, or
// a fusion that was forgotten.  Who cannot say which has forgotten it.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/VerifyBoundaries.h"

#include "compiler/ir/Boundaries.h"

namespace sinter::passes {
#define GEN_PASS_DEF_VERIFYBOUNDARIES
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

namespace {
struct VerifyBoundaries : passes::impl::VerifyBoundariesBase<VerifyBoundaries> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](CallOp call) -> WalkResult {
      for (Boundary boundary : boundariesOf(call))
        if (boundary.reason.empty())
          return call.emitOpError("does not say why @")
                 << boundary.producer.getKernel() << ", whose value it reads, "
                 << "is another kernel";
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> passes::createVerifyBoundariesPass() {
  return std::make_unique<VerifyBoundaries>();
}
