//===- VerifySimplified.cpp - the invariant of the `simplified` stage -----===//

#include "compiler/ir/Sinter.h"
#include "compiler/ir/SortRow.h"
#include "compiler/ir/Storage.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_VERIFYSIMPLIFIED
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

/// Why an op must not be here; empty if it may.
static StringRef complaint(Operation *op) {
  if (!isa_and_nonnull<SinterDialect>(op->getDialect()))
    return "is not an op of the sinter dialect";
  if (isa<GradientOp, VjpOp, JvpOp, StopGradientOp>(op))
    return "should be gone after the gradient stage";
  if (isa<RandomNormalOp, RandomBernoulliOp>(op))
    return "should be expanded into random_uniform";
  if (computesInStorage(op))
    return "computes on bf16: it should be widened to f32";
  if (isa<BufferOp, LaunchOp, CopyOp, LoopOp>(op))
    return "belongs to later stages";
  if (isa<UnknownLoc>(op->getLoc()))
    return "has lost its place in the source";
  return {};
}

namespace {
struct VerifySimplified
    : sinter::passes::impl::VerifySimplifiedBase<VerifySimplified> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<EntryOp>())
      entry.walk([&](Operation *op) {
        StringRef text = complaint(op);
        auto sort = dyn_cast<ArgSortOp>(op);
        if (sort && failed(verifyPlacesRead(sort)))
          signalPassFailure();
        if (text.empty())
          return;
        op->emitOpError(text);
        signalPassFailure();
      });
  }
};
} // namespace
