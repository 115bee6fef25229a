//===- Stage.cpp - the planned stage, in order ----------------------------===//

#include "passes/plan/Stage.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

void sinter::passes::buildPlannedStage(mlir::OpPassManager &manager) {
  manager.addPass(createLayOutStatePass());
  manager.addPass(createOrderKernelsPass());
  manager.addPass(createPlanMemoryPass());
  manager.addPass(createDescribeModelPass());
  manager.addPass(createVerifyPlannedStagePass());
}
