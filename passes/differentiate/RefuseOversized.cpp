//===- RefuseOversized.cpp - sizes that no machine has --------------------===//
//
// A shape that is too large is a mistake in the model, found before anything
// counts with it; the stage's verifier would call it one of the compiler's.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ByteLimits.h"
#include "passes/differentiate/Stage.h"

#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter::ir;

namespace sinter::passes {
#define GEN_PASS_DEF_REFUSEOVERSIZED
#include "passes/differentiate/Passes.h.inc"
} // namespace sinter::passes

namespace {
struct RefuseOversized
    : sinter::passes::impl::RefuseOversizedBase<RefuseOversized> {
  void runOnOperation() override {
    if (failed(verifyAddressable(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createRefuseOversizedPass() {
  return std::make_unique<RefuseOversized>();
}
