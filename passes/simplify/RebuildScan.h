//===- RebuildScan.h - a scan with other operands and results ---*- C++ -*-===//
//
// The passes on scans decide what goes in and out; making the new op is the
// same for all of them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_REBUILDSCAN_H
#define SINTER_PASSES_SIMPLIFY_REBUILDSCAN_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes {

/// A scan to be made from an existing one.  `inside` values and those of `next`
/// and `outputs` are of the old body: `inside` is what the new body's argument
/// stands for, an argument or any other value.
struct ScanPlan {
  struct Input {
    mlir::Value outside, inside;
  };
  llvm::SmallVector<Input> carry, xs, invariants;
  llvm::SmallVector<mlir::Value> next, outputs;

  /// The plan that changes nothing.
  static ScanPlan of(ir::ScanOp op);
};

/// Builds the new scan before the old one, with only those ops in its body that
/// its results need.  The old op stays as it is.
ir::ScanOp rebuildScan(mlir::OpBuilder &builder, ir::ScanOp old,
                       const ScanPlan &plan);

/// The type of `steps` values of this type, stacked.
mlir::RankedTensorType stackedType(mlir::Type type, int64_t steps);

} // namespace sinter::passes

#endif // SINTER_PASSES_SIMPLIFY_REBUILDSCAN_H
