//===- Sweep.cpp - reverse and forward mode over a block ------------------===//

#include "compiler/ir/Sweep.h"
#include "compiler/ir/MathFunctions.h"
#include "compiler/ir/PointwiseFan.h"
#include "compiler/ir/Sinter.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace sinter::ir;

//===----------------------------------------------------------------------===//
// Locations
//===----------------------------------------------------------------------===//

/// Puts `prefix` before the given name and keeps the place.
static Location prefixName(Location loc, StringRef prefix) {
  MLIRContext *context = loc.getContext();
  auto prefixed = [&](StringRef name) {
    return StringAttr::get(context, prefix + "." + name);
  };
  if (auto name = dyn_cast<NameLoc>(loc))
    return NameLoc::get(prefixed(name.getName()), name.getChildLoc());
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return CallSiteLoc::get(prefixName(call.getCallee(), prefix),
                            call.getCaller());
  StringRef name = getGivenName(loc);
  return NameLoc::get(
      name.empty() ? StringAttr::get(context, prefix) : prefixed(name), loc);
}

Location sinter::ir::getCotangentLoc(Location primal) {
  return prefixName(primal, "grad");
}
Location sinter::ir::getTangentLoc(Location primal) {
  return prefixName(primal, "tangent");
}

//===----------------------------------------------------------------------===//
// Activity
//===----------------------------------------------------------------------===//

/// Calls `visit` on the ops before `end` through which a derivative can pass
/// from `dependents`, in program order, and adds their results to the set.
static void visitDependents(Block &block, Block::iterator end,
                            DenseSet<Value> &dependents,
                            function_ref<void(Operation *)> visit) {
  for (Operation &op : llvm::make_range(block.begin(), end)) {
    if (op.hasTrait<ZeroRule>() ||
        llvm::none_of(op.getOperands(),
                      [&](Value v) { return dependents.contains(v); }))
      continue;
    bool passes = false;
    for (Value result : op.getResults())
      if (isDifferentiableType(result.getType())) {
        dependents.insert(result);
        passes = true;
      }
    if (passes)
      visit(&op);
  }
}

static DenseSet<Value> differentiable(ValueRange values) {
  DenseSet<Value> result;
  for (Value value : values)
    if (isDifferentiableType(value.getType()))
      result.insert(value);
  return result;
}

DenseSet<Value> sinter::ir::getDependents(Block &block, ValueRange xs) {
  DenseSet<Value> result = differentiable(xs);
  visitDependents(block, block.end(), result, [](Operation *) {});
  return result;
}

//===----------------------------------------------------------------------===//
// What both modes share
//===----------------------------------------------------------------------===//

namespace {
/// Keeps one derivative for each value of the block.  Listens to the rules: the
/// ops they emit get the place of their primal op, and when one replaces an op,
/// the derivatives that are its results follow.
class Sweep : public RewriterBase::Listener {
public:
  Sweep(OpBuilder &outer, Location (*derivedLoc)(Location))
      : builder(outer.getContext(), this), derivedLoc(derivedLoc) {
    builder.restoreInsertionPoint(outer.saveInsertionPoint());
  }

  Block &block() { return *builder.getInsertionBlock(); }
  Block::iterator end() { return builder.getInsertionPoint(); }

  /// The number under which the derivative of `primal` is kept; it outlives
  /// the value.
  unsigned slotOf(Value primal) {
    auto [entry, isNew] = slots.try_emplace(primal, derivatives.size());
    if (isNew) {
      derivatives.emplace_back();
      parts.emplace_back();
    }
    return entry->second;
  }
  Value derivative(unsigned slot) {
    joinParts(slot);
    return derivatives[slot];
  }
  Values lookup(ValueRange primals) {
    return llvm::map_to_vector(primals, [&](Value v) {
      auto entry = slots.find(v);
      return entry == slots.end() ? Value() : derivative(entry->second);
    });
  }
  /// For values that may be erased now, and their addresses used again.
  void forget(ValueRange primals) {
    for (Value primal : primals)
      slots.erase(primal);
  }

  /// Whether something has been said of this derivative, or is asked for.
  bool isKnown(Value primal) { return slots.contains(primal); }

  /// The derivative of `primal` grows by `term`.
  void accumulate(Value primal, Value term) {
    if (!term)
      return;
    assert(term.getType() == primal.getType() && "rule gives another type");
    addTo(slotOf(primal), primal.getLoc(), term);
  }
  /// The same for a part of it, zero elsewhere, until the whole is asked for.
  void accumulatePart(SliceOp slice, Value cotangent) {
    parts[slotOf(slice.getOperand())].push_back({slice, cotangent});
  }

  /// The fan's slope, and the cotangent of what it starts from.
  Value throughFan(const PointwiseFan &fan, Value cotangent);

