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
#include "compiler/ir/Boundaries.h"
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

/// A kernel that the text calls already is none of the stage's: this is why its
/// boundaries are where they are.
static void explainGiven(ModuleOp module,
                         const llvm::DenseSet<StringAttr> &given) {
  auto isGiven = [&](CallOp call) {
    return given.contains(call.getKernelAttr().getAttr());
  };
  Builder builder(module.getContext());
  module.walk([&](CallOp call) {
    SmallVector<Boundary> boundaries = boundariesOf(call);
    if (llvm::none_of(boundaries, [&](const Boundary &boundary) {
          return isGiven(boundary.producer) || isGiven(call);
        }))
      return;
    // Of those that the stage has explained, beside a given one, there are
    // fewer than boundaries.
    auto explained = call->getAttrOfType<ArrayAttr>(boundariesAttr);
    SmallVector<Attribute> reasons;
    size_t next = 0;
    for (const Boundary &boundary : boundaries)
      if (isGiven(boundary.producer) || isGiven(call))
        reasons.push_back(builder.getStringAttr("call: it was given"));
      else if (explained && next < explained.size())
        reasons.push_back(explained[next++]);
    call->setAttr(boundariesAttr, builder.getArrayAttr(reasons));
  });
}

namespace {
struct FormKernels : passes::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool fuse = Options::of(module).optLevel > 0;
    SymbolTable symbols(module);
    llvm::DenseSet<StringAttr> given;
    for (auto kernel : module.getOps<KernelOp>())
      given.insert(kernel.getSymNameAttr());
    for (auto entry : llvm::make_early_inc_range(module.getOps<EntryOp>()))
      formKernels(entry.getBody().front(), entry, fuse, symbols);
    if (!given.empty())
      explainGiven(module, given);
  }
};
} // namespace

std::unique_ptr<Pass> passes::createFormKernelsPass() {
  return std::make_unique<FormKernels>();
}
