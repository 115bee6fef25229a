//===- EmitScatter.h - updates added where indices name ---------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_EMITSCATTER_H
#define SINTER_PASSES_LOWER_EMITSCATTER_H

#include "passes/lower/EmitPhases.h"

namespace sinter::passes {

/// The part of the scratch where a tensor of this type lies, flat.
mlir::Value scratchView(ValueEmitter &emitter, mlir::Location loc,
                        mlir::Value scratch, int64_t offset,
                        mlir::Type tensorType, int64_t taskBytes = 0);

/// Calls `body` for the places 0 … extent−1: whole vectors, then the rest; with
/// an index along the lanes, how many they are and how many of them count.
void eachPlace(
    ValueEmitter &emitter, mlir::Location loc, const LoopForm &form,
    int64_t extent,
    llvm::function_ref<void(Index, int64_t lanes, int64_t active)> body);

/// Copies the operand to the result's place, then adds the updates one after
/// another, in row-major order; repeated indices so add up in a fixed order.
void emitScatter(ir::ScatterAddOp op, const ir::Phase &phase,
                 const ir::KernelPhases &plan, const LoopForm &form,
                 ir::KernelOp kernel, const KernelBuffers &buffers,
                 ValueEmitter &emitter);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_EMITSCATTER_H
