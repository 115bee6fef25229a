//===- Freeze.h - state becomes constants ----------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_DRIVER_FREEZE_H
#define SINTER_COMPILER_DRIVER_FREEZE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace sinter::driver {

struct CompileOptions;

/// Keeps the entries of a module at stage `model` that learn nothing (or those
/// of `options.entries`) and makes what they read of the state constants, with
/// the values of `options.freeze`.  Fails with an error at the module or an
/// entry; says to `reports` which entries are left out unasked.
mlir::LogicalResult freeze(mlir::ModuleOp module, const CompileOptions &options,
                           llvm::raw_ostream &reports);

} // namespace sinter::driver

#endif // SINTER_COMPILER_DRIVER_FREEZE_H
