//===- ScheduleUses.cpp - what of a schedule code can follow --------------===//

#include "compiler/ir/ScheduleUses.h"

#include "compiler/ir/MathFunctions.h"
#include "compiler/ir/OpKind.h"

using namespace mlir;
using namespace sinter::ir;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

bool sinter::ir::storesInWalks(const KernelPhases &phases) {
  return llvm::any_of(phases.phases, [](const Phase &phase) {
    return !phase.results.empty() &&
           (phase.reducing.empty() || !writesWhole(phase.reducing.front()));
  });
}

bool sinter::ir::walksRowsAgain(KernelOp kernel, const KernelPhases &phases) {
  Operation *end = kernel.getBody().front().getTerminator();
  return llvm::any_of(phases.phases, [&](const Phase &phase) {
    return phase.rows && !phase.reducing.empty() &&
           llvm::any_of(phase.results, [&](unsigned number) {
             return shapeOf(end->getOperand(number)).size() >
                    phase.outer.size();
           });
  });
}

StringRef sinter::ir::reductionForm(KernelOp kernel) {
  for (Operation &op : kernel.getBody().front())
    if (kindOf(&op) == OpKind::Reduction) {
      SmallVector<int64_t> dims = reducedDimensions(&op);
      int64_t rank = shapeOf(op.getOperand(0)).size();
      int64_t count = dims.size();
      if (count == rank)
        return "all";
      if (dims.front() == rank - count)
        return "row";
      if (dims.back() == count - 1)
        return "column";
      return "mixed";
    }
  return "all";
}

bool sinter::ir::hasMasks(const TargetFacts &target) {
  constexpr int64_t maskedWidth = 512;
  return target.vectorBits >= maskedWidth;
}

bool sinter::ir::drawsForFunctionsInOneLoop(KernelOp kernel) {
  ArrayRef<int64_t> shape;
  auto isAlike = [&](Value value) {
    ArrayRef<int64_t> other = shapeOf(value);
    if (ShapedType::getNumElements(other) == 1)
      return true;
    if (shape.empty())
      shape = other;
    return shape == other;
  };
  bool draws = false, hasFunctions = false;
  for (Operation &op : kernel.getBody().front()) {
    bool isDraw = isa<RandomUniformOp>(op);
    draws |= isDraw;
    hasFunctions |= isMathFunction(&op);
    // A draw's key is none of its elements.
    if (!llvm::all_of(op.getResults(), isAlike) ||
        (!isDraw && !llvm::all_of(op.getOperands(), isAlike)))
      return false;
  }
  return draws && hasFunctions;
}

bool sinter::ir::canDeferEpilogue(const ContractionTiling &tiling,
                                  ArrayRef<ContractionLoop> rows,
                                  ArrayRef<ContractionLoop> depth,
                                  int64_t columns) {
  auto [around, last] = tiling.tileRows(rows);
  return tiling.blockDepth == 0 && tiling.columns == tiling.lanes &&
         columns >= tiling.width() && depth.size() == 1 && !depth[0].bounded &&
         depth[0].extent / tiling.stepsBesideRow() >= around * last;
}

bool sinter::ir::canDeferEpilogue(const ContractionTiling &tiling,
                                  const ContractionForm &form) {
  return canDeferEpilogue(
      tiling, form.rowLoops(tiling.packLhs),
      form.depthLoops(tiling.packLhs, tiling.packRhs ? tiling.width() : 0),
      form.n);
}

bool sinter::ir::canLoopEpilogue(const ContractionTiling &tiling) {
  return !tiling.defersEpilogue && tiling.blockDepth == 0 &&
         !tiling.packsSteps();
}
