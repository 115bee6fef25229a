//===- ByteLimits.h - how many bytes a model may ask for --------*- C++ -*-===//
//
// Shapes are numbers that somebody typed: their product may be more than any
// machine has, or than an integer holds.  Stages refuse such tensors before
// they count with them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_BYTELIMITS_H
#define SINTER_COMPILER_IR_BYTELIMITS_H

#include "compiler/ir/Sinter.h"

namespace sinter::ir {

/// What a process on x86-64 can address.  Sums of some thousand such sizes
/// still fit an integer.
inline constexpr int64_t addressableBytes = int64_t(1) << 47;

/// An error at `loc` unless a value of this type can be had.
inline mlir::LogicalResult verifyAddressable(mlir::Location loc,
                                             mlir::Type type) {
  auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type);
  if (!tensor || getByteSize(tensor) <= addressableBytes)
    return mlir::success();
  return mlir::emitError(loc)
         << "a value of " << type << " is larger than the " << addressableBytes
         << " bytes that a process can address: make its "
            "shape smaller";
}

/// The same for all that `root` holds.
inline mlir::LogicalResult verifyAddressable(mlir::Operation *root) {
  mlir::WalkResult result = root->walk([](mlir::Operation *op) {
    if (auto variable = mlir::dyn_cast<VariableOp>(op))
      if (failed(verifyAddressable(op->getLoc(), variable.getType())))
        return mlir::WalkResult::interrupt();
    for (mlir::Value value : op->getResults())
      if (failed(verifyAddressable(op->getLoc(), value.getType())))
        return mlir::WalkResult::interrupt();
    for (mlir::Region &region : op->getRegions())
      for (mlir::Block &block : region)
        for (mlir::BlockArgument argument : block.getArguments())
          if (failed(verifyAddressable(argument.getLoc(), argument.getType())))
            return mlir::WalkResult::interrupt();
    return mlir::WalkResult::advance();
  });
  return mlir::failure(result.wasInterrupted());
}

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_BYTELIMITS_H
