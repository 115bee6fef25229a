//===- Stage.h - the `simplified` stage -------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_SIMPLIFY_STAGE_H
#define SINTER_PASSES_SIMPLIFY_STAGE_H

#include "mlir/Pass/PassManager.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createExpandRandom();
std::unique_ptr<mlir::Pass> createExchangeKernels();
std::unique_ptr<mlir::Pass> createChooseLayouts();
std::unique_ptr<mlir::Pass> createExpandConvolutions();
std::unique_ptr<mlir::Pass> createTrapOutOfRange();
std::unique_ptr<mlir::Pass> createCanonicalize();
std::unique_ptr<mlir::Pass> createMergeEqualOps();
std::unique_ptr<mlir::Pass> createFoldConstants();
std::unique_ptr<mlir::Pass> createSimplifyScans();
std::unique_ptr<mlir::Pass> createHoistFromScan();
std::unique_ptr<mlir::Pass> createSinkFromScan();
std::unique_ptr<mlir::Pass> createWidenStorage();
std::unique_ptr<mlir::Pass> createSumVectorProducts();
std::unique_ptr<mlir::Pass> createUpdateRows();
std::unique_ptr<mlir::Pass> createExchangeOperands();
std::unique_ptr<mlir::Pass> createLimitSorts();
std::unique_ptr<mlir::Pass> createVerifySimplified();

/// A constant larger than this, and no splat, costs more to carry along and to
/// read than to compute: folding makes none.
inline constexpr int64_t largestFoldedBytes = 64 << 10;

/// From `gradient` to `simplified`: the passes in order, then the verifier.
void buildSimplifiedStage(mlir::OpPassManager &passes);

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_STAGE_H
