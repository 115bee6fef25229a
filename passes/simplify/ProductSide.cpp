//===- ProductSide.cpp - one operand of a contraction ---------------------===//

#include "passes/simplify/ProductSide.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

ProductSide ProductSide::lhsOf(DotGeneralOp op) {
  return {op.getLhs(), op.getLhsContracting(), op.getLhsBatch(),
          op.getLhsFree()};
}

ProductSide ProductSide::rhsOf(DotGeneralOp op) {
  return {op.getRhs(), op.getRhsContracting(), op.getRhsBatch(),
          op.getRhsFree()};
}

static int64_t elements(Value value, ArrayRef<int64_t> dims) {
  int64_t count = 1;
  for (int64_t d : dims)
    count *= cast<RankedTensorType>(value.getType()).getDimSize(d);
  return count;
}

int64_t ProductSide::rows() const { return elements(value, free); }

int64_t ProductSide::terms() const { return elements(value, contracting); }

bool ProductSide::hasTermsInOrder() const {
  return terms() > 1 && llvm::is_sorted(contracting);
}

std::optional<int64_t> ProductSide::innermost() const {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  for (int64_t d = shape.size() - 1; d >= 0; --d)
    if (shape[d] != 1)
      return d;
  return std::nullopt;
}

bool ProductSide::liesInOrder() const {
  Value from = value;
  while (Operation *op = from.getDefiningOp()) {
    if (isa<ConstantOp, WindowsOp, TransposeOp, BroadcastOp, GatherOp>(op))
      return false;
    if (!isa<ReshapeOp>(op))
      return true;
    from = op->getOperand(0);
  }
  return true;
}

Value sinter::passes::contract(const ProductSide &lhs, const ProductSide &rhs,
                               Location loc, OpBuilder &builder) {
  return DotGeneralOp::create(builder, loc, lhs.value, rhs.value,
                              lhs.contracting, rhs.contracting, lhs.batch,
                              rhs.batch);
}
