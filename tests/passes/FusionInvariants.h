//===- FusionInvariants.h - what a fused model computes --------*- C++ -*-===//
//
// No value that costs anything is computed twice: how often each op stands in
// the kernels that run is compared with how often it stands in the model.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_PASSES_FUSIONINVARIANTS_H
#define SINTER_TESTS_PASSES_FUSIONINVARIANTS_H

#include "Fusing.h"
#include "passes/differentiate/Stage.h"
#include "passes/simplify/Stage.h"

#include <map>

namespace sinter::tests {
using namespace sinter::ir;

using Counts = std::map<std::string, int>;

/// Whether a copy of the op may be made for each of its readers: exactly
/// rounded and cheaper than a trip through memory.
inline bool isCheap(mlir::Operation &op) {
  return llvm::isa<NegOp, AbsOp, SignOp, NotOp, AddOp, SubOp, MulOp, DivOp,
                   MaxOp, MinOp, AndOp, OrOp, XorOp, CompareOp, SelectOp,
                   CastOp, FloorOp, CeilOp, RoundOp, ConstantOp, IotaOp,
                   BroadcastOp, TransposeOp, SliceOp, PadOp, ReverseOp,
                   ReshapeOp, WindowsOp>(op);
}

inline void countBlock(mlir::Block &block, Counts &counts) {
  for (mlir::Operation &op : block.without_terminator()) {
    if (auto scan = llvm::dyn_cast<ScanOp>(op))
      countBlock(scan.getBody().front(), counts);
    else if (auto call = llvm::dyn_cast<CallOp>(op))
      countBlock(call->getParentOfType<mlir::ModuleOp>()
                     .lookupSymbol<KernelOp>(call.getKernel())
                     .getBody()
                     .front(),
                 counts);
    else if (!isCheap(op) && !llvm::isa<ReadOp, WriteOp>(op))
      ++counts[op.getName().stripDialect().str()];
  }
}

/// The ops that cost something and how often they are computed in a call.
inline Counts countCostly(mlir::ModuleOp module) {
  Counts counts;
  for (auto entry : module.getOps<EntryOp>())
    countBlock(entry.getBody().front(), counts);
  return counts;
}

class FusionInvariants : public Fusing {
protected:
  void expectNothingTwice(mlir::ModuleOp model, mlir::ModuleOp fused) {
    Counts before = countCostly(model);
    for (auto &[name, count] : countCostly(fused))
      EXPECT_LE(count, before[name]) << name << " is computed again\n"
                                     << print(fused);
  }
  /// `model` as `simplified` would give it.
  mlir::OwningOpRef<mlir::ModuleOp> simplified(const std::string &text) {
    auto module = parse(text);
    mlir::PassManager manager(&context);
    passes::buildGradientStage(manager);
    passes::buildSimplifiedStage(manager);
    EXPECT_TRUE(succeeded(manager.run(*module)));
    return module;
  }
};

} // namespace sinter::tests

#endif // SINTER_TESTS_PASSES_FUSIONINVARIANTS_H
