//===- FloatingOps.cpp - ops that go where they are used ------------------===//

#include "passes/fuse/FloatingOps.h"

#include "compiler/ir/Border.h"
#include "compiler/ir/LibraryPrimitive.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// What a copy may cost, its own copied producers included: the cast and
/// normalization of an image (two divisions and a few more) is worth less than
/// a trip through memory.
static constexpr int64_t copyLimit = 12;

/// Whether the value is in memory whatever fusion does, because one of its
/// users can never be in one kernel with the op that makes it.
static bool isStoredAnyway(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    switch (kindOf(user)) {
    case OpKind::Free:
    case OpKind::Contraction:
    case OpKind::Gather:
    case OpKind::Window:
    case OpKind::Scatter:
    case OpKind::Sequence:
    case OpKind::Concatenate:
      return true;
    default:
      return false;
    }
  });
}

/// Whether it reads stored bf16 as f32.  That stands with whoever computes, so
/// that memory holds the bf16, whether it is stored anyway or not.
static bool isWidening(Operation *op) {
  return isa<CastOp>(op) &&
         getElementTypeOrSelf(op->getOperand(0).getType()).isBF16();
}

bool FloatingOps::isMadeOfLittle(Operation *op, const Cheapness &cheapness) {
  // A trip to memory and back for each user against a few operations.
  constexpr int64_t muchLarger = 8;
  return kindOf(op) == OpKind::Pointwise &&
         cheapness.reads <= elementsOf(shapeOf(op)) / muchLarger &&
         llvm::all_of(op->getUsers(), [](Operation *user) {
           return kindOf(user) == OpKind::Pointwise ||
                  kindOf(user) == OpKind::Reduction;
         });
}

DenseMap<Operation *, FloatingOps::Cheapness> FloatingOps::judge(Block &block,
                                                                 bool fuse) {
  DenseMap<Operation *, Cheapness> result;
  for (Operation &op : block) {
    OpKind kind = kindOf(&op);
    if (kind == OpKind::Free || op.getNumResults() != 1)
      continue;
    Cheapness own;
    own.readsMemory = own.readsInputs = true;
    own.cost = costOf(&op);
    for (Value operand : op.getOperands()) {
      Operation *producer = operand.getDefiningOp();
      Cheapness known = result.lookup(producer);
      own.reads += known.may ? known.reads : elementsOf(shapeOf(operand));
      if (!producer || kindOf(producer) == OpKind::Free)
        continue;
      const Cheapness &theirs = result[producer];
      if (theirs.may) {
        own.cost += theirs.cost;
        own.readsMemory &= theirs.readsMemory;
        own.readsInputs &= theirs.readsInputs;
      } else {
        own.readsMemory &= isStoredAnyway(operand);
        own.readsInputs = false;
      }
    }
    bool map = kind == OpKind::Constant || kind == OpKind::Iota ||
               kind == OpKind::Movement || isWidening(&op);
    own.may = fuse ? own.cost <= copyLimit &&
                         (map || own.readsMemory || isMadeOfLittle(&op, own))
                   : kind == OpKind::Constant;
    // An index map as well, but one that is never followed twice.
    own.may |= fuse && kind == OpKind::Gather && op.hasOneUse();
    result[&op] = own;
  }
  return result;
}

/// Whether an index map between `op` and its root repeats elements.
static bool isShownInWindows(Operation *op) {
  for (; op->hasOneUse(); op = *op->user_begin())
    if (isa<WindowsOp>(op))
      return true;
  return false;
}

/// Whether vectors along its result are not vectors along its operand.
static bool turnsInnermost(TransposeOp op) {
  return op.getPermutation().back() !=
         static_cast<int64_t>(op.getPermutation().size()) - 1;
}

/// Whether what it turns is then moved again: only what is turned last is read
/// in squares, all else element by element.
static bool isTurnedAndMoved(TransposeOp op) {
  // Less is not worth a kernel of its own.
  constexpr int64_t fewElements = 4096;
  return op && turnsInnermost(op) &&
         op.getType().getNumElements() > fewElements &&
         isa<BroadcastOp, PadOp>(*op->user_begin());
}

/// Whether it turns what windows show to the vectors of a contraction: every
/// window would be gathered.
static bool isTurnedForWindows(Operation *root, TransposeOp op) {
  if (!op || !isShownInWindows(op) || !turnsInnermost(op))
    return false;
  Operation *last = op;
  while (*last->user_begin() != root)
    last = *last->user_begin();
  return cast<DotGeneralOp>(root).getRhs() == last->getResult(0);
}

