//===- ComputeOverwrites.cpp - which results may replace arguments --------===//
//
// Of the arguments that a result may be written over (compiler/ir/Overwriting)
// the one is taken that the calls show to be an update of the same variable or
// loop carry.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/ComputeOverwrites.h"
#include "compiler/ir/Overwriting.h"

namespace sinter::passes {
#define GEN_PASS_DEF_COMPUTEOVERWRITES
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// Whether this call makes result r the next value of what argument i holds.
static bool isUpdate(CallOp call, unsigned r, unsigned i) {
  Value argument = memoryOf(call.getOperand(i));
  for (OpOperand &use : call.getResult(r).getUses()) {
    if (auto write = dyn_cast<WriteOp>(use.getOwner()))
      if (auto read = argument.getDefiningOp<ReadOp>())
        if (read.getVariable() == write.getVariable())
          return true;
    if (auto scan = dyn_cast<ScanOp>(use.getOwner()->getParentOp()))
      if (isa<YieldOp>(use.getOwner()) &&
          use.getOperandNumber() < scan.getNumCarried() &&
          argument == scan.getCarryArgs()[use.getOperandNumber()])
        return true;
  }
  return false;
}

void passes::computeOverwrites(KernelOp kernel, ArrayRef<CallOp> calls) {
  struct Candidate {
    unsigned result, argument;
    int64_t updates;
  };
  SmallVector<Candidate> candidates;
  Overwriting overwriting(kernel);
  for (unsigned r = 0; r < kernel.getResultTypes().size(); ++r)
    for (unsigned i = 0; i < kernel.getArgumentTypes().size(); ++i)
      if (overwriting.isPossible(r, i) &&
          llvm::none_of(calls, [&](CallOp c) { return isShared(c, i); }))
        candidates.push_back({r, i, llvm::count_if(calls, [&](CallOp call) {
                                return isUpdate(call, r, i);
                              })});
  llvm::stable_sort(candidates, [](const Candidate &a, const Candidate &b) {
    return a.updates > b.updates;
  });
  SmallVector<int64_t> overwrites(kernel.getResultTypes().size(), -1);
  for (const Candidate &candidate : candidates)
    if (overwrites[candidate.result] < 0 &&
        !llvm::is_contained(overwrites, candidate.argument))
      overwrites[candidate.result] = candidate.argument;
  kernel.setOverwrites(overwrites);
}

namespace {
struct ComputeOverwrites
    : passes::impl::ComputeOverwritesBase<ComputeOverwrites> {
  void runOnOperation() override {
    llvm::DenseMap<StringAttr, SmallVector<CallOp>> calls;
    getOperation().walk([&](CallOp call) {
      calls[call.getKernelAttr().getAttr()].push_back(call);
    });
    for (auto kernel : getOperation().getOps<KernelOp>())
      computeOverwrites(kernel, calls[kernel.getSymNameAttr()]);
  }
};
} // namespace

std::unique_ptr<Pass> passes::createComputeOverwritesPass() {
  return std::make_unique<ComputeOverwrites>();
}
