//===- ScanReverse.cpp - reverse mode of scan -----------------------------===//
//
// The body is differentiated as a block, with the cotangents of the next
// carries and of the step's outputs as new arguments.  What comes out is cut in
// two.  The forward loop stays as it was, and yields besides what the other
// half reads of it.  The other half becomes a loop in the other direction: its
// carries are the cotangents of the carries and the sums of those of the
// invariants, its outputs the cotangents of the xs.  In a single step there is
// nothing to sum: cotangents of invariants are outputs too.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ScanResiduals.h"
#include "compiler/ir/ScanRules.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace sinter::ir;

/// Which carries have an effect on a result whose cotangent is not zero.
static SmallVector<bool> findReached(ScanOp op, ArrayRef<Value> cotangents) {
  unsigned numCarried = op.getNumCarried();
  SmallVector<bool> reached(numCarried, false);
  // Backwards from what has a cotangent, once around for every carry that is
  // reached.
  DenseSet<Value> seen;
  SmallVector<Value> work;
  auto visit = [&](Value value) {
    if (isDifferentiableType(value.getType()) && seen.insert(value).second)
      work.push_back(value);
  };
  auto reach = [&](unsigned carry) {
    if (!std::exchange(reached[carry], true))
      visit(op.getNextCarry()[carry]);
  };
  for (unsigned i = 0; i < numCarried; ++i)
    if (cotangents[i])
      reach(i);
  for (auto [y, cotangent] :
       llvm::zip(op.getStepOutputs(), cotangents.drop_front(numCarried)))
    if (cotangent)
      visit(y);
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (Operation *definition = value.getDefiningOp()) {
      if (!definition->hasTrait<ZeroRule>())
        llvm::for_each(definition->getOperands(), visit);
      continue;
    }
    unsigned number = cast<BlockArgument>(value).getArgNumber();
    // The index comes first.
    if (number >= 1 && number <= numCarried)
      reach(number - 1);
  }
  return reached;
}

/// Sums are kept in the type that ops compute in, and rounded once.
static Value castTo(OpBuilder &builder, Location loc, Type type, Value value) {
  if (value.getType() == type)
    return value;
  return CastOp::create(builder, loc, type, value);
}

namespace {
class ReverseScan {
public:
  ReverseScan(ScanOp op, OpBuilder &builder, ArrayRef<Value> cotangents,
              ArrayRef<bool> wanted)
      : op(op), builder(builder), loc(op.getLoc()), cotangents(cotangents),
        wanted(wanted), numCarried(op.getNumCarried()), residuals(op) {}

  FailureOr<Values> run() {
    addSeeds();
    if (failed(sweepBody()))
      return failure();
    findResiduals();
    ScanOp forward = createForward();
    ScanOp backward = createBackward(forward);
    fillBackward(forward, backward);
    // A seed may be what flows out, too.
    Values result = collectResult(backward);
    forward.getBody().front().eraseArguments(1 + op.getNumOperands(),
                                             seeds.size());
    replaceDifferentiated(builder, op,
                          forward.getResults().take_front(op.getNumResults()));
    return result;
  }

private:
  /// A cotangent that flows into the body: of the next value of a carry, or of
  /// a step's output.
  struct Seed {
    unsigned result;
    BlockArgument argument;
  };

  bool isCarry(unsigned result) const { return result < numCarried; }
  bool isX(unsigned operand) {
    return operand >= numCarried && operand < numCarried + op.getXs().size();
  }
  /// Whether the operand's cotangent is a sum over steps, or has one part for
  /// each.
  bool isSummed(unsigned operand) {
    return operand >= numCarried && !isX(operand) && op.getTripCount() != 1;
  }
  bool isStacked(unsigned operand) {
    return operand >= numCarried && !isSummed(operand);
  }

  void addSeeds();
  LogicalResult sweepBody();
  void findResiduals();
  ScanOp createForward();
  ScanOp createBackward(ScanOp forward);
  void fillBackward(ScanOp forward, ScanOp backward);
  Values collectResult(ScanOp backward);

  ScanOp op;
  OpBuilder &builder;
  Location loc;
  ArrayRef<Value> cotangents;
  ArrayRef<bool> wanted;
  unsigned numCarried;

