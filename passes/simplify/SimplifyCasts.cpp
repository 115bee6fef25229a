//===- SimplifyCasts.cpp - fewer casts, and of fewer bytes ----------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Patterns.h"

using namespace mlir;
using namespace sinter::ir;

/// Whether every value of type `from` is a value of type `to`.
static bool holdsAll(Type from, Type to) {
  if (from == to || from.isInteger(1))
    return true;
  if (to.isInteger(1))
    return false;
  if (auto toFloat = dyn_cast<FloatType>(to)) {
    if (auto fromFloat = dyn_cast<FloatType>(from))
      return fromFloat.getWidth() <= toFloat.getWidth();
    return from.getIntOrFloatBitWidth() <= toFloat.getFPMantissaWidth();
  }
  if (isa<FloatType>(from))
    return false;
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  unsigned toWidth = to.getIntOrFloatBitWidth();
  if (from.isUnsignedInteger())
    return fromWidth < toWidth;
  return !to.isUnsignedInteger() && fromWidth <= toWidth;
}

/// cast (cast %x : A to B) to C  ⇒  cast %x : A to C
///
/// where B holds every value of A, so the first cast loses nothing.  The second
/// depends on the value alone, except that floats saturate where integers wrap:
/// from an integer by way of a float, C must hold A too.
static LogicalResult mergeCasts(CastOp op, PatternRewriter &rewriter) {
  auto inner = op.getOperand().getDefiningOp<CastOp>();
  if (!inner)
    return failure();
  Type a = getElementTypeOrSelf(inner.getOperand());
  Type b = getElementTypeOrSelf(inner.getType());
  Type c = getElementTypeOrSelf(op.getType());
  if (!holdsAll(a, b))
    return failure();
  if (!isa<FloatType>(a) && isa<FloatType>(b) && !isa<FloatType>(c) &&
      !c.isInteger(1) && !holdsAll(a, c))
    return failure();
  rewriter.replaceOpWithNewOp<CastOp>(op, op.getType(), inner.getOperand());
  return success();
}

/// cast (transpose %x) to bf16  ⇒  transpose (cast %x to bf16)
///
/// and so with a reshape: what is moved is half as large, and the rounding is
/// beside what computes it.
static LogicalResult roundBeforeMoving(CastOp op, PatternRewriter &rewriter) {
  Operation *move = op.getOperand().getDefiningOp();
  if (!isa_and_nonnull<TransposeOp, ReshapeOp>(move) || !move->hasOneUse() ||
      !getElementTypeOrSelf(op.getType()).isBF16() ||
      !getElementTypeOrSelf(op.getOperand()).isF32())
    return failure();
  auto from = cast<RankedTensorType>(move->getOperand(0).getType());
  Value rounded =
      CastOp::create(rewriter, op.getLoc(), from.clone(rewriter.getBF16Type()),
                     move->getOperand(0));
  rewriter.setInsertionPoint(op);
  Operation *moved = rewriter.clone(*move);
  moved->setOperand(0, rounded);
  moved->getResult(0).setType(cast<RankedTensorType>(op.getType()));
  rewriter.replaceOp(op, moved);
  return success();
}

void sinter::passes::addCastPatterns(RewritePatternSet &patterns) {
  patterns.add(mergeCasts);
  patterns.add(roundBeforeMoving);
}
