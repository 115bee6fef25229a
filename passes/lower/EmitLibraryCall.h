//===- EmitLibraryCall.h - a call of the runtime --------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_EMITLIBRARYCALL_H
#define SINTER_PASSES_LOWER_EMITLIBRARYCALL_H

#include "passes/lower/EmitPhases.h"

namespace sinter::passes {

/// The call, into the kernel's result or its scratch.
mlir::LogicalResult
emitLibraryCall(ir::LibraryCallOp op, const ir::Phase &phase,
                const ir::KernelPhases &plan, ir::KernelOp kernel,
                const KernelBuffers &buffers, ValueEmitter &emitter);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_EMITLIBRARYCALL_H
