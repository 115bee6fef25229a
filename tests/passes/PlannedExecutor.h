//===- PlannedExecutor.h - planned entries run on bytes ---------*- C++ -*-===//
//
// Runs an entry of the `planned` stage on real memory, kernels being evaluated
// by the reference interpreter.  Workspace, outputs and scratch hold a poison
// pattern wherever nothing has been written, so that a value read from the
// wrong place shows.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_PLANNEDEXECUTOR_H
#define SINTER_TESTS_PASSES_PLANNEDEXECUTOR_H

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/Sinter.h"

namespace sinter::test {

using Bytes = std::vector<char>;

/// Fills the bytes with what no test value looks like.
void poison(char *data, int64_t bytes);

/// Runs the entry.  Inputs, state and result are as in the C interface.
llvm::Expected<std::vector<Bytes>> runPlanned(mlir::ModuleOp module,
                                              llvm::StringRef entry,
                                              llvm::ArrayRef<Bytes> inputs,
                                              Bytes &state);

} // namespace sinter::test

#endif // SINTER_TESTS_PASSES_PLANNEDEXECUTOR_H
