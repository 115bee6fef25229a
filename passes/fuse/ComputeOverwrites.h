//===- ComputeOverwrites.h - sinter-compute-overwrites ----------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_COMPUTEOVERWRITES_H
#define SINTER_PASSES_FUSE_COMPUTEOVERWRITES_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createComputeOverwritesPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_COMPUTEOVERWRITES_H
