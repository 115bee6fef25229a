//===- Stage.h - the loops stage --------------------------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_STAGE_H
#define SINTER_PASSES_LOWER_STAGE_H

namespace mlir {
class OpPassManager;
}

namespace sinter::passes {

/// planned ⇒ loops: functions over memrefs with scf, vector, memref, arith and
/// math; nothing left of sinter or tensors.
void buildLoopsStage(mlir::OpPassManager &manager);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_STAGE_H
