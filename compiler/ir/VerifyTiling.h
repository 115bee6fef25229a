//===- VerifyTiling.h - tilings that can be followed ------------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_VERIFYTILING_H
#define SINTER_COMPILER_IR_VERIFYTILING_H

#include "compiler/ir/ContractionTiling.h"

namespace sinter::ir {

/// Whether the kernel's contraction can be emitted in such tiles.
mlir::LogicalResult verifyTiling(KernelOp kernel, DotGeneralOp dot,
                                 const ContractionTiling &tiling);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_VERIFYTILING_H
