//===- VerifyFused.h - sinter-verify-fused ----------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_VERIFYFUSED_H
#define SINTER_PASSES_FUSE_VERIFYFUSED_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createVerifyFusedPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_VERIFYFUSED_H
