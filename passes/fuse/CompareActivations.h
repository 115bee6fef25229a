//===- CompareActivations.h - sinter-compare-activations --------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_COMPAREACTIVATIONS_H
#define SINTER_PASSES_FUSE_COMPAREACTIVATIONS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createCompareActivationsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_COMPAREACTIVATIONS_H
