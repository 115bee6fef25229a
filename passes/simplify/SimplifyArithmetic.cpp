//===- SimplifyArithmetic.cpp - signs, selects, comparisons ---------------===//
//
// Each rule stands beside why it is exact: rounding is symmetric in sign, so a
// negation moves freely through sums, differences and products.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Patterns.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace sinter::ir;

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value));
}

/// The attribute of a splat constant; null if the value is none.
static SplatElementsAttr splatOf(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? dyn_cast<SplatElementsAttr>(constant.getValue())
                  : SplatElementsAttr();
}
static bool isFloatSplat(Value value, double number) {
  auto splat = splatOf(value);
  return splat && isFloat(value) &&
         splat.getSplatValue<APFloat>().bitwiseIsEqual(
             FloatAttr::get(splat.getElementType(), number).getValue());
}
static bool isIntSplat(Value value, int64_t number) {
  auto splat = splatOf(value);
  if (!splat || isFloat(value))
    return false;
  APInt element = splat.getSplatValue<APInt>();
  return element == APInt(element.getBitWidth(), number, /*isSigned=*/true,
                          /*implicitTrunc=*/true);
}

template <typename Op>
static LogicalResult replaceWith(PatternRewriter &rewriter, Operation *op,
                                 Value a, Value b) {
  rewriter.replaceOpWithNewOp<Op>(op, a, b);
  return success();
}
static LogicalResult replaceWith(PatternRewriter &rewriter, Operation *op,
                                 Value value) {
  rewriter.replaceOp(op, value);
  return success();
}
static LogicalResult replaceWithSplat(PatternRewriter &rewriter, Operation *op,
                                      int64_t number) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  APInt element(type.getElementTypeBitWidth(), number, /*isSigned=*/true,
                /*implicitTrunc=*/true);
  rewriter.replaceOpWithNewOp<ConstantOp>(
      op, type, cast<ElementsAttr>(DenseElementsAttr::get(type, element)));
  return success();
}

/// a + (−b) ⇒ a − b and (−a) + b ⇒ b − a: the definition of the difference.
/// x + (−0) ⇒ x: −0 is the neutral element of floats.
static LogicalResult simplifyAdd(AddOp op, PatternRewriter &rewriter) {
  if (isFloatSplat(op.getRhs(), -0.0))
    return replaceWith(rewriter, op, op.getLhs());
  if (auto neg = op.getRhs().getDefiningOp<NegOp>())
    return replaceWith<SubOp>(rewriter, op, op.getLhs(), neg.getOperand());
  if (auto neg = op.getLhs().getDefiningOp<NegOp>())
    return replaceWith<SubOp>(rewriter, op, op.getRhs(), neg.getOperand());
  return failure();
}

/// a − (−b) ⇒ a + b.  x − x ⇒ 0 for integers only (nan, inf).
static LogicalResult simplifySub(SubOp op, PatternRewriter &rewriter) {
  if (auto neg = op.getRhs().getDefiningOp<NegOp>())
    return replaceWith<AddOp>(rewriter, op, op.getLhs(), neg.getOperand());
  if (!isFloat(op.getLhs()) && op.getLhs() == op.getRhs())
    return replaceWithSplat(rewriter, op, 0);
  return failure();
}

/// (−a)·(−b) ⇒ a·b and x·(−1) ⇒ −x: signs multiply apart from magnitudes.
/// 0·x ⇒ 0 for integers only (nan, inf, −0).
static LogicalResult simplifyMul(MulOp op, PatternRewriter &rewriter) {
  auto left = op.getLhs().getDefiningOp<NegOp>();
  auto right = op.getRhs().getDefiningOp<NegOp>();
  if (left && right)
    return replaceWith<MulOp>(rewriter, op, left.getOperand(),
                              right.getOperand());
  if (isFloatSplat(op.getRhs(), -1.0)) {
    rewriter.replaceOpWithNewOp<NegOp>(op, op.getLhs());
    return success();
  }
  if (isIntSplat(op.getRhs(), 0))
    return replaceWith(rewriter, op, op.getRhs());
  return failure();
}

/// x / c ⇒ x · (1/c) where c and 1/c are powers of two that are normal: both
/// sides round the same real number.  (−a)/(−b) ⇒ a/b.
static LogicalResult simplifyDiv(DivOp op, PatternRewriter &rewriter) {
  auto left = op.getLhs().getDefiningOp<NegOp>();
  auto right = op.getRhs().getDefiningOp<NegOp>();
  if (left && right && isFloat(op.getLhs()))
    return replaceWith<DivOp>(rewriter, op, left.getOperand(),
                              right.getOperand());
  auto splat = splatOf(op.getRhs());
  if (!splat || !isFloat(op.getRhs()))
    return failure();
  APFloat inverse(0.0);
  if (!splat.getSplatValue<APFloat>().getExactInverse(&inverse))
    return failure();
  auto type = cast<RankedTensorType>(op.getType());
  Value factor = ConstantOp::create(
      rewriter, op.getRhs().getLoc(), type,
      cast<ElementsAttr>(DenseElementsAttr::get(type, inverse)));
  return replaceWith<MulOp>(rewriter, op, op.getLhs(), factor);
}

