//===- SplitReductions.h - sinter-split-reductions --------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_SPLITREDUCTIONS_H
#define SINTER_PASSES_FUSE_SPLITREDUCTIONS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createSplitReductionsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_SPLITREDUCTIONS_H
