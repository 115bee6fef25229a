//===- Boundaries.h - where a value goes from kernel to kernel --*- C++ -*-===//
//
// Every value that one kernel leaves in memory for another is a fusion that was
// not made.  Why stands on the call that reads it, which alone knows whose
// value it is: equal kernels are one, whatever they are called with.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_BOUNDARIES_H
#define SINTER_COMPILER_IR_BOUNDARIES_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// Of a call: an array of strings, one for each of its operands that another
/// call computes, in their order: an op of either kernel, and why it is not in
/// the other.
inline constexpr llvm::StringLiteral boundariesAttr = "boundaries";

struct Boundary {
  CallOp producer, consumer;
  /// Empty if none is recorded.
  llvm::StringRef reason;
};

/// The call that computes the value, whatever its shape is now; null if it is
/// none of the same block.
CallOp getProducer(mlir::Value value);

/// Between the call and those whose values it reads.
llvm::SmallVector<Boundary> boundariesOf(CallOp consumer);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_BOUNDARIES_H
