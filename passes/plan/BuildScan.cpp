//===- BuildScan.cpp - loops, and how they hand their carries on ----------===//
//
// Comes in: a scan.  Goes out: its loop as steps, in the form that ScanForms
// asks for.
//
//   plain        loop n     { next ← f(carry);  carry ← next }
//   alternating  loop n/2   { other ← f(carry); next ← f(other); carry ← next }
//                loop n mod 2 { result ← f(carry) }
//   stacked      loop n     { stack[t+1] ← f(stack[t]) }
//
// The copies `carry ← next` vanish where sharing can place `next` on `carry`:
// in the alternating form always, unless a carry merely moves, since the old
// value is dead by then.  In the stacked form the carry's first value is slice
// 0 of n + 1, its last one slice n; the per-step output is n of these slices.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/KernelGraph.h"
#include "passes/plan/ProgramBuilder.h"
#include "passes/plan/packer/Packer.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

/// Whether the value, perhaps reshaped, is returned or written as it is: then
/// it is better made in its place than in a stack.
static bool isPlaced(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    if (auto reshape = dyn_cast<ReshapeOp>(user))
      return isPlaced(reshape.getResult());
    return isa<ReturnOp, WriteOp, YieldOp>(user);
  });
}

SmallVector<std::pair<int, SmallVector<int, 2>>>
sinter::passes::plan::getStackableCarries(ScanOp scan) {
  SmallVector<std::pair<int, SmallVector<int, 2>>> carries;
  // In a loop around it, a stack would be live all the time.
  if (scan.getTripCount() == 0 || !isa<EntryOp>(scan->getParentOp()))
    return carries;
  for (auto [number, argument, next] :
       llvm::enumerate(scan.getCarryArgs(), scan.getNextCarry())) {
    int64_t bytes = getByteSize(argument.getType());
    // Slices that are used outside of the loop must be aligned.
    if (bytes == 0 || bytes % sinter::plan::alignment != 0)
      continue;
    SmallVector<int, 2> outputs;
    for (auto [output, step, result] :
         llvm::enumerate(scan.getStepOutputs(), scan.getYResults())) {
      Value origin = getOrigin(step);
      if ((origin == argument || origin == getOrigin(next)) &&
          !result.use_empty() && !isPlaced(result))
        outputs.push_back(output);
    }
    if (!outputs.empty())
      carries.emplace_back(number, outputs);
  }
  return carries;
}

/// Makes the places of the carries and of the per-step outputs, and fills in
/// first values.
void ProgramBuilder::startCarries(Scan &scan) {
  ScanOp op = scan.op;
  Location loc = op.getLoc();
  int64_t count = op.getTripCount();
  scan.stacked.assign(op.getNumCarried(), false);
  scan.shown.assign(op.getYResults().size(), false);
  if (forms.stacked.contains(op))
    for (auto &[carry, outputs] : getStackableCarries(op)) {
      auto init = op.getInit()[carry];
      int64_t bytes = getByteSize(init.getType());
      // The old value of a step comes first in the order of steps.
      int64_t before = op.getReverse() ? bytes : 0;
      for (int output : outputs) {
        if (scan.shown[output])
          continue;
        // Where the stack is one slice longer than the output, and on which
        // side, depends on whether the output shows old values or new ones.
        if (!scan.stacked[carry]) {
          scan.stacked[carry] = true;
          program.storages.push_back({Space::Workspace, (count + 1) * bytes, 0,
                                      op.getYResults()[output].getLoc(), "",
                                      "stack"});
          scan.carries[carry] = {
              static_cast<int>(program.storages.size()) - 1, 0, {}};
        }
        bool isOld =
            getOrigin(op.getStepOutputs()[output]) == op.getCarryArgs()[carry];
        View view = scan.carries[carry];
        view.offset = isOld ? before : bytes - before;
        views[op.getYResults()[output]] = view;
        scan.shown[output] = true;
      }
    }
  for (auto [carry, init, result] :
       llvm::enumerate(op.getInit(), op.getCarryResults())) {
    int64_t bytes = getByteSize(init.getType());
    if (!scan.stacked[carry])
      scan.carries[carry] =
          newTemporary(init.getType(), result.getLoc(), "carry");
    View first = scan.carries[carry], last = first;
    if (scan.stacked[carry])
      (op.getReverse() ? first : last).offset = count * bytes;
    addCopy(getView(init), first, init.getType(), loc, Purpose::FirstCarry)
        .fresh = scan.stacked[carry];
    views[result] = last;
  }
  for (auto [output, result] : llvm::enumerate(op.getYResults()))
    if (!scan.shown[output])
      views[result] = newTemporary(result.getType(), result.getLoc(), "stack");
}

int ProgramBuilder::beginLoop(ScanOp scan, int64_t tripCount) {
  int loop = program.loops.size();
  program.loops.push_back({static_cast<int>(program.steps.size()), -1,
                           currentLoop, tripCount, scan.getReverse()});
  currentLoop = loop;
  addStep(Step::LoopBegin, scan.getLoc()).op = scan;
  return loop;
}

