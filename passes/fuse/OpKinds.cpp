//===- OpKinds.cpp - what fusion wants to know of one op ------------------===//

#include "passes/fuse/OpKinds.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

ArrayRef<int64_t> passes::shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}
ArrayRef<int64_t> passes::shapeOf(Operation *op) {
  return shapeOf(op->getResult(0));
}
int64_t passes::elementsOf(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

int64_t passes::costOf(Operation *op) {
  // Relative to an addition; a division is several, a function of the
  // mathematics library too many to repeat.
  constexpr int64_t divisionCost = 4;
  switch (kindOf(op)) {
  case OpKind::Constant:
    return 0;
  case OpKind::Iota:
  case OpKind::Movement:
    return 1;
  case OpKind::Pointwise:
    break;
  default:
    return tooExpensive;
  }
  if (isa<DivOp>(op))
    return divisionCost;
  bool simple =
      isa<NegOp, AbsOp, SignOp, NotOp, AddOp, SubOp, MulOp, MaxOp, MinOp, AndOp,
          OrOp, XorOp, CompareOp, SelectOp, CastOp, FloorOp, CeilOp, RoundOp>(
          op);
  return simple ? 1 : tooExpensive;
}

std::string passes::describe(Operation *op) {
  StringRef name = getGivenName(op->getLoc());
  std::string text = op->getName().stripDialect().str();
  return name.empty() ? text : text + " '" + name.str() + "'";
}