  /// The rules of `op`; an error if it has none.
  Differentiable rulesOf(Operation *op) {
    at = derivedLoc(op->getLoc());
    auto rules = dyn_cast<Differentiable>(op);
    if (auto polygamma = dyn_cast<PolygammaOp>(op);
        polygamma && polygamma.getOrder() == highestPolygamma) {
      op->emitError("the derivative of polygamma of order ")
          << highestPolygamma << " would be of an order beyond the highest";
      return nullptr;
    }
    if (!rules)
      op->emitError("'")
          << op->getName()
          << "' has no derivative rule: apply stop_gradient to its operands, "
             "or compute its results by ops that have one";
    return rules;
  }

  void notifyOperationInserted(Operation *op,
                               OpBuilder::InsertPoint previous) override {
    if (!previous.isSet())
      op->setLoc(*at);
  }
  void notifyOperationReplaced(Operation *op, ValueRange replacement) override {
    auto follow = [&](Value &derivative) {
      if (auto result = dyn_cast_if_present<OpResult>(derivative))
        if (result.getOwner() == op)
          derivative = replacement[result.getResultNumber()];
    };
    llvm::for_each(derivatives, follow);
    for (SmallVector<Part> &list : parts)
      for (Part &part : list)
        follow(part.cotangent);
  }

  OpBuilder builder;

private:
  struct Part {
    SliceOp slice;
    Value cotangent;
  };

  void addTo(unsigned slot, Location primalLoc, Value term) {
    if (derivatives[slot]) {
      at = derivedLoc(primalLoc);
      term = AddOp::create(builder, *at, derivatives[slot], term);
    }
    derivatives[slot] = term;
  }
  void joinParts(unsigned slot);
  Value concatenateParts(SmallVector<Part> &list);

  Location (*derivedLoc)(Location);
  /// Where the ops that are emitted now belong.
  std::optional<Location> at;
  DenseMap<Value, unsigned> slots;
  Values derivatives;
  SmallVector<SmallVector<Part>> parts;
};
} // namespace

/// The axis along which a slice takes a run of whole cross-sections.
static std::optional<int64_t> getRunAxis(SliceOp slice) {
  auto type = cast<RankedTensorType>(slice.getOperand().getType());
  std::optional<int64_t> axis;
  for (auto [d, size] : llvm::enumerate(slice.getSizes())) {
    if (slice.getStrides()[d] != 1)
      return {};
    if (size == type.getDimSize(d))
      continue;
    if (axis)
      return {};
    axis = d;
  }
  return axis;
}

/// Slices of one value side by side, as the gates of an LSTM are, or the steps
/// of a sequence: their cotangents are a concatenation.  As a sum of padded
/// ones, which is what single rules give, n of them would cost n times the
/// whole.  Null where the parts are not of that kind.
Value Sweep::concatenateParts(SmallVector<Part> &list) {
  std::optional<int64_t> axis = getRunAxis(list.front().slice);
  if (list.size() == 1 || !axis)
    return {};
  for (Part &part : list)
    if (getRunAxis(part.slice) != axis)
      return {};
  llvm::stable_sort(list, [&](const Part &a, const Part &b) {
    return SliceOp(a.slice).getOffsets()[*axis] <
           SliceOp(b.slice).getOffsets()[*axis];
  });
  Values cotangents;
  int64_t start = list.front().slice.getOffsets()[*axis], end = start;
  for (Part &part : list) {
    if (part.slice.getOffsets()[*axis] != end)
      return {};
    end += part.slice.getSizes()[*axis];
    cotangents.push_back(part.cotangent);
  }
  Value whole = list.front().slice.getOperand();
  auto type = cast<RankedTensorType>(whole.getType());
  at = derivedLoc(whole.getLoc());
  Value joined = ConcatenateOp::create(builder, *at, cotangents, *axis);
  if (joined.getType() == type)
    return joined;
  SmallVector<int64_t> low(type.getRank()), high(low), interior(low);
  low[*axis] = start;
  high[*axis] = type.getDimSize(*axis) - end;
  return PadOp::create(builder, *at, joined, low, high, interior);
}

void Sweep::joinParts(unsigned slot) {
  SmallVector<Part> list = std::exchange(parts[slot], {});
  if (list.empty())
    return;
  Location loc = list.front().slice.getOperand().getLoc();
  if (Value joined = concatenateParts(list))
    return addTo(slot, loc, joined);
  for (Part &part : list) {
    at = derivedLoc(part.slice.getLoc());
    Value padded = part.slice.transposed(builder, part.cotangent, 0);
    addTo(slot, loc, padded);
  }
}

