//===- CostModel.h - whether oneDNN is expected to win ----------*- C++ -*-===//

#ifndef SINTER_PASSES_LIBRARY_COSTMODEL_H
#define SINTER_PASSES_LIBRARY_COSTMODEL_H

#include "compiler/ir/ContractionTiling.h"
#include "compiler/ir/LibraryPrimitive.h"

namespace sinter::passes {

/// What is expected, and why, in words for the report.
struct Expectation {
  bool wins;
  std::string reason;
};

/// Of a contraction that oneDNN can do.  `hasTail` says that what follows the
/// product is more than its post-ops; `isConstant`, that B is one.
Expectation expect(ir::DotGeneralOp op, const sinter_onednn_call &call,
                   bool hasTail, bool isConstant);
Expectation expect(ir::ConvOp op, const sinter_onednn_call &call);

} // namespace sinter::passes

#endif // SINTER_PASSES_LIBRARY_COSTMODEL_H
