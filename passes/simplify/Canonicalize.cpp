//===- Canonicalize.cpp - the patterns of this folder, to a fixpoint ------===//

#include "compiler/ir/Sinter.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/simplify/Patterns.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_CANONICALIZE
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

namespace {
struct Canonicalize : sinter::passes::impl::CanonicalizeBase<Canonicalize> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    sinter::passes::addMovementPatterns(patterns);
    sinter::passes::addTransposePatterns(patterns);
    sinter::passes::addSlicePatterns(patterns);
    sinter::passes::addConcatenatePatterns(patterns);
    sinter::passes::addArithmeticPatterns(patterns);
    sinter::passes::addCastPatterns(patterns);
    sinter::passes::addContractionPatterns(patterns);
    sinter::passes::addWindowPatterns(patterns);
    GreedyRewriteConfig config;
    // Merging constants would lose their places; MergeEqualOps keeps them.
    config.enableConstantCSE(false)
        .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
        .setUseTopDownTraversal();
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns),
                                     config))) {
      getOperation().emitError("simplification does not come to an end");
      signalPassFailure();
    }
  }
};
} // namespace
