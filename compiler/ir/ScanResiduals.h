//===- ScanResiduals.h - what a backward loop reads of the forward -*- C++ -*-//
//
// Decides for each value of the forward body that the backward one reads
// whether it is handed over, or computed again.  Nothing is handed over that
// the backward loop has anyway (the index, slices of xs, invariants, outputs of
// the forward loop) or can cheaply compute from that; of a checkpoint, nothing
// that can be computed at all.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_SCANRESIDUALS_H
#define SINTER_COMPILER_IR_SCANRESIDUALS_H

#include "compiler/ir/Sinter.h"

#include "llvm/ADT/SetVector.h"

namespace sinter::ir {

class ScanResiduals {
public:
  explicit ScanResiduals(ScanOp op) : op(op) {}

  /// Takes up `root` and whatever has to be there to compute it again.  The
  /// first call comes when the body has grown all its ops.
  void need(mlir::Value root);

  /// Handed over for each step: slices of xs, carries before the step, results.
  llvm::SetVector<mlir::Value> steps;
  /// Invariant arguments.
  llvm::SetVector<mlir::Value> invariants;
  /// Ops to repeat, operands first.
  llvm::SetVector<mlir::Operation *> recomputed;

private:
  /// What a value depends on, at most.
  enum class Origin { Invariants, Step, Carry };

  void findOrigins();
  bool isRecomputed(mlir::Operation *definition);

  ScanOp op;
  llvm::DenseMap<mlir::Value, Origin> origins;
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_SCANRESIDUALS_H
