//===- ContractionTiling.cpp - what a tiling means ------------------------===//
//
// How its tiles and blocks lie in the loops of a contraction, the scratch that
// it needs, and its entries in a schedule.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ContractionTiling.h"

#include "compiler/ir/Panels.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

std::optional<std::pair<int64_t, int64_t>>
ContractionTiling::splitRows(int64_t rows, ArrayRef<ContractionLoop> loops) {
  int64_t last = std::max<int64_t>(loops.back().extent, 1);
  if (rows <= last || loops.size() == 1)
    return std::pair(int64_t(1), rows);
  const ContractionLoop &around = loops.drop_back().back();
  if (rows % last != 0 || rows / last > around.extent || around.bounded)
    return std::nullopt;
  return std::pair(rows / last, last);
}

std::pair<int64_t, int64_t>
ContractionTiling::tileRows(ArrayRef<ContractionLoop> rowLoops) const {
  // A tile that a dump was edited to have may not fit.
  auto split = splitRows(rows, rowLoops);
  return split.value_or(
      std::pair(int64_t(1), std::min(rows, rowLoops.back().extent)));
}

static int64_t elementBytes(DotGeneralOp op) {
  Type element = getElementTypeOrSelf(op.getType());
  return getStorageType(element).getIntOrFloatBitWidth() / 8;
}

static constexpr int64_t kScratchAlignment = 64;

bool ContractionTiling::readsPanels(DotGeneralOp op) const {
  std::optional<Panels> panels = Panels::of(op, ContractionForm::of(op));
  return packRhs && panels && panels->width == width();
}

ContractionTiling::RowBlocks
ContractionTiling::rowBlocks(ArrayRef<ContractionLoop> rowLoops) const {
  // The first loop whose inner ones stay within a block.
  int64_t below = 1;
  for (const ContractionLoop &loop : rowLoops.drop_front())
    below *= loop.extent;
  size_t loop = 0;
  while (loop + 1 < rowLoops.size() && below > blockRows)
    below /= std::max<int64_t>(rowLoops[++loop].extent, 1);
  // Whole tiles only, where the block is cut.
  auto [around, last] = tileRows(rowLoops);
  int64_t grain = loop + 1 == rowLoops.size()                 ? last
                  : loop + 2 == rowLoops.size() && around > 1 ? around
                                                              : 1;
  int64_t steps = std::max<int64_t>(blockRows / below, 1);
  steps = std::max(steps / grain, int64_t(1)) * grain;
  return {loop, steps, steps * below};
}

int64_t ContractionTiling::passDepth(const ContractionForm &form) const {
  if (blockDepth == 0 || form.k == 0)
    return form.k;
  int64_t steps =
      form.depthLoops(packLhs, packRhs ? width() : 0).front().extent;
  return std::min(blockDepth, steps) * (form.k / steps);
}

bool ContractionTiling::canPackBeside(const ContractionForm &form) const {
  if (!form.rhs || form.rhsHasBorder || columns != lanes || form.k == 0 ||
      form.rhsN.stride() != 1)
    return false;
  SmallVector<ContractionLoop> depth = form.depthLoops(packLhs, 0);
  return form.rowLoops(packLhs).size() == 1 && depth.size() == 1 &&
         !depth[0].bounded && depth[0].extent == form.k;
}

bool ContractionTiling::canTakeSteps(const ContractionForm &form) const {
  if (!packRhs || vectors != 1 || columns * steps != lanes || form.k == 0 ||
      form.n > columns)
    return false;
  SmallVector<ContractionLoop> depth = form.depthLoops(packLhs, width());
  const ContractionLoop &last = depth.back();
  return last.lhs == 1 && last.rhs == columns && !last.bounded &&
         (depth.size() == 1 || last.extent % steps == 0);
}

int64_t ContractionTiling::sumBytes(DotGeneralOp op) const {
  if (blockDepth == 0)
    return 0;
  ContractionForm form = ContractionForm::of(op);
  return llvm::alignTo(rowBlocks(form.rowLoops(packLhs)).rows * blockColumns *
                           elementBytes(op),
                       kScratchAlignment);
}

int64_t ContractionTiling::lhsBytes(DotGeneralOp op) const {
  ContractionForm form = ContractionForm::of(op);
  return packLhs ? llvm::alignTo(std::min(blockRows, form.m) * passDepth(form) *
                                     elementBytes(op),
                                 kScratchAlignment)
                 : 0;
}

