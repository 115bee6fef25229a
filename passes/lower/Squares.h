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

/// The dimension of the space of `values` along which an argument that they
/// read transposed lies side by side; none if nothing is read so, or if the
/// last dimension or that one is shorter than a vector.
std::optional<size_t> squareDimension(llvm::ArrayRef<mlir::Value> values,
                                      int64_t lanes);

/// The square of `rows` (n vectors of n lanes, n a power of 2) transposed by
/// log₂ n stages of two-operand shuffles.
llvm::SmallVector<mlir::Value>
transposeSquare(mlir::OpBuilder &builder, mlir::Location loc,
                llvm::SmallVector<mlir::Value> rows);

/// Every point of a space of `shape`: in squares along `across` and the last
/// dimension (see ValueEmitter::Square), in rows and elements at the edges. The
/// outermost loop is shared by `tasks`.
void loopOverSquares(ValueEmitter &emitter, mlir::Location loc,
                     llvm::ArrayRef<int64_t> shape, size_t across,
                     int64_t lanes, bool maskedTails, int64_t tasks,
                     llvm::function_ref<void(const Point &)> body);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_SQUARES_H
