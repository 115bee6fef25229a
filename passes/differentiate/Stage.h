//===- Stage.h - the gradient stage -----------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_DIFFERENTIATE_STAGE_H
#define SINTER_PASSES_DIFFERENTIATE_STAGE_H

#include <memory>

namespace mlir {
class OpPassManager;
class Pass;
} // namespace mlir

namespace sinter::passes {

/// From `model` to `gradient`; ends with the stage's verifier.
void buildGradientStage(mlir::OpPassManager &manager);

std::unique_ptr<mlir::Pass> createBlockAttentionPass();
std::unique_ptr<mlir::Pass> createDifferentiatePass();
std::unique_ptr<mlir::Pass> createRefuseOversizedPass();
std::unique_ptr<mlir::Pass> createVerifyGradientStagePass();

} // namespace sinter::passes

#endif // SINTER_PASSES_DIFFERENTIATE_STAGE_H
