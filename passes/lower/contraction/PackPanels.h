//===- PackPanels.h - B rearranged for the multiply-add loop ----*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_PACKPANELS_H
#define SINTER_PASSES_LOWER_CONTRACTION_PACKPANELS_H

#include "passes/lower/contraction/MatrixProduct.h"

namespace sinter::passes {

/// Writes the matrix `source` (rows K, columns N) as panels [N/NR][K][NR] at
/// `target`, the last one padded with zeros.  `share` is that of MatrixProduct.
void packPanels(mlir::OpBuilder &builder, mlir::Location loc,
                const StridedMatrix &source, mlir::Value target,
                mlir::Value base, int64_t k, int64_t n, int64_t panelWidth,
                int64_t lanes,
                llvm::function_ref<void(
                    int64_t count, llvm::function_ref<void(mlir::Value)> body)>
                    share);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_PACKPANELS_H
