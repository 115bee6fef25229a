//===- VerifyLoops.cpp - the invariant of the loops stage -----------------===//
//
// `sinter-verify-loops-stage`: functions over memrefs in upstream dialects,
// nothing of sinter or tensors, no allocation.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModelDescription.h"
#include "compiler/ir/Sinter.h"
#include "passes/lower/Stage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace sinter::passes {
#define GEN_PASS_DEF_VERIFYLOOPSSTAGE
#include "passes/lower/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;

static bool mentionsTensor(TypeRange types) {
  return llvm::any_of(types, [](Type type) { return isa<TensorType>(type); });
}

static WalkResult verifyOp(Operation *op) {
  if (isa<sinter::ir::SinterDialect>(op->getDialect()))
    return op->emitOpError("is left after the loops stage");
  if (isa<memref::AllocOp, memref::AllocaOp>(op))
    return op->emitOpError("allocates; scratch comes from the plan");
  bool tensors = mentionsTensor(op->getOperandTypes()) ||
                 mentionsTensor(op->getResultTypes());
  for (Region &region : op->getRegions())
    for (Block &block : region)
      tensors |= mentionsTensor(block.getArgumentTypes());
  if (tensors)
    return op->emitOpError("has tensors after the loops stage");
  return WalkResult::advance();
}

/// The functions take the bytes that hosts are told to give.
static LogicalResult verifyBodies(ModuleOp module) {
  if (!module->hasAttr(sinter::ir::modelAttrName))
    return success();
  FailureOr<sinter::ir::ModelDescription> model =
      sinter::ir::ModelDescription::of(module);
  if (failed(model))
    return failure();
  for (auto function : module.getOps<func::FuncOp>()) {
    auto name = function->getAttrOfType<StringAttr>("sinter.entry");
    if (!name)
      continue;
    const sinter::ir::EntryDescription *entry = model->find(name);
    if (!entry)
      return function.emitOpError("is the entry ")
             << name << ", which 'sinter.model' does not have";
    SmallVector<int64_t> bytes = {model->stateBytes};
    for (const auto *list : {&entry->inputs, &entry->outputs})
      for (const sinter::ir::TensorDescription &tensor : *list)
        bytes.push_back(tensor.bytes);
    if (entry->traps)
      bytes.push_back(1);
    bytes.push_back(entry->workspaceBytes);
    SmallVector<Type> types;
    for (int64_t count : bytes)
      types.push_back(
          MemRefType::get({count}, IntegerType::get(module.getContext(), 8)));
    if (function.getArgumentTypes() != ArrayRef<Type>(types))
      return function.emitOpError("must take, as 'sinter.model' says, ")
             << types;
  }
  return success();
}

namespace {
struct VerifyLoopsStagePass
    : sinter::passes::impl::VerifyLoopsStageBase<VerifyLoopsStagePass> {
  void runOnOperation() override {
    if (getOperation().walk(verifyOp).wasInterrupted() ||
        failed(verifyBodies(getOperation())))
      signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createVerifyLoopsStagePass() {
  return std::make_unique<VerifyLoopsStagePass>();
}
