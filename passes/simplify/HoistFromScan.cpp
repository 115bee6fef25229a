//===- HoistFromScan.cpp - what needs no carry is done at once ------------===//
//
// Every value of the body depends on nothing that changes (Invariant), on the
// step but not on the carry (Step), or on the carry.  From what must stay, the
// body is searched backwards: at the first value worth computing outside the
// search stops, and the value becomes an operand of the scan.
//
//   Invariant  worth it if it computes anything; movement is redone inside
//   Step       worth it if a contraction stands in what it is computed from;
//              parts of one result are taken inside, where nothing is copied
//
// Step outputs that need no carry leave altogether.
//
//===----------------------------------------------------------------------===//

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/simplify/RebuildScan.h"
#include "passes/simplify/Stage.h"
#include "passes/simplify/StepBatcher.h"

namespace sinter::passes {
#define GEN_PASS_DEF_HOISTFROMSCAN
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {
enum class Depends { OnNothing, OnStep, OnCarry };

class Hoist {
public:
  explicit Hoist(ScanOp scan)
      : scan(scan), builder(scan), batcher(builder, scan.getTripCount()) {}
  bool run();

private:
  void classify();
  bool worthOutside(Value value) const;
  void search();
  void computeOutside();
  Depends of(Value value) const { return depends.lookup(value); }

  ScanOp scan;
  OpBuilder builder;
  StepBatcher batcher;
  llvm::DenseMap<Value, Depends> depends;
  /// Values with a contraction in what they are computed from.
  llvm::DenseSet<Value> contracted;
  /// Values that become operands, and step outputs that leave.
  llvm::SetVector<Value> hoisted;
  llvm::DenseSet<Value> leaving;
};
} // namespace

void Hoist::classify() {
  for (Value argument : scan.getBody().getArguments())
    depends[argument] = Depends::OnStep;
  for (Value argument : scan.getCarryArgs())
    depends[argument] = Depends::OnCarry;
  for (Value argument : scan.getInvariantArgs())
    depends[argument] = Depends::OnNothing;
  for (Operation &op : scan.getBody().front().without_terminator()) {
    Depends most = Depends::OnNothing;
    bool hasContraction = isa<DotGeneralOp>(op);
    for (Value operand : op.getOperands()) {
      most = std::max(most, of(operand));
      hasContraction |= contracted.contains(operand);
    }
    // An op without a form on stacked values stays where it is.
    if (most == Depends::OnStep && !StepBatcher::canBatch(&op))
      most = Depends::OnCarry;
    for (Value result : op.getResults()) {
      depends[result] = most;
      if (hasContraction && most != Depends::OnCarry)
        contracted.insert(result);
    }
  }
}

bool Hoist::worthOutside(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op || of(value) == Depends::OnCarry)
    return false;
  // Repeated elements are not worth storing.
  if (isa<ConstantOp, IotaOp, BroadcastOp, PadOp>(op))
    return false;
  if (of(value) == Depends::OnStep)
    return contracted.contains(value) &&
           !(isa<SliceOp>(op) && !op->getOperand(0).hasOneUse());
  return !op->hasTrait<Movement>();
}

void Hoist::search() {
  llvm::DenseSet<Value> needed(scan.getNextCarry().begin(),
                               scan.getNextCarry().end());
  for (auto [output, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults())) {
    // A slice or an invariant passed on is left to SimplifyScans.
    if (of(output) != Depends::OnCarry && output.getDefiningOp())
      leaving.insert(result);
    else
      needed.insert(output);
  }
  for (Operation &op :
       llvm::reverse(scan.getBody().front().without_terminator())) {
    bool stays = false;
    for (Value result : op.getResults()) {
      if (!needed.contains(result))
        continue;
      if (worthOutside(result))
        hoisted.insert(result);
      else
        stays = true;
    }
    if (stays)
      needed.insert(op.operand_begin(), op.operand_end());
  }
}

/// Emits what the hoisted and leaving values are computed from, in order.
void Hoist::computeOutside() {
  llvm::DenseSet<Value> wanted(hoisted.begin(), hoisted.end());
  for (auto [output, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    if (leaving.contains(result))
      wanted.insert(output);
  SmallVector<Operation *> ops;
  for (Operation &op :
       llvm::reverse(scan.getBody().front().without_terminator()))
    if (llvm::any_of(op.getResults(),
                     [&](Value result) { return wanted.contains(result); })) {
      ops.push_back(&op);
      wanted.insert(op.operand_begin(), op.operand_end());
    }
  batcher.provideArguments(scan);
  for (Operation *op : llvm::reverse(ops))
    batcher.batch(op);
}

bool Hoist::run() {
  if (scan.getApart())
    return false;
  classify();
  search();
  if (hoisted.empty() && leaving.empty())
    return false;
  computeOutside();

  ScanPlan plan = ScanPlan::of(scan);
  for (Value value : hoisted) {
    ScanPlan::Input input{batcher.outside(value), value};
    (batcher.isStacked(value) ? plan.xs : plan.invariants).push_back(input);
  }
  plan.outputs.clear();
  for (auto [output, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    if (!leaving.contains(result))
      plan.outputs.push_back(output);
  ScanOp rebuilt;
  if (!plan.next.empty() || !plan.outputs.empty())
    rebuilt = rebuildScan(builder, scan, plan);
  unsigned place = 0;
  for (Value result : scan.getCarryResults())
    result.replaceAllUsesWith(rebuilt.getResult(place++));
  for (auto [output, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    result.replaceAllUsesWith(leaving.contains(result)
                                  ? batcher.stacked(output)
                                  : rebuilt.getResult(place++));
  scan.erase();
  return true;
}

namespace {
struct HoistFromScan : sinter::passes::impl::HoistFromScanBase<HoistFromScan> {
  void runOnOperation() override {
    // Inner scans first: what leaves one may leave the one around it too.
    bool changed = true;
    while (changed)
      changed = getOperation()
                    .walk([](ScanOp scan) {
                      return Hoist(scan).run() ? WalkResult::interrupt()
                                               : WalkResult::advance();
                    })
                    .wasInterrupted();
  }
};
} // namespace
