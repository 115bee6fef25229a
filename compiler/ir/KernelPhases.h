//===- KernelPhases.h - the loop nests of a kernel --------------*- C++ -*-===//
//
// A kernel's body is any graph of ops; its code is a sequence of phases, each
// one loop nest over an outer space.  A phase computes, at each outer point,
// the reducing ops of that space in order, then the kernel's results; what a
// later phase needs of a reducing op is kept in the kernel's scratch (or read
// back from the result it is).  Everything else is computed where it is wanted.
//
//   softmax      one phase over rows: max, sum, then the row's results
//   of 10        one phase over windows that are rows
//   pooling      one phase over windows: the extremum, then its results
//   batch norm   one phase over channels, then one over elements
//   pointwise    one phase over elements
//
// The schedule asks for scratch_bytes, the loops stage emits: both call this,
// so they agree.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_KERNELPHASES_H
#define SINTER_COMPILER_IR_KERNELPHASES_H

#include "compiler/ir/Reducing.h"

#include "llvm/ADT/MapVector.h"

namespace sinter::ir {

/// A value kept for the inner loops of one row.
struct RowCacheSlot {
  mlir::Value value;
  /// Number of the reducing op (in `Phase::reducing`) whose loop computes it.
  unsigned filledBy;
  /// Bytes into the scratch, for the first task.
  int64_t offset;
};

struct Phase {
  /// Extents of the outer space: the shape of every reducing op's result here.
  llvm::SmallVector<int64_t> outer;
  /// The reduced dimensions are the innermost: vectors run along them and an
  /// outer point is one element.  Otherwise vectors run along the outer space.
  bool rows = false;
  /// Where the reduced dimensions are so few elements that all of them stay in
  /// registers, of a vector of outer points at once: the shape before the
  /// reduction, and the dimensions.  Empty otherwise.
  llvm::SmallVector<int64_t> space, reduced;
  llvm::SmallVector<mlir::Operation *> reducing;
  /// Numbers of the kernel's results written here.  Their shape is `outer`, or
  /// begins with it if `rows`, or is `space`.
  llvm::SmallVector<unsigned> results;
  llvm::SmallVector<RowCacheSlot> rowCaches;
  /// In how many parts threads may share the outer space, at most.
  int64_t tasks = 1;
  /// Where an argsort keeps its rows while it sorts (for the first task), or a
  /// library call all that it needs: bytes into the scratch.
  int64_t ownOffset = 0;
  /// Bytes from the row caches (or sorted rows) of one task to those of the
  /// next.
  int64_t taskBytes = 0;

  bool isWindows() const { return !space.empty(); }
  /// Whether the windows are whole rows: too short to fill vectors themselves,
  /// they are turned so that lanes run over rows.
  bool turnsRows() const {
    return isWindows() && reduced.back() + 1 == int64_t(space.size());
  }
};

struct KernelPhases {
  llvm::SmallVector<Phase, 1> phases;
  /// Reducing ops' results that later phases read: bytes into the scratch.
  llvm::MapVector<mlir::Value, int64_t> stored;
  /// The most tasks that a phase has.
  int64_t tasks() const;
  int64_t scratchBytes = 0;

  /// The schedule's `tasks`, where it is there, bounds those of the phases.
  static KernelPhases of(KernelOp kernel);
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_KERNELPHASES_H