/// select ¬c, a, b ⇒ select c, b, a;  select c, true, false ⇒ c.
static LogicalResult simplifySelect(SelectOp op, PatternRewriter &rewriter) {
  if (auto inverted = op.getCondition().getDefiningOp<NotOp>()) {
    rewriter.replaceOpWithNewOp<SelectOp>(op, op.getType(),
                                          inverted.getOperand(),
                                          op.getOnFalse(), op.getOnTrue());
    return success();
  }
  if (op.getType() == op.getCondition().getType() &&
      isIntSplat(op.getOnTrue(), 1) && isIntSplat(op.getOnFalse(), 0))
    return replaceWith(rewriter, op, op.getCondition());
  return failure();
}

static Comparison swapped(Comparison relation) {
  switch (relation) {
  case Comparison::lt:
    return Comparison::gt;
  case Comparison::le:
    return Comparison::ge;
  case Comparison::gt:
    return Comparison::lt;
  case Comparison::ge:
    return Comparison::le;
  default:
    return relation;
  }
}
static Comparison inverted(Comparison relation) {
  switch (relation) {
  case Comparison::eq:
    return Comparison::ne;
  case Comparison::ne:
    return Comparison::eq;
  case Comparison::lt:
    return Comparison::ge;
  case Comparison::le:
    return Comparison::gt;
  case Comparison::gt:
    return Comparison::le;
  case Comparison::ge:
    return Comparison::lt;
  }
  llvm_unreachable("six relations");
}

/// compare lt c, x ⇒ compare gt x, c: constants stand on the right.
static LogicalResult simplifyCompare(CompareOp op, PatternRewriter &rewriter) {
  if (!op.getLhs().getDefiningOp<ConstantOp>() ||
      op.getRhs().getDefiningOp<ConstantOp>())
    return failure();
  rewriter.replaceOpWithNewOp<CompareOp>(op, swapped(op.getRelation()),
                                         op.getRhs(), op.getLhs());
  return success();
}

/// ¬(a < b) ⇒ a ≥ b for integers; = and ≠ for floats too, as nan makes only ≠
/// true.
static LogicalResult simplifyNot(NotOp op, PatternRewriter &rewriter) {
  auto compare = op.getOperand().getDefiningOp<CompareOp>();
  if (!compare)
    return failure();
  Comparison relation = compare.getRelation();
  if (isFloat(compare.getLhs()) && relation != Comparison::eq &&
      relation != Comparison::ne)
    return failure();
  rewriter.replaceOpWithNewOp<CompareOp>(op, inverted(relation),
                                         compare.getLhs(), compare.getRhs());
  return success();
}

/// x ∘ x ⇒ x, and with all bits or none on the right.
static LogicalResult simplifyAnd(AndOp op, PatternRewriter &rewriter) {
  if (op.getLhs() == op.getRhs() || isIntSplat(op.getRhs(), -1))
    return replaceWith(rewriter, op, op.getLhs());
  if (isIntSplat(op.getRhs(), 0))
    return replaceWith(rewriter, op, op.getRhs());
  return failure();
}
static LogicalResult simplifyOr(OrOp op, PatternRewriter &rewriter) {
  if (op.getLhs() == op.getRhs() || isIntSplat(op.getRhs(), 0))
    return replaceWith(rewriter, op, op.getLhs());
  if (isIntSplat(op.getRhs(), -1))
    return replaceWith(rewriter, op, op.getRhs());
  return failure();
}
static LogicalResult simplifyXor(XorOp op, PatternRewriter &rewriter) {
  if (isIntSplat(op.getRhs(), 0))
    return replaceWith(rewriter, op, op.getLhs());
  if (op.getLhs() == op.getRhs())
    return replaceWithSplat(rewriter, op, 0);
  return failure();
}
template <typename Op>
static LogicalResult chooseEqual(Op op, PatternRewriter &rewriter) {
  if (op.getLhs() != op.getRhs())
    return failure();
  return replaceWith(rewriter, op, op.getLhs());
}

/// A variable that is written what it already holds need not be written.
static LogicalResult dropIdleWrite(WriteOp op, PatternRewriter &rewriter) {
  auto read = op.getValue().getDefiningOp<ReadOp>();
  if (!read || read.getVariable() != op.getVariable())
    return failure();
  rewriter.eraseOp(op);
  return success();
}

void sinter::passes::addArithmeticPatterns(RewritePatternSet &patterns) {
  patterns.add(simplifyAdd);
  patterns.add(simplifySub);
  patterns.add(simplifyMul);
  patterns.add(simplifyDiv);
  patterns.add(simplifySelect);
  patterns.add(simplifyCompare);
  patterns.add(simplifyNot);
  patterns.add(simplifyAnd);
  patterns.add(simplifyOr);
  patterns.add(simplifyXor);
  patterns.add(chooseEqual<MaxOp>);
  patterns.add(chooseEqual<MinOp>);
  patterns.add(dropIdleWrite);
}
