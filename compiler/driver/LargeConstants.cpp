//===- LargeConstants.cpp - bytes that stay out of a module's text --------===//

#include "compiler/driver/LargeConstants.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::driver;

/// An op's attribute {name = number, …}: which of its attributes is which of
/// the constants that were taken out.
static constexpr StringLiteral takenOut = "sinter.taken_out";

static Attribute makeZeros(DenseResourceElementsAttr resource) {
  auto type = cast<ShapedType>(resource.getType());
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  SmallVector<char> zero((type.getElementTypeBitWidth() + 7) / 8, 0);
  return DenseElementsAttr::getFromRawBuffer(type, zero);
}

/// Bytes of that many numbers, each of whole bytes; nothing for other types or
/// more than can be counted.
static std::optional<int64_t> getBytes(Type element, ArrayRef<int64_t> counts) {
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() % 8)
    return std::nullopt;
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  for (int64_t count : counts)
    if (llvm::MulOverflow(bytes, count, bytes))
      return std::nullopt;
  return bytes;
}

static LogicalResult verifyResource(Operation *op,
                                    DenseResourceElementsAttr resource) {
  auto type = cast<ShapedType>(resource.getType());
  std::optional<int64_t> bytes =
      getBytes(type.getElementType(), type.getShape());
  if (!bytes)
    return op->emitOpError("has a dense_resource of ")
           << type << ": only numbers of whole bytes may be in one";
  const AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return op->emitOpError("names a resource that is not in the file: ")
           << resource.getRawHandle().getKey();
  if (static_cast<int64_t>(blob->getData().size()) != *bytes)
    return op->emitOpError("needs ")
           << *bytes << " bytes, but the resource has "
           << blob->getData().size();
  return success();
}

/// Its own verifier compares neither with the value's type.
static LogicalResult verifyGlobal(LLVM::GlobalOp global) {
  auto resource =
      dyn_cast_or_null<DenseResourceElementsAttr>(global.getValueOrNull());
  if (!resource)
    return success();
  SmallVector<int64_t> counts;
  Type element = global.getGlobalType();
  while (auto array = dyn_cast<LLVM::LLVMArrayType>(element)) {
    counts.push_back(static_cast<int64_t>(array.getNumElements()));
    element = array.getElementType();
  }
  auto type = cast<ShapedType>(resource.getType());
  if (element == type.getElementType() &&
      getBytes(element, counts) == getBytes(element, type.getShape()))
    return success();
  return global.emitOpError("is ")
         << global.getGlobalType() << ", but its value is " << type;
}

LogicalResult sinter::driver::verifyResources(ModuleOp module) {
  WalkResult walk = module.walk([](Operation *op) -> WalkResult {
    for (NamedAttribute attr : op->getAttrs())
      if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr.getValue()))
        if (failed(verifyResource(op, resource)))
          return failure();
    if (auto global = dyn_cast<LLVM::GlobalOp>(op))
      return verifyGlobal(global);
    return success();
  });
  return success(!walk.wasInterrupted());
}

LargeConstants::LargeConstants(ModuleOp module) {
  Builder builder(module.getContext());
  module.walk([&](Operation *op) {
    // A reproducer has it: zeros are its constants.
    op->removeAttr(takenOut);
    SmallVector<NamedAttribute> numbers;
    for (NamedAttribute attr : op->getAttrs()) {
      auto resource = dyn_cast<DenseResourceElementsAttr>(attr.getValue());
      if (!resource)
        continue;
      numbers.emplace_back(
          attr.getName(),
          builder.getI64IntegerAttr(static_cast<int64_t>(constants.size())));
      constants.push_back(resource);
      op->setAttr(attr.getName(), makeZeros(resource));
    }
    if (!numbers.empty())
      op->setAttr(takenOut, builder.getDictionaryAttr(numbers));
  });
}

void LargeConstants::restore(ModuleOp module) {
  if (empty())
    return;
  module.walk([&](Operation *op) {
    auto numbers = op->getAttrOfType<DictionaryAttr>(takenOut);
    if (!numbers)
      return;
    op->removeAttr(takenOut);
    for (NamedAttribute number : numbers)
      op->setAttr(number.getName(),
                  constants[cast<IntegerAttr>(number.getValue()).getInt()]);
  });
}
