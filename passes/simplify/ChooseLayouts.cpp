//===- ChooseLayouts.cpp - where channels lie between convolutions --------===//
//
// A model writes images as [N, C, …] or as [N, …, C]; a convolution computes
// with channels last, and one that was written channels first has transposes
// around it.  Here the ops between convolutions (and their derivatives) are
// written in the order in which fewest elements have to be moved:
//
//   transpose (relu (transpose (conv …) first)) last  ⇒  relu (conv …)
//
// Every op that carries dimensions along either stays as it is written or has
// channels last, and each value costs its elements where it is made in one
// order and read in another.  The cheapest choice is a minimum cut.  So
// transposes go outward until they meet, or stand at the border of what can be
// turned, where the least goes through: at inputs, results and reshapes, which
// keep the order the user gave them.  It never costs more than what was
// written, and what has its channels last already stays as it is.  A sum over
// samples and places may add up in another order.
//
// After Liu et al., "Optimizing CNN model inference on CPUs" (ATC 2019), who
// choose layouts over the graph, and Boykov, Veksler and Zabih's expansion
// moves (PAMI 2001), of which this is one.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ImageLayouts.h"
#include "compiler/ir/ModuleFacts.h"
#include "passes/simplify/ImageRoles.h"
#include "passes/simplify/MinimumCut.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_CHOOSELAYOUTS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
class Layouts {
public:
  explicit Layouts(Block &block) : block(block), roles(block) {}
  void run();

private:
  Order orderOf(Value value) const { return roles.channelsLast(value); }
  /// Whether the value would lie otherwise.
  bool isTurned(Value value) const {
    return isa<RankedTensorType>(value.getType()) &&
           !lieAlike(tensorType(value).getShape(), orderOf(value),
                     asWritten(tensorType(value).getRank()));
  }
  SmallVector<Order> ordersOfOperands(Operation *op) const;
  bool canTurn(Operation *op) const;

  int64_t costOf(Value value) const;
  void weighTranspose(TransposeOp op);
  void weighUsers(Value value);
  int decisionOf(Operation *op) const { return op ? decisions.lookup(op) : 0; }

  Value turned(Value value);
  Value asItWas(Value value);
  void replaceUses(Value value);
  void turn(Operation *op);

  Block &block;
  ImageRoles roles;
  MinimumCut cut;
  /// Of the ops that may be turned; 0 is none.
  DenseMap<Operation *, int> decisions;
  /// Values in the other order.
  DenseMap<Value, Value> others;
};
} // namespace

//===----------------------------------------------------------------------===//
// What may be turned, and what it costs
//===----------------------------------------------------------------------===//

/// An operand that nothing is carried from lies as it is written.
SmallVector<Order> Layouts::ordersOfOperands(Operation *op) const {
  SmallVector<Order> orders;
  auto places = carriedDimensions(op);
  for (auto [operand, place] : llvm::zip_equal(op->getOperands(), *places))
    orders.push_back(llvm::any_of(place, [](int64_t d) { return d >= 0; })
                         ? orderOf(operand)
                         : asWritten(tensorType(operand).getRank()));
  return orders;
}

bool Layouts::canTurn(Operation *op) const {
  if (!carriedDimensions(op) || roles.disagree(op) || roles.isOfKernel(op) ||
      isa<ConstantOp, IotaOp>(op))
    return false;
  auto isTurnedHere = [&](Value value) { return isTurned(value); };
  if (!isTurned(op->getResult(0)) &&
      llvm::none_of(op->getOperands(), isTurnedHere))
    return false;
  SmallVector<Order> orders = ordersOfOperands(op);
  for (auto [operand, order] : llvm::zip_equal(op->getOperands(), orders))
    if (isTurned(operand) && order != orderOf(operand))
      return false;
  return canReorder(op, orders, orderOf(op->getResult(0)));
}

/// Elements that are moved, if it is made in one order and read in another.
int64_t Layouts::costOf(Value value) const {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<ConstantOp, IotaOp>(op))
    return 0;
  // The same is made of what it repeats.
  if (auto broadcast = dyn_cast_or_null<BroadcastOp>(op))
    value = broadcast.getOperand();
  return tensorType(value).getNumElements();
}

/// A transpose is no work but where it is made in another order than its
/// operand.
void Layouts::weighTranspose(TransposeOp op) {
  Value from = op.getOperand();
  int itself = decisionOf(op), operand = decisionOf(from.getDefiningOp());
  int64_t cost = costOf(from);
  ArrayRef<int64_t> shape = tensorType(from).getShape();
  bool makesOther = lieAlike(shape, op.getPermutation(), orderOf(from));
  if (!isTurned(from)) {
    // Left as it is, it turns what lies well.
    if (itself)
      cut.costIfLeft(itself, cost);
    return;
  }
  // Both in the other order is free; whatever its operand is left as is moved.
  if (operand)
    cut.costIfLeft(operand, cost);
  if (!operand || makesOther)
    return;
  if (itself)
    cut.costBetween(operand, itself, cost);
  else
    cut.costIfDone(operand, cost);
}

