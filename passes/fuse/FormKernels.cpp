//===- FormKernels.cpp - entries become lists of kernel calls -------------===//
//
// The body of each entry, and of each scan in it, is clustered by the rules of
// GrowClusters.h and every cluster is outlined.  Clusters are formed on
// `sinter` ops, where it is known what an op is; grouping loops afterwards has
// to guess it back, and gives up on values with several users, which are most
// of a backward pass.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/FormKernels.h"
#include "compiler/ir/ModuleFacts.h"
#include "passes/fuse/GrowClusters.h"
#include "passes/fuse/OutlineKernel.h"

namespace sinter::passes {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

static void formKernels(Block &block, EntryOp entry, bool fuse,
                        SymbolTable &symbols) {
  for (Operation &op : block)
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        formKernels(inner, entry, fuse, symbols);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
  FloatingOps::cloneForUsers(block, fuse);
  ClusterGraph graph(block, fuse);
  growClusters(graph, fuse);
  outlineKernels(graph, entry, block, symbols);
}

namespace {
struct FormKernels : passes::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool fuse = Options::of(module).optLevel > 0;
    SymbolTable symbols(module);
    for (auto entry : llvm::make_early_inc_range(module.getOps<EntryOp>()))
      formKernels(entry.getBody().front(), entry, fuse, symbols);
  }
};
} // namespace

std::unique_ptr<Pass> passes::createFormKernelsPass() {
  return std::make_unique<FormKernels>();
}
