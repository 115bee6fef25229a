//===- TurnedRows.h - rows shorter than a vector ----------------*- C++ -*-===//
//
// A row of ten elements fills no vector, and what combines its elements would
// combine lanes.  Instead lanes run over rows: as many of them as a vector has
// lanes are read, each as it lies, and turned in registers to one vector a
// column.  Results that are rows go the other way.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_TURNEDROWS_H
#define SINTER_PASSES_LOWER_TURNEDROWS_H

#include "mlir/IR/Builders.h"

namespace sinter::passes {

/// Rows in a flat buffer, one a lane.
struct RowsInMemory {
  mlir::Value flat;
  /// Place of the first element of the first row: from there to `offset`.
  llvm::function_ref<mlir::Value(int64_t offset)> at;
  /// From one row to the next, and how many elements of each there are.
  int64_t stride, length;
  int64_t lanes;
  /// The first of the lanes have rows.
  int64_t active;
  /// Whether the machine reads and writes parts of vectors.
  bool masks;
};

/// Columns that are turned together: what a row has of them is one vector,
/// which may begin before its row's first column or end behind its last.
struct ColumnGroup {
  int64_t first, width;
  /// Of a row of `length`, the one with `column`.
  static ColumnGroup of(int64_t column, int64_t length, int64_t lanes);
  int64_t end() const { return first + width; }
};

/// The columns of a group, a vector each; 0 in lanes without a row.  Nothing
/// is read but the rows from the first to the last, and what is between them.
llvm::SmallVector<mlir::Value>
readColumns(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type storage,
            const RowsInMemory &rows, ColumnGroup group);

/// Rows of all `columns`, that follow each other in memory.
void writeColumns(mlir::OpBuilder &builder, mlir::Location loc,
                  llvm::ArrayRef<mlir::Value> columns,
                  const RowsInMemory &rows);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_TURNEDROWS_H
