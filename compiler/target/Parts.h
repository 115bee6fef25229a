//===- Parts.h - a model's code in parts -----------------------*- C++ -*-===//
//
// A kernel or a task is never inlined and nothing is known of it but its
// attributes, so each can be optimized and generated without the others.  The
// parts follow from the module alone, never from how many threads there are.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TARGET_PARTS_H
#define SINTER_COMPILER_TARGET_PARTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/Timing.h"

#include <string>
#include <vector>

namespace sinter::target {

/// What one part is made of: ops of the model's module, in its order.
struct Part {
  llvm::SmallVector<mlir::Operation *, 0> defined, declared;
  /// About how long it takes, counted in ops.
  int64_t cost = 0;
};

struct Parts {
  /// A module of the `llvm` stage.
  mlir::ModuleOp module;
  /// The first has the C interface and what is left; kernels and tasks follow
  /// in the module's order.  A small model has the first alone.
  std::vector<Part> parts;
  /// What is internal in the whole and named by several parts.
  llvm::DenseSet<mlir::Operation *> shared;

  explicit Parts(mlir::ModuleOp module);

  /// One part as a module.  What is shared is hidden there: whoever joins the
  /// parts' objects makes it local again.
  mlir::OwningOpRef<mlir::ModuleOp> make(size_t number) const;
};

/// The objects of all parts, in order, made by the context's threads.
mlir::FailureOr<std::vector<std::string>>
makeObjects(mlir::ModuleOp module, mlir::TimingScope &timing);

} // namespace sinter::target

#endif // SINTER_COMPILER_TARGET_PARTS_H
