//===- Stage.cpp - the passes of the loops stage, in order ----------------===//

#include "passes/lower/Stage.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

void sinter::passes::buildLoopsStage(mlir::OpPassManager &manager) {
  manager.addPass(createKernelToFunctionPass());
  manager.addPass(createEntryToFunctionPass());
  manager.addPass(createShareDrawsPass());
  manager.addPass(createOutlineTasksPass());
  manager.addPass(createOrderStreamsPass());
  manager.addPass(createExpandMathPass());
  manager.addPass(createCallMathLibraryPass());
  // Constants and index arithmetic were emitted where they were needed.
  mlir::OpPassManager &functions = manager.nest<mlir::func::FuncOp>();
  functions.addPass(mlir::createCanonicalizerPass());
  functions.addPass(mlir::createCSEPass());
  functions.addPass(mlir::createLoopInvariantCodeMotionPass());
  manager.addPass(createExplainScalarsPass());
  manager.addPass(createVerifyLoopsStagePass());
}
