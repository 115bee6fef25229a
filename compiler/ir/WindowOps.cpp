//===- WindowOps.cpp - windows and their sum: shapes and transposes -------===//

#include "compiler/ir/Windows.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

FailureOr<int64_t> sinter::ir::countWindows(std::optional<Location> loc,
                                            StringRef op, int64_t dimension,
                                            int64_t extent, Window window) {
  auto [size, stride, dilation] = window;
  auto atLeastOne = [&](StringRef what, int64_t value) -> LogicalResult {
    if (value >= 1)
      return success();
    return emitOptionalError(loc, op, ": ", what, " ", value, " of dimension ",
                             dimension, " must be at least 1");
  };
  if (failed(atLeastOne("size", size)) ||
      failed(atLeastOne("stride", stride)) ||
      failed(atLeastOne("dilation", dilation)))
    return failure();
  // Written so that no number of a corrupt file overflows.
  if (extent < 1 || (size - 1) > (extent - 1) / dilation)
    return emitOptionalError(loc, op, ": a window of ", size, " elements, ",
                             dilation, " apart, does not fit the ", extent,
                             " elements of dimension ", dimension);
  return (extent - 1 - (size - 1) * dilation) / stride + 1;
}

/// The shape of all windows of a tensor.
static FailureOr<SmallVector<int64_t>>
windowShape(std::optional<Location> loc, StringRef op, RankedTensorType type,
            ArrayRef<int64_t> windowed, ArrayRef<int64_t> sizes,
            ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations) {
  for (auto [name, array] : {std::pair("sizes", sizes),
                             {"strides", strides},
                             {"dilations", dilations}})
    if (array.size() != windowed.size())
      return emitOptionalError(loc, op, ": `", name, "` has ", array.size(),
                               " entries for ", windowed.size(), " dimensions");
  if (windowed.empty())
    return emitOptionalError(loc, op, ": needs at least one dimension");
  SmallVector<int64_t> shape(type.getShape());
  int64_t last = -1;
  for (auto [i, d] : llvm::enumerate(windowed)) {
    if (d < 0 || d >= type.getRank())
      return emitOptionalError(loc, op, ": dimension ", d,
                               " is out of range for rank ", type.getRank());
    if (d <= last)
      return emitOptionalError(loc, op, ": dimensions must increase");
    last = d;
    FailureOr<int64_t> count = countWindows(
        loc, op, d, type.getDimSize(d), {sizes[i], strides[i], dilations[i]});
    if (failed(count))
      return failure();
    shape[d] = *count;
  }
  shape.insert(shape.begin() + last + 1, sizes.begin(), sizes.end());
  return shape;
}

LogicalResult WindowsOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  RankedTensorType type = tensorType(adaptor.getOperand());
  FailureOr<SmallVector<int64_t>> shape = windowShape(
      loc, "windows", type, adaptor.getWindowed(), adaptor.getSizes(),
      adaptor.getStrides(), adaptor.getDilations());
  if (failed(shape))
    return failure();
  types.push_back(type.clone(*shape));
  return success();
}

Value WindowsOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  return FoldWindowsOp::create(builder, getLoc(), getOperand().getType(),
                               cotangent, getWindowed(), getSizes(),
                               getStrides(), getDilations());
}

LogicalResult FoldWindowsOp::verify() {
  RankedTensorType type = tensorType(getResult());
  FailureOr<SmallVector<int64_t>> shape =
      windowShape(getLoc(), "fold_windows", type, getWindowed(), getSizes(),
                  getStrides(), getDilations());
  if (failed(shape))
    return failure();
  if (tensorType(getOperand()) != type.clone(*shape))
    return emitOpError("the windows of ")
           << type << " are " << type.clone(*shape);
  return success();
}

Value FoldWindowsOp::transposed(OpBuilder &builder, Value cotangent, unsigned) {
  return WindowsOp::create(builder, getLoc(), cotangent, getWindowed(),
                           getSizes(), getStrides(), getDilations());
}
