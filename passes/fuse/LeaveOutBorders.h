//===- LeaveOutBorders.h - sinter-leave-out-borders -------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_LEAVEOUTBORDERS_H
#define SINTER_PASSES_FUSE_LEAVEOUTBORDERS_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createLeaveOutBordersPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_LEAVEOUTBORDERS_H
