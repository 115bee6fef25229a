//===- NameKernels.h - sinter-name-kernels ----------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_NAMEKERNELS_H
#define SINTER_PASSES_FUSE_NAMEKERNELS_H

#include "compiler/ir/Sinter.h"

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

/// What a kernel that the entry calls does, in words that a symbol may have;
/// another kernel may have that name already.
std::string nameOf(ir::KernelOp kernel, llvm::StringRef entry);

std::unique_ptr<mlir::Pass> createNameKernelsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_NAMEKERNELS_H
