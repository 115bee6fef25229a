//===- CostModel.h - whether oneDNN is expected to win ----------*- C++ -*-===//

#ifndef SINTER_PASSES_LIBRARY_COSTMODEL_H
#define SINTER_PASSES_LIBRARY_COSTMODEL_H

#include "compiler/ir/ModuleFacts.h"
#include "runtime/onednn/sinter_onednn.h"

#include <string>

namespace sinter::passes {

/// What is expected, and why, in words for the report.
struct Expectation {
  bool wins;
  std::string reason;
};

/// What is known of a call beside its descriptor.
struct Surroundings {
  /// What follows in the same kernel is more than oneDNN's post-ops.
  bool hasTail;
  /// B, or a convolution's kernel, is a constant.
  bool isConstant;
  /// oneDNN has only plain loops for it, which it calls its reference.
  bool isReference;
};

Expectation expect(const sinter_onednn_call &call, const Surroundings &around,
                   const ir::TargetFacts &target);

} // namespace sinter::passes

#endif // SINTER_PASSES_LIBRARY_COSTMODEL_H
