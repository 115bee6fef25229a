//===- Stage.h - the `fused` stage ------------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_STAGE_H
#define SINTER_PASSES_FUSE_STAGE_H

#include "mlir/Pass/PassManager.h"

namespace sinter::passes {

/// Adds the passes that turn simplified entries into lists of calls of named
/// kernels.
void formKernels(mlir::OpPassManager &manager);
/// And those that say how each kernel is to be emitted, unless a library was
/// chosen for it in between; the stage's verifier is the last.
void scheduleKernels(mlir::OpPassManager &manager);
/// Both, without a library.
void buildFusedStage(mlir::OpPassManager &manager);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_STAGE_H
