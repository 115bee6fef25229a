//===- PackOperands.h - sinter-pack-operands ------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_PACKOPERANDS_H
#define SINTER_PASSES_FUSE_PACKOPERANDS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createPackOperandsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_PACKOPERANDS_H
