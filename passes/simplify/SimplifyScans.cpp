//===- SimplifyScans.cpp - scans without what they do not need ------------===//
//
// Each function below makes one kind of operand or result redundant; the last
// step rebuilds the scan from what is still alive.  Liveness of carries is a
// fixpoint: a carry lives if its result is read or if something alive reads it
// in the body.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/IRMapping.h"
#include "passes/simplify/RebuildScan.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_SIMPLIFYSCANS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// No step, one step
//===----------------------------------------------------------------------===//

/// The results of a scan without steps: the initial carry, and nothing stacked.
static void replaceByInit(ScanOp op, OpBuilder &builder) {
  Values results(op.getInit());
  for (Value y : op.getYResults())
    results.push_back(createZeros(builder, op.getLoc(), y.getType()));
  op->replaceAllUsesWith(results);
}

/// The results of a scan of one step that need not stay apart: its body.
static void replaceByBody(ScanOp op, OpBuilder &builder) {
  IRMapping map;
  RankedTensorType indexType = tensorType(op.getIndexArg());
  map.map(op.getIndexArg(),
          ConstantOp::create(
              builder, op.getLoc(), indexType,
              cast<ElementsAttr>(DenseElementsAttr::get(indexType, int64_t{0})))
              .getResult());
  map.map(op.getCarryArgs(), op.getInit());
  map.map(op.getInvariantArgs(), op.getInvariants());
  for (auto [argument, x] : llvm::zip(op.getXArgs(), op.getXs()))
    map.map(argument,
            ReshapeOp::create(builder, op.getLoc(), argument.getType(), x)
                .getResult());
  for (Operation &inner : op.getBody().front().without_terminator())
    builder.clone(inner, map);
  Values results;
  for (Value next : op.getNextCarry())
    results.push_back(map.lookup(next));
  for (auto [output, y] : llvm::zip(op.getStepOutputs(), op.getYResults()))
    results.push_back(ReshapeOp::create(builder, op.getLoc(), y.getType(),
                                        map.lookup(output)));
  op->replaceAllUsesWith(results);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Whether the constant can stand in a body: kernels hold small ones.
static ElementsAttr smallConstant(Value value) {
  constexpr int64_t mostElements = 64;
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return {};
  if (isa<SplatElementsAttr>(constant.getValue()) ||
      constant.getValue().getNumElements() <= mostElements)
    return constant.getValue();
  return {};
}

/// Constants among the operands are written down inside.
static void moveConstantsInside(ScanOp op) {
  OpBuilder builder = OpBuilder::atBlockBegin(&op.getBody().front());
  auto replace = [&](Value argument, Value outside, ElementsAttr value) {
    if (argument.use_empty())
      return;
    argument.replaceAllUsesWith(ConstantOp::create(builder, outside.getLoc(),
                                                   argument.getType(), value));
  };
  for (auto [argument, value] :
       llvm::zip(op.getInvariantArgs(), op.getInvariants()))
    if (ElementsAttr constant = smallConstant(value))
      replace(argument, value, constant);
  for (auto [argument, x] : llvm::zip(op.getXArgs(), op.getXs()))
    if (ElementsAttr constant = smallConstant(x))
      if (auto splat = dyn_cast<SplatElementsAttr>(constant))
        replace(argument, x,
                cast<ElementsAttr>(
                    splat.resizeSplat(cast<ShapedType>(argument.getType()))));
}

/// An operand given twice is read through its first argument.
static void shareEqualOperands(ScanOp op) {
  auto share = [](ValueRange outside, Block::BlockArgListType inside) {
    llvm::DenseMap<Value, Value> first;
    for (auto [value, argument] : llvm::zip(outside, inside)) {
      auto [place, isNew] = first.try_emplace(value, argument);
      if (!isNew)
        Value(argument).replaceAllUsesWith(place->second);
    }
  };
  share(op.getXs(), op.getXArgs());
  share(op.getInvariants(), op.getInvariantArgs());
}

/// A stack of equal slices is an invariant.
static void unstackBroadcasts(ScanOp op, ScanPlan &plan, OpBuilder &builder) {
  SmallVector<ScanPlan::Input> kept;
  for (ScanPlan::Input x : plan.xs) {
    auto broadcast = x.outside.getDefiningOp<BroadcastOp>();
    if (!broadcast || llvm::is_contained(broadcast.getDimensions(), 0)) {
      kept.push_back(x);
      continue;
    }
    SmallVector<int64_t> dimensions;
    for (int64_t d : broadcast.getDimensions())
      dimensions.push_back(d - 1);
    Value slice = broadcast.getOperand();
    if (slice.getType() != x.inside.getType())
      slice = BroadcastOp::create(builder, broadcast.getLoc(),
                                  x.inside.getType(), slice, dimensions);
    plan.invariants.push_back({slice, x.inside});
  }
  plan.xs = kept;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// A carry that every step passes on is an invariant.
static void unchangedCarryToInvariant(ScanOp op, ScanPlan &plan) {
  SmallVector<ScanPlan::Input> carry;
  SmallVector<Value> next;
  for (auto [i, input] : llvm::enumerate(plan.carry)) {
    if (plan.next[i] != input.inside) {
      carry.push_back(input);
      next.push_back(plan.next[i]);
      continue;
    }
    plan.invariants.push_back(input);
    op.getCarryResults()[i].replaceAllUsesWith(input.outside);
  }
  plan.carry = carry;
  plan.next = next;
}

/// A step output that is known outside: an operand's slice, an invariant, a
/// constant, or an earlier output.
static Value knownOutside(ScanOp op, unsigned i, OpBuilder &builder) {
  Value output = op.getStepOutputs()[i], y = op.getYResults()[i];
  for (unsigned j = 0; j < i; ++j)
    if (op.getStepOutputs()[j] == output)
      return op.getYResults()[j];
  for (auto [argument, x] : llvm::zip(op.getXArgs(), op.getXs()))
    if (argument == output)
      return x;
  RankedTensorType type = tensorType(y);
  if (ElementsAttr constant = smallConstant(output))
    if (auto splat = dyn_cast<SplatElementsAttr>(constant))
      return ConstantOp::create(builder, output.getLoc(), type,
                                cast<ElementsAttr>(splat.resizeSplat(type)));
  for (auto [argument, value] :
       llvm::zip(op.getInvariantArgs(), op.getInvariants()))
    if (argument == output)
      return BroadcastOp::create(
          builder, op.getLoc(), type, value,
          llvm::to_vector(llvm::seq<int64_t>(1, type.getRank())));
  return {};
}

/// Body values that the plan's live results need.
static llvm::DenseSet<Value> liveValues(ScanOp op, ArrayRef<Value> roots) {
  llvm::DenseSet<Value> live(roots.begin(), roots.end());
  for (Operation &inner : llvm::reverse(op.getBody().front()))
    if (llvm::any_of(inner.getResults(),
                     [&](Value result) { return live.contains(result); }))
      live.insert(inner.operand_begin(), inner.operand_end());
  return live;
}

/// Leaves in the plan what is read; `alive` are the flags of the plan's
/// results, carries first.
static void dropDead(ScanOp op, ScanPlan &plan, SmallVectorImpl<bool> &alive) {
  size_t carried = plan.carry.size();
  llvm::DenseSet<Value> live;
  for (bool grown = true; grown;) {
    SmallVector<Value> roots;
    for (size_t i = 0; i < alive.size(); ++i)
      if (alive[i])
        roots.push_back(i < carried ? plan.next[i] : plan.outputs[i - carried]);
    live = liveValues(op, roots);
    grown = false;
    for (size_t i = 0; i < carried; ++i)
      if (!alive[i] && live.contains(plan.carry[i].inside))
        alive[i] = grown = true;
  }
  ScanPlan all = plan;
  plan.carry.clear(), plan.next.clear(), plan.outputs.clear();
  for (size_t i = 0; i < alive.size(); ++i) {
    if (alive[i] && i < carried) {
      plan.carry.push_back(all.carry[i]);
      plan.next.push_back(all.next[i]);
    } else if (alive[i]) {
      plan.outputs.push_back(all.outputs[i - carried]);
    }
  }
  auto unread = [&](const ScanPlan::Input &input) {
    return !live.contains(input.inside);
  };
  llvm::erase_if(plan.xs, unread);
  llvm::erase_if(plan.invariants, unread);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Returns whether there was anything to do; the old op is then gone.
static bool simplify(ScanOp op) {
  OpBuilder builder(op);
  if (op.getTripCount() == 0 || (op.getTripCount() == 1 && !op.getApart())) {
    if (op.getTripCount() == 0)
      replaceByInit(op, builder);
    else
      replaceByBody(op, builder);
    op.erase();
    return true;
  }
  moveConstantsInside(op);
  shareEqualOperands(op);
  for (unsigned i = 0; i < op.getStepOutputs().size(); ++i)
    if (!op.getYResults()[i].use_empty())
      if (Value outside = knownOutside(op, i, builder))
        op.getYResults()[i].replaceAllUsesWith(outside);

  ScanPlan plan = ScanPlan::of(op);
  size_t operands = op->getNumOperands(), xs = plan.xs.size();
  unchangedCarryToInvariant(op, plan);
  unstackBroadcasts(op, plan, builder);
  Values results;
  SmallVector<bool> alive;
  for (auto [next, argument, result] :
       llvm::zip(op.getNextCarry(), op.getCarryArgs(), op.getCarryResults()))
    if (next != argument)
      results.push_back(result);
  llvm::append_range(results, op.getYResults());
  for (Value result : results)
    alive.push_back(!result.use_empty());
  dropDead(op, plan, alive);

  size_t left = plan.carry.size() + plan.xs.size() + plan.invariants.size();
  bool unchanged =
      left == operands && plan.xs.size() == xs &&
      plan.next.size() + plan.outputs.size() == op->getNumResults();
  if (unchanged)
    return false;
  if (plan.next.empty() && plan.outputs.empty()) {
    op.erase();
    return true;
  }
  ScanOp rebuilt = rebuildScan(builder, op, plan);
  unsigned place = 0;
  for (auto [result, isAlive] : llvm::zip(results, alive))
    if (isAlive)
      result.replaceAllUsesWith(rebuilt.getResult(place++));
  op.erase();
  return true;
}

namespace {
struct SimplifyScans : sinter::passes::impl::SimplifyScansBase<SimplifyScans> {
  void runOnOperation() override {
    // A rebuilt scan holds clones of its inner scans, so one is taken at a
    // time, innermost first, until none changes.
    bool changed = true;
    while (changed)
      changed = getOperation()
                    .walk([](ScanOp op) {
                      return simplify(op) ? WalkResult::interrupt()
                                          : WalkResult::advance();
                    })
                    .wasInterrupted();
  }
};
} // namespace
