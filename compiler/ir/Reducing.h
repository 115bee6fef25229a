//===- Reducing.h - ops that cost a loop for one element --------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_REDUCING_H
#define SINTER_COMPILER_IR_REDUCING_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// Sums, extrema, arg-extrema, contractions, scatters, running sums, sorts and
/// library calls: what costs a loop for one element.
bool isReducing(mlir::Operation *op);

/// Scatters, running sums, sorts and library calls: what stores the whole
/// result in an order of its own.
bool writesWhole(mlir::Operation *op);

/// Contractions and what stores as it likes have loop nests of their own.
bool standsAlone(mlir::Operation *op);

/// Of a reduction or arg-reduction, in order.
llvm::SmallVector<int64_t> reducedDimensions(mlir::Operation *op);

/// Whether the last operand dimension is among the reduced ones.
bool reducesLastDimension(mlir::Operation *op);

/// Whether a reduction's dimensions are the last ones, so that rows are whole.
bool reducesSuffix(mlir::Operation *op);

/// Whether reducing dimensions `reduced` of `space` combines few elements that
/// lie a vector or more apart.
bool areWindows(llvm::ArrayRef<int64_t> space, llvm::ArrayRef<int64_t> reduced);

/// Whether reducing dimensions `reduced` of `space` combines whole rows of few
/// elements.
bool areShortRows(llvm::ArrayRef<int64_t> space,
                  llvm::ArrayRef<int64_t> reduced);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_REDUCING_H
