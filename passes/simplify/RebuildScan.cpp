//===- RebuildScan.cpp - a scan with other operands and results -----------===//

#include "passes/simplify/RebuildScan.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

ScanPlan ScanPlan::of(ScanOp op) {
  ScanPlan plan;
  auto inputs = [](ValueRange outside, Block::BlockArgListType inside) {
    SmallVector<Input> result;
    for (auto [out, in] : llvm::zip(outside, inside))
      result.push_back({out, in});
    return result;
  };
  plan.carry = inputs(op.getInit(), op.getCarryArgs());
  plan.xs = inputs(op.getXs(), op.getXArgs());
  plan.invariants = inputs(op.getInvariants(), op.getInvariantArgs());
  llvm::append_range(plan.next, op.getNextCarry());
  llvm::append_range(plan.outputs, op.getStepOutputs());
  return plan;
}

RankedTensorType sinter::passes::stackedType(Type type, int64_t steps) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape = {steps};
  llvm::append_range(shape, tensor.getShape());
  return tensor.clone(shape);
}

/// The ops of the old body that the plan's results need, in order.
static SmallVector<Operation *> neededOps(ScanOp old, const ScanPlan &plan,
                                          const IRMapping &given) {
  llvm::DenseSet<Value> needed(plan.next.begin(), plan.next.end());
  needed.insert(plan.outputs.begin(), plan.outputs.end());
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::reverse(old.getBody().front())) {
    if (llvm::none_of(op.getResults(), [&](Value result) {
          return needed.contains(result) && !given.contains(result);
        }))
      continue;
    ops.push_back(&op);
    needed.insert(op.operand_begin(), op.operand_end());
  }
  std::reverse(ops.begin(), ops.end());
  return ops;
}

ScanOp sinter::passes::rebuildScan(OpBuilder &builder, ScanOp old,
                                   const ScanPlan &plan) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(old);
  auto outsideOf = [](ArrayRef<ScanPlan::Input> inputs) {
    Values values;
    for (const ScanPlan::Input &input : inputs)
      values.push_back(input.outside);
    return values;
  };
  Values init = outsideOf(plan.carry);
  SmallVector<Type> types(ValueRange(init).getTypes());
  for (Value output : plan.outputs)
    types.push_back(stackedType(output.getType(), old.getTripCount()));
  auto scan =
      ScanOp::create(builder, old.getLoc(), types, init, outsideOf(plan.xs),
                     outsideOf(plan.invariants), old.getTripCount(),
                     old.getReverse(), old.getCheckpoint(), old.getApart());
  scan->setDiscardableAttrs(old->getDiscardableAttrDictionary());

  IRMapping map;
  Block *body = builder.createBlock(&scan.getBody());
  map.map(old.getIndexArg(), body->addArgument(old.getIndexArg().getType(),
                                               old.getIndexArg().getLoc()));
  for (ArrayRef<ScanPlan::Input> inputs :
       {ArrayRef(plan.carry), ArrayRef(plan.xs), ArrayRef(plan.invariants)})
    for (const ScanPlan::Input &input : inputs)
      map.map(input.inside,
              body->addArgument(input.inside.getType(), input.inside.getLoc()));
  for (Operation *op : neededOps(old, plan, map)) {
    // Results that are given from outside stay so.
    Operation *clone = builder.cloneWithoutRegions(*op, map);
    for (auto [from, to] : llvm::zip(op->getRegions(), clone->getRegions()))
      from.cloneInto(&to, map);
  }
  Values results;
  for (Value value : llvm::concat<const Value>(plan.next, plan.outputs))
    results.push_back(map.lookup(value));
  YieldOp::create(builder, old.getBody().front().getTerminator()->getLoc(),
                  results);
  return scan;
}
