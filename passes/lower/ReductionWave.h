//===- ReductionWave.h - reducing ops that share a loop ---------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_REDUCTIONWAVE_H
#define SINTER_PASSES_LOWER_REDUCTIONWAVE_H

#include "mlir/IR/Operation.h"

namespace sinter::passes {

/// Reducing ops from the first on that can share one loop: equal operand shapes
/// and dimensions, none depending on another.
llvm::SmallVector<mlir::Operation *>
nextWave(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_REDUCTIONWAVE_H
