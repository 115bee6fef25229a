//===- ComputeSchedules.h - sinter-compute-schedules ------------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_COMPUTESCHEDULES_H
#define SINTER_PASSES_FUSE_COMPUTESCHEDULES_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createComputeSchedulesPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_COMPUTESCHEDULES_H
