//===- VerifySchedule.cpp - schedules that can be followed ----------------===//
//
// The emitters do as they are told, so what they are told has limits: values of
// the right type, tiles that make code of a sensible size, operands packed
// where their memory cannot be used as it lies, and scratch for it.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/VerifySchedule.h"

#include "compiler/ir/ContractionTiling.h"
#include "compiler/ir/KernelPhases.h"
#include "compiler/ir/TaskCost.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

static LogicalResult verifyNumbers(KernelOp kernel, DictionaryAttr schedule) {
  struct Limit {
    StringLiteral name;
    int64_t least, most;
  };
  constexpr int64_t any = INT64_MAX;
  static constexpr Limit limits[] = {
      {"scratch_bytes", 0, int64_t(1) << 48},
      {"lanes", 1, 64},
      {"tile_rows", 1, 64},
      {"tile_vectors", 1, 16},
      {"vector_columns", 1, 64},
      {"unroll", 1, 64},
      {"block_rows", 1, any},
      {"block_columns", 1, any},
      {"block_depth", 1, any},
      {"tasks", 1, mostTasks},
  };
  for (const Limit &limit : limits) {
    Attribute attr = schedule.get(limit.name);
    if (!attr)
      continue;
    auto number = dyn_cast<IntegerAttr>(attr);
    if (!number || !number.getType().isInteger(64) ||
        number.getInt() < limit.least || number.getInt() > limit.most)
      return kernel.emitOpError("has the schedule entry '")
             << limit.name << "' = " << attr << ", which is not an i64 from "
             << limit.least << " to " << limit.most;
  }
  for (StringRef name : {"streams", "prefetches_rows", "pack_lhs", "pack_rhs",
                         "pack_beside", "defer_epilogue"})
    if (Attribute attr = schedule.get(name); attr && !isa<UnitAttr>(attr))
      return kernel.emitOpError("has the schedule entry '")
             << name << "' = " << attr << ", which takes no value";
  if (auto lanes = schedule.getAs<IntegerAttr>("lanes"))
    if (!llvm::isPowerOf2_64(lanes.getInt()))
      return kernel.emitOpError("has vectors of ")
             << lanes.getInt() << " lanes, which is no power of 2";
  return success();
}

static LogicalResult verifyContraction(KernelOp kernel, DotGeneralOp dot,
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
  if (tiling.blockRows < form.m && tiling.blockRows % tiling.rows != 0)
    return kernel.emitOpError("has blocks of ")
           << tiling.blockRows << " rows, which are not whole tiles of "
           << tiling.rows;
  if (tiling.columns != tiling.lanes && (tiling.packRhs || !rows))
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
        "passes its blocks several times, but its vectors take short rows");
  if (tiling.blockDepth > 0 &&
      llvm::any_of(form.depthLoops(tiling.packLhs, tiling.packRhs ? panel : 0),
                   [](auto &loop) { return loop.bounded; }))
    return kernel.emitOpError(
        "passes its blocks several times, but the loops over what it sums "
        "have bounds");
  int64_t needed = tiling.neededScratch(dot);
  if (tiling.scratchBytes < needed)
    return kernel.emitOpError("needs ")
           << needed << " bytes of scratch by its tiles, but its schedule has "
           << tiling.scratchBytes;
  return success();
}

LogicalResult sinter::ir::verifySchedule(KernelOp kernel) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  if (!schedule || !schedule.getAs<StringAttr>("kind") ||
      !schedule.getAs<IntegerAttr>("scratch_bytes"))
    return kernel.emitOpError("needs a schedule with `kind` and "
                              "`scratch_bytes` at the end of `fused`");
  auto overwrites = kernel.getOverwrites();
  if (!overwrites)
    return kernel.emitOpError("needs `overwrites` at the end of `fused`");
  int64_t numArguments = kernel.getArgumentTypes().size();
  if (overwrites->size() != kernel.getResultTypes().size() ||
      llvm::any_of(*overwrites, [&](int64_t argument) {
        return argument < -1 || argument >= numArguments;
      }))
    return kernel.emitOpError("needs, in `overwrites`, the number of an "
                              "argument, or -1, for each result");
  if (failed(verifyNumbers(kernel, schedule)))
    return failure();
  int64_t phases = KernelPhases::of(kernel).scratchBytes;
  if (schedule.getAs<IntegerAttr>("scratch_bytes").getInt() < phases)
    return kernel.emitOpError("needs ")
           << phases << " bytes of scratch by its loop nests, but its schedule "
           << "has less";
  DotGeneralOp dot = findContraction(kernel);
  if (auto tiling = ContractionTiling::from(schedule); dot && tiling)
    return verifyContraction(kernel, dot, *tiling);
  return success();
}
