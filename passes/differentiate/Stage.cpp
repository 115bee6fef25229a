//===- Stage.cpp - the passes of the gradient stage -----------------------===//

#include "passes/differentiate/Stage.h"

#include "mlir/Pass/PassManager.h"

void sinter::passes::buildGradientStage(mlir::OpPassManager &manager) {
  manager.addPass(createBlockAttentionPass());
  manager.addPass(createDifferentiatePass());
  manager.addPass(createVerifyGradientStagePass());
}
