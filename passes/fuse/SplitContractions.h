//===- SplitContractions.h - sinter-split-contractions ----------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_SPLITCONTRACTIONS_H
#define SINTER_PASSES_FUSE_SPLITCONTRACTIONS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createSplitContractionsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_SPLITCONTRACTIONS_H
