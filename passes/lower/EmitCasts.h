//===- EmitCasts.h - one element, or one vector, of another type -*- C++ -*-==//
//
// Floats saturate as integers, a nan being 0, and integers wrap.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_EMITCASTS_H
#define SINTER_PASSES_LOWER_EMITCASTS_H

#include "mlir/IR/Builders.h"

namespace sinter::passes {

/// The register `x`, which holds elements of type `from`, as elements of `to`.
mlir::Value emitCast(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value x, mlir::Type from, mlir::Type to);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_EMITCASTS_H
