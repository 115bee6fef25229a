//===- SinkFromScan.cpp - what no carry needs is done at once afterwards --===//
//
// Two kinds of contraction leave a scan at its end, their operands becoming
// step outputs (or being known outside already):
//
//   a carry that is only added to, as the gradient of a weight that every step
//   uses:  Σ_t x_tᵀ·dz_t is one contraction over steps and rows.  The terms are
//   the same; their order is not, so the sum may differ in its last bits.
//
//   a step output computed by a contraction that no carry depends on, as the
//   gradient with respect to a step's input: one product for all steps.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Matchers.h"
#include "passes/simplify/RebuildScan.h"
#include "passes/simplify/Stage.h"
#include "passes/simplify/StepBatcher.h"

namespace sinter::passes {
#define GEN_PASS_DEF_SINKFROMSCAN
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {
/// One term of an accumulated sum: a contraction or a sum, and the movement
/// between it and the accumulator, innermost last.
struct Term {
  Operation *root;
  SmallVector<Operation *> movement;
};

class Sink {
public:
  explicit Sink(ScanOp scan) : scan(scan), builder(scan) {}
  bool run();

private:
  void findAccumulators();
  void findOutputs();
  std::optional<Term> asTerm(Value value);
  std::optional<SmallVector<Term>> collectTerms(Value sum, Value carry);
  /// Whether the value can be had outside without a new output.
  bool isAtHand(Value value);
  void require(Value value);
  void emit(ScanOp rebuilt, ArrayRef<Value> outputs);
  Value sumOverSteps(const Term &term, StepBatcher &batcher);

  ScanOp scan;
  OpBuilder builder;
  /// Carry index to terms.
  std::map<unsigned, SmallVector<Term>> accumulators;
  /// Step outputs that leave, and the ops that leave with them.
  llvm::SetVector<Value> leaving;
  llvm::DenseSet<Operation *> leavingOps;
  /// Body values needed outside.
  llvm::SetVector<Value> required;
};
} // namespace

static bool isStepArgument(ScanOp scan, Value value) {
  return llvm::is_contained(scan.getXArgs(), value);
}

/// Whether the value is the same in every step: an invariant, or a constant.
static bool isSame(ScanOp scan, Value value) {
  return llvm::is_contained(scan.getInvariantArgs(), value) ||
         value.getDefiningOp<ConstantOp>();
}

bool Sink::isAtHand(Value value) {
  return isStepArgument(scan, value) || isSame(scan, value) ||
         value == scan.getIndexArg();
}

void Sink::require(Value value) {
  if (!isAtHand(value))
    required.insert(value);
}

//===----------------------------------------------------------------------===//
// Accumulators
//===----------------------------------------------------------------------===//

/// What a sum's term is: a contraction or a sum behind reshapes and transposes,
/// used only here.
std::optional<Term> Sink::asTerm(Value value) {
  Term term;
  Operation *op = value.getDefiningOp();
  while (op && isa<ReshapeOp, TransposeOp>(op)) {
    term.movement.push_back(op);
    op = op->getOperand(0).getDefiningOp();
    if (op && !op->hasOneUse())
      return std::nullopt;
  }
  if (!op || !isa<DotGeneralOp, ReduceSumOp>(op))
    return std::nullopt;
  // Both operands must differ from step to step: else the sum has another form.
  if (isa<DotGeneralOp>(op) &&
      llvm::any_of(op->getOperands(),
                   [&](Value operand) { return isSame(scan, operand); }))
    return std::nullopt;
  term.root = op;
  return term;
}

/// Takes a tree of additions, everything in it used only here, apart into the
/// carry, once, and terms that can be summed afterwards.
std::optional<SmallVector<Term>> Sink::collectTerms(Value sum, Value carry) {
  SmallVector<Term> terms;
  int carries = 0;
  SmallVector<Value> work{sum};
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!next.hasOneUse())
      return std::nullopt;
    if (next == carry) {
      ++carries;
      continue;
    }
    if (auto add = next.getDefiningOp<AddOp>()) {
      // The left one comes off first.
      work.append({add.getRhs(), add.getLhs()});
      continue;
    }
    std::optional<Term> term = asTerm(next);
    if (!term)
      return std::nullopt;
    terms.push_back(*term);
  }
  if (carries != 1)
    return std::nullopt;
  return terms;
}

