//===- DeduplicateKernels.h - sinter-deduplicate-kernels --------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_DEDUPLICATEKERNELS_H
#define SINTER_PASSES_FUSE_DEDUPLICATEKERNELS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createDeduplicateKernelsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_DEDUPLICATEKERNELS_H