int64_t ContractionTiling::rhsBytes(DotGeneralOp op) const {
  ContractionForm form = ContractionForm::of(op);
  int64_t elements = packBeside       ? width() * passDepth(form)
                     : packsAhead(op) ? llvm::alignTo(form.n, width()) *
                                            llvm::alignTo(form.k, steps)
                                      : 0;
  return llvm::alignTo(elements * elementBytes(op), kScratchAlignment);
}

int64_t ContractionTiling::pendingBytes(DotGeneralOp op) const {
  return defersEpilogue || loopsEpilogue
             ? pendingPlaceBytes() +
                   llvm::alignTo(rows * vectors * lanes * elementBytes(op),
                                 kScratchAlignment)
             : 0;
}

int64_t ContractionTiling::turnBytes(DotGeneralOp op) const {
  return takesTurns(ContractionForm::of(op)) ? kScratchAlignment : 0;
}

int64_t ContractionTiling::neededScratch(DotGeneralOp op) const {
  bool own = ownsRhs(ContractionForm::of(op));
  return tasks * (lhsBytes(op) + sumBytes(op) + pendingBytes(op)) +
         (own ? tasks : 1) * rhsBytes(op) + turnBytes(op);
}

std::optional<ContractionTiling>
ContractionTiling::from(DictionaryAttr schedule) {
  ContractionTiling tiling{};
  bool complete = schedule != nullptr;
  auto number = [&](StringRef name) -> int64_t {
    auto value = complete ? schedule.getAs<IntegerAttr>(name) : IntegerAttr();
    complete = complete && value;
    return value ? value.getInt() : 0;
  };
  tiling.lanes = number("lanes");
  tiling.rows = number("tile_rows");
  tiling.vectors = number("tile_vectors");
  tiling.columns = tiling.lanes;
  if (complete && schedule.contains("vector_columns"))
    tiling.columns = number("vector_columns");
  tiling.steps = complete && schedule.contains("vector_steps")
                     ? number("vector_steps")
                     : 1;
  tiling.unroll = number("unroll");
  tiling.blockRows = number("block_rows");
  tiling.scratchBytes = number("scratch_bytes");
  tiling.blockColumns = number("block_columns");
  tiling.tasks = number("tasks");
  tiling.blockDepth =
      complete && schedule.contains("block_depth") ? number("block_depth") : 0;
  if (!complete || tiling.lanes < 1 || tiling.rows < 1 || tiling.vectors < 1 ||
      tiling.unroll < 1 || tiling.blockRows < 1 || tiling.tasks < 1 ||
      tiling.blockColumns < 1 || tiling.columns < 1 || tiling.steps < 1 ||
      tiling.columns > tiling.lanes)
    return std::nullopt;
  tiling.packLhs = schedule.contains("pack_lhs");
  tiling.packRhs = schedule.contains("pack_rhs");
  tiling.packBeside = schedule.contains("pack_beside");
  tiling.defersEpilogue = schedule.contains("defer_epilogue");
  tiling.loopsEpilogue = schedule.contains("loop_epilogue");
  return tiling;
}

void ContractionTiling::addTo(NamedAttrList &schedule,
                              MLIRContext *context) const {
  Builder builder(context);
  auto number = [&](StringRef name, int64_t value) {
    schedule.set(name, builder.getI64IntegerAttr(value));
  };
  number("lanes", lanes);
  number("tile_rows", rows);
  number("tile_vectors", vectors);
  if (columns != lanes)
    number("vector_columns", columns);
  if (packsSteps())
    number("vector_steps", steps);
  number("unroll", unroll);
  number("block_rows", blockRows);
  number("block_columns", blockColumns);
  if (blockDepth > 0)
    number("block_depth", blockDepth);
  number("tasks", tasks);
  number("scratch_bytes", scratchBytes);
  if (packLhs)
    schedule.set("pack_lhs", builder.getUnitAttr());
  if (packRhs)
    schedule.set("pack_rhs", builder.getUnitAttr());
  if (packBeside)
    schedule.set("pack_beside", builder.getUnitAttr());
  if (defersEpilogue)
    schedule.set("defer_epilogue", builder.getUnitAttr());
  if (loopsEpilogue)
    schedule.set("loop_epilogue", builder.getUnitAttr());
}
