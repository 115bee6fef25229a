//===- KernelPhases.cpp - the order of a kernel's loop nests --------------===//
//
// Reducing ops are taken in program order; one joins the open phase if it has
// the same outer space and form and depends on the phase only at its own outer
// point (through pointwise ops and broadcasts), else it opens the next. Results
// then go to the last phase they depend on if they fit its space, or to phases
// at the end, one a shape.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/KernelPhases.h"

#include "compiler/ir/LibraryPrimitive.h"
#include "compiler/ir/MathFunctions.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/PhaseTasks.h"
#include "compiler/ir/SortRow.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

/// Rows longer than this stay in no cache worth the name.
static constexpr int64_t kLargestRowBytes = 64 << 10;
static constexpr int64_t kScratchAlignment = 64;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Whether `broadcast` gives every element of a window what its reductions
/// leave.
static bool spreads(BroadcastOp broadcast, const Phase &phase) {
  return tensorType(broadcast).getShape() == ArrayRef(phase.space) &&
         tensorType(broadcast.getOperand()).getShape() ==
             ArrayRef(phase.outer) &&
         llvm::none_of(broadcast.getDimensions(), [&](int64_t d) {
           return llvm::is_contained(phase.reduced, d);
         });
}

/// Ops whose value is worth storing rather than computing twice.
static bool isExpensive(Operation *op) {
  return isMathFunction(op) || isa<RemOp, RandomUniformOp, RandomNormalOp>(op);
}

/// Whether the elements of rows of `space` can be written out one by one.
static bool isLittleCode(KernelOp kernel, ArrayRef<int64_t> space,
                         ArrayRef<int64_t> reduced) {
  constexpr int64_t mostSteps = 4096, stepsOfFunction = 16;
  int64_t steps = 0;
  for (Operation &op : kernel.getBody().front().without_terminator())
    if (tensorType(op.getResult(0)).getShape() == space)
      steps += isExpensive(&op) ? stepsOfFunction : 1;
  for (int64_t d : reduced)
    steps *= space[d];
  return steps <= mostSteps;
}

/// Whether such rows fill vectors sooner when lanes run over them.
static bool mayTurn(KernelOp kernel, ArrayRef<int64_t> space,
                    ArrayRef<int64_t> reduced) {
  constexpr int64_t bits = 32;
  return areShortRows(space, reduced) &&
         ShapedType::getNumElements(space.drop_back(reduced.size())) >=
             TargetFacts::of(kernel).lanes(bits) &&
         isLittleCode(kernel, space, reduced);
}

namespace {
class Planner {
public:
  Planner(KernelOp kernel, bool turnsRows)
      : kernel(kernel), turnsRows(turnsRows) {
    returned = llvm::to_vector(
        kernel.getBody().front().getTerminator()->getOperands());
  }
  KernelPhases run();

private:
  /// How a value depends on the phases before it.
  struct Standing {
    /// The last phase that it depends on, −1 for none.
    int last = -1;
    /// Whether all it depends on of that phase is reached at the value's own
    /// outer point: the first indices of the value are the outer point's.
    bool atPoint = true;
  };
  Standing standingOf(Value value) const { return standings.lookup(value); }
  int lastPhase(Operation *op) const;
  bool isAtPoint(Value value, Operation *op, int last) const;
  bool reachesAtPoint(Value value, unsigned phase) const {
    Standing standing = standingOf(value);
    return standing.last != static_cast<int>(phase) || standing.atPoint;
  }
  void placeReducing(Operation *op);
  void placeResult(unsigned number);
  void chooseRowCaches(Phase &phase);
  llvm::DenseSet<Value> findWanted();
  void layOut();

  KernelOp kernel;
  /// Whether rows that mayTurn() are windows.
  bool turnsRows;
  SmallVector<Value> returned;
  KernelPhases plan;
  llvm::DenseMap<Operation *, unsigned> phaseOf;
  /// Of every value so far, in program order: whatever is asked for stands
  /// before what asks.
  llvm::DenseMap<Value, Standing> standings;
};
} // namespace

int Planner::lastPhase(Operation *op) const {
  int last = -1;
  for (Value operand : op->getOperands())
    last = std::max(last, standingOf(operand).last);
  return last;
}

/// `value` is a result of `op`, which is in no phase itself.
bool Planner::isAtPoint(Value value, Operation *op, int last) const {
  if (last < 0)
    return true;
  size_t outerRank = plan.phases[last].outer.size();
  auto reaches = [&](Value operand) { return reachesAtPoint(operand, last); };
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  if (op->hasTrait<Pointwise>())
    return llvm::all_of(op->getOperands(), reaches);
  if (plan.phases[last].isWindows()) {
    auto broadcast = dyn_cast<BroadcastOp>(op);
    return broadcast && spreads(broadcast, plan.phases[last]) &&
           reaches(broadcast.getOperand());
  }
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    // Its operand sees the outer dimensions first and whole.
    ArrayRef<int64_t> dims = broadcast.getDimensions();
    ArrayRef<int64_t> from = tensorType(broadcast.getOperand()).getShape();
    if (dims.size() < outerRank)
      return false;
    for (size_t d = 0; d < outerRank; ++d)
      if (dims[d] != static_cast<int64_t>(d) || from[d] != shape[d])
        return false;
    return reaches(broadcast.getOperand());
  }
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    ArrayRef<int64_t> from = tensorType(reshape.getOperand()).getShape();
    return from.size() >= outerRank && shape.size() >= outerRank &&
           from.take_front(outerRank) == shape.take_front(outerRank) &&
           reaches(reshape.getOperand());
  }
  return false;
}

