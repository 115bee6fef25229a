//===- TileSums.h - the sum over K of one register tile ---------*- C++ -*-===//
//
// Emits acc[i][v] += A[i, k] · B[k, v] for all k, with the accumulators in
// registers.  What else happens between the steps is the caller's.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_TILESUMS_H
#define SINTER_PASSES_LOWER_CONTRACTION_TILESUMS_H

#include "passes/lower/contraction/MatrixProduct.h"

namespace sinter::passes {

/// A part of C whose sums stay in registers, and what they are summed from.
struct RegisterTile {
  /// The first element in C, and how many columns exist.
  mlir::Value row, column;
  int64_t columns;
  /// Where the rows of A are from its first, in elements.
  llvm::ArrayRef<int64_t> offsets;
  /// Where the first step over K finds that row, and the columns of B.
  mlir::Value lhs, rhs;
  /// Steps of the outermost loop over K.
  int64_t steps;
  /// The windows' place, in a product with bounds.
  mlir::Value place;
  /// Where what is read of B is stored as a panel; null if it is not.
  mlir::Value panel;

  int64_t rows() const { return offsets.size(); }
};

/// The accumulators of a tile while code is emitted that adds to them.
class TileSums {
public:
  const RegisterTile tile;

  /// They are zero.
  TileSums(const MatrixProduct &product, const RegisterTile &tile,
           mlir::OpBuilder &builder, mlir::Location loc);

  /// Vectors of a row.
  int64_t vectors() const { return vectorsOfRow; }
  /// Vector v of row i.
  mlir::Value &at(int64_t i, int64_t v) { return sums[i * vectorsOfRow + v]; }

  /// Its columns: where a vector takes several steps at once, what those add
  /// up to.
  mlir::Value columnsAt(int64_t i, int64_t v);

  /// Adds all the products.
  void add() { addLoops(0, tile.lhs, tile.rhs); }

  /// Adds `count` of them, where K is one loop without bounds.
  void addSteps(mlir::Value first, int64_t count);
  /// Emits body(i) for i = begin, begin + by, … below `end`; the body may add.
  void loop(mlir::Value begin, mlir::Value end, int64_t by,
            llvm::function_ref<void(mlir::Value)> body);

private:
  void addLoops(size_t depth, mlir::Value lhs, mlir::Value rhs);
  void multiply(mlir::Value lhs, mlir::Value rhs, int64_t k, mlir::Value first,
                int64_t valid);
  bool asksForRows() const;
  void askForRow(mlir::Value place);
  bool isWrittenOut(size_t depth) const;
  mlir::Value loadLhs(mlir::Value place, int64_t valid);
  mlir::Value loadRhs(mlir::Value place, int64_t valid);
  mlir::Value multiplyAdd(mlir::Value a, mlir::Value b, mlir::Value sum);
  mlir::Value zero();

  const MatrixProduct &p;
  const ir::ContractionTiling &t;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  IndexMath index;
  mlir::VectorType vector;
  int64_t vectorsOfRow;
  llvm::SmallVector<mlir::Value> sums;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_TILESUMS_H
