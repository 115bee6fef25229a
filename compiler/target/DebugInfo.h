//===- DebugInfo.h - line tables for generated code ------------*- C++ -*-===//

#ifndef SINTER_COMPILER_TARGET_DEBUGINFO_H
#define SINTER_COMPILER_TARGET_DEBUGINFO_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace sinter::target {

/// With `-g`: gives every function of a module in the LLVM dialect, and every
/// op in it, the line of the user's source that it comes from, in the form that
/// LLVM makes line tables of.
std::unique_ptr<mlir::Pass> createAddDebugInfoPass();

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_DEBUGINFO_H
