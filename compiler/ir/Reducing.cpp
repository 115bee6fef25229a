//===- Reducing.cpp - ops that cost a loop for one element ----------------===//

#include "compiler/ir/Reducing.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

bool sinter::ir::isReducing(Operation *op) {
  return isa<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp, ArgMaxOp,
             ArgMinOp, DotGeneralOp, ConvOp, FoldWindowsOp>(op) ||
         writesWhole(op);
}

bool sinter::ir::writesWhole(Operation *op) {
  return isa<ScatterAddOp, CumulativeSumOp, ArgSortOp, LibraryCallOp>(op);
}

bool sinter::ir::standsAlone(Operation *op) {
  return isa<DotGeneralOp, ConvOp, FoldWindowsOp>(op) || writesWhole(op);
}

bool sinter::ir::reducesLastDimension(Operation *op) {
  if (standsAlone(op))
    return false;
  int64_t rank = tensorType(op->getOperand(0)).getRank();
  if (auto dimension = op->getAttrOfType<IntegerAttr>("dimension"))
    return dimension.getInt() == rank - 1;
  auto dims = op->getAttrOfType<DenseI64ArrayAttr>("dimensions").asArrayRef();
  return !dims.empty() && dims.back() == rank - 1;
}

bool sinter::ir::reducesSuffix(Operation *op) {
  if (!reducesLastDimension(op))
    return false;
  int64_t rank = tensorType(op->getOperand(0)).getRank();
  if (auto dims = op->getAttrOfType<DenseI64ArrayAttr>("dimensions"))
    return dims.asArrayRef().front() == rank - dims.size();
  return true;
}

/// Whether some but not all dimensions are reduced, and to as few elements as
/// registers hold beside what is computed from them.
static bool areFew(ArrayRef<int64_t> space, ArrayRef<int64_t> reduced) {
  constexpr int64_t largestWindow = 16;
  int64_t elements = 1;
  for (int64_t d : reduced)
    elements *= space[d];
  return !reduced.empty() && reduced.size() < space.size() && elements > 0 &&
         elements <= largestWindow;
}

bool sinter::ir::areWindows(ArrayRef<int64_t> space,
                            ArrayRef<int64_t> reduced) {
  return areFew(space, reduced) &&
         !llvm::is_contained(reduced, static_cast<int64_t>(space.size()) - 1);
}

bool sinter::ir::areShortRows(ArrayRef<int64_t> space,
                              ArrayRef<int64_t> reduced) {
  return areFew(space, reduced) &&
         reduced.front() ==
             static_cast<int64_t>(space.size() - reduced.size()) &&
         reduced.back() == static_cast<int64_t>(space.size()) - 1;
}

SmallVector<int64_t> sinter::ir::reducedDimensions(Operation *op) {
  if (auto dimension = op->getAttrOfType<IntegerAttr>("dimension"))
    return {dimension.getInt()};
  return llvm::to_vector(
      op->getAttrOfType<DenseI64ArrayAttr>("dimensions").asArrayRef());
}
