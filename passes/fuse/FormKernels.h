//===- FormKernels.h - sinter-form-kernels ----------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_FORMKERNELS_H
#define SINTER_PASSES_FUSE_FORMKERNELS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createFormKernelsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_FORMKERNELS_H
