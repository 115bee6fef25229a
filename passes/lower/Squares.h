//===- Squares.h - transposes in registers ----------------------*- C++ -*-===//
//
// A kernel that reads an argument across its rows would gather element by
// element.  Instead its points are done `lanes` rows at a time: the square of
// lanes × lanes elements is read as it lies, in whole vectors, and turned in
// registers.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_SQUARES_H
#define SINTER_PASSES_LOWER_SQUARES_H

#include "passes/lower/ValueEmitter.h"

#include <optional>

namespace sinter::passes {

/// How a space is walked in squares.
struct SquareWalk {
  /// The dimension along which an argument that is read transposed lies side by
  /// side.
  size_t across;
  /// Lanes of a square, at most those asked for.
  int64_t lanes;
};
/// The largest squares in which `values` can be computed; none if nothing is
/// read transposed, or if the last dimension or `across` is shorter than the
/// least vector.
std::optional<SquareWalk> findSquares(llvm::ArrayRef<mlir::Value> values,
                                      int64_t mostLanes);

/// The squares of `rows` (n vectors, n a power of 2, of squares of n lanes side
/// by side) transposed, each by itself, by log₂ n stages of two-operand
/// shuffles. Rows that are null hold nothing, and so may those that come back.
llvm::SmallVector<mlir::Value>
transposeSquares(mlir::OpBuilder &builder, mlir::Location loc,
                 llvm::SmallVector<mlir::Value> rows);

/// Every point of a space of `shape`: in squares along `walk.across` and the
/// last dimension (see ValueEmitter::Square), in rows and elements at the
/// edges. The outermost loop is shared by `tasks`.
void loopOverSquares(ValueEmitter &emitter, mlir::Location loc,
                     llvm::ArrayRef<int64_t> shape, SquareWalk walk,
                     bool maskedTails, int64_t tasks,
                     llvm::function_ref<void(const Point &)> body);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_SQUARES_H
