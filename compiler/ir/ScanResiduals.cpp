//===- ScanResiduals.cpp - what a backward loop reads of the forward ------===//

#include "compiler/ir/ScanResiduals.h"

using namespace mlir;
using namespace sinter::ir;

void ScanResiduals::need(Value root) {
  if (origins.empty())
    findOrigins();
  // Ops with the number of operands that are taken up already.  No recursion:
  // a body may be as long as a model.
  SmallVector<std::pair<Operation *, unsigned>> open;
  auto takeUp = [&](Value value) {
    if (value == op.getIndexArg())
      return;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (llvm::is_contained(op.getInvariantArgs(), argument))
        invariants.insert(argument);
      else
        steps.insert(argument);
      return;
    }
    Operation *definition = value.getDefiningOp();
    if (!isRecomputed(definition))
      steps.insert(value);
    else if (!recomputed.contains(definition))
      open.push_back({definition, 0});
  };
  takeUp(root);
  while (!open.empty()) {
    auto &[definition, taken] = open.back();
    if (taken < definition->getNumOperands()) {
      takeUp(definition->getOperand(taken++));
      continue;
    }
    recomputed.insert(definition);
    open.pop_back();
  }
}

void ScanResiduals::findOrigins() {
  Block &body = op.getBody().front();
  for (BlockArgument argument : body.getArguments())
    origins[argument] = Origin::Step;
  for (BlockArgument argument : op.getCarryArgs())
    origins[argument] = Origin::Carry;
  for (BlockArgument argument : op.getInvariantArgs())
    origins[argument] = Origin::Invariants;
  for (Operation &inner : body) {
    Origin origin = Origin::Invariants;
    for (Value operand : inner.getOperands())
      origin = std::max(origin, origins.lookup(operand));
    for (Value result : inner.getResults())
      origins[result] = origin;
  }
}

bool ScanResiduals::isRecomputed(Operation *definition) {
  if (op.getCheckpoint())
    return true;
  if (definition->getNumRegions() != 0)
    return false;
  // The same in every step, so the simplifier moves it out of the loop.
  Origin origin = origins.lookup(definition->getResult(0));
  if (origin == Origin::Invariants)
    return true;
  bool moves = definition->hasTrait<Movement>();
  if (origin == Origin::Step)
    return moves || definition->hasTrait<Pointwise>() ||
           isa<IotaOp>(definition);
  // A repetition of something smaller.
  return moves && definition->getNumOperands() == 1 &&
         getByteSize(definition->getOperand(0).getType()) <=
             getByteSize(definition->getResult(0).getType());
}
