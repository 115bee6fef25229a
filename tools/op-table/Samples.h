//===- Samples.h - one use of each op, for any element type -----*- C++ -*-===//

#ifndef SINTER_TOOLS_OP_TABLE_SAMPLES_H
#define SINTER_TOOLS_OP_TABLE_SAMPLES_H

#include "mlir/IR/OperationSupport.h"
#include <optional>
#include <string>
#include <vector>

namespace sinter {

/// An op applied to %0, %1, …; in all texts T stands for the element type.
/// Rows are long enough to fill a vector of bytes.
struct Sample {
  std::vector<std::string> operands;
  std::string op, result;
};

/// Ops that compute no value of their own: functions, state, requests, buffers.
bool isStructure(llvm::StringRef opName);

/// A use of the op; none if it is not known.
std::optional<Sample> sampleOf(mlir::RegisteredOperationName name);

} // namespace sinter

#endif // SINTER_TOOLS_OP_TABLE_SAMPLES_H
