//===- Stage.h - the loops stage --------------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_STAGE_H
#define SINTER_PASSES_LOWER_STAGE_H

#include <memory>

namespace mlir {
class OpPassManager;
class Pass;
} // namespace mlir

namespace sinter::passes {

/// planned ⇒ loops: functions over memrefs with scf, vector, memref, arith and
/// math; nothing left of sinter or tensors.
void buildLoopsStage(mlir::OpPassManager &manager);

std::unique_ptr<mlir::Pass> createKernelToFunctionPass();
std::unique_ptr<mlir::Pass> createEntryToFunctionPass();
std::unique_ptr<mlir::Pass> createShareDrawsPass();
std::unique_ptr<mlir::Pass> createOutlineTasksPass();
std::unique_ptr<mlir::Pass> createOrderStreamsPass();
std::unique_ptr<mlir::Pass> createExpandMathPass();
std::unique_ptr<mlir::Pass> createCallMathLibraryPass();
std::unique_ptr<mlir::Pass> createExplainScalarsPass();
std::unique_ptr<mlir::Pass> createVerifyLoopsStagePass();

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_STAGE_H
