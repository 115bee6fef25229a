//===- VerifyTiling.cpp - tilings that can be followed --------------------===//
//
// Operands are packed where their memory cannot be used as it lies, tiles are
// ones that the loops have, blocks are whole tiles, and there is scratch for
// it.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/VerifyTiling.h"

#include "compiler/ir/ScheduleUses.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

/// What is written out one after the other.
static constexpr int64_t mostProductsOfTile = 4096;

LogicalResult sinter::ir::verifyTiling(KernelOp kernel, DotGeneralOp dot,
                                       const ContractionTiling &tiling) {
  ContractionForm form = ContractionForm::of(dot);
  bool directLhs = form.lhs.has_value();
  auto rows = form.shortRows();
  bool directRhs = rows ? rows->columns == tiling.columns
                        : form.rhs && form.rhsN.stride() &&
                              (*form.rhsN.stride() == 1 || form.n == 1);
  if ((!tiling.packLhs && !directLhs) || (!tiling.packRhs && !directRhs))
    return kernel.emitOpError("must pack the ")
           << (!tiling.packLhs && !directLhs ? "left" : "right")
           << " operand, which does not lie in memory as its tiles need it";
  if (tiling.lanes < 2)
    return kernel.emitOpError(
        "has tiles, which are made of vectors, of 1 lane: "
        "drop their entries, or give them 2 lanes");
  int64_t steps =
      tiling.defersEpilogue ? tiling.stepsBesideRow() : tiling.unroll;
  if (tiling.rows * tiling.vectors * steps > mostProductsOfTile)
    return kernel.emitOpError("has tiles of ")
           << tiling.rows << "×" << tiling.vectors << " vectors and " << steps
           << " steps, which are more than " << mostProductsOfTile
           << " products in a row";
  if (tiling.rows > std::max<int64_t>(form.m, 1) ||
      !ContractionTiling::splitRows(tiling.rows, form.rowLoops(tiling.packLhs)))
    return kernel.emitOpError("has tiles of ")
           << tiling.rows << " rows, which the loops over the rows of its left "
           << "operand do not have at constant distances";
  if (tiling.blockRows < form.m && tiling.blockRows % tiling.rows != 0)
    return kernel.emitOpError("has blocks of ")
           << tiling.blockRows << " rows, which are not whole tiles of "
           << tiling.rows;
  if (tiling.packsSteps() && !tiling.canTakeSteps(form))
    return kernel.emitOpError("has vectors of ")
           << tiling.steps << " steps, which its operands do not have side by "
           << "side";
  if (tiling.columns != tiling.lanes && !tiling.packsSteps() &&
      (tiling.packRhs || !rows))
    return kernel.emitOpError("has vectors of ")
           << tiling.columns << " columns, which are no rows of its operand";
  int64_t panel = tiling.width();
  if (tiling.blockColumns % panel != 0)
    return kernel.emitOpError("has blocks of ")
           << tiling.blockColumns << " columns, which are not whole tiles of "
           << panel;
  auto whole = [](int64_t extent, int64_t tile) {
    return static_cast<int64_t>(
        llvm::alignTo(std::max<int64_t>(extent, 1), tile));
  };
  if (tiling.blockRows > whole(form.m, tiling.rows) ||
      tiling.blockColumns > whole(form.n, panel))
    return kernel.emitOpError("has blocks of ")
           << tiling.blockRows << "×" << tiling.blockColumns
           << ", which is more than the product";
  if (tiling.packBeside && (tiling.packRhs || !tiling.canPackBeside(form)))
    return kernel.emitOpError("packs its right operand beside its products, ")
           << (tiling.packRhs ? "but before them too"
                              : "but has not one loop over rows of contiguous "
                                "columns");
  if (tiling.blockDepth > 0 && tiling.columns != tiling.lanes)
    return kernel.emitOpError(
        "passes its blocks several times, but its vectors take short rows or "
        "several steps");
  if (tiling.blockDepth > 0 &&
      llvm::any_of(form.depthLoops(tiling.packLhs, tiling.packRhs ? panel : 0),
                   [](auto &loop) { return loop.bounded; }))
    return kernel.emitOpError(
        "passes its blocks several times, but the loops over what it sums "
        "have bounds");
  if (tiling.defersEpilogue && !canDeferEpilogue(tiling, form))
    return kernel.emitOpError("defers its epilogue, but its tiles have not the "
                              "steps, all in one loop of one pass, to finish "
                              "others of whole vectors beside them");
  if (tiling.loopsEpilogue && !canLoopEpilogue(tiling))
    return kernel.emitOpError("has an epilogue that is a loop over the rows of "
                              "a tile, but whose sums wait elsewhere, or add "
                              "up several steps");
  int64_t needed = tiling.neededScratch(dot);
  if (tiling.scratchBytes < needed)
    return kernel.emitOpError("needs ")
           << needed << " bytes of scratch by its tiles, but its schedule has "
           << tiling.scratchBytes;
  return success();
}
