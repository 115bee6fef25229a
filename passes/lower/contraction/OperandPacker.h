//===- OperandPacker.h - operands computed on the way -----------*- C++ -*-===//
//
// Packs the operands of a contraction that do not lie in memory as rows.  What
// the kernel computes them from is asked for at each element, or vector of
// elements, that is stored.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_OPERANDPACKER_H
#define SINTER_PASSES_LOWER_CONTRACTION_OPERANDPACKER_H

#include "compiler/ir/ContractionTiling.h"
#include "passes/lower/ValueEmitter.h"

namespace sinter::passes {

class OperandPacker {
public:
  OperandPacker(ir::DotGeneralOp dot, const ir::ContractionForm &form,
                const ir::ContractionTiling &tiling, ValueEmitter &values)
      : dot(dot), form(form), t(tiling), values(values),
        builder(values.builder), loc(dot.getLoc()) {}

  /// Of a block of A, whose first row is `row`, `rows` rows of `count` elements
  /// from `first` on, row by row.
  void packLhs(Index batch, mlir::Value row, mlir::Value rows,
               mlir::Value first, int64_t count, mlir::Value target);
  /// All of B, as panels, which threads share in so many tasks, or as steps.
  void packRhs(Index batch, int64_t tasks, mlir::Value target);

  /// The value, which is below `extent`.
  Index indexOf(mlir::Value value, int64_t extent);
  static Index withLanes(Index index, int64_t lanes);

private:
  void packSteps(Index batch, mlir::Value target);
  Indices operandIndices(
      int64_t rank,
      std::initializer_list<std::pair<Index, const ir::StridedDims *>> groups);
  void storeScratch(mlir::Value element, mlir::Value memory, Index place,
                    int64_t lanes);
  void forLanes(int64_t extent, llvm::function_ref<void(Index, int64_t)> body);
  Point at(Indices indices, int64_t lanes);

  ir::DotGeneralOp dot;
  const ir::ContractionForm &form;
  const ir::ContractionTiling &t;
  ValueEmitter &values;
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_OPERANDPACKER_H
