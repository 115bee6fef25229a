//===- Describe.h - contractions and convolutions in oneDNN's words -------===//

#ifndef SINTER_PASSES_LIBRARY_DESCRIBE_H
#define SINTER_PASSES_LIBRARY_DESCRIBE_H

#include "compiler/ir/ContractionForm.h"
#include "compiler/ir/LibraryPrimitive.h"
#include "llvm/ADT/SetVector.h"

namespace sinter::passes {

/// A call as it grows: its descriptor, the values it reads, the ops it stands
/// for.  `refusal` says why it cannot be, if it cannot.
struct Description {
  sinter_onednn_call call = {};
  /// Operand i of the call is buffer i; the result's is put in at the end.
  llvm::SetVector<mlir::Value> operands;
  llvm::SetVector<mlir::Operation *> ops;
  /// The value that the call results in.
  mlir::Value result;
  std::string refusal;

  /// Number of a value's buffer, a new one if need be.
  int64_t bufferOf(mlir::Value value);
  /// The ops between `value` and arguments, and `value`'s own, in order.
  void take(mlir::Value value);
  /// Numbers the result's buffer.
  void finish() { call.result.buffer = operands.size(); }
};

/// Operands that index maps show are read where they lie.
Description describe(ir::DotGeneralOp op);
Description describe(ir::ConvOp op);

/// Adds to the call what follows its product, as far as oneDNN's post-ops
/// compute exactly that (or a function within its op's bound).
void addPostOps(Description &description);

/// Divides the call into about so many tasks.
void splitIntoTasks(sinter_onednn_call &call, int64_t tasks);

} // namespace sinter::passes

#endif // SINTER_PASSES_LIBRARY_DESCRIBE_H
