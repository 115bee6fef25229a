//===- EmitSequence.h - running sums and sorts ------------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_EMITSEQUENCE_H
#define SINTER_PASSES_LOWER_EMITSEQUENCE_H

#include "passes/lower/EmitPhases.h"

namespace sinter::passes {

/// A cumulative_sum or an argsort, into the kernel's results and its scratch.
void emitSequence(mlir::Operation *op, const ir::Phase &phase,
                  const ir::KernelPhases &plan, const LoopForm &form,
                  const KernelBuffers &buffers, ValueEmitter &emitter);

/// Element i of the dimension in the row `outer`, which lacks it, at the place
/// `inner` of the dimensions behind.
Indices alongRow(const Indices &outer, Index i, const Indices &inner);

/// Into each of `targets`, flat.
void emitCumulativeSum(ir::CumulativeSumOp op, int64_t tasks,
                       const LoopForm &form,
                       llvm::ArrayRef<mlir::Value> targets,
                       ValueEmitter &emitter);
void emitArgSort(ir::ArgSortOp op, const ir::Phase &phase, const LoopForm &form,
                 mlir::Value scratch, llvm::ArrayRef<mlir::Value> targets,
                 ValueEmitter &emitter);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_EMITSEQUENCE_H
