//===- ComputeOverwrites.h - sinter-compute-overwrites ----------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_COMPUTEOVERWRITES_H
#define SINTER_PASSES_FUSE_COMPUTEOVERWRITES_H

#include "compiler/ir/Sinter.h"

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

/// Sets `overwrites` of a kernel, all of whose calls these are.
void computeOverwrites(ir::KernelOp kernel, llvm::ArrayRef<ir::CallOp> calls);

std::unique_ptr<mlir::Pass> createComputeOverwritesPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_COMPUTEOVERWRITES_H
