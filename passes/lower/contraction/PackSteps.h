//===- PackSteps.h - B with several steps of K side by side -----*- C++ -*-===//
//
// What vectors read that take several steps of K for each of a few columns:
//
//   [K / steps][columns][steps]         (zeros behind the last step)
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_PACKSTEPS_H
#define SINTER_PASSES_LOWER_CONTRACTION_PACKSTEPS_H

#include "passes/lower/contraction/MatrixProduct.h"

namespace sinter::passes {

/// Packs `k` rows of `n` ≤ `columns` columns to the beginning of `target`.
/// What lies behind the last column is not defined.
void packSteps(mlir::OpBuilder &builder, mlir::Location loc,
               const StridedMatrix &source, mlir::Value target, int64_t k,
               int64_t n, int64_t columns, int64_t steps);

/// Zeros to where steps are missing of the last vector, if some are.
void clearLastSteps(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value target, int64_t k, int64_t lanes,
                    int64_t steps);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_PACKSTEPS_H
