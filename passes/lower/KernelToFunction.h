//===- KernelToFunction.h - kernels become functions over memrefs -*- C++ -*-=//

#ifndef SINTER_PASSES_LOWER_KERNELTOFUNCTION_H
#define SINTER_PASSES_LOWER_KERNELTOFUNCTION_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createKernelToFunctionPass();

/// Whether ops of this name, computing on this element type, have vector code
/// (other than by scalars in turn).
bool hasVectorEmission(llvm::StringRef opName, mlir::Type elementType);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_KERNELTOFUNCTION_H