void Planner::placeReducing(Operation *op) {
  Value result = op->getResult(0);
  ArrayRef<int64_t> outer = tensorType(result).getShape();
  bool rows = reducesLastDimension(op);
  int last = lastPhase(op);
  bool alone = standsAlone(op);
  SmallVector<int64_t> space, reduced;
  if (!alone) {
    ArrayRef<int64_t> shape = tensorType(op->getOperand(0)).getShape();
    SmallVector<int64_t> dimensions = reducedDimensions(op);
    if (areWindows(shape, dimensions) ||
        (turnsRows && mayTurn(kernel, shape, dimensions))) {
      space.assign(shape.begin(), shape.end());
      reduced = dimensions;
      rows = false;
    }
  }
  for (unsigned p = std::max(last, 0); p < plan.phases.size() && !alone; ++p) {
    Phase &phase = plan.phases[p];
    if (phase.outer != outer || phase.rows != rows || phase.reducing.empty() ||
        phase.space != space || phase.reduced != reduced ||
        standsAlone(phase.reducing.front()))
      continue;
    bool independent = last < static_cast<int>(p);
    // A dependent one must be of whole rows, or of the same windows.
    bool whole = (rows && reducesSuffix(op)) || phase.isWindows();
    if (!independent && !(whole && reachesAtPoint(op->getOperand(0), p)))
      continue;
    phase.reducing.push_back(op);
    phaseOf[op] = p;
    return;
  }
  phaseOf[op] = plan.phases.size();
  Phase &phase = plan.phases.emplace_back();
  phase.outer.assign(outer.begin(), outer.end());
  phase.rows = rows;
  phase.space = std::move(space);
  phase.reduced = std::move(reduced);
  phase.reducing.push_back(op);
}

void Planner::placeResult(unsigned number) {
  Value value = returned[number];
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  int last = standingOf(value).last;
  for (unsigned p = std::max(last, 0); p < plan.phases.size(); ++p) {
    Phase &phase = plan.phases[p];
    bool whole = !phase.reducing.empty() && writesWhole(phase.reducing.front());
    bool same = ArrayRef<int64_t>(phase.outer) == shape;
    // The outer point is the row only where whole rows are reduced.
    bool fills =
        phase.rows && llvm::all_of(phase.reducing, reducesSuffix) &&
        shape.size() > phase.outer.size() &&
        shape.take_front(phase.outer.size()) == ArrayRef<int64_t>(phase.outer);
    fills |= phase.isWindows() && shape == ArrayRef<int64_t>(phase.space);
    bool independent = last < static_cast<int>(p);
    bool isThis = value.getDefiningOp() &&
                  phaseOf.count(value.getDefiningOp()) &&
                  phaseOf[value.getDefiningOp()] == p;
    if (isThis || (!whole && (same || fills) &&
                   (independent || reachesAtPoint(value, p)))) {
      phase.results.push_back(number);
      return;
    }
  }
  Phase &phase = plan.phases.emplace_back();
  phase.outer.assign(shape.begin(), shape.end());
  phase.results.push_back(number);
}

void Planner::chooseRowCaches(Phase &phase) {
  if (!phase.rows || !llvm::all_of(phase.reducing, reducesSuffix))
    return;
  size_t outerRank = phase.outer.size();
  SmallVector<Value> loops;
  for (Operation *op : phase.reducing)
    loops.push_back(op->getOperand(0));
  for (unsigned number : phase.results)
    if (tensorType(returned[number]).getShape().size() > outerRank)
      loops.push_back(returned[number]);

  // Users first: which loops compute a value at their own point, not looking
  // behind values that are kept.
  llvm::DenseMap<Value, llvm::SmallBitVector> loopsOf;
  for (auto [i, root] : llvm::enumerate(loops)) {
    llvm::SmallBitVector &own = loopsOf[root];
    own.resize(loops.size());
    own.set(i);
  }
  auto isWorthKeeping = [&](Operation *op, const llvm::SmallBitVector &users) {
    if (!isExpensive(op) || users.count() < 2 ||
        users.find_first() >= static_cast<int>(phase.reducing.size()))
      return false;
    RankedTensorType type = tensorType(op->getResult(0));
    if (type.getShape().size() <= outerRank ||
        type.getShape().take_front(outerRank) != ArrayRef<int64_t>(phase.outer))
      return false;
    int64_t rows = ShapedType::getNumElements(phase.outer);
    int64_t bytes = getByteSize(type);
    return bytes != 0 && bytes / rows <= kLargestRowBytes;
  };
  for (Operation &op : llvm::reverse(kernel.getBody().front())) {
    if (op.getNumResults() != 1)
      continue;
    Value value = op.getResult(0);
    auto found = loopsOf.find(value);
    if (found == loopsOf.end())
      continue;
    llvm::SmallBitVector users = found->second;
    if (isWorthKeeping(&op, users)) {
      unsigned first = users.find_first();
      phase.rowCaches.push_back({value, first, 0});
    } else if (op.hasTrait<Pointwise>()) {
      for (Value operand : op.getOperands())
        loopsOf[operand] |= users;
    }
  }
}

