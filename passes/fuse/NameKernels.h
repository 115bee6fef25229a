//===- NameKernels.h - sinter-name-kernels ----------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_NAMEKERNELS_H
#define SINTER_PASSES_FUSE_NAMEKERNELS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createNameKernelsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_NAMEKERNELS_H
