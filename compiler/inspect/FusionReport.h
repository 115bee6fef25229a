//===- FusionReport.h - what fusion made of a model -------------*- C++ -*-===//
//
// One line a kernel: its kind, how many ops it holds, its arithmetic, the bytes
// of its arguments and results, and how often an entry runs it; after an
// entry's kernels, the attention in it that was large enough for blocks and the
// layouts of its convolutions; then why values go from kernel to kernel, and
// all fusions that were considered and not made, each with its reason.  Read
// from a module at `fused`.  Which kernels were emitted without vectors, and
// why, is read from a module at `loops`.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_INSPECT_FUSIONREPORT_H
#define SINTER_COMPILER_INSPECT_FUSIONREPORT_H

#include "compiler/ir/Sinter.h"
#include "llvm/Support/raw_ostream.h"

namespace sinter::inspect {

/// Large attention in the entry, and what was done about its scores.
void printBlockedScores(ir::EntryOp entry, llvm::raw_ostream &stream);
void printFusionReport(mlir::ModuleOp module, llvm::raw_ostream &stream);
void printScalarKernels(mlir::ModuleOp module, llvm::raw_ostream &stream);

} // namespace sinter::inspect

#endif // SINTER_COMPILER_INSPECT_FUSIONREPORT_H
