//===- VerifySchedule.h - schedules that can be followed -------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_VERIFYSCHEDULE_H
#define SINTER_COMPILER_IR_VERIFYSCHEDULE_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// What `fused` writes on a kernel and the emitters follow: its schedule and
/// its overwrites.  A dump may have been edited.
mlir::LogicalResult verifySchedule(KernelOp kernel);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_VERIFYSCHEDULE_H
