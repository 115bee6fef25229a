//===- ExpandMath.cpp - f32 math ops without a library --------------------===//
//
// Math ops on f32 (values, or vectors of any length) become arithmetic; f64 ops
// stay and are calls of libm, one per lane.  Our own forms instead of MLIR's
// polynomial approximations: those need FMA and floor instructions (on SSE2 one
// exp of 16 lanes becomes 144 calls), and their sin and cos are wrong for large
// arguments.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModuleFacts.h"
#include "passes/lower/Stage.h"
#include "passes/lower/math/Expansions.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

namespace sinter::passes {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::passes;

using UnaryExpansion = Num (*)(Num);
using BinaryExpansion = Num (*)(Num, Num);

static UnaryExpansion expansionOf(Operation *op, bool rounds) {
  if (rounds && isa<math::FloorOp, math::CeilOp, math::RoundEvenOp>(op))
    return nullptr;
  return llvm::TypeSwitch<Operation *, UnaryExpansion>(op)
      .Case<math::ExpOp>([](auto) { return expandExp; })
      .Case<math::ExpM1Op>([](auto) { return expandExpm1; })
      .Case<math::Exp2Op>([](auto) { return expandExp2; })
      .Case<math::Log2Op>([](auto) { return expandLog2; })
      .Case<math::SinhOp>([](auto) { return expandSinh; })
      .Case<math::CoshOp>([](auto) { return expandCosh; })
      .Case<math::AsinhOp>([](auto) { return expandAsinh; })
      .Case<math::AcoshOp>([](auto) { return expandAcosh; })
      .Case<math::AtanhOp>([](auto) { return expandAtanh; })
      .Case<math::TanOp>([](auto) { return expandTan; })
      .Case<math::AsinOp>([](auto) { return expandAsin; })
      .Case<math::AcosOp>([](auto) { return expandAcos; })
      .Case<math::AtanOp>([](auto) { return expandAtan; })
      .Case<math::CbrtOp>([](auto) { return expandCbrt; })
      .Case<math::LogOp>([](auto) { return expandLog; })
      .Case<math::Log1pOp>([](auto) { return expandLog1p; })
      .Case<math::TanhOp>([](auto) { return expandTanh; })
      .Case<math::ErfOp>([](auto) { return expandErf; })
      .Case<math::SinOp>([](auto) { return expandSin; })
      .Case<math::CosOp>([](auto) { return expandCos; })
      .Case<math::FloorOp>([](auto) { return expandFloor; })
      .Case<math::CeilOp>([](auto) { return expandCeil; })
      .Case<math::RoundEvenOp>([](auto) { return expandRoundEven; })
      .Case<math::RsqrtOp>([](auto) {
        return UnaryExpansion([](Num x) { return 1.0 / squareRoot(x); });
      })
      .Default([](Operation *) { return nullptr; });
}

static BinaryExpansion binaryExpansionOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, BinaryExpansion>(op)
      .Case<math::PowFOp>([](auto) { return expandPow; })
      .Case<math::Atan2Op>([](auto) { return expandAtan2; })
      .Default([](Operation *) { return nullptr; });
}

namespace {
struct ExpandMathPass : sinter::passes::impl::ExpandMathBase<ExpandMathPass> {
  void runOnOperation() override {
    // -O0 may call the library.
    if (sinter::ir::Options::of(getOperation()).optLevel == 0)
      return;
    auto facts = sinter::ir::TargetFacts::of(getOperation());
    // AVX has the rounding instructions of SSE4.1.
    bool rounds = facts.vectorBits >= 256;
    bool scales = facts.vectorBits >= 512;
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() == 1 &&
          getElementTypeOrSelf(op->getResult(0).getType()).isF32() &&
          (expansionOf(op, rounds) || binaryExpansionOf(op)))
        found.push_back(op);
    });
    for (Operation *op : found) {
      OpBuilder builder(op);
      MathBuilder math{builder, op->getLoc(), facts.fma, rounds, scales};
      Num x(math, op->getOperand(0));
      BinaryExpansion binary = binaryExpansionOf(op);
      Num result = binary ? binary(x, Num(math, op->getOperand(1)))
                          : expansionOf(op, rounds)(x);
      op->getResult(0).replaceAllUsesWith(result.value);
      op->erase();
    }
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createExpandMathPass() {
  return std::make_unique<ExpandMathPass>();
}
