//===- DeduplicateKernels.cpp - equal kernels become one ------------------===//
//
// Two kernels are equal if their text is, but for names and places.  The first
// stays; calls keep their own names and places, since the same code runs for
// different lines of the model.  Of two calls of one kernel with the same
// values one stays, whatever their boundaries say.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/DeduplicateKernels.h"
#include "compiler/ir/Sinter.h"

#include <map>

#include "llvm/ADT/StringMap.h"

namespace sinter::passes {
#define GEN_PASS_DEF_DEDUPLICATEKERNELS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// The kernel's text without its name and what the report keeps on it.
static std::string textOf(KernelOp kernel) {
  OwningOpRef<KernelOp> anonymous = kernel.clone();
  anonymous->setSymName("k");
  (*anonymous)->removeAttr(refusalsAttr);
  std::string text;
  llvm::raw_string_ostream stream(text);
  anonymous->getOperation()->print(
      stream,
      OpPrintingFlags()
          .useLocalScope()
          .enableDebugInfo(false)
          .elideLargeElementsAttrs(std::numeric_limits<int64_t>::max()));
  return text;
}

/// Leaves one of the calls that differ by what the report keeps on them alone;
/// reshapes stand between calls.
static void mergeCalls(Block &block) {
  std::map<std::vector<const void *>, Operation *> firsts;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        mergeCalls(inner);
    std::vector<const void *> key;
    if (auto call = dyn_cast<CallOp>(op))
      key.push_back(call.getKernelAttr().getAsOpaquePointer());
    else if (auto reshape = dyn_cast<ReshapeOp>(op))
      key.push_back(reshape.getType().getAsOpaquePointer());
    else
      continue;
    for (Value operand : op.getOperands())
      key.push_back(operand.getAsOpaquePointer());
    auto [it, isFirst] = firsts.try_emplace(std::move(key), &op);
    if (isFirst)
      continue;
    op.replaceAllUsesWith(it->second);
    op.erase();
  }
}

namespace {
struct DeduplicateKernels
    : passes::impl::DeduplicateKernelsBase<DeduplicateKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::DenseSet<StringAttr> called;
    module.walk(
        [&](CallOp call) { called.insert(call.getKernelAttr().getAttr()); });
    llvm::StringMap<FlatSymbolRefAttr> firsts;
    llvm::DenseMap<StringAttr, FlatSymbolRefAttr> replacements;
    for (auto kernel : llvm::make_early_inc_range(module.getOps<KernelOp>())) {
      // Nobody needed its results.
      if (!called.contains(kernel.getSymNameAttr())) {
        kernel.erase();
        continue;
      }
      auto self = FlatSymbolRefAttr::get(kernel.getSymNameAttr());
      auto [it, isFirst] = firsts.try_emplace(textOf(kernel), self);
      if (isFirst)
        continue;
      replacements[kernel.getSymNameAttr()] = it->second;
      kernel.erase();
    }
    module.walk([&](CallOp call) {
      auto it = replacements.find(call.getKernelAttr().getAttr());
      if (it != replacements.end())
        call.setKernelAttr(it->second);
    });
    for (auto entry : module.getOps<EntryOp>())
      mergeCalls(entry.getBody().front());
  }
};
} // namespace

std::unique_ptr<Pass> passes::createDeduplicateKernelsPass() {
  return std::make_unique<DeduplicateKernels>();
}
