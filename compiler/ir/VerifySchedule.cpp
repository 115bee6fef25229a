//===- VerifySchedule.cpp - schedules that can be followed ----------------===//
//
// The emitters do as they are told, so what they are told has limits: entries
// that there are, of the right type, that mean something to this kernel's code;
// scratch for it; results written over arguments that nobody reads any more.
// What cannot be followed is refused, never ignored.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/VerifySchedule.h"

#include "compiler/ir/OpKind.h"
#include "compiler/ir/Overwriting.h"
#include "compiler/ir/ScheduleUses.h"
#include "compiler/ir/SortRow.h"
#include "compiler/ir/TaskCost.h"
#include "compiler/ir/VerifyTiling.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

/// Entries that take no value.
static constexpr StringLiteral flags[] = {
    "streams",     "prefetches_rows", "pack_lhs",     "pack_rhs",
    "pack_beside", "defer_epilogue",  "loop_epilogue"};

namespace {
/// What makes the code of a kernel, and which entries it has use for.
enum class Code { Scalars, Walks, Tiles };
} // namespace

static bool isOfTiles(StringRef name) {
  return llvm::is_contained(
      {"tile_rows", "tile_vectors", "vector_columns", "vector_steps", "unroll",
       "block_rows", "block_columns", "block_depth", "pack_lhs", "pack_rhs",
       "pack_beside", "defer_epilogue", "loop_epilogue"},
      name);
}

static Code codeOf(KernelOp kernel, DictionaryAttr schedule) {
  if (Options::of(kernel).optLevel == 0 ||
      schedule.getAs<StringAttr>("kind").getValue() == "scalar")
    return Code::Scalars;
  bool hasTiles = llvm::any_of(schedule, [](NamedAttribute entry) {
    return isOfTiles(entry.getName());
  });
  return hasTiles && findContraction(kernel) ? Code::Tiles : Code::Walks;
}

/// Refuses entries that there are not, and those that this code does not heed.
static LogicalResult verifyNames(KernelOp kernel, DictionaryAttr schedule,
                                 Code code) {
  for (NamedAttribute entry : schedule) {
    StringRef name = entry.getName();
    bool ofAll =
        llvm::is_contained({"kind", "scratch_bytes", "tasks", "segments",
                            "segment_arguments", "segment_results"},
                           name);
    bool ofVectors = llvm::is_contained({"lanes", "tail", "reduce"}, name);
    bool ofWalks = llvm::is_contained({"streams", "prefetches_rows"}, name);
    if (!ofAll && !ofVectors && !ofWalks && !isOfTiles(name))
      return kernel.emitOpError("has the schedule entry '")
             << name << "', which there is not";
    if (ofAll || (ofVectors && code != Code::Scalars) ||
        (ofWalks && code == Code::Walks) ||
        (isOfTiles(name) && code == Code::Tiles))
      continue;
    return kernel.emitOpError("has the schedule entry '")
           << name << "', which has no meaning for "
           << (code == Code::Scalars ? "scalar code"
               : code == Code::Tiles ? "a contraction in tiles"
                                     : "code that is no contraction in tiles");
  }
  return success();
}

static LogicalResult verifyValues(KernelOp kernel, DictionaryAttr schedule) {
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
      {"vector_steps", 1, 64},
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
  for (StringRef name : flags)
    if (Attribute attr = schedule.get(name); attr && !isa<UnitAttr>(attr))
      return kernel.emitOpError("has the schedule entry '")
             << name << "' = " << attr << ", which takes no value";
  for (StringRef name : {"kind", "tail", "reduce"})
    if (Attribute attr = schedule.get(name); attr && !isa<StringAttr>(attr))
      return kernel.emitOpError("has the schedule entry '")
             << name << "' = " << attr << ", which is no string";
  if (auto lanes = schedule.getAs<IntegerAttr>("lanes"))
    if (!llvm::isPowerOf2_64(lanes.getInt()))
      return kernel.emitOpError("has vectors of ")
             << lanes.getInt() << " lanes, which is no power of 2";
  return success();
}

/// What the schedule tells of the kernel has to be so.
static LogicalResult verifyDescription(KernelOp kernel,
                                       DictionaryAttr schedule) {
  StringRef kind = schedule.getAs<StringAttr>("kind").getValue();
  bool isThat = kind == "scalar", isPointwise = true;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    OpKind own = kindOf(&op);
    isThat |= isa<LibraryCallOp>(op)
                  ? kind == "library"
                  : kind == kindName(own) && own != OpKind::Free;
    isPointwise &= kindName(own) == kindName(OpKind::Pointwise) ||
                   own == OpKind::Gather || own == OpKind::Random;
  }
  if (kind == kindName(OpKind::Pointwise) ? !isPointwise : !isThat)
    return kernel.emitOpError("has the schedule entry 'kind' = \"")
           << kind << "\", of which its body has no op";
  auto reduce = schedule.getAs<StringAttr>("reduce");
  if (reduce && (kind != kindName(OpKind::Reduction) ||
                 reduce.getValue() != reductionForm(kernel)))
    return kernel.emitOpError("has the schedule entry 'reduce' = ")
           << reduce << ", but its reductions are not of that form";
  return success();
}

