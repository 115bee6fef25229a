//===- VerifyLLVMStage.cpp - the C interface is whole ---------------------===//
//
// Comes in: a module of the `llvm` stage, perhaps read from a dump.  Goes out:
// success or located errors.  The model's constant points to the entries'
// functions, and hosts call them as the header says.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/HostNames.h"
#include "compiler/ir/ModelDescription.h"
#include "compiler/target/Stage.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace sinter;

static LogicalResult verifyEntry(ModuleOp module,
                                 const ir::ModelDescription &model,
                                 StringRef entry) {
  MLIRContext *context = module.getContext();
  std::string name = ir::getEntrySymbol(model.name, entry);
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
  if (!function || function.isExternal())
    return module.emitError("the entry '")
           << entry << "' has no function '" << name << "'";
  Type pointer = LLVM::LLVMPointerType::get(context);
  Type second = entry == "init" ? IntegerType::get(context, 64) : pointer;
  auto wanted = LLVM::LLVMFunctionType::get(
      IntegerType::get(context, 32), {pointer, second, pointer, pointer});
  if (function.getFunctionType() != wanted)
    return function.emitOpError("is an entry, whose type must be ") << wanted;
  if (function.getLinkage() != LLVM::Linkage::External)
    return function.emitOpError("is an entry, which must be external");
  return success();
}

namespace {
struct VerifyLLVMStage : PassWrapper<VerifyLLVMStage, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VerifyLLVMStage)
  StringRef getArgument() const override { return "sinter-verify-llvm-stage"; }
  StringRef getDescription() const override {
    return "nothing but the LLVM dialect, and a function for each entry";
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<ir::ModelDescription> model = ir::ModelDescription::of(module);
    if (failed(model))
      return signalPassFailure();
    bool isForeign = false;
    module.walk([&](Operation *op) {
      if (op == module || isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()))
        return;
      op->emitOpError("is not of the LLVM dialect at the end of `llvm`");
      isForeign = true;
    });
    if (isForeign)
      return signalPassFailure();
    for (const ir::EntryDescription &entry : model->entries)
      if (failed(verifyEntry(module, *model, entry.name)))
        return signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> target::createVerifyLLVMStagePass() {
  return std::make_unique<VerifyLLVMStage>();
}
