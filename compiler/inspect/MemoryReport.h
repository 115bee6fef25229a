//===- MemoryReport.h - where the bytes of a plan go ------------*- C++ -*-===//
//
// For each entry: the workspace, the lower bound (the most bytes that live at
// one time in the chosen order, sizes rounded to 64), their ratio, the bytes
// copied, and who is live at the peak.  Read from a module at `planned`.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_INSPECT_MEMORYREPORT_H
#define SINTER_COMPILER_INSPECT_MEMORYREPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace sinter::inspect {

void printMemoryReport(mlir::ModuleOp module, llvm::raw_ostream &stream);

} // namespace sinter::inspect

#endif // SINTER_COMPILER_INSPECT_MEMORYREPORT_H
