//===- Overwriting.cpp - results that may replace arguments ---------------===//

#include "compiler/ir/Overwriting.h"

#include "compiler/ir/OpKind.h"

using namespace mlir;
using namespace sinter::ir;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

Overwriting::Overwriting(KernelOp kernel)
    : kernel(kernel), segments(Segments::of(kernel)),
      plan(KernelPhases::of(kernel)),
      results(kernel.getBody().front().getTerminator()->getOperands()) {
  for (auto [number, phase] : llvm::enumerate(plan.phases))
    for (Operation *op : phase.reducing)
      phaseOf[op] = number;
  hasPieces = llvm::any_of(kernel.getBody().front(), [](Operation &op) {
    return isa<ConcatenateOp>(op) || writesWhole(&op);
  });
}

bool Overwriting::isPossible(unsigned r, unsigned i) {
  Value result = results[r], argument = kernel.getBody().getArgument(i);
  if (getBufferType(result.getType()) != getBufferType(argument.getType()) ||
      result == argument || !sameSegment(r, i))
    return false;
  if (auto scatter = result.getDefiningOp<ScatterAddOp>())
    return scatter.getOperand() == argument && argument.hasOneUse();
  if (hasPieces)
    return false;

  unsigned own = 0;
  while (own < plan.phases.size() &&
         !llvm::is_contained(plan.phases[own].results, r))
    ++own;
  for (unsigned p = own; p < plan.phases.size(); ++p) {
    const Phase &phase = plan.phases[p];
    const Reached &reached = reachedFrom(argument, p);
    bool isFull = shapeOf(result) != ArrayRef(phase.outer);
    for (Operation *op : phase.reducing)
      for (Value operand : op->getOperands()) {
        Reach reach = reached.lookup(operand);
        bool whole = (phase.rows && reducesSuffix(op)) || phase.isWindows();
        bool done = p == own && isFull && whole &&
                    shapeOf(operand) == shapeOf(argument) &&
                    reach == Reach::OwnPoint;
        if (reach != Reach::Nothing && !done)
          return false;
      }
    for (unsigned other : phase.results) {
      bool sameWalk = p == own && shapeOf(results[other]) == shapeOf(result);
      Reach reach = reached.lookup(results[other]);
      if (reach == Reach::Anywhere || (reach == Reach::OwnPoint && !sameWalk))
        return false;
    }
  }
  return true;
}

bool Overwriting::sameSegment(unsigned r, unsigned i) {
  // What all of them read is nobody's own.
  return segments.count == 1 ||
         (segments.arguments > 0 && !segments.isShared(i) &&
          i / segments.arguments == r / segments.results);
}

/// What is computed from `argument`, and how, in phase `number`, in which the
/// results of reducing ops up to this phase are known already.  Found from
/// the argument on: of many segments, an argument reaches but one.
const Overwriting::Reached &Overwriting::reachedFrom(Value argument,
                                                     unsigned number) {
  auto [known, isNew] =
      reached.try_emplace({argument.getAsOpaquePointer(), number});
  Reached &found = known->second;
  if (!isNew)
    return found;
  SmallVector<Value> work{argument};
  found[argument] = Reach::OwnPoint;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Reach reach = found.lookup(value);
    for (Operation *user : value.getUsers()) {
      auto placed = phaseOf.find(user);
      if (placed != phaseOf.end() && placed->second <= number)
        continue;
      Reach further =
          kindOf(user) == OpKind::Pointwise ? reach : Reach::Anywhere;
      for (Value result : user->getResults()) {
        Reach &now = found[result];
        if (now >= further)
          continue;
        now = further;
        work.push_back(result);
      }
    }
  }
  return found;
}

/// The value without reshapes, which share its memory.
Value sinter::ir::memoryOf(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getOperand();
  return value;
}

/// Whether a call passes the memory of argument i as another argument, too.
bool sinter::ir::isShared(CallOp call, unsigned i) {
  for (unsigned j = 0; j < call->getNumOperands(); ++j)
    if (i != j && memoryOf(call.getOperand(i)) == memoryOf(call.getOperand(j)))
      return true;
  return false;
}
