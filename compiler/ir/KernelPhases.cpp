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

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

/// Rows longer than this stay in no cache worth the name.
static constexpr int64_t kLargestRowBytes = 64 << 10;
static constexpr int64_t kScratchAlignment = 64;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

bool sinter::ir::isReducing(Operation *op) {
  return isa<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp, ArgMaxOp,
             ArgMinOp, DotGeneralOp, ScatterAddOp>(op);
}

/// Whether the last operand dimension is among the reduced ones.
static bool reducesInnermost(Operation *op) {
  if (isa<DotGeneralOp, ScatterAddOp>(op))
    return false;
  int64_t rank = tensorType(op->getOperand(0)).getRank();
  if (auto dimension = op->getAttrOfType<IntegerAttr>("dimension"))
    return dimension.getInt() == rank - 1;
  auto dims = op->getAttrOfType<DenseI64ArrayAttr>("dimensions").asArrayRef();
  return !dims.empty() && dims.back() == rank - 1;
}

/// Whether the reduced dimensions are the last ones, so that rows are whole.
static bool reducesSuffix(Operation *op) {
  if (!reducesInnermost(op))
    return false;
  int64_t rank = tensorType(op->getOperand(0)).getRank();
  if (auto dims = op->getAttrOfType<DenseI64ArrayAttr>("dimensions"))
    return dims.asArrayRef().front() == rank - dims.size();
  return true;
}

/// Ops whose value is worth storing rather than computing twice.
static bool isExpensive(Operation *op) {
  return isa<ExpOp, Expm1Op, LogOp, Log1pOp, TanhOp, LogisticOp, SinOp, CosOp,
             ErfOp, PowOp, RemOp, RandomUniformOp, RandomNormalOp>(op);
}

namespace {
class Planner {
public:
  Planner(KernelOp kernel) : kernel(kernel) {
    returned = llvm::to_vector(
        kernel.getBody().front().getTerminator()->getOperands());
  }
  KernelPhases run();

private:
  /// The last phase that `value` depends on, −1 for none.
  int lastPhase(Value value);
  /// Whether everything of phase `phase` that `value` depends on is reached at
  /// the value's own outer point.
  bool reachesAtPoint(Value value, unsigned phase, size_t outerRank);
  void placeReducing(Operation *op);
  void placeResult(unsigned number);
  void chooseRowCaches(Phase &phase);
  void layOut();

  KernelOp kernel;
  SmallVector<Value> returned;
  KernelPhases plan;
  llvm::DenseMap<Operation *, unsigned> phaseOf;
  llvm::DenseMap<Value, int> lastPhases;
};
} // namespace

int Planner::lastPhase(Value value) {
  if (auto known = lastPhases.find(value); known != lastPhases.end())
    return known->second;
  int last = -1;
  if (Operation *op = value.getDefiningOp()) {
    if (auto placed = phaseOf.find(op); placed != phaseOf.end())
      last = placed->second;
    else
      for (Value operand : op->getOperands())
        last = std::max(last, lastPhase(operand));
  }
  return lastPhases[value] = last;
}

bool Planner::reachesAtPoint(Value value, unsigned phase, size_t outerRank) {
  // The first `outerRank` indices of `value` are the outer point, in order.
  Operation *op = value.getDefiningOp();
  if (!op || lastPhase(value) != static_cast<int>(phase))
    return true;
  if (phaseOf.count(op))
    return tensorType(value).getRank() == static_cast<int64_t>(outerRank);
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  if (op->hasTrait<Pointwise>())
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      return reachesAtPoint(operand, phase, outerRank);
    });
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    // Its operand sees the outer dimensions first and whole.
    ArrayRef<int64_t> dims = broadcast.getDimensions();
    ArrayRef<int64_t> from = tensorType(broadcast.getOperand()).getShape();
    if (dims.size() < outerRank)
      return false;
    for (size_t d = 0; d < outerRank; ++d)
      if (dims[d] != static_cast<int64_t>(d) || from[d] != shape[d])
        return false;
    return reachesAtPoint(broadcast.getOperand(), phase, outerRank);
  }
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    ArrayRef<int64_t> from = tensorType(reshape.getOperand()).getShape();
    return from.size() >= outerRank && shape.size() >= outerRank &&
           from.take_front(outerRank) == shape.take_front(outerRank) &&
           reachesAtPoint(reshape.getOperand(), phase, outerRank);
  }
  return false;
}

void Planner::placeReducing(Operation *op) {
  Value result = op->getResult(0);
  ArrayRef<int64_t> outer = tensorType(result).getShape();
  bool rows = reducesInnermost(op);
  int last = -1;
  for (Value operand : op->getOperands())
    last = std::max(last, lastPhase(operand));
  // Contractions and scatters have loop nests of their own.
  bool alone = isa<DotGeneralOp, ScatterAddOp>(op);
  for (unsigned p = std::max(last, 0); p < plan.phases.size() && !alone; ++p) {
    Phase &phase = plan.phases[p];
    if (phase.outer != outer || phase.rows != rows || phase.reducing.empty() ||
        isa<DotGeneralOp, ScatterAddOp>(phase.reducing.front()))
      continue;
    bool independent = last < static_cast<int>(p);
    // A dependent one must be of whole rows.
    if (!independent) {
      if (!rows || !reducesSuffix(op) ||
          !reachesAtPoint(op->getOperand(0), p, outer.size()))
        continue;
    }
    phase.reducing.push_back(op);
    phaseOf[op] = p;
    return;
  }
  phaseOf[op] = plan.phases.size();
  Phase &phase = plan.phases.emplace_back();
  phase.outer.assign(outer.begin(), outer.end());
  phase.rows = rows;
  phase.reducing.push_back(op);
}

