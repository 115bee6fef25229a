//===- JoinContractions.h - sinter-join-contractions ------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_JOINCONTRACTIONS_H
#define SINTER_PASSES_FUSE_JOINCONTRACTIONS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createJoinContractionsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_JOINCONTRACTIONS_H
