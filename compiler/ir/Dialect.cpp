//===- Dialect.cpp - registration and what the ops share ------------------===//
//
// Op folders in this folder are structural only (an identity, a double
// negation); folding of constants uses the interpreter and is a pass.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace sinter::ir;

#include "compiler/ir/Dialect.cpp.inc"
#include "compiler/ir/Enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "compiler/ir/Attributes.cpp.inc"
#define GET_OP_CLASSES
#include "compiler/ir/Ops.cpp.inc"

void SinterDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "compiler/ir/Attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "compiler/ir/Ops.cpp.inc"
      >();
}

Operation *SinterDialect::materializeConstant(OpBuilder &builder,
                                              Attribute value, Type type,
                                              Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

Type sinter::ir::getStorageType(Type elementType) {
  if (elementType.isInteger(1) || elementType.isInteger(8))
    return IntegerType::get(elementType.getContext(), 8);
  if (elementType.isBF16())
    return IntegerType::get(elementType.getContext(), 16);
  return elementType;
}

Type sinter::ir::getComputeType(Type type) {
  if (!getElementTypeOrSelf(type).isBF16())
    return type;
  auto f32 = Float32Type::get(type.getContext());
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(f32);
  return f32;
}

bool sinter::ir::isTensorValue(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return false;
  Type element = tensor.getElementType();
  return element.isF32() || element.isF64() || element.isBF16() ||
         element.isUnsignedInteger(8) ||
         (element.isSignlessInteger() &&
          (element.isInteger(64) || element.isInteger(32) ||
           element.isInteger(8) || element.isInteger(1)));
}

MemRefType sinter::ir::getBufferType(Type tensorType) {
  auto type = cast<RankedTensorType>(tensorType);
  Type storage = getStorageType(type.getElementType());
  // An inner extent of 0 would be a stride of 0, which the conversion of
  // functions to the LLVM dialect cannot express as a bare pointer.
  if (type.getNumElements() == 0)
    return MemRefType::get({0}, storage);
  return MemRefType::get(type.getShape(), storage);
}

int64_t sinter::ir::getByteSize(Type tensorType) {
  auto type = cast<RankedTensorType>(tensorType);
  Type storage = getStorageType(type.getElementType());
  // Too many to count is the most that can be counted (see ByteLimits.h).
  int64_t bytes = storage.getIntOrFloatBitWidth() / 8;
  if (llvm::is_contained(type.getShape(), 0))
    return 0;
  for (int64_t extent : type.getShape())
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      return std::numeric_limits<int64_t>::max();
  return bytes;
}

StringRef sinter::ir::getGivenName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().getValue();
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return getGivenName(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = getGivenName(part); !name.empty())
        return name;
  return {};
}
