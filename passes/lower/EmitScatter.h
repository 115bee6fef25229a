//===- EmitScatter.h - updates added where indices name ---------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_EMITSCATTER_H
#define SINTER_PASSES_LOWER_EMITSCATTER_H

#include "passes/lower/EmitPhases.h"

namespace sinter::passes {

/// Copies the operand to the result's place, then adds the updates one after
/// another, in row-major order; repeated indices so add up in a fixed order.
void emitScatter(ir::ScatterAddOp op, const ir::Phase &phase,
                 const ir::KernelPhases &plan, const LoopForm &form,
                 ir::KernelOp kernel, const KernelBuffers &buffers,
                 ValueEmitter &emitter);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_EMITSCATTER_H