/// Whether the pad is a border of windows that the contraction leaves out.
static bool isLeftOut(DotGeneralOp root, PadOp pad) {
  if (!isa<WindowsOp>(*pad->user_begin()))
    return false;
  Operation *last = pad;
  while (*last->user_begin() != root)
    last = *last->user_begin();
  bool isRhs = root.getRhs() == last->getResult(0);
  std::optional<Border> border = Border::of(last->getResult(0));
  return border && border->isLeftOut(root, isRhs);
}

bool FloatingOps::absorbs(Operation *root, Operation *op,
                          const Cheapness &cheapness) {
  // Rows that are named are read where they lie by who takes every row once.
  if (kindOf(op) == OpKind::Gather)
    return kindOf(root) == OpKind::Pointwise ||
           kindOf(root) == OpKind::Reduction || kindOf(root) == OpKind::Scatter;
  switch (kindOf(root)) {
  case OpKind::Free:
    return false;
  case OpKind::Contraction:
    // An operand is read where it lies, or packed: strides cost nothing, and
    // packing may compute.  What a kernel of this block computes is better
    // finished there, and so is what windows show several times.
    if (isTurnedForWindows(root, dyn_cast<TransposeOp>(op)))
      return false;
    if (auto pad = dyn_cast<PadOp>(op))
      return isLeftOut(cast<DotGeneralOp>(root), pad);
    return isa<TransposeOp, BroadcastOp, SliceOp, WindowsOp, ConstantOp>(op) ||
           (kindOf(op) == OpKind::Pointwise &&
            (cheapness.readsInputs || isWidening(op)) && !isShownInWindows(op));
  case OpKind::Concatenate:
  case OpKind::Scatter:
  case OpKind::Sequence:
    // Stored part by part and from values at their own place: anything goes.
    return true;
  default:
    // A library reads its operands where they lie, at any positive strides; a
    // reversed kernel it knows as a derivative's.
    if (root->hasAttr(libraryAttr))
      return isa<TransposeOp, SliceOp, ReverseOp>(op);
    if (isTurnedAndMoved(dyn_cast<TransposeOp>(op)))
      return false;
    // What is turned is read in squares, which have no borders.
    if (auto transpose = dyn_cast<TransposeOp>(root))
      return !(isa<PadOp>(op) && turnsInnermost(transpose));
    return true;
  }
}

FloatingOps::FloatingOps(Block &block, bool fuse) {
  DenseMap<Operation *, Cheapness> cheapness = judge(block, fuse);
  for (Operation &op : llvm::reverse(block)) {
    auto it = cheapness.find(&op);
    if (it == cheapness.end() || !it->second.may || op.use_empty())
      continue;
    Operation *user = *op.user_begin();
    if (!llvm::all_of(op.getUsers(), [&](Operation *u) { return u == user; }))
      continue;
    if (absorbs(anchorOf(user), &op, it->second))
      floating[&op] = user;
  }
}

Operation *FloatingOps::anchorOf(Operation *op) const {
  for (auto it = floating.find(op); it != floating.end();
       it = floating.find(op))
    op = it->second;
  return op;
}

void FloatingOps::cloneForUsers(Block &block, bool fuse) {
  DenseMap<Operation *, Cheapness> cheapness = judge(block, fuse);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    auto it = cheapness.find(&op);
    if (it == cheapness.end() || !it->second.may)
      continue;
    // A constant that sets several variables is made in each, not copied.
    if (kindOf(&op) == OpKind::Constant)
      for (Operation *user : llvm::make_early_inc_range(op.getUsers()))
        if (isa<WriteOp>(user) && !op.hasOneUse())
          user->replaceUsesOfWith(op.getResult(0),
                                  OpBuilder(user).clone(op)->getResult(0));
    // One copy a user, in the users' order; those that only store it share the
    // original.  What is computed and stored is read back rather than computed
    // again.
    llvm::SmallSetVector<Operation *, 4> distinct;
    for (Operation *user : op.getUsers())
      if (kindOf(user) != OpKind::Free)
        distinct.insert(user);
    SmallVector<Operation *> users = distinct.takeVector();
    bool stored = llvm::any_of(op.getUsers(), [](Operation *user) {
      return kindOf(user) == OpKind::Free;
    });
    if (stored && kindOf(&op) == OpKind::Pointwise)
      continue;
    llvm::sort(users, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    OpBuilder builder(&op);
    for (Operation *user :
         ArrayRef(users).drop_front(stored || users.empty() ? 0 : 1)) {
      builder.setInsertionPoint(user);
      Operation *copy = builder.clone(op);
      user->replaceUsesOfWith(op.getResult(0), copy->getResult(0));
    }
  }
}
