//===- ContractionTiling.h - how a contraction is tiled ---------*- C++ -*-===//
//
// The part of a kernel's schedule that a contraction's emitter follows.
// ChooseContractionTiling.cpp makes it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_CONTRACTIONTILING_H
#define SINTER_COMPILER_IR_CONTRACTIONTILING_H

#include "compiler/ir/ContractionForm.h"
#include "compiler/ir/ModuleFacts.h"

#include "llvm/Support/MathExtras.h"

namespace sinter::ir {

struct ContractionTiling {
  int64_t lanes;        // of one vector
  int64_t rows;         // MR: rows of a register tile
  int64_t columns;      // of one vector: as many as lanes, or a short row of B
  int64_t steps;        // of K that a vector takes beside one another, for each
                        // of its columns
  int64_t vectors;      // its width in vectors: NR = vectors · columns
  int64_t unroll;       // steps of K unrolled
  int64_t blockRows;    // MC: rows of A per pass over B
  int64_t blockColumns; // NC: columns of B per block, whole panels
  int64_t blockDepth; // KC: steps of the outermost loop over K per pass over a
                      // block; 0 for all at once
  int64_t tasks;      // parts that threads may share, at most
  bool packLhs;       // A is first written as [blockRows][K]
  bool packRhs;       // B is read as [N/NR][K][NR], zero-padded: packed
                      // first, unless it is an argument of that form
  bool packBeside;    // the first tile of a block reads B as it lies and stores
                      // it as a panel [KC][NR], which those below it read
  bool defersEpilogue; // what follows the sums of a tile happens between the
                       // multiply-adds of the next one
  bool loopsEpilogue; // or is a loop over the tile's rows, which wait in memory
  int64_t scratchBytes;

  int64_t width() const { return vectors * columns; }
  bool packsRhs() const { return packRhs || packBeside; }
  /// Whether B is packed as [K / steps][columns][steps].
  bool packsSteps() const { return steps > 1; }

  /// The fastest one, as far as a small model of the machine knows.
  static ContractionTiling choose(DotGeneralOp op, const TargetFacts &target);
  /// How many rows of each of the last two loops over M, the outer one first, a
  /// tile of `rows` takes: all of the last if more than one of the other.  None
  /// if so many cannot be walked with constant offsets.
  static std::optional<std::pair<int64_t, int64_t>>
  splitRows(int64_t rows, llvm::ArrayRef<ContractionLoop> rowLoops);
  /// The same of this one's tiles, which may be smaller where they do not fit.
  std::pair<int64_t, int64_t>
  tileRows(llvm::ArrayRef<ContractionLoop> rowLoops) const;
  /// Whether the tasks are whole products, of the batch or of segments, not
  /// blocks of them.  Segments are few: of whole ones some threads might have
  /// one more than others, which is much.
  bool sharesProducts(const ContractionForm &form) const {
    constexpr int64_t few = 8;
    return tasks > 1 && form.products() >= tasks &&
           (form.segments == 1 || form.products() >= few ||
            form.products() % tasks == 0);
  }
  /// Whether all of B is packed in the call before it is read.
  bool packsAhead(DotGeneralOp op) const { return packRhs && !readsPanels(op); }
  /// How the loops over M are cut: `steps` of that loop, and all of those
  /// inside, are a block of at most `rows` rows.
  struct RowBlocks {
    size_t loop;
    int64_t steps, rows;
  };
  RowBlocks rowBlocks(llvm::ArrayRef<ContractionLoop> rowLoops) const;
  /// The elements of K in a pass over a block.
  int64_t passDepth(const ContractionForm &form) const;
  /// Whether B is an argument that is packed as these tiles read it.
  bool readsPanels(DotGeneralOp op) const;
  /// Whether each task packs its own B: that of its products, or a panel.
  bool ownsRhs(const ContractionForm &form) const {
    return packBeside || sharesProducts(form);
  }
  /// Whether this form's loops let tiles pack B beside their products.
  bool canPackBeside(const ContractionForm &form) const;
  /// Whether vectors can take `steps` of K at once.
  bool canTakeSteps(const ContractionForm &form) const;
  /// Bytes of a packed block of A, and of B, or a panel of it, if it is packed
  /// in the call.
  int64_t lhsBytes(DotGeneralOp op) const;
  int64_t rhsBytes(DotGeneralOp op) const;
  /// Bytes of a block's sums between passes; 0 if there is one pass.
  int64_t sumBytes(DotGeneralOp op) const;
  /// Bytes of the sums of a tile that wait for their epilogue, and of where
  /// they belong.
  int64_t pendingBytes(DotGeneralOp op) const;
  int64_t pendingPlaceBytes() const { return defersEpilogue ? 64 : 0; }
  /// The steps over K beside which one row of them is finished: whole unrolled
  /// ones, that about hide a division of each of its vectors.
  int64_t stepsBesideRow() const {
    constexpr int64_t least = 4;
    return llvm::alignTo(least, unroll);
  }
  /// Whether tasks take turns with panels, and the bytes that say who has one.
  bool takesTurns(const ContractionForm &form) const {
    return packBeside && tasks > 1 && !sharesProducts(form);
  }
  int64_t turnBytes(DotGeneralOp op) const;
  /// Bytes that packing and waiting take: each task has a block of A and sums
  /// of its own, and B if it owns that.
  int64_t neededScratch(DotGeneralOp op) const;
  /// From and to the entries of a kernel's `schedule`.
  static std::optional<ContractionTiling> from(mlir::DictionaryAttr schedule);
  void addTo(mlir::NamedAttrList &schedule, mlir::MLIRContext *context) const;
};

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_CONTRACTIONTILING_H
