//===- Overwriting.h - results that may replace arguments -------*- C++ -*-===//
//
// Result r may be written over argument i if no emission of the kernel reads an
// element of i after it has written that element of r.  Emissions follow the
// kernel's phases (KernelPhases.h) and keep the promises of
// passes/fuse/README.md: what any result of a phase needs at one point is read
// before anything is stored there, and in a phase over rows (or windows), the
// reductions are done with a row before its full results are stored, those
// before the row's own.  So r may replace i if
//
// * whatever its phase stores in the same walk reads i at its own point only;
// * everything else of the phase is done with i by then: a reduction of rows
//   that reads its own row of i, when r is a full result; nothing, otherwise;
// * no later phase reads i;
// * in a kernel of several segments, i belongs to r's segment;
// * or r is a scatter into i: it starts from a copy.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_OVERWRITING_H
#define SINTER_COMPILER_IR_OVERWRITING_H

#include "compiler/ir/KernelPhases.h"
#include "compiler/ir/Segments.h"

#include <map>

namespace sinter::ir {

/// One kernel's body, asked about pairs of result and argument.
class Overwriting {
public:
  explicit Overwriting(KernelOp kernel);

  bool isPossible(unsigned result, unsigned argument);

private:
  /// How a value depends on an argument.
  enum class Reach { Nothing, OwnPoint, Anywhere };
  using Reached = llvm::DenseMap<mlir::Value, Reach>;

  bool sameSegment(unsigned result, unsigned argument);
  const Reached &reachedFrom(mlir::Value argument, unsigned number);

  KernelOp kernel;
  Segments segments;
  KernelPhases plan;
  mlir::OperandRange results;
  llvm::DenseMap<mlir::Operation *, unsigned> phaseOf;
  /// Scatters, running sums, sorts and concatenations are stored piece by
  /// piece.
  bool hasPieces;
  std::map<std::pair<void *, unsigned>, Reached> reached;
};

/// The value without reshapes, which share its memory.
mlir::Value memoryOf(mlir::Value value);
/// Whether a call passes the memory of an argument as another one, too.
bool isShared(CallOp call, unsigned argument);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_OVERWRITING_H
