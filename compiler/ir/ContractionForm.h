//===- ContractionForm.h - a dot_general as a matrix product ----*- C++ -*-===//
//
// Every dot_general is a batch of products C[M,N] = Σ_K A[M,K]·B[K,N].  This
// says for which strides: neighbouring dimensions of an operand are merged
// where one stride serves them; what does not merge has to be packed.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_CONTRACTIONFORM_H
#define SINTER_COMPILER_IR_CONTRACTIONFORM_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// Dimensions of one operand that are walked together, outermost first.
struct StridedDims {
  llvm::SmallVector<int64_t> dimensions; // of the operand's tensor
  llvm::SmallVector<int64_t> extents;
  llvm::SmallVector<int64_t> strides; // in elements, row-major tensor

  int64_t extent() const;
  /// The one stride that walks all of them, if there is one.
  std::optional<int64_t> stride() const;
};

struct ContractionForm {
  StridedDims lhsBatch, lhsM, lhsK;
  StridedDims rhsBatch, rhsK, rhsN;
  int64_t batch, m, n, k;

  static ContractionForm of(DotGeneralOp op);
};

/// The one dot_general of a kernel whose results follow it element by element;
/// null if the kernel has another form.
DotGeneralOp findContraction(KernelOp kernel);

/// Whether the operand lies in memory as an argument of the kernel.
bool isDirectOperand(mlir::Value operand);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_CONTRACTIONFORM_H
