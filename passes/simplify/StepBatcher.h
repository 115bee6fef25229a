//===- StepBatcher.h - ops of a loop's body, on all steps at once -*- C++
//-*-===//
//
// Takes ops of a scan's body out of the loop: each becomes the op on values
// stacked along a new leading dimension, the steps.  Values that are the same
// in every step stay as they are as long as the op allows.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_STEPBATCHER_H
#define SINTER_PASSES_SIMPLIFY_STEPBATCHER_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes {

class StepBatcher {
public:
  StepBatcher(mlir::OpBuilder &builder, int64_t steps)
      : builder(builder), steps(steps) {}

  /// Whether the op has a form on stacked values.
  static bool canBatch(mlir::Operation *op);

  /// A value of the body, as seen from outside.
  void provideStacked(mlir::Value inside, mlir::Value outside);
  void provideInvariant(mlir::Value inside, mlir::Value outside);
  /// The scan's invariants, slices and index.
  void provideArguments(ir::ScanOp scan);

  /// Emits the op on all steps; its operands must be known.
  void batch(mlir::Operation *op);

  bool isKnown(mlir::Value inside) const { return known.contains(inside); }
  bool isStacked(mlir::Value inside) const {
    return known.lookup(inside).stacked;
  }
  /// The value outside, repeated along the steps if it is not stacked.
  mlir::Value stacked(mlir::Value inside);
  /// The value outside, stacked or not.
  mlir::Value outside(mlir::Value inside) const {
    return known.lookup(inside).value;
  }

private:
  struct Known {
    mlir::Value value;
    bool stacked = false;
  };
  mlir::Value emit(mlir::Operation *op);
  mlir::Value emitContraction(ir::DotGeneralOp op);
  mlir::Value emitGather(ir::GatherOp op);

  mlir::OpBuilder &builder;
  int64_t steps;
  llvm::DenseMap<mlir::Value, Known> known;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_STEPBATCHER_H
