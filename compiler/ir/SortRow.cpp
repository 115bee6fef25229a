//===- SortRow.cpp - the scratch of a sort --------------------------------===//

#include "compiler/ir/SortRow.h"

#include "compiler/ir/OpKind.h"

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

/// How many places from the front of dimension `d` are read for certain: by
/// slices, and whole by what computes with the value or hands it out; through
/// the calls of a kernel as well.
static int64_t leastPlacesRead(Value places, int64_t d) {
  int64_t read = 1,
          extent = cast<RankedTensorType>(places.getType()).getDimSize(d);
  for (OpOperand &use : places.getUses()) {
    Operation *user = use.getOwner();
    if (auto slice = dyn_cast<SliceOp>(user)) {
      if (int64_t size = slice.getSizes()[d])
        read = std::max(read, slice.getOffsets()[d] +
                                  (size - 1) * slice.getStrides()[d] + 1);
    } else if (auto call = dyn_cast<CallOp>(user)) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
          call, call.getKernelAttr());
      read = std::max(
          read, leastPlacesRead(kernel.getArgument(use.getOperandNumber()), d));
    } else if (auto kernel = dyn_cast<KernelOp>(user->getParentOp());
               kernel && isa<ReturnOp>(user)) {
      kernel->getParentOfType<ModuleOp>().walk([&](CallOp call) {
        if (call.getKernelAttr().getAttr() == kernel.getSymNameAttr())
          read = std::max(
              read, leastPlacesRead(call.getResult(use.getOperandNumber()), d));
      });
    } else if (isa<ReturnOp, WriteOp>(user) ||
               kindOf(user) == OpKind::Pointwise ||
               kindOf(user) == OpKind::Gather) {
      return extent;
    }
  }
  return read;
}

LogicalResult sinter::ir::verifyPlacesRead(ArgSortOp op) {
  Attribute attr = op->getAttr(placesReadAttr);
  if (!attr)
    return success();
  auto places = dyn_cast<IntegerAttr>(attr);
  auto d = static_cast<int64_t>(op.getDimension());
  int64_t extent = op.getType().getDimSize(d);
  if (!places || !places.getType().isInteger(64) || places.getInt() < 1 ||
      places.getInt() > extent)
    return op.emitOpError("has '")
           << placesReadAttr << "' = " << attr
           << ", which is not an i64 from 1 to " << extent;
  int64_t read = leastPlacesRead(op.getResult(), d);
  if (places.getInt() < read)
    return op.emitOpError("has '")
           << placesReadAttr << "' = " << places.getInt() << ", but " << read
           << " of its places are read";
  return success();
}
