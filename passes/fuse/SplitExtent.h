//===- SplitExtent.h - a sum's dimension in parts ---------------*- C++ -*-===//
//
// A sum that gives few elements is one long chain, which threads cannot share.
// In parts it is several sums and a short one of theirs:
//
//   Σ_{i<n} x[i]  ⇒  Σ_p (Σ_{i<n/p} x[p, i])  (+ what is left)
//
// How many parts follows from shapes and the target, so the order of every
// addition does too, whatever the number of threads.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_SPLITEXTENT_H
#define SINTER_PASSES_FUSE_SPLITEXTENT_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes {

/// A loop nest with so many tasks needs no more of them: threads have enough to
/// share, evenly to a few percent.
inline constexpr int64_t enoughTasks = 8;
/// Fewer tasks' worth of work is not split.
inline constexpr int64_t leastTasksToSplit = 4;

/// `pieces` of `size` elements each, then `rest` elements.
struct SplitExtent {
  int64_t pieces, size, rest;

  /// The elements of a dimension that has as many as there may be tasks; of a
  /// longer one about `wanted` pieces.  Of a shorter one nothing.
  static std::optional<SplitExtent> of(int64_t extent, int64_t wanted);
  /// Whether the pieces are the elements.
  bool isWhole() const { return size == 1; }

  /// What the pieces cover of dimension `d` of `value`: dimension d counts
  /// them, d + 1 is inside of one.  All of it if the pieces are the elements.
  mlir::Value covered(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value value, int64_t d) const;
  /// Where `dimensions` are in what is covered: of `d` what is inside of a
  /// piece, which is nothing if the pieces are the elements.
  llvm::SmallVector<int64_t> inside(llvm::ArrayRef<int64_t> dimensions,
                                    int64_t d) const;
  /// What is left of it.
  mlir::Value left(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value value, int64_t d) const;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_SPLITEXTENT_H
