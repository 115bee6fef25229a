//===- VerifyLoops.h - what holds at the end of the loops stage -*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_VERIFYLOOPS_H
#define SINTER_PASSES_LOWER_VERIFYLOOPS_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createVerifyLoopsPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_VERIFYLOOPS_H
