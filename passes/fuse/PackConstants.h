//===- PackConstants.h - sinter-pack-constants ------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_PACKCONSTANTS_H
#define SINTER_PASSES_FUSE_PACKCONSTANTS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createPackConstantsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_PACKCONSTANTS_H
