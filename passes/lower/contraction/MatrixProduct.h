//===- MatrixProduct.h - the loops of C = A·B -------------------*- C++ -*-===//
//
// Emits one matrix product over memory as scf loops and vector multiply-adds.
// What happens to the accumulators (epilogue, store) and how packed operands
// are filled is the caller's: see ContractionEmitter.cpp.  The loops over
// blocks and tiles are in MatrixProduct.cpp; TileSums adds up a tile,
// WaitingSums keeps a block's sums between passes over K, and DeferredEpilogue
// stores a tile beside the next one.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_MATRIXPRODUCT_H
#define SINTER_PASSES_LOWER_CONTRACTION_MATRIXPRODUCT_H

#include "compiler/ir/ContractionTiling.h"
#include "passes/lower/contraction/IndexMath.h"

namespace sinter::passes {

/// A matrix in a flat memref: element (r, c) is at base + r·rows + c·columns.
struct StridedMatrix {
  mlir::Value memory; // memref<?xT> of rank 1
  mlir::Value base;   // index
  int64_t rows, columns;
};

/// Where a tile's row of results is: C[row, column … column + lanes), of which
/// the first `valid` exist.
struct TileRow {
  mlir::Value row, column;
  int64_t lanes, valid;
};

/// A flat memref and where in it an operand's first element is.
struct OperandPlace {
  mlir::Value memory; // memref<?xT> of rank 1
  mlir::Value base;   // index
};

struct MatrixProduct {
  /// How far a bounded loop over K goes.
  struct Bounds {
    ir::Border border;
    /// The windows' place, where it is the same in the whole product; else the
    /// index of the bounded loop over M.
    mlir::Value place;
  };

  int64_t n, k;
  /// Elements of B from one vector of a row to the next.
  int64_t vectorDistance;
  /// M and K, outermost first; each at least one loop.
  llvm::SmallVector<ir::ContractionLoop> rows, depth;
  std::optional<Bounds> bounds;
  mlir::Type element;
  bool fma;
  ir::ContractionTiling tiling;
  /// With tiling.packLhs, filled by `packLhs` for each pass over a block of
  /// rows and then relative to that.
  OperandPlace lhs;
  /// Columns are N with stride 1; or, with tiling.packRhs, panels
  /// [N/NR][K][NR], filled before.
  OperandPlace rhs;
  /// With tiling.packBeside, emits body(panel) with room for a panel, a flat
  /// memref, that is the task's until then.
  llvm::function_ref<void(llvm::function_ref<void(mlir::Value)> body)>
      withPanel = nullptr;
  /// Emits body(i) for i = 0 … count − 1, which threads may share; of several
  /// products each, if it puts their operands in place before.
  llvm::function_ref<void(int64_t count,
                          llvm::function_ref<void(mlir::Value)> body)>
      share;
  /// Fills the packed block of A that begins at row `row`, of `rows` rows, with
  /// the `count` elements of K from `first` on.
  llvm::function_ref<void(mlir::Value row, mlir::Value rows, mlir::Value first,
                          int64_t count)>
      packLhs;
  /// With tiling.blockDepth, where a block's sums wait between passes: a flat
  /// memref of the task's own.
  llvm::function_ref<mlir::Value()> waitingSums = nullptr;
  /// Told of each row of a register tile, all its columns at once, before its
  /// products are added up.
  llvm::function_ref<void(TileRow place)> prefetch;
  /// Takes one vector of accumulators.
  llvm::function_ref<void(TileRow place, mlir::Value sum)> store;

  /// With tiling.defersEpilogue or loopsEpilogue: the sums of a tile that wait;
  /// of those that are deferred, how many rows there are, and where the first
  /// belongs.
  struct Pending {
    mlir::Value sums;  // memref<?xT>
    mlir::Value place; // memref<3xindex>: rows, row, column
  };
  /// Room for it, of the task that asks.
  llvm::function_ref<Pending()> pending;

  mlir::VectorType vector() const {
    return mlir::VectorType::get(tiling.lanes, element);
  }
  void emit(mlir::OpBuilder &builder, mlir::Location loc);
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_MATRIXPRODUCT_H
