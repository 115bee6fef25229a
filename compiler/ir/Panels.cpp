//===- Panels.cpp - a contraction's B in panels of columns ----------------===//

#include "compiler/ir/Panels.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

namespace {
/// B's dimensions in the order of panels: batch, K, N.
struct PanelOrder {
  SmallVector<int64_t> extents;
  /// Dimension d of B is the permutation[d]-th of these.
  SmallVector<int64_t> permutation;

  explicit PanelOrder(const ContractionForm &form) {
    for (const StridedDims *dims : {&form.rhsBatch, &form.rhsK, &form.rhsN})
      permutation.append(dims->dimensions.size(), 0);
    for (const StridedDims *dims : {&form.rhsBatch, &form.rhsK, &form.rhsN})
      for (auto [d, extent] : llvm::zip(dims->dimensions, dims->extents)) {
        permutation[d] = static_cast<int64_t>(extents.size());
        extents.push_back(extent);
      }
  }
  bool isIdentity() const { return llvm::is_sorted(permutation); }
  /// Dimension i of these is B's inverse()[i]-th.
  SmallVector<int64_t> inverse() const {
    SmallVector<int64_t> dimensions(permutation.size());
    for (auto [d, place] : llvm::enumerate(permutation))
      dimensions[place] = static_cast<int64_t>(d);
    return dimensions;
  }
};
} // namespace

/// The value itself, if it has that shape.
static Value reshaped(OpBuilder &builder, Value value,
                      ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape)
    return value;
  auto type = cast<RankedTensorType>(value.getType()).clone(shape);
  return ReshapeOp::create(builder, value.getLoc(), type, value);
}

RankedTensorType Panels::getType(DotGeneralOp op, const ContractionForm &form,
                                 int64_t width) {
  int64_t count = llvm::divideCeil(form.n, width);
  return RankedTensorType::get({form.batch, count, form.k, width},
                               getElementTypeOrSelf(op.getRhs().getType()));
}

Value Panels::pack(OpBuilder &builder, DotGeneralOp op,
                   const ContractionForm &form, Value rhs, int64_t width) {
  Location loc = op.getRhs().getLoc();
  PanelOrder order(form);
  int64_t count = llvm::divideCeil(form.n, width);
  Value value = rhs;
  if (!order.isIdentity())
    value = TransposeOp::create(builder, loc, value, order.inverse());
  value = reshaped(builder, value, {form.batch, form.k, form.n});
  if (int64_t missing = count * width - form.n)
    value = PadOp::create(builder, loc,
                          cast<RankedTensorType>(value.getType())
                              .clone({form.batch, form.k, count * width}),
                          value, ArrayRef<int64_t>{0, 0, 0},
                          ArrayRef<int64_t>{0, 0, missing},
                          ArrayRef<int64_t>{0, 0, 0});
  value = reshaped(builder, value, {form.batch, form.k, count, width});
  return TransposeOp::create(builder, loc, value,
                             ArrayRef<int64_t>{0, 2, 1, 3});
}

Value Panels::unpack(OpBuilder &builder, DotGeneralOp op,
                     const ContractionForm &form, Value panels) {
  Location loc = op.getRhs().getLoc();
  PanelOrder order(form);
  ArrayRef<int64_t> shape = shapeOf(panels);
  Value value =
      TransposeOp::create(builder, loc, panels, ArrayRef<int64_t>{0, 2, 1, 3});
  value = reshaped(builder, value, {form.batch, form.k, shape[1] * shape[3]});
  if (form.n != shape[1] * shape[3])
    value = SliceOp::create(builder, loc, value, ArrayRef<int64_t>{0, 0, 0},
                            ArrayRef<int64_t>{form.batch, form.k, form.n},
                            ArrayRef<int64_t>{1, 1, 1});
  value = reshaped(builder, value, order.extents);
  if (!order.isIdentity())
    value = TransposeOp::create(builder, loc, value, order.permutation);
  return value;
}

std::optional<Panels> Panels::of(DotGeneralOp op, const ContractionForm &form) {
  PanelOrder order(form);
  Value value = op.getRhs();
  if (!order.isIdentity()) {
    auto transpose = value.getDefiningOp<TransposeOp>();
    if (!transpose || transpose.getPermutation() != ArrayRef(order.permutation))
      return std::nullopt;
    value = transpose.getOperand();
  }
  if (shapeOf(value) != ArrayRef(order.extents))
    return std::nullopt;
  auto skipReshape = [&] {
    if (auto reshape = value.getDefiningOp<ReshapeOp>())
      value = reshape.getOperand();
  };
  // One that B needs not is %r.
  SmallVector<int64_t, 3> matrices = {form.batch, form.k, form.n};
  if (shapeOf(value) != ArrayRef(matrices))
    skipReshape();
  if (shapeOf(value) != ArrayRef(matrices))
    return std::nullopt;
  if (auto slice = value.getDefiningOp<SliceOp>()) {
    if (!llvm::all_equal(slice.getOffsets()) || slice.getOffsets()[0] != 0 ||
        !llvm::all_equal(slice.getStrides()) || slice.getStrides()[0] != 1)
      return std::nullopt;
    value = slice.getOperand();
  }
  Value padded = value;
  skipReshape();
  auto transpose = value.getDefiningOp<TransposeOp>();
  if (!transpose || transpose.getPermutation() != ArrayRef<int64_t>{0, 2, 1, 3})
    return std::nullopt;
  auto argument = dyn_cast<BlockArgument>(transpose.getOperand());
  if (!argument)
    return std::nullopt;
  int64_t width = shapeOf(argument)[3];
  if (width < 1 || argument.getType() != getType(op, form, width))
    return std::nullopt;
  int64_t columns = shapeOf(argument)[1] * width;
  if (shapeOf(padded) != ArrayRef<int64_t>{form.batch, form.k, columns})
    return std::nullopt;
  return Panels{argument, width};
}