/// Results of reducing ops that a later phase reads: from an op after, or a
/// result placed, there.
llvm::DenseSet<Value> Planner::findWanted() {
  // The last phase that asks for a value, users first.
  llvm::DenseMap<Value, int> asking;
  auto ask = [&](Value value, int phase) {
    int &last = asking.try_emplace(value, -1).first->second;
    last = std::max(last, phase);
  };
  for (auto [p, phase] : llvm::enumerate(plan.phases))
    for (unsigned number : phase.results)
      ask(returned[number], p);
  llvm::DenseSet<Value> wanted;
  for (Operation &op : llvm::reverse(kernel.getBody().front())) {
    int last = -1;
    auto placed = phaseOf.find(&op);
    if (placed != phaseOf.end())
      last = placed->second;
    for (Value result : op.getResults()) {
      auto asked = asking.find(result);
      if (asked == asking.end())
        continue;
      if (placed == phaseOf.end())
        last = std::max(last, asked->second);
      else if (asked->second > last)
        wanted.insert(result);
    }
    if (last >= 0)
      for (Value operand : op.getOperands())
        ask(operand, last);
  }
  return wanted;
}

void Planner::layOut() {
  auto take = [&](int64_t bytes) {
    int64_t offset = plan.scratchBytes;
    plan.scratchBytes += llvm::alignTo(bytes, kScratchAlignment);
    return offset;
  };
  llvm::DenseSet<Value> wanted = findWanted();
  for (Phase &phase : plan.phases) {
    for (Operation *op : phase.reducing) {
      Value value = op->getResult(0);
      // What is stored whole needs a whole buffer in any case.
      bool kept =
          wanted.contains(value) || (writesWhole(op) && !value.use_empty());
      // An empty value has a place too: what reads it binds its buffer.
      if (kept && !llvm::is_contained(returned, value))
        plan.stored[value] =
            take(std::max<int64_t>(getByteSize(value.getType()), 1));
    }
    int64_t rows =
        std::max<int64_t>(ShapedType::getNumElements(phase.outer), 1);
    int64_t first = plan.scratchBytes;
    for (Operation *op : phase.reducing)
      if (auto sort = dyn_cast<ArgSortOp>(op))
        phase.ownOffset = take(SortRow(sort).bytes());
      else if (auto call = dyn_cast<LibraryCallOp>(op))
        phase.ownOffset = take(getScratchBytes(call));
    for (RowCacheSlot &slot : phase.rowCaches)
      slot.offset = take(getByteSize(slot.value.getType()) / rows);
    phase.taskBytes = plan.scratchBytes - first;
    plan.scratchBytes += (phase.tasks - 1) * phase.taskBytes;
  }
}

int64_t KernelPhases::tasks() const {
  int64_t most = 1;
  for (const Phase &phase : phases)
    most = std::max(most, phase.tasks);
  return most;
}

KernelPhases Planner::run() {
  // Dead ops have no loops.
  llvm::DenseSet<Operation *> live;
  SmallVector<Value> work(returned);
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (op && live.insert(op).second)
      llvm::append_range(work, op->getOperands());
  }
  for (Operation &op : kernel.getBody().front()) {
    if (!live.contains(&op))
      continue;
    if (isReducing(&op)) {
      placeReducing(&op);
      Value result = op.getResult(0);
      int phase = phaseOf.lookup(&op);
      standings[result] = {phase, true};
      continue;
    }
    int last = lastPhase(&op);
    for (Value result : op.getResults())
      standings[result] = {last, isAtPoint(result, &op, last)};
  }
  for (unsigned number = 0; number < returned.size(); ++number)
    placeResult(number);
  for (Phase &phase : plan.phases)
    chooseRowCaches(phase);
  choosePhaseTasks(kernel, plan.phases);
  layOut();
  return std::move(plan);
}

KernelPhases KernelPhases::of(KernelOp kernel) {
  KernelPhases plan = Planner(kernel, /*turnsRows=*/false).run();
  auto turns = [&](const Phase &phase) {
    if (!phase.rows || phase.reducing.empty())
      return false;
    Operation *op = phase.reducing.front();
    return mayTurn(kernel, tensorType(op->getOperand(0)).getShape(),
                   reducedDimensions(op));
  };
  if (Options::of(kernel).optLevel == 0 || llvm::none_of(plan.phases, turns))
    return plan;
  // Between the ops of rows there may be more than between those of windows.
  KernelPhases turned = Planner(kernel, /*turnsRows=*/true).run();
  return turned.phases.size() <= plan.phases.size() ? turned : plan;
}
