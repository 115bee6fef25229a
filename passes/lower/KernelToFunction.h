//===- KernelToFunction.h - what has vector code ----------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_KERNELTOFUNCTION_H
#define SINTER_PASSES_LOWER_KERNELTOFUNCTION_H

#include "mlir/IR/Types.h"
#include "llvm/ADT/StringRef.h"

namespace sinter::passes {

/// Whether ops of this name, computing on this element type, have vector code
/// (other than by scalars in turn).
bool hasVectorEmission(llvm::StringRef opName, mlir::Type elementType);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_KERNELTOFUNCTION_H
