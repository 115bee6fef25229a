//===- ScanRules.h - what both modes of scan's derivative share -*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_SCANRULES_H
#define SINTER_COMPILER_IR_SCANRULES_H

#include "compiler/ir/Sinter.h"
#include "compiler/ir/Sweep.h"

namespace sinter::ir {

/// The body's arguments for those operands whose flag is set.
Values getActiveArguments(ScanOp op, llvm::ArrayRef<bool> active);

/// `active` has a flag for each operand.  Sets those of the carries that come
/// to depend on an active operand: the least fixpoint.  Returns the active
/// values of the body.
llvm::DenseSet<mlir::Value>
propagateActivity(ScanOp op, llvm::SmallVectorImpl<bool> &active);

/// The type of a value that every step yields, stacked.
mlir::Type getStackedType(mlir::Type step, int64_t tripCount);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_SCANRULES_H
