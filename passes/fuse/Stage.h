//===- Stage.h - the `fused` stage ------------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_STAGE_H
#define SINTER_PASSES_FUSE_STAGE_H

#include "mlir/Pass/PassManager.h"

namespace sinter::passes {

/// Adds the passes that turn simplified entries into lists of kernel calls.
void buildFusedStage(mlir::OpPassManager &manager);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_STAGE_H
