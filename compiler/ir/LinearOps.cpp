//===- LinearOps.cpp - ops that move elements: shapes and transposes ------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static LogicalResult checkRank(std::optional<Location> loc, StringRef op,
                               StringRef attribute, size_t size, int64_t rank) {
  if (static_cast<int64_t>(size) == rank)
    return success();
  return emitOptionalError(loc, op, ": `", attribute, "` has ", size,
                           " entries, but the operand has rank ", rank);
}

/// Distinct and in [0, rank).
static LogicalResult checkDimensions(std::optional<Location> loc, StringRef op,
                                     ArrayRef<int64_t> dimensions,
                                     int64_t rank) {
  llvm::SmallBitVector seen(rank);
  for (int64_t d : dimensions) {
    if (d < 0 || d >= rank)
      return emitOptionalError(loc, op, ": dimension ", d,
                               " is out of range for rank ", rank);
    if (seen.test(d))
      return emitOptionalError(loc, op, ": dimension ", d, " is named twice");
    seen.set(d);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = tensorType(getOperand()),
                   to = tensorType(getResult());
  if (from.getElementType() != to.getElementType())
    return emitOpError("must keep the element type: use cast to change it");
  if (from.getNumElements() != to.getNumElements())
    return emitOpError("cannot make ")
           << to.getNumElements() << " elements of " << from.getNumElements();
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  if (auto inner = getOperand().getDefiningOp<ReshapeOp>()) {
    if (inner.getOperand().getType() == getType())
      return inner.getOperand();
    setOperand(inner.getOperand());
    return getResult();
  }
  return {};
}

Value ReshapeOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  return ReshapeOp::create(builder, getLoc(), getOperand().getType(),
                           cotangent);
}

//===----------------------------------------------------------------------===//
// Transpose
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  RankedTensorType type = tensorType(adaptor.getOperand());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  if (failed(checkRank(loc, "transpose", "permutation", permutation.size(),
                       type.getRank())) ||
      failed(checkDimensions(loc, "transpose", permutation, type.getRank())))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t d : permutation)
    shape.push_back(type.getDimSize(d));
  types.push_back(type.clone(shape));
  return success();
}

static SmallVector<int64_t> inverse(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> result(permutation.size());
  for (auto [i, d] : llvm::enumerate(permutation))
    result[d] = i;
  return result;
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::equal(getPermutation(),
                  llvm::seq<int64_t>(0, getPermutation().size())))
    return getOperand();
  auto inner = getOperand().getDefiningOp<TransposeOp>();
  if (!inner)
    return {};
  SmallVector<int64_t> both;
  for (int64_t d : getPermutation())
    both.push_back(inner.getPermutation()[d]);
  setOperand(inner.getOperand());
  setPermutation(both);
  return getResult();
}

Value TransposeOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  return TransposeOp::create(builder, getLoc(), cotangent,
                             inverse(getPermutation()));
}

//===----------------------------------------------------------------------===//
// Broadcast
//===----------------------------------------------------------------------===//

LogicalResult BroadcastOp::verify() {
  RankedTensorType from = tensorType(getOperand()),
                   to = tensorType(getResult());
  ArrayRef<int64_t> dimensions = getDimensions();
  if (from.getElementType() != to.getElementType())
    return emitOpError("must keep the element type");
  if (failed(checkRank(getLoc(), "broadcast", "dimensions", dimensions.size(),
                       from.getRank())) ||
      failed(checkDimensions(getLoc(), "broadcast", dimensions, to.getRank())))
    return failure();
  if (!llvm::is_sorted(dimensions))
    return emitOpError("dimensions must increase");
  for (auto [i, d] : llvm::enumerate(dimensions))
    if (from.getDimSize(i) != 1 && from.getDimSize(i) != to.getDimSize(d))
      return emitOpError("cannot broadcast extent ")
             << from.getDimSize(i) << " of dimension " << i << " to "
             << to.getDimSize(d);
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  return {};
}

Value BroadcastOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  RankedTensorType from = tensorType(getOperand()),
                   to = tensorType(getResult());
  SmallVector<int64_t> summed;
  for (int64_t d = 0; d < to.getRank(); ++d) {
    const int64_t *place = llvm::find(getDimensions(), d);
    if (place == getDimensions().end() ||
        from.getDimSize(place - getDimensions().begin()) != to.getDimSize(d))
      summed.push_back(d);
  }
  Value sum = cotangent;
  if (!summed.empty())
    sum = ReduceSumOp::create(builder, getLoc(), cotangent, summed);
  if (sum.getType() == from)
    return sum;
  return ReshapeOp::create(builder, getLoc(), from, sum);
}

