//===- Stage.h - from loops to the LLVM dialect ----------------*- C++ -*-===//

#ifndef SINTER_COMPILER_TARGET_STAGE_H
#define SINTER_COMPILER_TARGET_STAGE_H

#include "mlir/Pass/PassManager.h"

#include <memory>

namespace sinter::target {

/// scf, vector, memref, arith and math on static memrefs ⇒ the LLVM dialect,
/// memrefs as bare pointers, with exported entry points.
void buildLLVMStage(mlir::OpPassManager &passes);

/// The stage's invariant: nothing but the LLVM dialect, and a function of the C
/// interface for each entry.
std::unique_ptr<mlir::Pass> createVerifyLLVMStagePass();

/// What the stage's passes and the translation to LLVM IR need registered.
void registerDialects(mlir::DialectRegistry &registry);

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_STAGE_H
