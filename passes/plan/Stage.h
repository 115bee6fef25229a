//===- Stage.h - the planned stage ------------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_PLAN_STAGE_H
#define SINTER_PASSES_PLAN_STAGE_H

#include <memory>

namespace mlir {
class OpPassManager;
class Pass;
} // namespace mlir

namespace sinter::passes {

/// From `fused` to `planned`; ends with the stage's verifier.
void buildPlannedStage(mlir::OpPassManager &manager);

std::unique_ptr<mlir::Pass> createLayOutStatePass();
std::unique_ptr<mlir::Pass> createOrderKernelsPass();
std::unique_ptr<mlir::Pass> createPlanMemoryPass();
std::unique_ptr<mlir::Pass> createDescribeModelPass();
std::unique_ptr<mlir::Pass> createVerifyPlannedStagePass();

} // namespace sinter::passes

#endif // SINTER_PASSES_PLAN_STAGE_H
