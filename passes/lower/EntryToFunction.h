//===- EntryToFunction.h - planned entries become functions -----*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_ENTRYTOFUNCTION_H
#define SINTER_PASSES_LOWER_ENTRYTOFUNCTION_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace sinter::passes {

std::unique_ptr<mlir::Pass> createEntryToFunctionPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_ENTRYTOFUNCTION_H