//===----------------------------------------------------------------------===//
// Slice, pad
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> loc,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  RankedTensorType type = tensorType(adaptor.getOperand());
  ArrayRef<int64_t> offsets = adaptor.getOffsets(), sizes = adaptor.getSizes(),
                    strides = adaptor.getStrides();
  if (failed(
          checkRank(loc, "slice", "offsets", offsets.size(), type.getRank())) ||
      failed(checkRank(loc, "slice", "sizes", sizes.size(), type.getRank())) ||
      failed(
          checkRank(loc, "slice", "strides", strides.size(), type.getRank())))
    return failure();
  for (int64_t d = 0; d < type.getRank(); ++d) {
    int64_t extent = type.getDimSize(d);
    if (strides[d] < 1)
      return emitOptionalError(loc, "slice: stride ", strides[d],
                               " of dimension ", d, " must be at least 1");
    // Written so that no number of a corrupt file overflows.
    bool fits = offsets[d] >= 0 && sizes[d] >= 0 && offsets[d] <= extent &&
                (sizes[d] == 0 ||
                 (offsets[d] < extent &&
                  (sizes[d] - 1) <= (extent - 1 - offsets[d]) / strides[d]));
    if (!fits)
      return emitOptionalError(loc, "slice: ", sizes[d], " elements from ",
                               offsets[d], " by ", strides[d],
                               " leave dimension ", d, " of extent ", extent);
  }
  types.push_back(type.clone(sizes));
  return success();
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  return {};
}

Value SliceOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  RankedTensorType type = tensorType(getOperand());
  SmallVector<int64_t> low, high, interior;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    int64_t size = getSizes()[d], stride = getStrides()[d];
    int64_t span = size == 0 ? 0 : (size - 1) * stride + 1;
    low.push_back(getOffsets()[d]);
    high.push_back(type.getDimSize(d) - getOffsets()[d] - span);
    interior.push_back(stride - 1);
  }
  return PadOp::create(builder, getLoc(), cotangent, low, high, interior);
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> loc,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  RankedTensorType type = tensorType(adaptor.getOperand());
  ArrayRef<int64_t> low = adaptor.getLow(), high = adaptor.getHigh(),
                    interior = adaptor.getInterior();
  if (failed(checkRank(loc, "pad", "low", low.size(), type.getRank())) ||
      failed(checkRank(loc, "pad", "high", high.size(), type.getRank())) ||
      failed(
          checkRank(loc, "pad", "interior", interior.size(), type.getRank())))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    if (low[d] < 0 || high[d] < 0 || interior[d] < 0)
      return emitOptionalError(loc, "pad: amounts of dimension ", d,
                               " must not be negative: use slice to cut");
    int64_t extent = type.getDimSize(d);
    int64_t between = 0, padded = 0;
    if (interior[d] == std::numeric_limits<int64_t>::max() ||
        llvm::MulOverflow(std::max<int64_t>(extent - 1, 0), interior[d],
                          between) ||
        llvm::AddOverflow(extent, between, padded) ||
        llvm::AddOverflow(padded, low[d], padded) ||
        llvm::AddOverflow(padded, high[d], padded))
      return emitOptionalError(loc, "pad: dimension ", d, " becomes too large");
    shape.push_back(padded);
  }
  types.push_back(type.clone(shape));
  return success();
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  return {};
}

Value PadOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  SmallVector<int64_t> strides;
  for (int64_t interior : getInterior())
    strides.push_back(interior + 1);
  return SliceOp::create(builder, getLoc(), cotangent, getLow(),
                         tensorType(getOperand()).getShape(), strides);
}

//===----------------------------------------------------------------------===//
// Concatenate, reverse
//===----------------------------------------------------------------------===//

