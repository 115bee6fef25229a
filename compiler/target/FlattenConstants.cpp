//===- FlattenConstants.cpp - large constants as plain bytes --------------===//
//
//   @w : !llvm.array<784 x array<512 x f32>>  ⇒  @w : !llvm.array<1605632 x i8>
//
// The code generator writes an array of bytes to the object as it is, and any
// other array element by element.  Only addresses of these constants are taken,
// and an address has no element type.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/FlattenConstants.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace sinter;

namespace {
struct FlattenConstants
    : PassWrapper<FlattenConstants, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FlattenConstants)
  StringRef getArgument() const override { return "sinter-flatten-constants"; }
  StringRef getDescription() const override {
    return "make arrays of bytes of large constants";
  }

  void runOnOperation() override {
    Type byte = IntegerType::get(&getContext(), 8);
    for (auto global : getOperation().getOps<LLVM::GlobalOp>()) {
      auto value =
          dyn_cast_or_null<DenseResourceElementsAttr>(global.getValueOrNull());
      if (!value || !value.getRawHandle().getBlob())
        continue;
      int64_t count = static_cast<int64_t>(
          value.getRawHandle().getBlob()->getData().size());
      if (count == 0)
        continue;
      global.setValueAttr(DenseResourceElementsAttr::get(
          RankedTensorType::get({count}, byte), value.getRawHandle()));
      global.setGlobalType(LLVM::LLVMArrayType::get(byte, count));
    }
  }
};
} // namespace

std::unique_ptr<Pass> target::createFlattenConstantsPass() {
  return std::make_unique<FlattenConstants>();
}
