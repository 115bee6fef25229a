//===- ModelConstant.h - the constant that describes a model ---*- C++ -*-===//

#ifndef SINTER_COMPILER_TARGET_MODELCONSTANT_H
#define SINTER_COMPILER_TARGET_MODELCONSTANT_H

#include "compiler/ir/ModelDescription.h"
#include "llvm/IR/Module.h"

namespace sinter::target {

/// Adds the exported constant `mlp_model` (a sinter_model of the runtime's
/// header) to a module that has the entry points.  `cpu` is shown to users.
void addModelConstant(llvm::Module &module, const ir::ModelDescription &model,
                      llvm::StringRef cpu);

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_MODELCONSTANT_H
