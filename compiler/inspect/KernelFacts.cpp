//===- KernelFacts.cpp - what a kernel computes and moves -----------------===//

#include "compiler/inspect/KernelFacts.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::inspect;
using namespace sinter::ir;

static int64_t elementsOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

/// Arithmetic operations; a function of the mathematics library counts as one,
/// comparisons, choices and conversions as none.
static int64_t flopsOf(Operation *op) {
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    auto lhs = cast<RankedTensorType>(dot.getLhs().getType());
    int64_t depth = 1;
    for (int64_t dim : dot.getLhsContracting())
      depth *= lhs.getDimSize(dim);
    return 2 * depth * elementsOf(dot.getResult());
  }
  if (auto conv = dyn_cast<ConvOp>(op)) {
    auto kernel = cast<RankedTensorType>(conv.getKernel().getType());
    int64_t features = std::max<int64_t>(kernel.getShape().back(), 1);
    return 2 * kernel.getNumElements() / features *
           elementsOf(conv.getResult());
  }
  if (auto fold = dyn_cast<FoldWindowsOp>(op))
    return elementsOf(fold.getOperand());
  if (auto scatter = dyn_cast<ScatterAddOp>(op))
    return elementsOf(scatter.getUpdates());
  if (op->hasTrait<ir::Reduction>() || isa<CumulativeSumOp>(op))
    return elementsOf(op->getOperand(0));
  if (op->hasTrait<ir::Pointwise>() && !isa<CastOp, SelectOp, CompareOp>(op))
    return elementsOf(op->getResult(0));
  return 0;
}

KernelFacts inspect::factsOf(KernelOp kernel) {
  KernelFacts facts;
  // What a library stands in for counts as what it is.
  kernel.getBody().walk([&](Operation *op) {
    if (!isa<ConstantOp, LibraryCallOp, YieldOp, ReturnOp>(op))
      ++facts.ops;
    facts.flops += flopsOf(op);
  });
  for (Type type : kernel.getArgumentTypes())
    facts.bytesRead += getByteSize(type);
  for (Type type : kernel.getResultTypes())
    facts.bytesWritten += getByteSize(type);
  return facts;
}

/// How often each kernel runs in `block`, which itself runs `times` times.
static void countRuns(Block &block, int64_t times,
                      llvm::MapVector<StringAttr, int64_t> &runs) {
  for (Operation &op : block) {
    if (auto call = dyn_cast<CallOp>(op))
      runs[call.getKernelAttr().getAttr()] += times;
    if (auto scan = dyn_cast<ScanOp>(op))
      countRuns(scan.getBody().front(),
                times * static_cast<int64_t>(scan.getTripCount()), runs);
  }
}

llvm::MapVector<StringAttr, int64_t> inspect::countRuns(EntryOp entry) {
  llvm::MapVector<StringAttr, int64_t> runs;
  ::countRuns(entry.getBody().front(), 1, runs);
  return runs;
}
