//===- ScoreRegion.h - from scores to what they weigh -----------*- C++ -*-===//
//
// The ops of one block through which a large contraction, the scores, goes into
// one other contraction and nowhere else: attention is scores → scale → mask →
// softmax → weighted values, but any ops that can be computed for a part of the
// rows will do.  Masks and the like, which are as large as the scores and cheap
// to compute, belong to it: what is computed for a part needs a part of them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_DIFFERENTIATE_SCOREREGION_H
#define SINTER_PASSES_DIFFERENTIATE_SCOREREGION_H

#include "compiler/ir/Sinter.h"
#include "llvm/ADT/SetVector.h"

#include <optional>

namespace sinter::passes {

struct ScoreRegion {
  ir::DotGeneralOp scores, result;
  /// Everything between, and these two, operands first.
  llvm::SetVector<mlir::Operation *> ops;
  /// Values that depend on the scores.
  llvm::DenseSet<mlir::Value> fromScores;

  /// Whether something is summed or compared over a row.
  bool hasReduction = false;
  /// The first other op that reads what depends on the scores, if there is one.
  mlir::Operation *otherReader = nullptr;

  /// The region that begins with these scores; nothing if no contraction reads
  /// them.  It can be computed in parts only if it has no other reader.
  static std::optional<ScoreRegion> find(ir::DotGeneralOp scores);
};

/// How a region is computed for slices along one dimension of its result.
class SlicedRegion {
public:
  /// Nothing if some op needs it whole.
  static std::optional<SlicedRegion> along(const ScoreRegion &region,
                                           int64_t resultDim);

  /// The dimension of the scores that is sliced.
  int64_t getScoresDim() const { return scoresDim; }

  /// The result for `steps` slices of `extent`, from `start`; computed by a
  /// scan, which is `apart` and a `checkpoint`.  Within it scores and result
  /// are the ops returned.
  struct Blocks {
    mlir::Value whole;
    ir::DotGeneralOp scores, result;
  };
  Blocks emit(mlir::OpBuilder &builder, int64_t start, int64_t extent,
              int64_t steps) const;

private:
  /// A value, whole or sliced along this dimension.
  static constexpr int64_t whole = -1;
  using Part = std::pair<mlir::Value, int64_t>;

  explicit SlicedRegion(const ScoreRegion &region) : region(&region) {}
  bool need(mlir::Value value, int64_t dim);

  const ScoreRegion *region;
  int64_t resultDim = 0, scoresDim = 0;
  llvm::DenseSet<Part> needed;
  /// What comes from outside.
  llvm::SmallVector<Part> slices, invariants;
  /// What is computed, operands first.
  llvm::SmallVector<std::pair<mlir::Operation *, int64_t>> order;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_DIFFERENTIATE_SCOREREGION_H
