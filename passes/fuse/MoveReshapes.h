//===- MoveReshapes.h - sinter-move-reshapes --------------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_MOVERESHAPES_H
#define SINTER_PASSES_FUSE_MOVERESHAPES_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createMoveReshapesPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_MOVERESHAPES_H