LogicalResult ConcatenateOp::inferReturnTypes(MLIRContext *,
                                              std::optional<Location> loc,
                                              Adaptor adaptor,
                                              SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return emitOptionalError(loc, "concatenate: needs at least one operand");
  RankedTensorType first = tensorType(adaptor.getInputs()[0]);
  int64_t dimension = adaptor.getDimension();
  if (failed(checkDimensions(loc, "concatenate", dimension, first.getRank())))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  shape[dimension] = 0;
  for (Value input : adaptor.getInputs()) {
    RankedTensorType type = tensorType(input);
    SmallVector<int64_t> rest(type.getShape());
    if (type.getElementType() == first.getElementType() &&
        type.getRank() == first.getRank()) {
      if (llvm::AddOverflow(shape[dimension], rest[dimension],
                            shape[dimension]))
        return emitOptionalError(loc, "concatenate: dimension ", dimension,
                                 " becomes too large");
      rest[dimension] = first.getDimSize(dimension);
    }
    if (first.clone(rest) != first ||
        type.getElementType() != first.getElementType())
      return emitOptionalError(loc, "concatenate: ", type, " and ", first,
                               " differ in more than dimension ", dimension);
  }
  types.push_back(first.clone(shape));
  return success();
}

OpFoldResult ConcatenateOp::fold(FoldAdaptor) {
  if (getInputs().size() == 1)
    return getInputs()[0];
  return {};
}

Value ConcatenateOp::transposed(OpBuilder &builder, Value cotangent,
                                unsigned i) {
  RankedTensorType type = tensorType(getInputs()[i]);
  SmallVector<int64_t> offsets(type.getRank(), 0), strides(type.getRank(), 1);
  for (Value before : getInputs().take_front(i))
    offsets[getDimension()] += tensorType(before).getDimSize(getDimension());
  return SliceOp::create(builder, getLoc(), cotangent, offsets, type.getShape(),
                         strides);
}

LogicalResult ReverseOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  RankedTensorType type = tensorType(adaptor.getOperand());
  if (failed(checkDimensions(loc, "reverse", adaptor.getDimensions(),
                             type.getRank())))
    return failure();
  types.push_back(type);
  return success();
}

Value ReverseOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  return ReverseOp::create(builder, getLoc(), cotangent, getDimensions());
}

//===----------------------------------------------------------------------===//
// Gather, scatter_add
//===----------------------------------------------------------------------===//

/// The shape of the slices of `operand` that `indices` name.
static FailureOr<SmallVector<int64_t>>
gatheredShape(std::optional<Location> loc, StringRef op,
              RankedTensorType operand, RankedTensorType indices, int64_t axis,
              int64_t batch) {
  if (failed(checkDimensions(loc, op, axis, operand.getRank())))
    return failure();
  if (batch < 0 || batch > axis || batch > indices.getRank())
    return emitOptionalError(loc, op, ": ", batch,
                             " batch dimensions do not fit axis ", axis,
                             " and indices of rank ", indices.getRank());
  if (operand.getShape().take_front(batch) !=
      indices.getShape().take_front(batch))
    return emitOptionalError(loc, op, ": the first ", batch, " dimensions of ",
                             operand, " and ", indices, " differ");
  SmallVector<int64_t> shape(operand.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape().drop_front(batch));
  llvm::append_range(shape, operand.getShape().drop_front(axis + 1));
  return shape;
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType type = tensorType(adaptor.getOperand());
  FailureOr<SmallVector<int64_t>> shape =
      gatheredShape(loc, "gather", type, tensorType(adaptor.getIndices()),
                    adaptor.getAxis(), adaptor.getBatchDims());
  if (failed(shape))
    return failure();
  types.push_back(type.clone(*shape));
  return success();
}

Value GatherOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  Type type = getOperand().getType();
  return ScatterAddOp::create(
      builder, getLoc(), type, createZeros(builder, getLoc(), type),
      getIndices(), cotangent, getAxisAttr(), getBatchDimsAttr());
}

LogicalResult ScatterAddOp::verify() {
  RankedTensorType type = tensorType(getOperand());
  FailureOr<SmallVector<int64_t>> shape =
      gatheredShape(getLoc(), "scatter_add", type, tensorType(getIndices()),
                    getAxis(), getBatchDims());
  if (failed(shape))
    return failure();
  if (tensorType(getUpdates()) != type.clone(*shape))
    return emitOpError("updates must be ") << type.clone(*shape);
  return success();
}

Value ScatterAddOp::transposed(OpBuilder &builder, Value cotangent,
                               unsigned i) {
  if (i == 0)
    return cotangent;
  return GatherOp::create(builder, getLoc(), getUpdates().getType(), cotangent,
                          getIndices(), getAxisAttr(), getBatchDimsAttr());
}