Value Sweep::throughFan(const PointwiseFan &fan, Value cotangent) {
  DenseMap<Value, Value> tangents;
  at = derivedLoc(fan.from.getLoc());
  tangents[fan.from] = Expr(builder, *at, fan.from).constant(1);
  for (Operation *op : fan.ops) {
    Values given = llvm::map_to_vector(
        op->getOperands(), [&](Value v) { return tangents.lookup(v); });
    // Pointwise rules do not fail.
    tangents[op->getResult(0)] = rulesOf(op).jvp(builder, given)->front();
  }
  Value slope = tangents[fan.ops.back()->getResult(0)];
  return MulOp::create(builder, *at, cotangent, slope);
}

void sinter::ir::replaceDifferentiated(OpBuilder &builder, Operation *op,
                                       ValueRange replacement) {
  if (auto *listener =
          dyn_cast_if_present<RewriterBase::Listener>(builder.getListener()))
    listener->notifyOperationReplaced(op, replacement);
  op->replaceAllUsesWith(replacement);
  op->erase();
}

//===----------------------------------------------------------------------===//
// Reverse mode
//===----------------------------------------------------------------------===//

FailureOr<Values> sinter::ir::sweepReverse(OpBuilder &outer, ValueRange xs,
                                           ValueRange ys,
                                           ArrayRef<Value> cotangents) {
  Sweep sweep(outer, getCotangentLoc);
  DenseSet<Value> dependents = differentiable(xs);
  SmallVector<Operation *> tape;
  visitDependents(sweep.block(), sweep.end(), dependents,
                  [&](Operation *op) { tape.push_back(op); });

  SmallVector<unsigned> slots =
      llvm::map_to_vector(xs, [&](Value x) { return sweep.slotOf(x); });
  for (auto [y, cotangent] : llvm::zip(ys, cotangents))
    if (dependents.contains(y))
      sweep.accumulate(y, cotangent);

  // All users of an op's results stand behind it, so their cotangents are
  // whole when the walk reaches it.
  for (Operation *op : llvm::reverse(tape)) {
    Values given = sweep.lookup(op->getResults());
    if (llvm::none_of(given, [](Value v) { return v; }))
      continue;
    if (auto slice = dyn_cast<SliceOp>(op)) {
      sweep.accumulatePart(slice, given.front());
      continue;
    }
    auto fan = findPointwiseFan(
        op, [&](Value v) { return dependents.contains(v); },
        [&](Value v) { return !sweep.isKnown(v); });
    if (fan) {
      sweep.forget(op->getResults());
      sweep.accumulate(fan->from, sweep.throughFan(*fan, given.front()));
      continue;
    }
    Differentiable rules = sweep.rulesOf(op);
    if (!rules)
      return failure();
    Values operands(op->getOperands());
    SmallVector<bool> wanted = llvm::map_to_vector(
        operands, [&](Value v) { return dependents.contains(v); });
    sweep.forget(op->getResults());
    FailureOr<Values> terms = rules.vjp(sweep.builder, given, wanted);
    if (failed(terms))
      return failure();
    for (auto [operand, term, want] : llvm::zip(operands, *terms, wanted))
      if (want)
        sweep.accumulate(operand, term);
  }
  return llvm::map_to_vector(
      slots, [&](unsigned slot) { return sweep.derivative(slot); });
}

//===----------------------------------------------------------------------===//
// Forward mode
//===----------------------------------------------------------------------===//

/// The ops among `tape` on which a y depends.
static DenseSet<Operation *> getNeeded(ArrayRef<Operation *> tape,
                                       ValueRange ys) {
  DenseSet<Value> needed(ys.begin(), ys.end());
  DenseSet<Operation *> result;
  for (Operation *op : llvm::reverse(tape))
    if (llvm::any_of(op->getResults(),
                     [&](Value v) { return needed.contains(v); })) {
      result.insert(op);
      needed.insert(op->operand_begin(), op->operand_end());
    }
  return result;
}

FailureOr<Values> sinter::ir::sweepForward(OpBuilder &outer, ValueRange xs,
                                           ArrayRef<Value> tangents,
                                           ValueRange ys) {
  Sweep sweep(outer, getTangentLoc);
  DenseSet<Value> dependents = differentiable(xs);
  SmallVector<Operation *> tape;
  visitDependents(sweep.block(), sweep.end(), dependents,
                  [&](Operation *op) { tape.push_back(op); });
  DenseSet<Operation *> needed = getNeeded(tape, ys);

  for (auto [x, tangent] : llvm::zip(xs, tangents))
    sweep.accumulate(x, tangent);
  for (Operation *op : tape) {
    if (!needed.contains(op))
      continue;
    Values given = sweep.lookup(op->getOperands());
    if (llvm::none_of(given, [](Value v) { return v; }))
      continue;
    Differentiable rules = sweep.rulesOf(op);
    if (!rules)
      return failure();
    FailureOr<Values> terms = rules.jvp(sweep.builder, given);
    if (failed(terms))
      return failure();
    for (auto [result, term] : llvm::zip(op->getResults(), *terms))
      sweep.accumulate(result, term);
  }
  return sweep.lookup(ys);
}