void ProgramBuilder::endLoop(ScanOp scan, int loop) {
  program.loops[loop].end = program.steps.size();
  addStep(Step::LoopEnd, scan.getLoc());
  currentLoop = program.loops[loop].parent;
}

LogicalResult ProgramBuilder::buildStep(const Scan &scan, const Turn &turn,
                                        bool closes) {
  ScanOp op = scan.op;
  Location loc = op.getLoc();
  auto slice = [&](View whole, Type type) {
    int64_t bytes = getByteSize(type);
    // All of a stack of one slice is filled by one step.
    if (op.getTripCount() == 1)
      return whole;
    whole.offset += turn.shift * bytes;
    whole.strides.push_back({turn.loop, turn.scale * bytes});
    return whole;
  };
  Value index = op.getIndexArg();
  if (!index.use_empty()) {
    views[index] = newTemporary(index.getType(), loc, "step number");
    Step &store = addStep(Step::StoreIndex, loc);
    store.writes.push_back(getOperand(index));
    store.scale = turn.scale;
    store.shift = turn.shift;
  }
  for (auto [x, argument] : llvm::zip(scan.xs, op.getXArgs()))
    views[argument] = slice(x, argument.getType());
  for (auto [value, argument] :
       llvm::zip(op.getInvariants(), op.getInvariantArgs()))
    views[argument] = getView(value);

  SmallVector<Assignment> assignments;
  for (auto [carry, argument, next] :
       llvm::enumerate(op.getCarryArgs(), op.getNextCarry())) {
    if (scan.stacked[carry]) {
      View old = slice(scan.carries[carry], argument.getType()), fresh = old;
      (op.getReverse() ? old : fresh).offset += getByteSize(argument.getType());
      views[argument] = old;
      assignments.push_back({fresh, next, loc, Purpose::Stack, false});
    } else if (closes) {
      assignments.push_back(
          {scan.carries[carry], next, loc, Purpose::NextCarry, true});
    }
  }
  for (auto [output, step, result] :
       llvm::enumerate(op.getStepOutputs(), op.getYResults()))
    if (!scan.shown[output])
      assignments.push_back({slice(views[result], step.getType()), step, loc,
                             Purpose::Stack, false});
  if (failed(buildBlock(op.getBody().front(), assignments)))
    return failure();
  if (closes)
    return success();
  SmallVector<View> nexts;
  for (Value next : op.getNextCarry())
    nexts.push_back(getView(next));
  for (auto [argument, next] : llvm::zip(op.getCarryArgs(), nexts))
    views[argument] = next;
  return success();
}

LogicalResult ProgramBuilder::buildScan(ScanOp op) {
  Location loc = op.getLoc();
  Scan scan{op, {}, {}, {}, {}};
  // A slice of a constant would have no place: step along a copy.
  for (Value x : op.getXs()) {
    View view = getView(x);
    if (program.storages[view.storage].space == Space::Constant) {
      View copy = newTemporary(x.getType(), x.getLoc(), "copied constant");
      addCopy(view, copy, x.getType(), loc, Purpose::FirstCarry);
      view = copy;
    }
    scan.xs.push_back(view);
  }
  scan.carries.resize(op.getNumCarried());
  startCarries(scan);
  int64_t count = op.getTripCount();
  if (count == 0)
    return success();
  for (auto [output, result] : llvm::enumerate(op.getYResults()))
    if (!scan.shown[output])
      addStep(Step::Begin, loc).writes.push_back(getOperand(result));

  bool reverse = op.getReverse();
  int64_t steps = forms.alternating.contains(op) ? 2 : 1;
  int64_t rest = count % steps;
  auto bind = [&] {
    for (auto [argument, carry] : llvm::zip(op.getCarryArgs(), scan.carries))
      views[argument] = carry;
  };
  if (count >= steps) {
    int loop = beginLoop(op, count / steps);
    bind();
    for (int64_t step = 0; step != steps; ++step)
      if (failed(buildStep(
              scan, {loop, steps, reverse ? rest + steps - 1 - step : step},
              /*closes=*/step == steps - 1)))
        return failure();
    endLoop(op, loop);
  }
  if (rest == 0)
    return success();
  // One step is left over.  What it computes stays where it is; what merely
  // moves is copied, since its place may be about to change.
  int loop = beginLoop(op, rest);
  bind();
  if (failed(buildStep(scan, {loop, 1, reverse ? 0 : count - 1},
                       /*closes=*/false)))
    return failure();
  for (auto [carry, argument, next, result] : llvm::enumerate(
           op.getCarryArgs(), op.getNextCarry(), op.getCarryResults())) {
    if (scan.stacked[carry])
      continue;
    View view = views[argument];
    if (isEarly(next)) {
      View copy = newTemporary(result.getType(), result.getLoc(), "carry");
      addCopy(view, copy, result.getType(), loc, Purpose::NextCarry);
      view = copy;
    }
    views[result] = view;
  }
  endLoop(op, loop);
  return success();
}
