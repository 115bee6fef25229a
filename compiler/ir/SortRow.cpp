//===- SortRow.cpp - the scratch of a sort --------------------------------===//

#include "compiler/ir/SortRow.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

/// Keys and places begin where vectors are aligned.
static constexpr int64_t kAlignment = 64;

SortRow::SortRow(ArgSortOp op) {
  auto type = cast<RankedTensorType>(op.getOperand().getType());
  extent = type.getDimSize(op.getDimension());
  auto places = op->getAttrOfType<IntegerAttr>(placesReadAttr);
  read = places ? std::min(places.getInt(), extent) : extent;
  keyBits = std::max(32u, type.getElementTypeBitWidth());
}

int64_t SortRow::placesOffset() const {
  return llvm::alignTo(keyBytes(), kAlignment);
}

int64_t SortRow::bytes() const {
  return placesOffset() + llvm::alignTo(placeBytes(), kAlignment);
}

int64_t SortRow::passes() const {
  return llvm::Log2_64_Ceil(std::max<int64_t>(1, extent));
}
