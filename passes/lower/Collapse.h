//===- Collapse.h - which dimensions may be walked as one -------*- C++ -*-===//
//
// Neighbouring dimensions that every op of a computation treats alike can be
// one loop over the product of their extents.  A wrong answer costs divisions,
// never correctness: indices of single dimensions are recovered where needed.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_COLLAPSE_H
#define SINTER_PASSES_LOWER_COLLAPSE_H

#include "compiler/ir/Sinter.h"

#include "llvm/ADT/DenseSet.h"

namespace sinter::passes {

/// What `values` are computed from by pointwise ops alone, each once: arguments
/// and the results of other ops.
llvm::SmallVector<mlir::Value>
behindPointwise(llvm::ArrayRef<mlir::Value> values);

/// Sets boundary[d] where dimensions d−1 and d of `value` must not be merged
/// for computing `value` from memory and from what is `known` at every place;
/// `boundary` has an entry a dimension.
void markBoundaries(mlir::Value value, llvm::SmallVectorImpl<bool> &boundary,
                    const llvm::DenseSet<mlir::Value> &known = {});

/// The same for the reduced dimensions of a reducing op, numbered from 0.
void markReducedBoundaries(mlir::Operation *op,
                           llvm::SmallVectorImpl<bool> &boundary);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_COLLAPSE_H
