//===- MathFunctions.h - what a mathematics library computes ----*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_MATHFUNCTIONS_H
#define SINTER_COMPILER_IR_MATHFUNCTIONS_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// Smooth functions that cost many times what a product does.
inline bool isMathFunction(mlir::Operation *op) {
  return llvm::isa<ExpOp, Exp2Op, Expm1Op, LogOp, Log2Op, Log1pOp, SinhOp,
                   CoshOp, TanhOp, AsinhOp, AcoshOp, AtanhOp, LogisticOp, SinOp,
                   CosOp, TanOp, AsinOp, AcosOp, AtanOp, Atan2Op, CbrtOp, ErfOp,
                   LgammaOp, PolygammaOp, PowOp>(op);
}

/// The highest order of polygamma: beyond, factorials and powers of the
/// argument leave the floats.
inline constexpr int64_t highestPolygamma = 30;

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_MATHFUNCTIONS_H
