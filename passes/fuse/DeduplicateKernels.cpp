//===- DeduplicateKernels.cpp - equal kernels become one ------------------===//
//
// Two kernels are equal if their text is, but for names and places.  The first
// stays; calls keep their own names and places, since the same code runs for
// different lines of the model.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/DeduplicateKernels.h"
#include "compiler/ir/Sinter.h"

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
  }
};
} // namespace

std::unique_ptr<Pass> passes::createDeduplicateKernelsPass() {
  return std::make_unique<DeduplicateKernels>();
}
