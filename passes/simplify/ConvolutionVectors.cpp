//===- ConvolutionVectors.cpp - what a convolution's vectors take ---------===//

#include "passes/simplify/ConvolutionVectors.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

ConvolutionVectors::ConvolutionVectors(ConvOp op)
    : op(op), kernel(cast<RankedTensorType>(op.getKernel().getType())),
      spatial(op.getSpatialRank()), target(TargetFacts::of(op)),
      lanes(target.lanes(
          getStorageType(kernel.getElementType()).getIntOrFloatBitWidth())) {}

Value ConvolutionVectors::imageOfSamples() {
  auto transpose = op.getInput().getDefiningOp<TransposeOp>();
  auto order = llvm::to_vector(llvm::seq<int64_t>(1, spatial + 1));
  order.insert(order.begin(), spatial + 1);
  order.push_back(0);
  return transpose && op.getStrides().back() == 1 &&
                 llvm::equal(transpose.getPermutation(), order)
             ? transpose.getOperand()
             : Value();
}

int64_t ConvolutionVectors::stepsAtOnce() {
  int64_t features = std::max<int64_t>(kernel.getShape().back(), 1);
  int64_t steps = lanes / static_cast<int64_t>(llvm::PowerOf2Ceil(features));
  int64_t run = kernel.getDimSize(spatial);
  if (op.getKernelDilation().back() == 1)
    run *= kernel.getDimSize(spatial - 1);
  bool isTurned = op.getInput().getDefiningOp<TransposeOp>() != nullptr;
  return steps > 1 && !isTurned && run % steps == 0 ? steps : 1;
}

bool ConvolutionVectors::fillAlongRows() {
  RankedTensorType result = cast<RankedTensorType>(op.getType());
  int64_t features = result.getShape().back();
  int64_t row = result.getDimSize(spatial);
  if (imageOfSamples())
    row *= result.getDimSize(0);
  // Every element is turned once and met by this many multiply-adds.
  constexpr int64_t leastDepth = 16;
  int64_t depth = kernel.getNumElements() / std::max<int64_t>(features, 1);
  bool masks = target.vectorBits >= 256 || row % lanes == 0;
  int64_t along = row * llvm::divideCeil(features, lanes);
  int64_t across = features * llvm::divideCeil(row, lanes);
  bool pays = 3 * across <= 2 * along;
  if (int64_t steps = stepsAtOnce(); steps > 1) {
    // Measured: multiply-adds with a load of their own, and an image's turns.
    constexpr double withLoad = 1.4, turn = 30;
    double turned =
        1.0 * row * op.getStrides().back() * kernel.getDimSize(spatial) / lanes;
    pays = across * depth + turn * turned < withLoad * along * depth / steps;
  }
  return Options::of(op).optLevel > 0 && masks && depth >= leastDepth &&
         kernel.getDimSize(spatial - 1) > 1 && pays;
}

bool ConvolutionVectors::areRowsOfOneProduct() {
  constexpr int64_t mostRows = 8, leastBits = 512;
  RankedTensorType result = cast<RankedTensorType>(op.getType());
  int64_t row = result.getDimSize(spatial) * result.getDimSize(0);
  return spatial == 2 && target.vectorBits >= leastBits &&
         op.getLow().front() == 0 && op.getHigh().front() == 0 &&
         result.getDimSize(1) > 1 && result.getDimSize(1) <= mostRows &&
         row <= lanes && 4 * row >= 3 * lanes;
}