void Sink::findAccumulators() {
  for (auto [i, pair] :
       llvm::enumerate(llvm::zip(scan.getCarryArgs(), scan.getNextCarry()))) {
    auto [carry, next] = pair;
    if (carry == next)
      continue;
    if (std::optional<SmallVector<Term>> terms = collectTerms(next, carry))
      accumulators[i] = *terms;
  }
  auto isContraction = [](const Term &term) {
    return isa<DotGeneralOp>(term.root);
  };
  for (auto &[i, terms] : accumulators)
    if (llvm::all_of(terms, isContraction))
      for (const Term &term : terms)
        for (Value operand : term.root->getOperands())
          require(operand);
  // A plain sum is worth it only if what it adds is outside anyway.
  for (auto place = accumulators.begin(); place != accumulators.end();) {
    bool atHand = llvm::all_of(place->second, [&](const Term &term) {
      Value first = term.root->getOperand(0);
      return isContraction(term) || isAtHand(first) ||
             required.contains(first) ||
             llvm::is_contained(scan.getStepOutputs(), first);
    });
    if (!atHand) {
      place = accumulators.erase(place);
      continue;
    }
    for (const Term &term : place->second)
      for (Value operand : term.root->getOperands())
        require(operand);
    ++place;
  }
}

//===----------------------------------------------------------------------===//
// Step outputs
//===----------------------------------------------------------------------===//