/// `segments` parts of so many arguments and results each, before what all of
/// them share.
static LogicalResult verifySegments(KernelOp kernel, DictionaryAttr schedule) {
  int64_t arguments = kernel.getArgumentTypes().size();
  int64_t results = kernel.getResultTypes().size();
  SmallVector<int64_t, 3> numbers;
  for (StringRef name : {"segments", "segment_arguments", "segment_results"})
    if (Attribute attr = schedule.get(name)) {
      auto number = dyn_cast<IntegerAttr>(attr);
      bool fits = number && number.getType().isInteger(64) &&
                  number.getInt() >= 0 &&
                  number.getInt() <= std::max(arguments, results);
      numbers.push_back(fits ? number.getInt() : -1);
    }
  if (numbers.empty())
    return success();
  if (numbers.size() != 3 || llvm::is_contained(numbers, -1) ||
      numbers[0] == 0 || numbers[0] * numbers[1] > arguments ||
      numbers[0] * numbers[2] != results)
    return kernel.emitOpError("has segments that do not fit its signature");
  return success();
}

/// What only some kernels can be told.
static LogicalResult verifyUses(KernelOp kernel, DictionaryAttr schedule,
                                const KernelPhases &phases) {
  auto lanes = schedule.getAs<IntegerAttr>("lanes");
  bool hasVectors = !lanes || lanes.getInt() > 1;
  auto refuse = [&](StringRef name, StringRef reason) {
    return kernel.emitOpError("has the schedule entry '")
           << name << "', but " << reason;
  };
  if (schedule.contains("streams") && !(hasVectors && storesInWalks(phases)))
    return refuse("streams", "stores no vectors in a walk over its results");
  if (schedule.contains("prefetches_rows") && !walksRowsAgain(kernel, phases))
    return refuse("prefetches_rows",
                  "walks no rows again after it reduced them");
  if (auto tail = schedule.getAs<StringAttr>("tail")) {
    if (tail.getValue() != "masked" && tail.getValue() != "scalar")
      return kernel.emitOpError("has the schedule entry 'tail' = ")
             << tail << ", which is neither \"masked\" nor \"scalar\"";
    if (tail.getValue() == "masked" && !hasMasks(TargetFacts::of(kernel)))
      return refuse("tail", "the vectors of its target have no masks");
  }
  return success();
}

/// No argument is taken by two results, or read after its element was replaced.
static LogicalResult verifyOverwrites(KernelOp kernel) {
  ArrayRef<int64_t> overwrites = *kernel.getOverwrites();
  llvm::SmallDenseSet<int64_t> taken;
  std::optional<Overwriting> overwriting;
  for (auto [result, argument] : llvm::enumerate(overwrites)) {
    if (argument < 0)
      continue;
    if (!taken.insert(argument).second ||
        getBufferType(kernel.getResultTypes()[result]) !=
            getBufferType(kernel.getArgumentTypes()[argument]))
      return kernel.emitOpError("has `overwrites` that name an argument of "
                                "another form, or one for two results");
    if (!overwriting)
      overwriting.emplace(kernel);
    if (!overwriting->isPossible(result, argument))
      return kernel.emitOpError("must not write result ")
             << result << " over argument " << argument
             << ", of which it reads elements after it replaced them";
  }
  return success();
}

static LogicalResult verifyTiles(KernelOp kernel, DictionaryAttr schedule) {
  for (StringRef name : {"lanes", "tile_rows", "tile_vectors", "unroll",
                         "block_rows", "block_columns", "tasks"})
    if (!schedule.contains(name))
      return kernel.emitOpError("has tiles, but not the schedule entry '")
             << name << "'";
  auto tiling = ContractionTiling::from(schedule);
  if (!tiling)
    return kernel.emitOpError("has vectors of more columns than lanes");
  return verifyTiling(kernel, findContraction(kernel), *tiling);
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
  if (failed(verifySegments(kernel, schedule)))
    return failure();
  Code code = codeOf(kernel, schedule);
  if (failed(verifyValues(kernel, schedule)) ||
      failed(verifyNames(kernel, schedule, code)) ||
      failed(verifyDescription(kernel, schedule)))
    return failure();
  for (auto sort : kernel.getOps<ArgSortOp>())
    if (failed(verifyPlacesRead(sort)))
      return failure();
  KernelPhases phases = KernelPhases::of(kernel);
  if (schedule.getAs<IntegerAttr>("scratch_bytes").getInt() <
      phases.scratchBytes)
    return kernel.emitOpError("needs ")
           << phases.scratchBytes
           << " bytes of scratch by its loop nests, but its schedule "
           << "has less";
  if (failed(verifyUses(kernel, schedule, phases)) ||
      failed(verifyOverwrites(kernel)))
    return failure();
  return code == Code::Tiles ? verifyTiles(kernel, schedule) : success();
}
