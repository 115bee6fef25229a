//===- ReductionWave.cpp - reducing ops that share a loop -----------------===//

#include "passes/lower/ReductionWave.h"

#include "compiler/ir/Sinter.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

SmallVector<Operation *> sinter::passes::nextWave(ArrayRef<Operation *> ops) {
  SmallVector<Operation *> wave{ops.front()};
  auto depends = [&](auto &&depends, Value value,
                     llvm::DenseSet<Value> &seen) -> bool {
    Operation *op = value.getDefiningOp();
    if (!op || !seen.insert(value).second)
      return false;
    return llvm::is_contained(wave, op) ||
           llvm::any_of(op->getOperands(), [&](Value operand) {
             return depends(depends, operand, seen);
           });
  };
  for (Operation *op : ops.drop_front()) {
    Operation *first = wave.front();
    llvm::DenseSet<Value> seen;
    if (isa<DotGeneralOp>(op) || isa<DotGeneralOp>(first) ||
        tensorType(op->getOperand(0)).getShape() !=
            tensorType(first->getOperand(0)).getShape() ||
        op->getAttr("dimensions") != first->getAttr("dimensions") ||
        op->getAttr("dimension") != first->getAttr("dimension") ||
        depends(depends, op->getOperand(0), seen))
      break;
    wave.push_back(op);
  }
  return wave;
}
