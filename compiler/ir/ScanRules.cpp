//===- ScanRules.cpp - forward mode of scan, and activity -----------------===//
//
// In forward mode the loop is repeated with tangents carried beside values.
//
// Which carries have a derivative at all is the least fixpoint: a carry has one
// if its initial value does, or if its next value depends on something that
// does.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ScanRules.h"

using namespace mlir;
using namespace sinter::ir;

Type sinter::ir::getStackedType(Type step, int64_t tripCount) {
  auto type = cast<RankedTensorType>(step);
  SmallVector<int64_t> shape{tripCount};
  llvm::append_range(shape, type.getShape());
  return type.clone(shape);
}

Values sinter::ir::getActiveArguments(ScanOp op, ArrayRef<bool> active) {
  Values result;
  for (auto [i, flag] : llvm::enumerate(active))
    if (flag)
      result.push_back(op.getBody().getArgument(1 + i));
  return result;
}

DenseSet<Value> sinter::ir::propagateActivity(ScanOp op,
                                              SmallVectorImpl<bool> &active) {
  while (true) {
    DenseSet<Value> dependents =
        getDependents(op.getBody().front(), getActiveArguments(op, active));
    bool changed = false;
    for (auto [i, next] : llvm::enumerate(op.getNextCarry()))
      if (!active[i] && dependents.contains(next))
        active[i] = changed = true;
    if (!changed)
      return dependents;
  }
}

//===----------------------------------------------------------------------===//
// Forward mode
//===----------------------------------------------------------------------===//

/// `values` followed by those of `tangents` whose flag is set.
static Values followedBy(ValueRange values, ArrayRef<Value> tangents) {
  Values result(values);
  llvm::copy_if(tangents, std::back_inserter(result),
                [](Value v) { return v; });
  return result;
}

FailureOr<Values> ScanOp::jvp(OpBuilder &builder, ArrayRef<Value> tangents) {
  Location loc = getLoc();
  unsigned numCarried = getNumCarried(), numXs = getXs().size();
  SmallVector<bool> active = llvm::map_to_vector(
      tangents, [](Value v) { return static_cast<bool>(v); });
  propagateActivity(*this, active);

  // Operands: each group with its tangents behind it.
  Values given(tangents);
  for (unsigned i = 0; i < numCarried; ++i)
    if (active[i] && !given[i])
      given[i] = createZeros(builder, loc, getInit()[i].getType());
  ArrayRef<Value> all(given);
  Values init = followedBy(getInit(), all.take_front(numCarried));
  Values xs = followedBy(getXs(), all.slice(numCarried, numXs));
  Values invariants =
      followedBy(getInvariants(), all.drop_front(numCarried + numXs));

  // The body, with an argument for each tangent, still at the end.
  auto copy = cast<ScanOp>((*this)->clone());
  Block &body = copy.getBody().front();
  Values primals = getActiveArguments(copy, active), inner;
  for (Value primal : primals)
    inner.push_back(body.addArgument(primal.getType(), loc));
  Operation *yield = body.getTerminator();
  OpBuilder insideBody(yield);
  FailureOr<Values> found =
      sweepForward(insideBody, primals, inner, yield->getOperands());
  if (failed(found)) {
    copy->destroy();
    return failure();
  }

  // Yielded: carries, their tangents, and tangents of outputs.
  Values yielded(copy.getNextCarry());
  SmallVector<Type> types(getCarryResults().getTypes());
  Values result(getNumResults());
  SmallVector<std::pair<unsigned, unsigned>> places;
  for (auto [i, tangent] : llvm::enumerate(*found)) {
    bool isCarry = i < numCarried;
    if (isCarry ? !active[i] : !tangent)
      continue;
    Type type = yield->getOperand(i).getType();
    if (!tangent)
      tangent = createZeros(insideBody, getTangentLoc(loc), type);
    places.push_back({i, yielded.size()});
    yielded.push_back(tangent);
    types.push_back(isCarry ? type : getStackedType(type, getTripCount()));
  }
  yield->setOperands(yielded);

  auto scan =
      ScanOp::create(builder, loc, types, init, xs, invariants, getTripCount(),
                     getReverse(), getCheckpoint(), getApart());
  scan->setDiscardableAttrs((*this)->getDiscardableAttrDictionary());
  scan.getBody().takeBody(copy.getBody());
  copy->destroy();

  // Arguments stand in the order of the operands: index, carries with their
  // tangents, xs with theirs, invariants with theirs.
  unsigned numPrimal = 1 + getNumOperands(), from = 0;
  unsigned place[] = {1 + numCarried, 1 + numCarried + numXs, numPrimal};
  unsigned inserted = 0;
  for (auto [i, flag] : llvm::enumerate(active)) {
    if (!flag)
      continue;
    unsigned group = i < numCarried ? 0 : i < numCarried + numXs ? 1 : 2;
    Value argument = scan.getBody().front().insertArgument(
        place[group] + inserted, inner[from].getType(), loc);
    ++inserted;
    // Those at the end moved by one for each insertion.
    scan.getBody()
        .getArgument(numPrimal + inserted + from)
        .replaceAllUsesWith(argument);
    ++from;
  }
  scan.getBody().front().eraseArguments(numPrimal + inserted, inserted);

  for (auto [i, at] : places)
    result[i] = scan.getResult(at);
  return result;
}
