//===- EntryPoints.h - the functions that a host calls ---------*- C++ -*-===//

#ifndef SINTER_COMPILER_TARGET_ENTRYPOINTS_H
#define SINTER_COMPILER_TARGET_ENTRYPOINTS_H

#include "compiler/ir/ModelDescription.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace sinter::target {

/// Adds, to a module in the LLVM dialect, the exported function of each entry:
/// it checks its pointers and calls the entry's body.  All other functions
/// become internal.
std::unique_ptr<mlir::Pass> createMakeEntryPointsPass();

/// "mlp_train".
std::string getEntrySymbol(const ir::ModelDescription &model,
                           llvm::StringRef entry);

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_ENTRYPOINTS_H
