//===- EmitPhases.h - a kernel's loop nests ---------------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_EMITPHASES_H
#define SINTER_PASSES_LOWER_EMITPHASES_H

#include "compiler/ir/KernelPhases.h"
#include "passes/lower/ValueEmitter.h"

namespace sinter::passes {

/// What the loops of a kernel are made for.
struct LoopForm {
  /// Lanes of a vector; 1 for plain scalar code.
  int64_t lanes = 1;
  /// Fewer are no vector.
  int64_t fewestLanes = 1;
  /// Whether partial vectors are masked.
  bool maskedTails = false;
  /// Whether a row's last loop asks for the next row.
  bool prefetchesRows = false;
};

/// Where a kernel's values lie: memrefs as the function gets them.
struct KernelBuffers {
  llvm::SmallVector<mlir::Value> arguments, results;
  /// Flat bytes, null if there are none.
  mlir::Value scratch;
  /// Names the globals of the kernel's constants.
  mlir::SymbolTable *symbols = nullptr;
};

/// Emits every phase at the emitter's insertion point. Arguments are bound.
mlir::LogicalResult emitPhases(ir::KernelOp kernel, const LoopForm &form,
                               const KernelBuffers &buffers,
                               ValueEmitter &emitter);

/// Binds a kernel's arguments, and its constants of more than one value to
/// globals of the module.
void bindArguments(ir::KernelOp kernel, const KernelBuffers &buffers,
                   ValueEmitter &emitter);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_EMITPHASES_H
