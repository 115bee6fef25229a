//===- TaskCost.h - how long a loop nest takes, and its tasks ---*- C++ -*-===//
//
// Threads share a loop nest as tasks, whose number follows from shapes and the
// target alone, never from the number of threads.  A nest that is too short for
// waking a thread is one task.  The costs are those of one core that keeps its
// vector units busy, or else its memory: good to a factor of two, which is all
// that this decision needs.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_TASKCOST_H
#define SINTER_COMPILER_IR_TASKCOST_H

#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// Marks a function of the `loops` stage that is a task of a kernel: its last
/// argument is the task's number.
inline constexpr llvm::StringLiteral taskAttrName = "sinter.task";

/// No loop nest has more tasks.
inline constexpr int64_t mostTasks = 64;

class TaskCost {
public:
  /// For kernels of the module that `op` is in.
  explicit TaskCost(mlir::Operation *op);

  /// Nanoseconds of what `roots` are computed from and of reading and writing
  /// it; values in `known` are at hand.
  double of(llvm::ArrayRef<mlir::Value> roots,
            const llvm::DenseSet<mlir::Value> &known) const;
  /// Nanoseconds of so many products of m×k and k×n elements.
  double ofProducts(int64_t batch, int64_t m, int64_t n, int64_t k,
                    int64_t elementBytes) const;
  /// Tasks of a loop nest that takes so long.
  int64_t tasks(double nanoseconds) const;

private:
  double ofOp(mlir::Operation *op) const;

  int64_t taskNanoseconds;
  /// Lanes of f32.
  int64_t lanes;
  bool parallel;
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_TASKCOST_H
