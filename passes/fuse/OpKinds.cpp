//===- OpKinds.cpp - what fusion wants to know of one op ------------------===//

#include "passes/fuse/OpKinds.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

OpKind passes::kindOf(Operation *op) {
  if (auto constant = dyn_cast<ConstantOp>(op)) {
    auto type = cast<RankedTensorType>(constant.getType());
    bool small = constant.getValue().isSplat() ||
                 type.getNumElements() <= smallConstantElements;
    return small ? OpKind::Constant : OpKind::Free;
  }
  if (isa<ReshapeOp>(op))
    return OpKind::Free;
  if (isa<IotaOp>(op))
    return OpKind::Iota;
  if (isa<DotGeneralOp>(op))
    return OpKind::Contraction;
  if (isa<GatherOp>(op))
    return OpKind::Gather;
  if (isa<ConvOp, FoldWindowsOp>(op))
    return OpKind::Window;
  if (isa<ScatterAddOp>(op))
    return OpKind::Scatter;
  if (isa<CumulativeSumOp, ArgSortOp>(op))
    return OpKind::Sequence;
  if (isa<ConcatenateOp>(op))
    return OpKind::Concatenate;
  if (isa<RandomUniformOp, RandomNormalOp, RandomBernoulliOp>(op))
    return OpKind::Random;
  if (isa<ArgMaxOp, ArgMinOp>(op) || op->hasTrait<ir::Reduction>())
    return OpKind::Reduction;
  if (op->hasTrait<ir::Pointwise>())
    return OpKind::Pointwise;
  if (op->hasTrait<ir::Movement>())
    return OpKind::Movement;
  return OpKind::Free;
}

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
