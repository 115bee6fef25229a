//===- ContractionForm.h - a dot_general as a matrix product ----*- C++ -*-===//
//
// Every dot_general is a batch of products C[M,N] = Σ_K A[M,K]·B[K,N].  This
// says how its operands lie in memory: an argument of the kernel, perhaps seen
// through index maps that only change strides (a convolution's windows among
// them), is read where it is; what is computed on the way has to be packed.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_CONTRACTIONFORM_H
#define SINTER_COMPILER_IR_CONTRACTIONFORM_H

#include "compiler/ir/Border.h"

namespace sinter::ir {

/// Dimensions of one operand that are walked together, outermost first.
struct StridedDims {
  llvm::SmallVector<int64_t> dimensions; // of the operand's tensor
  llvm::SmallVector<int64_t> extents;
  llvm::SmallVector<int64_t> strides; // in elements

  int64_t extent() const;
  /// The one stride that walks all of them, if there is one.
  std::optional<int64_t> stride() const;
};

/// A value that is an argument's elements in other places: element i… is at
/// offset + Σ i·strides.
struct OperandView {
  mlir::BlockArgument argument;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> strides; // a dimension of the value each

  /// Through transposes, broadcasts, slices, reverses and windows.  In those
  /// with a border, what lies there must not be read.
  static std::optional<OperandView> of(mlir::Value value);

private:
  /// `leavesOut`: whoever reads the value knows of the border of its windows.
  static std::optional<OperandView> of(mlir::Value value, bool leavesOut);
};

/// Steps of one loop, in elements of both operands (of M, only of A).
struct ContractionLoop {
  int64_t extent, lhs, rhs;
  /// Of K: a window's elements, of which those in the border are left out.  Of
  /// M: the windows' places.
  bool bounded = false;
};

struct ContractionForm {
  /// Where an operand lies, if it does.
  std::optional<OperandView> lhs, rhs;
  StridedDims lhsBatch, lhsM, lhsK;
  StridedDims rhsBatch, rhsK, rhsN;
  int64_t batch, m, n, k;
  /// Of the kernel, each a batch of products of its own.
  int64_t segments = 1;
  /// Of one of the operands that lie in memory.
  std::optional<Border> border;
  bool rhsHasBorder = false;

  static ContractionForm of(DotGeneralOp op);

  int64_t products() const { return segments * batch; }

  /// Where the columns of B lie in several short rows: so many side by side,
  /// and the distance from one such row to the next.
  struct ShortRows {
    int64_t columns, distance;
  };
  /// Of a B that lies in memory; none if its columns are one row, or not rows.
  std::optional<ShortRows> shortRows() const;

  /// M as few loops as its strides allow, at least one, outermost first; a
  /// packed A has rows of K elements.
  llvm::SmallVector<ContractionLoop> rowLoops(bool packed) const;
  /// K likewise.  A packed A is dense, a packed B has rows of `width`; 0 for
  /// one as it lies.
  llvm::SmallVector<ContractionLoop> depthLoops(bool packedLhs,
                                                int64_t width) const;
};

/// The one dot_general of a kernel whose results follow it element by element,
/// or that of the first segment, if it has several that are equal; null if the
/// kernel has another form.
DotGeneralOp findContraction(KernelOp kernel);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_CONTRACTIONFORM_H