void Planner::placeResult(unsigned number) {
  Value value = returned[number];
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  int last = lastPhase(value);
  for (unsigned p = std::max(last, 0); p < plan.phases.size(); ++p) {
    Phase &phase = plan.phases[p];
    bool scatter =
        !phase.reducing.empty() && isa<ScatterAddOp>(phase.reducing.front());
    bool same = ArrayRef<int64_t>(phase.outer) == shape;
    bool begins =
        phase.rows && shape.size() > phase.outer.size() &&
        shape.take_front(phase.outer.size()) == ArrayRef<int64_t>(phase.outer);
    bool independent = last < static_cast<int>(p);
    bool isThis = value.getDefiningOp() &&
                  phaseOf.count(value.getDefiningOp()) &&
                  phaseOf[value.getDefiningOp()] == p;
    if (isThis ||
        (!scatter && (same || begins) &&
         (independent || reachesAtPoint(value, p, phase.outer.size())))) {
      phase.results.push_back(number);
      return;
    }
  }
  Phase &phase = plan.phases.emplace_back();
  phase.outer.assign(shape.begin(), shape.end());
  phase.results.push_back(number);
}

/// The values that a loop over whole rows of `root` computes at the loop's own
/// point, not looking behind `stops`.
static llvm::DenseSet<Value> atRowPoint(Value root,
                                        const llvm::DenseSet<Value> &stops) {
  llvm::DenseSet<Value> reached;
  SmallVector<Value> work{root};
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || !reached.insert(value).second || stops.contains(value))
      continue;
    if (op->hasTrait<Pointwise>())
      llvm::append_range(work, op->getOperands());
  }
  return reached;
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

  llvm::DenseSet<Value> chosen;
  for (Operation &op : llvm::reverse(kernel.getBody().front())) {
    if (op.getNumResults() != 1 || !isExpensive(&op))
      continue;
    Value value = op.getResult(0);
    RankedTensorType type = tensorType(value);
    if (type.getShape().size() <= outerRank ||
        type.getShape().take_front(outerRank) != ArrayRef<int64_t>(phase.outer))
      continue;
    int64_t rows = ShapedType::getNumElements(phase.outer);
    if (rows == 0 || getByteSize(type) / rows > kLargestRowBytes)
      continue;
    unsigned users = 0, first = 0;
    for (auto [i, root] : llvm::enumerate(loops)) {
      if (!atRowPoint(root, chosen).contains(value))
        continue;
      if (users++ == 0)
        first = i;
    }
    if (users < 2 || first >= phase.reducing.size())
      continue;
    chosen.insert(value);
    phase.rowCaches.push_back({value, first, 0});
  }
}

void Planner::layOut() {
  auto take = [&](int64_t bytes) {
    int64_t offset = plan.scratchBytes;
    plan.scratchBytes += llvm::alignTo(bytes, kScratchAlignment);
    return offset;
  };
  // What a later phase reads: from an op after, or a result placed, there.
  llvm::DenseSet<Value> wanted;
  auto want = [&](auto &&want, Value value, unsigned phase,
                  llvm::DenseSet<Value> &seen) -> void {
    Operation *op = value.getDefiningOp();
    if (!op || !seen.insert(value).second)
      return;
    if (auto placed = phaseOf.find(op); placed != phaseOf.end()) {
      if (placed->second < phase) {
        wanted.insert(value);
        return;
      }
    }
    for (Value operand : op->getOperands())
      want(want, operand, phase, seen);
  };
  for (auto [p, phase] : llvm::enumerate(plan.phases)) {
    llvm::DenseSet<Value> seen;
    for (Operation *op : phase.reducing)
      for (Value operand : op->getOperands())
        want(want, operand, p, seen);
    for (unsigned number : phase.results)
      want(want, returned[number], p, seen);
  }
  for (Phase &phase : plan.phases) {
    for (Operation *op : phase.reducing) {
      Value value = op->getResult(0);
      // A scatter needs a whole buffer in any case.
      bool kept = wanted.contains(value) ||
                  (isa<ScatterAddOp>(op) && !value.use_empty());
      if (kept && !llvm::is_contained(returned, value))
        plan.stored[value] = take(getByteSize(value.getType()));
    }
    int64_t rows = ShapedType::getNumElements(phase.outer);
    for (RowCacheSlot &slot : phase.rowCaches)
      slot.offset = take(getByteSize(slot.value.getType()) / rows);
  }
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
  for (Operation &op : kernel.getBody().front())
    if (live.contains(&op) && isReducing(&op))
      placeReducing(&op);
  for (unsigned number = 0; number < returned.size(); ++number)
    placeResult(number);
  for (Phase &phase : plan.phases)
    chooseRowCaches(phase);
  layOut();
  return std::move(plan);
}

KernelPhases KernelPhases::of(KernelOp kernel) { return Planner(kernel).run(); }
