//===- VerifyBoundaries.h - sinter-verify-boundaries ------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_VERIFYBOUNDARIES_H
#define SINTER_PASSES_FUSE_VERIFYBOUNDARIES_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createVerifyBoundariesPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_VERIFYBOUNDARIES_H