void Sink::findOutputs() {
  // What the remaining carries need stays.
  llvm::DenseSet<Value> needed;
  for (auto [i, next] : llvm::enumerate(scan.getNextCarry()))
    if (!accumulators.count(i))
      needed.insert(next);
  needed.insert(required.begin(), required.end());
  Block &body = scan.getBody().front();
  for (Operation &op : llvm::reverse(body.without_terminator()))
    if (llvm::any_of(op.getResults(),
                     [&](Value result) { return needed.contains(result); }))
      needed.insert(op.operand_begin(), op.operand_end());

  // What comes after a contraction that is not needed inside can leave.
  llvm::DenseSet<Value> after;
  for (Operation &op : body.without_terminator()) {
    if (!StepBatcher::canBatch(&op) || op.getNumResults() != 1 ||
        needed.contains(op.getResult(0)))
      continue;
    bool follows = isa<DotGeneralOp>(op) ||
                   llvm::any_of(op.getOperands(), [&](Value operand) {
                     return after.contains(operand);
                   });
    if (follows)
      after.insert(op.getResult(0));
  }
  for (auto [output, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    if (after.contains(output) && !result.use_empty())
      leaving.insert(result);

  llvm::DenseSet<Value> wanted;
  for (auto [output, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    if (leaving.contains(result))
      wanted.insert(output);
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    if (op.getNumResults() != 1 || !wanted.contains(op.getResult(0)))
      continue;
    if (!after.contains(op.getResult(0))) {
      require(op.getResult(0));
      continue;
    }
    leavingOps.insert(&op);
    for (Value operand : op.getOperands())
      if (after.contains(operand))
        wanted.insert(operand);
      else
        require(operand);
  }
}

//===----------------------------------------------------------------------===//
// Outside
//===----------------------------------------------------------------------===//

/// Σ over steps of the term: the steps are one more summed dimension.
Value Sink::sumOverSteps(const Term &term, StepBatcher &batcher) {
  auto withSteps = [](ArrayRef<int64_t> dimensions) {
    SmallVector<int64_t> result = {0};
    for (int64_t d : dimensions)
      result.push_back(d + 1);
    return result;
  };
  auto behindSteps = [](ArrayRef<int64_t> dimensions) {
    SmallVector<int64_t> result;
    for (int64_t d : dimensions)
      result.push_back(d + 1);
    return result;
  };
  Value sum;
  if (auto dot = dyn_cast<DotGeneralOp>(term.root))
    sum = DotGeneralOp::create(
        builder, dot.getLoc(), batcher.stacked(dot.getLhs()),
        batcher.stacked(dot.getRhs()), withSteps(dot.getLhsContracting()),
        withSteps(dot.getRhsContracting()), behindSteps(dot.getLhsBatch()),
        behindSteps(dot.getRhsBatch()));
  else {
    auto reduce = cast<ReduceSumOp>(term.root);
    sum = ReduceSumOp::create(builder, reduce.getLoc(),
                              batcher.stacked(reduce.getOperand()),
                              withSteps(reduce.getDimensions()));
  }
  for (Operation *op : llvm::reverse(term.movement)) {
    Operation *clone = builder.clone(*op);
    clone->setOperand(0, sum);
    sum = clone->getResult(0);
  }
  return sum;
}

static bool isZero(Value value) {
  return matchPattern(value, m_PosZeroFloat()) || matchPattern(value, m_Zero());
}

/// Computes after the rebuilt scan what left the old one.
void Sink::emit(ScanOp rebuilt, ArrayRef<Value> outputs) {
  builder.setInsertionPoint(scan);
  StepBatcher batcher(builder, scan.getTripCount());
  batcher.provideArguments(scan);
  if (rebuilt)
    for (auto [inside, outside] : llvm::zip(outputs, rebuilt.getYResults()))
      if (!batcher.isKnown(inside))
        batcher.provideStacked(inside, outside);
  for (Operation &op : scan.getBody().front().without_terminator())
    if (isa<ConstantOp>(op) || leavingOps.contains(&op))
      batcher.batch(&op);

  for (auto &[i, terms] : accumulators) {
    Value total = scan.getInit()[i];
    if (isZero(total))
      total = {};
    for (const Term &term : terms) {
      Value sum = sumOverSteps(term, batcher);
      total = total ? AddOp::create(builder, term.root->getLoc(), total, sum)
                          .getResult()
                    : sum;
    }
    scan.getCarryResults()[i].replaceAllUsesWith(total);
  }
  for (auto [output, result] :
       llvm::zip(scan.getStepOutputs(), scan.getYResults()))
    if (leaving.contains(result))
      result.replaceAllUsesWith(batcher.stacked(output));
}

bool Sink::run() {
  if (scan.getApart())
    return false;
  findAccumulators();
  findOutputs();
  if (accumulators.empty() && leaving.empty())
    return false;

  ScanPlan all = ScanPlan::of(scan), plan;
  plan.xs = all.xs;
  plan.invariants = all.invariants;
  for (unsigned i = 0; i < all.carry.size(); ++i)
    if (!accumulators.count(i)) {
      plan.carry.push_back(all.carry[i]);
      plan.next.push_back(all.next[i]);
    }
  SmallVector<unsigned> kept;
  for (auto [i, result] : llvm::enumerate(scan.getYResults()))
    if (!leaving.contains(result)) {
      kept.push_back(i);
      plan.outputs.push_back(all.outputs[i]);
    }
  for (Value value : required)
    if (!llvm::is_contained(plan.outputs, value))
      plan.outputs.push_back(value);

  ScanOp rebuilt;
  if (!plan.next.empty() || !plan.outputs.empty())
    rebuilt = rebuildScan(builder, scan, plan);
  unsigned place = 0;
  for (unsigned i = 0; i < all.carry.size(); ++i)
    if (!accumulators.count(i))
      scan.getCarryResults()[i].replaceAllUsesWith(rebuilt.getResult(place++));
  for (auto [j, i] : llvm::enumerate(kept))
    scan.getYResults()[i].replaceAllUsesWith(rebuilt.getYResults()[j]);
  emit(rebuilt, plan.outputs);
  scan.erase();
  return true;
}

namespace {
struct SinkFromScan : sinter::passes::impl::SinkFromScanBase<SinkFromScan> {
  void runOnOperation() override {
    bool changed = true;
    while (changed)
      changed = getOperation()
                    .walk([](ScanOp scan) {
                      return Sink(scan).run() ? WalkResult::interrupt()
                                              : WalkResult::advance();
                    })
                    .wasInterrupted();
  }
};
} // namespace
