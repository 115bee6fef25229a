//===- EntryPoints.h - the functions that a host calls ---------*- C++ -*-===//

#ifndef SINTER_COMPILER_TARGET_ENTRYPOINTS_H
#define SINTER_COMPILER_TARGET_ENTRYPOINTS_H

#include "compiler/ir/ModelDescription.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace sinter::target {

/// Adds, to a module in the LLVM dialect, the exported function of each entry:
/// it checks its pointers and calls the entry's body.  All other functions
/// become internal, and give way if they have the name of an exported one.
std::unique_ptr<mlir::Pass> createMakeEntryPointsPass();

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_ENTRYPOINTS_H
