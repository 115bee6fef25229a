//===- Stage.cpp - the passes of the gradient stage -----------------------===//

#include "passes/differentiate/Stage.h"

#include "mlir/Pass/PassManager.h"

void sinter::passes::buildGradientStage(mlir::OpPassManager &manager) {
  manager.addPass(createRefuseOversizedPass());
  manager.addPass(createBlockAttentionPass());
  manager.addPass(createDifferentiatePass());
  // Derivatives stack what loops hand on.
  manager.addPass(createRefuseOversizedPass());
  manager.addPass(createVerifyGradientStagePass());
}