  /// Those of carries first.
  SmallVector<Seed> seeds;
  /// Operands whose cotangent the body computes.
  SmallVector<bool> active;
  /// For each operand, the cotangent of its argument within the body.
  Values inner;
  /// The ops of the backward body, in order.
  SmallVector<Operation *> half;
  ScanResiduals residuals;
};
} // namespace

void ReverseScan::addSeeds() {
  active.assign(wanted.begin(), wanted.end());
  DenseSet<Value> dependents = propagateActivity(op, active);
  SmallVector<bool> reached = findReached(op, cotangents);
  Block &body = op.getBody().front();
  for (unsigned i = 0; i < op.getNumResults(); ++i) {
    Value inside = body.getTerminator()->getOperand(i);
    bool flows = isCarry(i) ? active[i] && reached[i]
                            : cotangents[i] && dependents.contains(inside);
    if (flows)
      seeds.push_back({i, body.addArgument(inside.getType(), loc)});
    if (isCarry(i))
      active[i] = flows;
  }
}

LogicalResult ReverseScan::sweepBody() {
  Block &body = op.getBody().front();
  Operation *yield = body.getTerminator();
  Values ys, given;
  for (Seed &seed : seeds) {
    ys.push_back(yield->getOperand(seed.result));
    given.push_back(seed.argument);
  }
  size_t numForward = body.getOperations().size() - 1;
  OpBuilder insideBody(yield);
  FailureOr<Values> found =
      sweepReverse(insideBody, getActiveArguments(op, active), ys, given);
  if (failed(found))
    return failure();
  // Loops inside were replaced one for one, so what is new stands behind.
  for (Operation &each :
       llvm::drop_begin(body.without_terminator(), numForward))
    half.push_back(&each);
  auto next = found->begin();
  for (bool flag : active)
    inner.push_back(flag ? *next++ : Value());
  return success();
}

void ReverseScan::findResiduals() {
  DenseSet<Value> own;
  for (Seed &seed : seeds)
    own.insert(seed.argument);
  auto read = [&](Value value) {
    if (value && !own.contains(value))
      residuals.need(value);
  };
  for (Operation *each : half) {
    for (Value operand : each->getOperands())
      read(operand);
    own.insert(each->result_begin(), each->result_end());
  }
  for (Value cotangent : inner)
    read(cotangent);
}

/// The scan with those residuals as further outputs that it does not yield yet.
ScanOp ReverseScan::createForward() {
  Operation *yield = op.getBody().front().getTerminator();
  Values yielded(yield->getOperands());
  SmallVector<Type> types(op.getResultTypes());
  for (Value value : residuals.steps) {
    if (llvm::is_contained(op.getXArgs(), value) ||
        llvm::is_contained(ArrayRef(yielded).drop_front(numCarried), value))
      continue;
    yielded.push_back(value);
    types.push_back(getStackedType(value.getType(), op.getTripCount()));
  }
  yield->setOperands(yielded);
  // Not by the sweep's builder: this op keeps its place and name.
  OpBuilder atOp(op);
  auto forward = ScanOp::create(
      atOp, loc, types, op.getInit(), op.getXs(), op.getInvariants(),
      op.getTripCount(), op.getReverse(), op.getCheckpoint(), op.getApart());
  forward->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  forward.getBody().takeBody(op.getBody());
  return forward;
}

