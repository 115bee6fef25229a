//===- ExpandMath.h - f32 math ops without a library ------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_MATH_EXPANDMATH_H
#define SINTER_PASSES_LOWER_MATH_EXPANDMATH_H

#include "mlir/Pass/Pass.h"

namespace sinter::passes {

/// Replaces math ops on f32 values and vectors by arithmetic.
std::unique_ptr<mlir::Pass> createExpandMathPass();

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_MATH_EXPANDMATH_H
