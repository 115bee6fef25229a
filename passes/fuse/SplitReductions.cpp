//===- SplitReductions.cpp - long reductions in parts ---------------------===//
//
// Threads share what is left of a reduction: its rows, or vectors of its
// columns.  Where that is little and the reduction long (the sum of everything,
// the gradient of a bias of eight channels), one reduced dimension is reduced
// last and alone, whole or in pieces.  What was one loop nest becomes two of
// the same kernel, and what is between them is in its scratch.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/SplitReductions.h"

#include "compiler/ir/KernelPhases.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/TaskCost.h"
#include "passes/fuse/OpKinds.h"
#include "passes/fuse/SplitArgReductions.h"
#include "passes/fuse/SplitExtent.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

namespace sinter::passes {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// Vectors of columns that one loop reduces side by side, and so one task has
/// at least (passes/lower/EmitPhases.cpp).
static constexpr int64_t kColumnVectors = 16;

/// Parts of these can be combined in the end.
static bool isSplittable(Operation *op) {
  // Narrower sums would be rounded once a part.
  constexpr unsigned narrowestBits = 32;
  if (isSplittableSearch(op))
    return true;
  return isa<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp>(op) &&
         getElementTypeOrSelf(op->getResult(0).getType())
                 .getIntOrFloatBitWidth() >= narrowestBits;
}

/// In how many parts threads can share the phase as it is.
static int64_t availableTasks(const Phase &phase, int64_t lanes) {
  int64_t points = 1;
  for (int64_t extent : phase.outer)
    points *= extent;
  if (phase.rows || phase.outer.empty() || points == 0)
    return points;
  int64_t last = phase.outer.back();
  if (phase.outer.size() > 1)
    return points / last;
  int64_t vectors =
      kColumnVectors / static_cast<int64_t>(phase.reducing.size());
  return last / (lanes * std::max<int64_t>(1, vectors));
}

/// The same reduction of other dimensions.
static Value reduce(OpBuilder &builder, Operation *like, Value operand,
                    ArrayRef<int64_t> dimensions) {
  Location loc = like->getLoc();
  if (isa<ReduceSumOp>(like))
    return ReduceSumOp::create(builder, loc, operand, dimensions);
  if (isa<ReduceMaxOp>(like))
    return ReduceMaxOp::create(builder, loc, operand, dimensions);
  if (isa<ReduceMinOp>(like))
    return ReduceMinOp::create(builder, loc, operand, dimensions);
  return ReduceProdOp::create(builder, loc, operand, dimensions);
}

static Value combine(OpBuilder &builder, Operation *like, Value a, Value b) {
  Location loc = like->getLoc();
  if (isa<ReduceSumOp>(like))
    return AddOp::create(builder, loc, a, b);
  if (isa<ReduceMaxOp>(like))
    return MaxOp::create(builder, loc, a, b);
  if (isa<ReduceMinOp>(like))
    return MinOp::create(builder, loc, a, b);
  return MulOp::create(builder, loc, a, b);
}

/// Reduces dimension `d` of `op` last. The result, which takes its place.
static Value split(Operation *op, int64_t d, SplitExtent split) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Value operand = op->getOperand(0);
  SmallVector<int64_t> all = reducedDimensions(op);
  Value parts = reduce(builder, op, split.covered(builder, loc, operand, d),
                       split.inside(all, d));
  // Where the pieces are counted in what the first reductions leave.
  int64_t place =
      d - llvm::count_if(all, [&](int64_t each) { return each < d; });
  Value result = reduce(builder, op, parts, place);
  if (split.rest > 0)
    result =
        combine(builder, op, result,
                reduce(builder, op, split.left(builder, loc, operand, d), all));
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return result;
}

/// Along the outermost dimension that gives enough parts; the new result.
static Value splitOp(Operation *op, int64_t wanted) {
  SmallVector<int64_t> dimensions = reducedDimensions(op);
  if (isSplittableSearch(op)) {
    auto found =
        SplitExtent::of(shapeOf(op->getOperand(0))[dimensions[0]], wanted);
    return found && !found->isWhole() ? splitSearch(op, *found)
                                      : op->getResult(0);
  }
  for (int64_t d : dimensions)
    if (auto found = SplitExtent::of(shapeOf(op->getOperand(0))[d], wanted))
      // Of one dimension, nothing would be left to do before.
      if (!found->isWhole() || dimensions.size() > 1)
        return split(op, d, *found);
  return op->getResult(0);
}

static void splitLong(KernelOp kernel) {
  KernelPhases plan = KernelPhases::of(kernel);
  TaskCost cost(kernel);
  llvm::DenseSet<Value> known;
  for (const Phase &phase : plan.phases)
    for (Operation *op : phase.reducing)
      known.insert(op->getResult(0));
  for (const Phase &phase : plan.phases) {
    if (phase.reducing.empty() || phase.isWindows() ||
        !llvm::all_of(phase.reducing, isSplittable))
      continue;
    SmallVector<Value> roots;
    for (Operation *op : phase.reducing)
      roots.push_back(op->getResult(0));
    // What makes an empty result may be long; nothing of it is computed.
    if (ShapedType::getNumElements(phase.outer) == 0)
      continue;
    int64_t wanted = cost.tasks(cost.of(roots, known));
    Type element = getElementTypeOrSelf(roots.front().getType());
    int64_t lanes =
        TargetFacts::of(kernel).lanes(element.getIntOrFloatBitWidth());
    if (wanted < leastTasksToSplit ||
        availableTasks(phase, lanes) >= enoughTasks)
      continue;
    for (Operation *op : phase.reducing) {
      known.erase(op->getResult(0));
      known.insert(splitOp(op, wanted));
    }
  }
}

namespace {
struct SplitReductions
    : sinter::passes::impl::SplitReductionsBase<SplitReductions> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    for (auto kernel : getOperation().getOps<KernelOp>())
      splitLong(kernel);
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createSplitReductionsPass() {
  return std::make_unique<SplitReductions>();
}
