//===- ContractionOps.cpp - dot_general: shape and transposes -------------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

static SmallVector<int64_t> freeDimensions(RankedTensorType type,
                                           ArrayRef<int64_t> contracting,
                                           ArrayRef<int64_t> batch) {
  SmallVector<int64_t> result;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (!llvm::is_contained(contracting, d) && !llvm::is_contained(batch, d))
      result.push_back(d);
  return result;
}

SmallVector<int64_t> DotGeneralOp::getLhsFree() {
  return freeDimensions(cast<RankedTensorType>(getLhs().getType()),
                        getLhsContracting(), getLhsBatch());
}
SmallVector<int64_t> DotGeneralOp::getRhsFree() {
  return freeDimensions(cast<RankedTensorType>(getRhs().getType()),
                        getRhsContracting(), getRhsBatch());
}

static LogicalResult checkOperand(std::optional<Location> loc, StringRef side,
                                  RankedTensorType type,
                                  ArrayRef<int64_t> contracting,
                                  ArrayRef<int64_t> batch) {
  llvm::SmallBitVector seen(type.getRank());
  for (int64_t d : llvm::concat<const int64_t>(contracting, batch)) {
    if (d < 0 || d >= type.getRank())
      return emitOptionalError(loc, "dot_general: dimension ", d, " of ", side,
                               " is out of range for ", type);
    if (seen.test(d))
      return emitOptionalError(loc, "dot_general: dimension ", d, " of ", side,
                               " is named twice");
    seen.set(d);
  }
  return success();
}

LogicalResult DotGeneralOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> loc,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  auto lhs = cast<RankedTensorType>(adaptor.getLhs().getType());
  auto rhs = cast<RankedTensorType>(adaptor.getRhs().getType());
  if (lhs.getElementType() != rhs.getElementType())
    return emitOptionalError(loc, "dot_general: operands are ", lhs, " and ",
                             rhs, ": cast one to the other's element type");
  ArrayRef<int64_t> lhsK = adaptor.getLhsContracting(),
                    rhsK = adaptor.getRhsContracting(),
                    lhsB = adaptor.getLhsBatch(), rhsB = adaptor.getRhsBatch();
  if (failed(checkOperand(loc, "lhs", lhs, lhsK, lhsB)) ||
      failed(checkOperand(loc, "rhs", rhs, rhsK, rhsB)))
    return failure();
  auto checkPairs = [&](ArrayRef<int64_t> l, ArrayRef<int64_t> r,
                        StringRef what) -> LogicalResult {
    if (l.size() != r.size())
      return emitOptionalError(loc, "dot_general: ", l.size(), " ", what,
                               " dimensions of lhs, ", r.size(), " of rhs");
    for (auto [a, b] : llvm::zip(l, r))
      if (lhs.getDimSize(a) != rhs.getDimSize(b))
        return emitOptionalError(loc, "dot_general: ", what, " dimension ", a,
                                 " of ", lhs, " has ", lhs.getDimSize(a),
                                 " elements, dimension ", b, " of ", rhs,
                                 " has ", rhs.getDimSize(b));
    return success();
  };
  if (failed(checkPairs(lhsK, rhsK, "contracting")) ||
      failed(checkPairs(lhsB, rhsB, "batch")))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t d : lhsB)
    shape.push_back(lhs.getDimSize(d));
  for (int64_t d : freeDimensions(lhs, lhsK, lhsB))
    shape.push_back(lhs.getDimSize(d));
  for (int64_t d : freeDimensions(rhs, rhsK, rhsB))
    shape.push_back(rhs.getDimSize(d));
  types.push_back(lhs.clone(shape));
  return success();
}

/// The cotangent of one operand contracts the result's cotangent with the other
/// operand over the other's free dimensions; that gives dimensions in the order
/// batch, own free, contracting, or with the factors exchanged, batch,
/// contracting, own free.  Where neither is the operand's own, a transpose
/// brings it back.
Value DotGeneralOp::transposed(OpBuilder &builder, Value cotangent,
                               unsigned i) {
  bool left = i == 0;
  Value other = left ? getRhs() : getLhs();
  ArrayRef<int64_t> ownK = left ? getLhsContracting() : getRhsContracting();
  ArrayRef<int64_t> otherK = left ? getRhsContracting() : getLhsContracting();
  ArrayRef<int64_t> ownB = left ? getLhsBatch() : getRhsBatch();
  ArrayRef<int64_t> otherB = left ? getRhsBatch() : getLhsBatch();
  SmallVector<int64_t> ownFree = left ? getLhsFree() : getRhsFree();
  SmallVector<int64_t> otherFree = left ? getRhsFree() : getLhsFree();
  int64_t batch = ownB.size();
  int64_t otherStart =
      left ? batch + static_cast<int64_t>(ownFree.size()) : batch;
  auto dyB = llvm::to_vector(llvm::seq<int64_t>(0, batch));
  auto dyK = llvm::to_vector(llvm::seq<int64_t>(
      otherStart, otherStart + static_cast<int64_t>(otherFree.size())));

  // Where each result dimension of the new contraction belongs in the operand.
  // The remaining dimensions of `other`, in order, are its contracting ones
  // sorted; each pairs with one of ours.
  SmallVector<int64_t> sortedOtherK(otherK), contracted;
  llvm::sort(sortedOtherK);
  for (int64_t d : sortedOtherK)
    contracted.push_back(ownK[llvm::find(otherK, d) - otherK.begin()]);
  auto orderOf = [&](ArrayRef<int64_t> first, ArrayRef<int64_t> second) {
    SmallVector<int64_t> order(ownB);
    llvm::append_range(order, first);
    llvm::append_range(order, second);
    return order;
  };
  if (llvm::is_sorted(orderOf(contracted, ownFree)))
    return DotGeneralOp::create(builder, getLoc(), other, cotangent, otherFree,
                                dyK, otherB, dyB);
  SmallVector<int64_t> order = orderOf(ownFree, contracted);
  Value product = DotGeneralOp::create(builder, getLoc(), cotangent, other, dyK,
                                       otherFree, dyB, otherB);
  if (llvm::is_sorted(order))
    return product;
  SmallVector<int64_t> permutation(order.size());
  for (auto [place, d] : llvm::enumerate(order))
    permutation[d] = place;
  return TransposeOp::create(builder, getLoc(), product, permutation);
}
