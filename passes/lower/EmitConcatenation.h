//===- EmitConcatenation.h - parts side by side -----------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_EMITCONCATENATION_H
#define SINTER_PASSES_LOWER_EMITCONCATENATION_H

#include "passes/lower/EmitPhases.h"

namespace sinter::passes {

/// The concatenation that is the phase's one result, if its parts are so few
/// that each may have loops of its own; else its elements ask which part they
/// are of (ValueEmitter).
ir::ConcatenateOp findJoined(const ir::Phase &phase,
                             mlir::OperandRange returned);

/// Into the kernel's result `phase.results.front()`.
void emitConcatenation(ir::ConcatenateOp op, const ir::Phase &phase,
                       const LoopForm &form, const KernelBuffers &buffers,
                       ValueEmitter &emitter);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_EMITCONCATENATION_H
