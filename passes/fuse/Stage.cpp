//===- Stage.cpp - the `fused` stage --------------------------------------===//

#include "passes/fuse/Stage.h"
#include "passes/fuse/CompareActivations.h"
#include "passes/fuse/ComputeOverwrites.h"
#include "passes/fuse/ComputeSchedules.h"
#include "passes/fuse/DeduplicateKernels.h"
#include "passes/fuse/FormKernels.h"
#include "passes/fuse/JoinContractions.h"
#include "passes/fuse/LeaveOutBorders.h"
#include "passes/fuse/MoveReshapes.h"
#include "passes/fuse/NameKernels.h"
#include "passes/fuse/PackOperands.h"
#include "passes/fuse/SplitContractions.h"
#include "passes/fuse/SplitReductions.h"
#include "passes/fuse/VerifyBoundaries.h"
#include "passes/fuse/VerifyFused.h"

#include "mlir/Transforms/Passes.h"

void sinter::passes::formKernels(mlir::OpPassManager &manager) {
  manager.addPass(createCompareActivationsPass());
  manager.addPass(createMoveReshapesPass());
  manager.addPass(createLeaveOutBordersPass());
  manager.addPass(createSplitContractionsPass());
  manager.addPass(createFormKernelsPass());
  // Copies of cheap ops that met in one kernel, then calls that became equal.
  manager.addPass(mlir::createCSEPass());
  manager.addPass(createDeduplicateKernelsPass());
  manager.addPass(mlir::createCSEPass());
  manager.addPass(createNameKernelsPass());
}

void sinter::passes::scheduleKernels(mlir::OpPassManager &manager) {
  manager.addPass(createPackOperandsPass());
  manager.addPass(createSplitReductionsPass());
  manager.addPass(createComputeOverwritesPass());
  manager.addPass(createJoinContractionsPass());
  manager.addPass(createComputeSchedulesPass());
  manager.addPass(createVerifyBoundariesPass());
  manager.addPass(createVerifyFusedPass());
}

void sinter::passes::buildFusedStage(mlir::OpPassManager &manager) {
  formKernels(manager);
  scheduleKernels(manager);
}
