//===- OpKind.cpp - ops by how they are computed --------------------------===//

#include "compiler/ir/OpKind.h"

using namespace mlir;
using namespace sinter::ir;

OpKind sinter::ir::kindOf(Operation *op) {
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
  if (isa<ArgMaxOp, ArgMinOp>(op) || op->hasTrait<sinter::ir::Reduction>())
    return OpKind::Reduction;
  if (op->hasTrait<sinter::ir::Pointwise>())
    return OpKind::Pointwise;
  if (op->hasTrait<sinter::ir::Movement>())
    return OpKind::Movement;
  return OpKind::Free;
}

StringRef sinter::ir::kindName(OpKind kind) {
  switch (kind) {
  case OpKind::Reduction:
    return "reduction";
  case OpKind::Contraction:
    return "contraction";
  case OpKind::Gather:
    return "gather";
  case OpKind::Window:
    return "window";
  case OpKind::Scatter:
    return "scatter";
  case OpKind::Sequence:
    return "sequence";
  case OpKind::Concatenate:
    return "concatenate";
  case OpKind::Random:
    return "random";
  default:
    return "pointwise";
  }
}

OpKind sinter::ir::kindOfBody(KernelOp kernel) {
  OpKind kind = OpKind::Pointwise;
  for (Operation &op : kernel.getBody().front())
    switch (kindOf(&op)) {
    case OpKind::Contraction:
    case OpKind::Scatter:
    case OpKind::Sequence:
    case OpKind::Window:
    case OpKind::Concatenate:
    case OpKind::Gather:
    case OpKind::Reduction:
      return kindOf(&op);
    case OpKind::Random:
      kind = OpKind::Random;
      break;
    default:
      break;
    }
  return kind;
}
