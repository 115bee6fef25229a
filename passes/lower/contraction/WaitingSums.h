//===- WaitingSums.h - sums between passes over K ---------------*- C++ -*-===//
//
// If K is long, a block of C is passed several times, with a part of K each
// time, so that the panels of B that its tiles read stay near.  The block's
// sums wait in memory in between and are stored at the end: still one chain of
// multiply-adds each, in the order of k.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_WAITINGSUMS_H
#define SINTER_PASSES_LOWER_CONTRACTION_WAITINGSUMS_H

#include "passes/lower/contraction/TileSums.h"

namespace sinter::passes {

class WaitingSums {
public:
  /// Those of the block of at most `rows` rows that begins there.
  WaitingSums(const MatrixProduct &product, mlir::Value row, mlir::Value column,
              int64_t rows, mlir::OpBuilder &builder, mlir::Location loc);

  /// Makes all of them zero.
  void clear();
  /// Between memory and the registers of a tile.
  void load(TileSums &sums);
  void save(TileSums &sums);
  /// Gives the product's `store` the first `rows` rows of a panel.
  void store(mlir::Value rows, mlir::Value column, int64_t columns);

private:
  mlir::Value placeOf(mlir::Value row, mlir::Value column, int64_t v);

  const MatrixProduct &p;
  const ir::ContractionTiling &t;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  IndexMath index;
  mlir::VectorType vector;
  mlir::Value memory, firstRow, firstColumn;
  int64_t mostRows;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_WAITINGSUMS_H
