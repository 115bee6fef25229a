//===- KernelFacts.h - what a kernel computes and moves ---------*- C++ -*-===//
//
// Read from a module at `fused`.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_INSPECT_KERNELFACTS_H
#define SINTER_COMPILER_INSPECT_KERNELFACTS_H

#include "compiler/ir/Sinter.h"

#include "llvm/ADT/MapVector.h"

namespace sinter::inspect {

struct KernelFacts {
  /// Constants not counted.
  int64_t ops = 0;
  /// A function of the mathematics library counts as one; comparisons, choices
  /// and conversions as none.
  int64_t flops = 0;
  /// Of all arguments and all results, once.
  int64_t bytesRead = 0, bytesWritten = 0;
};

KernelFacts factsOf(ir::KernelOp kernel);

/// How often a run of the entry runs each kernel, in the order of first calls.
llvm::MapVector<mlir::StringAttr, int64_t> countRuns(ir::EntryOp entry);

} // namespace sinter::inspect

#endif // SINTER_COMPILER_INSPECT_KERNELFACTS_H
