//===- EmitWindows.cpp - windows, and what they add up to -----------------===//
//
// Windows are an index map.  Their sum is one over the positions in a window:
// at each, whether some window has it here is a comparison and, for strides, a
// remainder, in scalar registers where vectors run along another dimension.  A
// conv by itself (simplification leaves none) is a sum of the same kind, with
// vectors along its features.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/ValueEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value ValueEmitter::computeWindows(WindowsOp op, const Point &point) {
  size_t behind = op.getWindowed().back() + 1;
  size_t count = op.getWindowed().size();
  Indices indices(point.indices.begin(), point.indices.begin() + behind);
  indices.insert(indices.end(), point.indices.begin() + behind + count,
                 point.indices.end());
  for (auto [i, d] : llvm::enumerate(op.getWindowed()))
    indices[d] = indices[d] * op.getStrides()[i] +
                 point.indices[behind + i] * op.getDilations()[i];
  return emit(op.getOperand(), point.at(std::move(indices)));
}

Value ValueEmitter::emitConvolved(ConvOp op, const Point &point,
                                  const Indices &reduced) {
  Location loc = op.getLoc();
  RankedTensorType from = tensorType(op.getInput());
  Type element = from.getElementType();
  int64_t spatial = op.getSpatialRank();
  int64_t channels = from.getShape().back() / op.getGroups();
  int64_t features = tensorType(op).getShape().back() / op.getGroups();
  space.setLanes(point.lanes, point.active());
  Index feature = point.indices.back(), group;
  if (op.getGroups() > 1)
    group = space.divide(feature, features).first;
  Indices input = point.indices, weight = reduced;
  weight.push_back(feature);
  input.back() = group * channels + reduced.back();
  Value inside;
  for (int64_t d = 0; d < spatial; ++d) {
    Index &index = input[d + 1];
    int64_t dilation = op.getInputDilation()[d];
    int64_t last = (from.getDimSize(d + 1) - 1) * dilation;
    index = index * op.getStrides()[d] +
            reduced[d] * op.getKernelDilation()[d] - Index(op.getLow()[d]);
    inside = both(loc, inside, clamp(loc, index, 0, last + 1, point));
    inside = both(loc, inside, divideExactly(loc, index, dilation, point));
  }
  Value x = from.getNumElements() == 0
                ? zero(loc, element, point.lanes)
                : emit(op.getInput(), point.at(std::move(input)));
  if (inside)
    x = arith::SelectOp::create(builder, loc, inside, x,
                                zero(loc, element, point.lanes));
  Value w = emit(op.getKernel(), point.at(std::move(weight)));
  if (isa<FloatType>(element))
    return arith::MulFOp::create(builder, loc, x, w);
  return arith::MulIOp::create(builder, loc, x, w);
}

Value ValueEmitter::emitFolded(FoldWindowsOp op, const Point &point,
                               const Indices &position) {
  Location loc = op.getLoc();
  RankedTensorType from = tensorType(op.getOperand());
  size_t behind = op.getWindowed().back() + 1;
  space.setLanes(point.lanes, point.active());
  Indices indices = point.indices;
  Value inside;
  for (auto [i, d] : llvm::enumerate(op.getWindowed())) {
    Index &index = indices[d];
    int64_t stride = op.getStrides()[i];
    int64_t last = (from.getDimSize(d) - 1) * stride;
    index = index - position[i] * op.getDilations()[i];
    inside = both(loc, inside, clamp(loc, index, 0, last + 1, point));
    inside = both(loc, inside, divideExactly(loc, index, stride, point));
  }
  indices.insert(indices.begin() + behind, position.begin(), position.end());
  Value value = emit(op.getOperand(), point.at(std::move(indices)));
  if (!inside)
    return value;
  Type element = registerType(from.getElementType());
  TypedAttr nothing = isa<FloatType>(element)
                          ? TypedAttr(builder.getFloatAttr(element, -0.0))
                          : builder.getZeroAttr(element);
  return arith::SelectOp::create(builder, loc, inside, value,
                                 constant(loc, nothing, point.lanes));
}
