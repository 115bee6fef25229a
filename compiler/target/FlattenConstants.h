//===- FlattenConstants.h - large constants as plain bytes -----*- C++ -*-===//

#ifndef SINTER_COMPILER_TARGET_FLATTENCONSTANTS_H
#define SINTER_COMPILER_TARGET_FLATTENCONSTANTS_H

#include "mlir/Pass/Pass.h"

namespace sinter::target {

/// Globals that hold a resource become arrays of its bytes.
std::unique_ptr<mlir::Pass> createFlattenConstantsPass();

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_FLATTENCONSTANTS_H
