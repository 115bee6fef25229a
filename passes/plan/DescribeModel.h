//===- DescribeModel.h - what hosts are told about the model ---*- C++ -*-===//

#ifndef SINTER_PASSES_PLAN_DESCRIBEMODEL_H
#define SINTER_PASSES_PLAN_DESCRIBEMODEL_H

#include "compiler/ir/ModelDescription.h"

namespace sinter::passes {

/// What the variables and entries of a planned module say.
ir::ModelDescription describeModel(mlir::ModuleOp module);

} // namespace sinter::passes

#endif // SINTER_PASSES_PLAN_DESCRIBEMODEL_H
