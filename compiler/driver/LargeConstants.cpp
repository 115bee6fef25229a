//===- LargeConstants.cpp - bytes that stay out of a module's text --------===//

#include "compiler/driver/LargeConstants.h"

#include "mlir/IR/BuiltinAttributes.h"

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