ScanOp ReverseScan::createBackward(ScanOp forward) {
  Values init, xs, invariants;
  SmallVector<Type> types;
  for (Seed &seed : seeds) {
    Value cotangent = cotangents[seed.result];
    if (!isCarry(seed.result)) {
      xs.push_back(cotangent);
      continue;
    }
    Type type = seed.argument.getType();
    init.push_back(cotangent ? cotangent : createZeros(builder, loc, type));
    types.push_back(type);
  }
  for (auto [i, cotangent] : llvm::enumerate(inner))
    if (cotangent && isSummed(i)) {
      types.push_back(getComputeType(cotangent.getType()));
      init.push_back(createZeros(builder, loc, types.back()));
    }
  for (auto [i, cotangent] : llvm::enumerate(inner))
    if (cotangent && isStacked(i))
      types.push_back(getStackedType(cotangent.getType(), op.getTripCount()));

  for (Value value : residuals.steps) {
    auto x = llvm::find(forward.getXArgs(), value);
    if (x != forward.getXArgs().end()) {
      xs.push_back(forward.getXs()[x - forward.getXArgs().begin()]);
      continue;
    }
    auto y = llvm::find(forward.getStepOutputs(), value);
    xs.push_back(forward.getYResults()[y - forward.getStepOutputs().begin()]);
  }
  for (Value value : residuals.invariants)
    invariants.push_back(
        forward->getOperand(cast<BlockArgument>(value).getArgNumber() - 1));
  auto backward =
      ScanOp::create(builder, loc, types, init, xs, invariants,
                     op.getTripCount(), !op.getReverse(), op.getCheckpoint(),
                     op.getCheckpoint() || op.getApart());
  backward->setDiscardableAttrs(forward->getDiscardableAttrDictionary());
  return backward;
}

void ReverseScan::fillBackward(ScanOp forward, ScanOp backward) {
  Block &body = backward.getBody().emplaceBlock();
  IRMapping mapping;
  mapping.map(forward.getIndexArg(),
              body.addArgument(forward.getIndexArg().getType(), loc));
  auto addArgument = [&](Value of) {
    Value argument = body.addArgument(of.getType(), loc);
    mapping.map(of, argument);
    return argument;
  };
  for (Seed &seed : seeds)
    if (isCarry(seed.result))
      addArgument(seed.argument);
  Values sums(inner.size());
  for (auto [i, cotangent] : llvm::enumerate(inner))
    if (cotangent && isSummed(i))
      sums[i] = body.addArgument(getComputeType(cotangent.getType()), loc);
  for (Seed &seed : seeds)
    if (!isCarry(seed.result))
      addArgument(seed.argument);
  for (Value value : residuals.steps)
    addArgument(value);
  for (Value value : residuals.invariants)
    addArgument(value);

  OpBuilder inside = OpBuilder::atBlockEnd(&body);
  for (Operation *each : residuals.recomputed)
    inside.clone(*each, mapping);
  for (Operation *each : half) {
    each->moveBefore(&body, body.end());
    for (OpOperand &operand : each->getOpOperands())
      operand.set(mapping.lookupOrDefault(operand.get()));
  }

  Location derived = getCotangentLoc(loc);
  Values yielded;
  for (Seed &seed : seeds) {
    if (!isCarry(seed.result))
      continue;
    Value cotangent = inner[seed.result];
    yielded.push_back(
        cotangent ? mapping.lookupOrDefault(cotangent)
                  : createZeros(inside, derived, seed.argument.getType()));
  }
  for (auto [sum, cotangent] : llvm::zip(sums, inner))
    if (sum)
      yielded.push_back(
          AddOp::create(inside, derived, sum,
                        castTo(inside, derived, sum.getType(),
                               mapping.lookupOrDefault(cotangent))));
  for (auto [i, cotangent] : llvm::enumerate(inner))
    if (cotangent && isStacked(i))
      yielded.push_back(mapping.lookupOrDefault(cotangent));
  YieldOp::create(inside, derived, yielded);
}

/// The backward loop's results, each as the cotangent of its operand.
Values ReverseScan::collectResult(ScanOp backward) {
  Values result(inner.size());
  auto next = backward.getResults().begin();
  for (Seed &seed : seeds)
    if (isCarry(seed.result))
      result[seed.result] = *next++;
  for (auto [i, cotangent] : llvm::enumerate(inner))
    if (cotangent && isSummed(i))
      result[i] = castTo(builder, loc, cotangent.getType(), *next++);
  for (auto [i, cotangent] : llvm::enumerate(inner))
    if (cotangent && isStacked(i)) {
      result[i] = *next++;
      if (!isX(i))
        result[i] =
            ReshapeOp::create(builder, loc, cotangent.getType(), result[i]);
    }
  return result;
}

FailureOr<Values> ScanOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents,
                              ArrayRef<bool> wanted) {
  return ReverseScan(*this, builder, cotangents, wanted).run();
}
