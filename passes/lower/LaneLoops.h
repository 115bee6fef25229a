//===- LaneLoops.h - loops over index spaces in vectors ---------*- C++ -*-===//
//
// Neighbouring dimensions that nothing tells apart are one loop; the innermost
// loop takes vectors, several at once, and does what is left behind a mask or
// element by element.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_LANELOOPS_H
#define SINTER_PASSES_LOWER_LANELOOPS_H

#include "passes/lower/ValueEmitter.h"

namespace sinter::passes {

/// Dimensions `from`… of `shape` in blocks, each beginning at a boundary.
llvm::SmallVector<llvm::SmallVector<int64_t>>
dimensionBlocks(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<bool> boundary,
                size_t from = 0);

/// Dimensions `from`… of `shape` in blocks of extents that the values allow to
/// be walked as one; dimension `apart` begins a block.
llvm::SmallVector<llvm::SmallVector<int64_t>>
mergeDimensions(llvm::ArrayRef<int64_t> shape,
                llvm::ArrayRef<mlir::Value> values, size_t from,
                size_t apart = 0);

/// At most `lanes`, as few as the rows of such a space fill. A short vector
/// that is full beats a long one behind a mask: a load next to a masked store
/// waits for it.
int64_t lanesForRows(llvm::ArrayRef<llvm::SmallVector<int64_t>> blocks,
                     int64_t lanes, int64_t fewest);

class LaneLoops {
public:
  using Body = llvm::function_ref<void(llvm::ArrayRef<Point>)>;
  LaneLoops(ValueEmitter &emitter, mlir::Location loc)
      : emitter(emitter), builder(emitter.builder), loc(loc) {}

  /// Loops over all blocks from `depth` on; vectors along the last if `lanes` >
  /// 1.  The outermost loop is shared by `tasks`.
  void nest(llvm::ArrayRef<llvm::SmallVector<int64_t>> blocks, int64_t lanes,
            int64_t unroll, int64_t tasks, const Indices &prefix, size_t depth,
            Body body);

  /// The vectors that are done at once are otherwise written out, which of
  /// costly ones makes much code: in a loop around one over vectors this many
  /// elements apart; 0 for none.
  int64_t apart = 0;
  /// Emits, with the first of those, what they have in common.
  llvm::function_ref<void(const Point &first)> prepare;

private:
  void lanesLoop(llvm::ArrayRef<int64_t> block, int64_t lanes, int64_t unroll,
                 int64_t tasks, const Indices &prefix, Body body);
  Indices extend(const Indices &prefix, const Index &place,
                 llvm::ArrayRef<int64_t> block);

  ValueEmitter &emitter;
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_LANELOOPS_H
