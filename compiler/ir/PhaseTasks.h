//===- PhaseTasks.h - how threads may share a kernel's phases ---*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_PHASETASKS_H
#define SINTER_COMPILER_IR_PHASETASKS_H

#include "compiler/ir/KernelPhases.h"

namespace sinter::ir {

/// Sets the `tasks` of phases whose ops and results are placed.  The schedule's
/// `tasks`, where it is there, bounds them.
void choosePhaseTasks(KernelOp kernel, llvm::MutableArrayRef<Phase> phases);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_PHASETASKS_H
