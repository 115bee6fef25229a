//===- ConstantOps.cpp - values without operands: constants, iota ---------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace sinter::ir;

Value sinter::ir::createZeros(OpBuilder &builder, Location loc, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  auto zeros = DenseElementsAttr::get(
      tensor, builder.getZeroAttr(tensor.getElementType()));
  return ConstantOp::create(builder, loc, type, zeros);
}

LogicalResult ConstantOp::verify() {
  if (isa<DenseElementsAttr>(getValue()))
    return success();
  auto resource = dyn_cast<DenseResourceElementsAttr>(getValue());
  if (!resource)
    return emitOpError("holds dense elements, or a dense_resource");
  RankedTensorType type = getType();
  if (type.getElementType().isInteger(1))
    return emitOpError("of i1 must be written as dense elements");
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return emitOpError("names a resource that is not in the file: ")
           << resource.getRawHandle().getKey();
  if (static_cast<int64_t>(blob->getData().size()) != getByteSize(type))
    return emitOpError("needs ")
           << getByteSize(type) << " bytes, but the resource has "
           << blob->getData().size();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

DenseElementsAttr ConstantOp::getDenseValue() {
  if (auto dense = dyn_cast<DenseElementsAttr>(getValue()))
    return dense;
  auto resource = cast<DenseResourceElementsAttr>(getValue());
  return DenseElementsAttr::getFromRawBuffer(
      getType(), resource.getRawHandle().getBlob()->getData());
}

LogicalResult IotaOp::verify() {
  int64_t rank = cast<RankedTensorType>(getResult().getType()).getRank();
  if (static_cast<int64_t>(getDimension()) < 0 ||
      static_cast<int64_t>(getDimension()) >= rank)
    return emitOpError("dimension ") << static_cast<int64_t>(getDimension())
                                     << " is out of range for rank " << rank;
  return success();
}
