//===- DeferredEpilogue.h - epilogues beside the next tile ------*- C++ -*-===//
//
// A slow epilogue is deferred: the sums of a tile are kept in scratch, and
// beside every few of the next tile's first steps over k a row of them is
// finished. Divisions and square roots then run beside the multiply-adds, and
// operands have arrived.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_DEFERREDEPILOGUE_H
#define SINTER_PASSES_LOWER_CONTRACTION_DEFERREDEPILOGUE_H

#include "passes/lower/contraction/TileSums.h"

namespace sinter::passes {

class DeferredEpilogue {
public:
  /// Whether tiles are to wait, and have enough steps to finish another one.
  static bool isAsked(const MatrixProduct &product);

  /// Nothing waits yet.
  DeferredEpilogue(const MatrixProduct &product, int64_t tileRows,
                   mlir::OpBuilder &builder, mlir::Location loc);

  /// Adds a tile's products while what waits is finished, and keeps the tile
  /// for later.
  void exchange(TileSums &sums);
  /// The same one after the other, in less code: for one tile of many.
  void replace(TileSums &sums);
  /// Finishes what waits.
  void finish();

private:
  /// What is known of the sums that wait.
  enum Fact { Rows, FirstRow, FirstColumn };
  mlir::Value get(Fact fact);
  void set(Fact fact, mlir::Value value);

  void addWhileFinishing(TileSums &sums);
  void askFor(const RegisterTile &tile, mlir::Value row);
  void keep(TileSums &sums);
  void finishRow(mlir::Value i);

  const MatrixProduct &p;
  const ir::ContractionTiling &t;
  int64_t tileRows;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  IndexMath index;
  MatrixProduct::Pending pending;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_DEFERREDEPILOGUE_H
