//===- ReductionOps.cpp - reductions: shapes and the sum's transpose ------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

static LogicalResult inferReduced(std::optional<Location> loc, StringRef op,
                                  Value operand, ArrayRef<int64_t> dimensions,
                                  SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(operand.getType());
  for (auto [i, d] : llvm::enumerate(dimensions)) {
    if (d < 0 || d >= type.getRank())
      return emitOptionalError(loc, op, ": dimension ", d,
                               " is out of range for ", type);
    if (i > 0 && dimensions[i - 1] >= d)
      return emitOptionalError(loc, op, ": dimensions must increase");
  }
  SmallVector<int64_t> shape;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (!llvm::is_contained(dimensions, d))
      shape.push_back(type.getDimSize(d));
  types.push_back(type.clone(shape));
  return success();
}

/// Reducing over nothing is the identity.
static OpFoldResult foldReduce(Value operand, ArrayRef<int64_t> dimensions) {
  return dimensions.empty() ? OpFoldResult(operand) : OpFoldResult();
}

#define SINTER_REDUCE_OP(Op, mnemonic)                                         \
  LogicalResult Op::inferReturnTypes(                                          \
      MLIRContext *, std::optional<Location> loc, Adaptor adaptor,             \
      SmallVectorImpl<Type> &types) {                                          \
    return inferReduced(loc, mnemonic, adaptor.getOperand(),                   \
                        adaptor.getDimensions(), types);                       \
  }                                                                            \
  OpFoldResult Op::fold(FoldAdaptor) {                                         \
    return foldReduce(getOperand(), getDimensions());                          \
  }
SINTER_REDUCE_OP(ReduceSumOp, "reduce_sum")
SINTER_REDUCE_OP(ReduceMaxOp, "reduce_max")
SINTER_REDUCE_OP(ReduceMinOp, "reduce_min")
SINTER_REDUCE_OP(ReduceProdOp, "reduce_prod")
#undef SINTER_REDUCE_OP

/// Whether i32 can number the elements along the dimension.
static bool fitsIndices(RankedTensorType type, int64_t dimension) {
  return type.getDimSize(dimension) <=
         int64_t(std::numeric_limits<int32_t>::max()) + 1;
}

static LogicalResult verifyArgReduce(Operation *op, int64_t dimension) {
  auto from = cast<RankedTensorType>(op->getOperand(0).getType());
  auto to = cast<RankedTensorType>(op->getResult(0).getType());
  if (dimension < 0 || dimension >= from.getRank())
    return op->emitOpError("dimension ")
           << dimension << " is out of range for " << from;
  if (from.getDimSize(dimension) == 0)
    return op->emitOpError("has no elements to choose from along dimension ")
           << dimension;
  if (to.getElementType().isInteger(32) && !fitsIndices(from, dimension))
    return op->emitOpError("cannot number ")
           << from.getDimSize(dimension) << " elements in i32";
  SmallVector<int64_t> shape(from.getShape());
  shape.erase(shape.begin() + dimension);
  if (to.getShape() != ArrayRef<int64_t>(shape))
    return op->emitOpError("must give ") << to.clone(shape);
  return success();
}
LogicalResult ArgMaxOp::verify() {
  return verifyArgReduce(*this, getDimension());
}
LogicalResult ArgMinOp::verify() {
  return verifyArgReduce(*this, getDimension());
}

LogicalResult CumulativeSumOp::verify() {
  auto type = cast<RankedTensorType>(getOperand().getType());
  auto dimension = static_cast<int64_t>(getDimension());
  if (dimension < 0 || dimension >= type.getRank())
    return emitOpError("dimension ")
           << dimension << " is out of range for " << type;
  return success();
}

Value CumulativeSumOp::transposed(OpBuilder &builder, Value cotangent,
                                  unsigned) {
  return CumulativeSumOp::create(builder, getLoc(), cotangent.getType(),
                                 cotangent, getDimension(), !getReverse(),
                                 getExclusive());
}

LogicalResult ArgSortOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getOperand().getType());
  auto dimension = static_cast<int64_t>(adaptor.getDimension());
  if (dimension < 0 || dimension >= type.getRank())
    return emitOptionalError(loc, "argsort: dimension ", dimension,
                             " is out of range for ", type);
  if (!fitsIndices(type, dimension))
    return emitOptionalError(loc, "argsort: cannot number ",
                             type.getDimSize(dimension), " elements in i32");
  types.push_back(type.clone(IntegerType::get(context, 32)));
  return success();
}

Value ReduceSumOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  auto type = cast<RankedTensorType>(getOperand().getType());
  SmallVector<int64_t> kept;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (!llvm::is_contained(getDimensions(), d))
      kept.push_back(d);
  return BroadcastOp::create(builder, getLoc(), type, cotangent, kept);
}
