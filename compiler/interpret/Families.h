//===- Families.h - how each family of ops is evaluated ---------*- C++ -*-===//
//
// One function a family, each in the file of its name.  They take an op of
// their family whose operands have the types the op says.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_INTERPRET_FAMILIES_H
#define SINTER_COMPILER_INTERPRET_FAMILIES_H

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/Sinter.h"

namespace sinter::interpret {

using Operands = llvm::ArrayRef<const Array *>;

Array evaluatePointwise(mlir::Operation *op, Operands operands,
                        Precision precision);
Array evaluateMovement(mlir::Operation *op, Operands operands);
Array evaluateIota(ir::IotaOp op, Precision precision);
Array evaluateGather(ir::GatherOp op, Operands operands);
Array evaluateScatterAdd(ir::ScatterAddOp op, Operands operands,
                         Precision precision);
Array evaluateContraction(ir::DotGeneralOp op, Operands operands,
                          Precision precision);
Array evaluateConvolution(ir::ConvOp op, Operands operands,
                          Precision precision);
Array evaluateFoldWindows(ir::FoldWindowsOp op, Operands operands,
                          Precision precision);
Array evaluateReduction(mlir::Operation *op, Operands operands,
                        Precision precision);
Array evaluateArgReduction(mlir::Operation *op, Operands operands);
Array evaluateCumulativeSum(ir::CumulativeSumOp op, Operands operands,
                            Precision precision);
Array evaluateArgSort(ir::ArgSortOp op, Operands operands);
Array evaluateRandom(mlir::Operation *op, Operands operands,
                     Precision precision);

/// What every float passes through that an op computes: in native precision f32
/// is rounded, and bf16 to f32; its results are rounded as a whole, in the end.
inline double roundTo(double value, mlir::Type elementType,
                      Precision precision) {
  if (precision == Precision::Native && ir::getComputeType(elementType).isF32())
    return static_cast<double>(static_cast<float>(value));
  return value;
}

} // namespace sinter::interpret

#endif // SINTER_COMPILER_INTERPRET_FAMILIES_H