/// Once for all that need another order than the one it is made in.
void Layouts::weighUsers(Value value) {
  int maker = decisionOf(value.getDefiningOp());
  SmallVector<int> users;
  bool anyStays = false;
  for (Operation *user : value.getUsers()) {
    user = block.findAncestorOpInBlock(*user);
    if (isa<TransposeOp>(user))
      continue;
    if (int decision = decisionOf(user))
      users.push_back(decision);
    else
      anyStays = true;
  }
  int64_t cost = costOf(value);
  if (maker && anyStays)
    cut.costIfDone(maker, cost);
  else if (maker && !users.empty()) {
    int all = cut.addDecision();
    cut.costBetween(maker, all, cost);
    for (int user : users)
      cut.costBetween(all, user, MinimumCut::forbidden);
  }
  if (users.empty())
    return;
  int any = cut.addDecision();
  for (int user : users)
    cut.costBetween(user, any, MinimumCut::forbidden);
  if (maker)
    cut.costBetween(any, maker, cost);
  else
    cut.costIfDone(any, cost);
}

//===----------------------------------------------------------------------===//
// Turning
//===----------------------------------------------------------------------===//

/// The value with its channels last.
Value Layouts::turned(Value value) {
  Order order = orderOf(value);
  if (llvm::is_sorted(order))
    return value;
  Value &other = others[value];
  if (other)
    return other;
  OpBuilder builder(block.getParent()->getContext());
  builder.setInsertionPointAfterValue(value);
  RankedTensorType type = tensorType(value);
  type = type.clone(inOrder(type.getShape(), order));
  Location loc = value.getLoc();
  if (auto constant = value.getDefiningOp<ConstantOp>())
    if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
      return other = ConstantOp::create(builder, loc, type,
                                        splat.resizeSplat(type));
  if (auto iota = value.getDefiningOp<IotaOp>())
    return other = IotaOp::create(builder, loc, type,
                                  inverse(order)[iota.getDimension()]);
  return other = TransposeOp::create(builder, loc, value, order);
}

/// What was turned, in the order in which it was written.
Value Layouts::asItWas(Value value) {
  Value other = others.lookup(value);
  if (other.getType() == value.getType() && llvm::is_sorted(orderOf(value)))
    return other;
  OpBuilder builder(value.getDefiningOp());
  return TransposeOp::create(builder, value.getLoc(), other,
                             inverse(orderOf(value)));
}

/// Gives what was turned to all that stayed; a transpose of theirs that turns
/// it again reads it as it lies.
void Layouts::replaceUses(Value value) {
  for (Operation *user : llvm::make_early_inc_range(value.getUsers()))
    if (auto transpose = dyn_cast<TransposeOp>(user)) {
      OpBuilder builder(transpose);
      Value same =
          reorder(builder, transpose, others.lookup(value), orderOf(value),
                  asWritten(transpose.getType().getRank()));
      transpose.replaceAllUsesWith(same);
      transpose.erase();
    }
  if (value.use_empty())
    return;
  value.replaceAllUsesWith(asItWas(value));
}

void Layouts::turn(Operation *op) {
  SmallVector<Order> orders = ordersOfOperands(op);
  SmallVector<Value> operands;
  for (auto [operand, order] : llvm::zip_equal(op->getOperands(), orders))
    operands.push_back(llvm::is_sorted(order) ? operand : turned(operand));
  OpBuilder builder(op);
  Value result = op->getResult(0);
  others[result] = reorder(builder, op, operands, orders, orderOf(result));
}

void Layouts::run() {
  if (!roles.areAny())
    return;
  SmallVector<Operation *> ops;
  for (Operation &op : block)
    if (canTurn(&op)) {
      decisions[&op] = cut.addDecision();
      ops.push_back(&op);
    }
  if (ops.empty())
    return;
  for (BlockArgument argument : block.getArguments())
    if (isTurned(argument))
      weighUsers(argument);
  for (Operation &op : block) {
    for (Value result : op.getResults())
      if (isTurned(result))
        weighUsers(result);
    if (auto transpose = dyn_cast<TransposeOp>(op))
      weighTranspose(transpose);
  }
  std::vector<bool> done = cut.solve();
  llvm::erase_if(ops, [&](Operation *op) { return !done[decisions[op]]; });
  for (Operation *op : ops)
    turn(op);
  for (Operation *op : llvm::reverse(ops)) {
    Value result = op->getResult(0);
    replaceUses(result);
    op->erase();
  }
}

/// For the report: what is moved between layouts all the same.
static void noteTransposes(Block &block) {
  // Less is not worth a line.
  constexpr int64_t fewElements = 4096;
  ImageRoles roles(block);
  for (auto op : block.getOps<TransposeOp>()) {
    bool from = llvm::is_sorted(roles.channelsLast(op.getOperand())),
         to = llvm::is_sorted(roles.channelsLast(op.getResult()));
    if (from != to && !roles.isOfKernel(op) &&
        op.getType().getNumElements() >= fewElements)
      noteImageLayout(op, "image", op.getOperand(),
                      to ? "turned to channels last"
                         : "turned from channels last");
  }
}

namespace {
struct ChooseLayouts : sinter::passes::impl::ChooseLayoutsBase<ChooseLayouts> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    getOperation().walk([](Block *block) {
      if (block->getOps<ConvOp>().empty())
        return;
      Layouts(*block).run();
      noteTransposes(*block);
    });
  }
};
} // namespace
