//===- PointwiseFan.cpp - functions of one value, element by element ------===//

#include "compiler/ir/PointwiseFan.h"
#include "compiler/ir/MathFunctions.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace sinter::ir;

/// Smooth functions that cost more than a product or two.
static bool isCostly(Operation *op) {
  return isMathFunction(op) || isa<SqrtOp, RsqrtOp, DivOp>(op);
}
static bool isSmooth(Operation *op) {
  return isCostly(op) || isa<AddOp, SubOp, MulOp, NegOp>(op);
}

std::optional<PointwiseFan>
sinter::ir::findPointwiseFan(Operation *last,
                             function_ref<bool(Value)> isActive,
                             function_ref<bool(Value)> isOpen) {
  // No activation function has as many; the search ends soon in any graph.
  constexpr size_t mostOps = 32;

  llvm::SmallSetVector<Operation *, 16> ops;
  // Active values that ops of the fan read and none of them gives.
  llvm::SmallSetVector<Value, 4> open;
  auto take = [&](Operation *op) {
    ops.insert(op);
    for (Value operand : op->getOperands())
      if (isActive(operand))
        open.insert(operand);
  };
  // All readers of a value that matter stand in the fan.
  auto isInside = [&](Value value) {
    Operation *producer = value.getDefiningOp();
    return producer && producer->getBlock() == last->getBlock() &&
           isSmooth(producer) && isOpen(value) &&
           llvm::all_of(value.getUsers(), [&](Operation *user) {
             return ops.contains(user) ||
                    llvm::none_of(user->getResults(), isActive);
           });
  };
  auto isFork = [&](Value value) {
    unsigned reads = 0;
    for (Operation *op : ops)
      reads += llvm::count(op->getOperands(), value);
    return reads > 1;
  };

  if (!isSmooth(last))
    return std::nullopt;
  take(last);
  while (open.size() > 1 || !isFork(open.front()) ||
         llvm::none_of(ops, isCostly)) {
    // The last one first: what stands before it may have it as a reader.
    Value next;
    for (Value value : open)
      if (isInside(value) && (!next || next.getDefiningOp()->isBeforeInBlock(
                                           value.getDefiningOp())))
        next = value;
    if (!next || ops.size() == mostOps)
      return std::nullopt;
    open.remove(next);
    take(next.getDefiningOp());
  }
  PointwiseFan fan{open.front(), ops.takeVector()};
  llvm::sort(fan.ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return fan;
}
