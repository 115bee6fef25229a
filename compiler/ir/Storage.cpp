//===- Storage.cpp - ops that compute, and ops that only move -------------===//

#include "compiler/ir/Storage.h"

#include "compiler/ir/Sinter.h"

using namespace mlir;
using namespace sinter::ir;

bool sinter::ir::leavesElements(Operation *op) {
  return op->hasTrait<Movement>() ||
         isa<ConstantOp, SelectOp, GatherOp, CastOp, StopGradientOp, ScanOp,
             YieldOp, VariableOp, EntryOp, ReadOp, WriteOp, ReturnOp, KernelOp,
             CallOp>(op);
}

bool sinter::ir::computesInStorage(Operation *op) {
  auto isStored = [](Type type) { return getElementTypeOrSelf(type).isBF16(); };
  return !leavesElements(op) &&
         (llvm::any_of(op->getOperandTypes(), isStored) ||
          llvm::any_of(op->getResultTypes(), isStored));
}
