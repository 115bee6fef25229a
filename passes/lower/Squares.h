//===- Squares.h - transposes in registers ----------------------*- C++ -*-===//
//
// A kernel that reads an argument across its rows would gather element by
// element.  Instead its points are done some rows at a time: a square of rows ×
// lanes elements is read as it lies, in vectors along the rows' index, and
// turned in registers.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_SQUARES_H
#define SINTER_PASSES_LOWER_SQUARES_H

#include "passes/lower/ValueEmitter.h"

#include <optional>

namespace sinter::passes {

/// A space of several blocks of dimensions, each walked as one.
using Blocks = llvm::ArrayRef<llvm::SmallVector<int64_t>>;

/// The block along which an argument that `values` read transposed lies side by
/// side; none if nothing is read so, or if it is the last one.
std::optional<size_t> findAcross(llvm::ArrayRef<mlir::Value> values,
                                 Blocks blocks);

/// Lanes of vectors along the last block, at most `most`: as few as it fills,
/// but not fewer than `fewest`. None if it is too short for any.
std::optional<int64_t> lanesToTurn(Blocks blocks, int64_t most, int64_t fewest,
                                   bool maskedTails);

/// The squares of `rows` (n vectors, n a power of 2, of squares of n lanes side
/// by side) transposed, each by itself, by log₂ n stages of two-operand
/// shuffles. Rows that are null hold nothing, and so may those that come back.
llvm::SmallVector<mlir::Value>
transposeSquares(mlir::OpBuilder &builder, mlir::Location loc,
                 llvm::SmallVector<mlir::Value> rows);

/// Every point of the space: in squares of `lanes` along block `across` and the
/// last one (see ValueEmitter::Square), what is left of the last behind a mask
/// or in elements. The outermost loop is shared by `tasks`.
void loopOverSquares(ValueEmitter &emitter, mlir::Location loc, Blocks blocks,
                     size_t across, int64_t lanes, int64_t tasks,
                     llvm::function_ref<void(const Point &)> body);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_SQUARES_H
