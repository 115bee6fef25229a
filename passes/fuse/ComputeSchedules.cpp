//===- ComputeSchedules.cpp - how each kernel is to be emitted ------------===//
//
// The last thing that `fused` decides: vector width, tail, tiles, scratch.  The
// emitters only follow it.  README.md lists the entries.  The choices come from
// the target's facts (vector width, caches), never from a list of shapes.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/ComputeSchedules.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/ScheduleUses.h"
#include "passes/fuse/OpKinds.h"

#include "mlir/IR/Builders.h"

namespace sinter::passes {
#define GEN_PASS_DEF_COMPUTESCHEDULES
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// Bits of the widest element that the kernel computes or stores with vectors,
/// 0 if it has but scalars.
static int64_t widestBits(KernelOp kernel) {
  int64_t widest = 0;
  auto consider = [&](Value value) {
    auto tensor = cast<RankedTensorType>(value.getType());
    // The key of random numbers is two scalars.
    bool isKey = !value.use_empty() &&
                 llvm::all_of(value.getUsers(), [](Operation *user) {
                   return kindOf(user) == OpKind::Random;
                 });
    Type storage = getStorageType(tensor.getElementType());
    if (tensor.getNumElements() > 1 && !isKey)
      widest = std::max<int64_t>(widest, storage.getIntOrFloatBitWidth());
  };
  for (Operation &op : kernel.getBody().front().without_terminator())
    for (Value value : op.getResults())
      consider(value);
  for (Value value : kernel.getBody().getArguments())
    consider(value);
  return widest;
}

/// What the memory behind the caches asks for.
static void addTraffic(KernelOp kernel, const KernelPhases &phases,
                       const TargetFacts &target, NamedAttrList &entries) {
  int64_t results = 0, bytes = 0;
  for (Type type : kernel.getResultTypes())
    results += getByteSize(type);
  for (Type type : kernel.getArgumentTypes())
    bytes += getByteSize(type);
  bytes += results;
  auto unit = UnitAttr::get(kernel.getContext());
  bool hasVectors = cast<IntegerAttr>(entries.get("lanes")).getInt() > 1;
  // Nothing of such results is left in the caches when they are read. A store
  // past them need not fetch the line first.
  if (bytes >= target.l3Bytes / 2 && results >= target.l3Bytes / 8 &&
      hasVectors && storesInWalks(phases))
    entries.set("streams", unit);
  // Rows that are read several times come from memory only the first time,
  // which the loops over the row before can hide.
  if (bytes > target.l2Bytes && walksRowsAgain(kernel, phases))
    entries.set("prefetches_rows", unit);
}

namespace {
struct ComputeSchedules : passes::impl::ComputeSchedulesBase<ComputeSchedules> {
  void runOnOperation() override {
    TargetFacts target = TargetFacts::of(getOperation());
    bool vectors = Options::of(getOperation()).optLevel > 0;
    for (auto kernel : getOperation().getOps<KernelOp>())
      schedule(kernel, target, vectors);
  }

  void schedule(KernelOp kernel, const TargetFacts &target, bool vectors) {
    Builder builder(&getContext());
    NamedAttrList entries;
    if (DictionaryAttr form = kernel.getScheduleAttr())
      entries.append(form.getValue());
    if (!entries.get("kind"))
      entries.set("kind", builder.getStringAttr(kindName(kindOfBody(kernel))));
    StringRef kind = cast<StringAttr>(entries.get("kind")).getValue();

    if (!vectors)
      entries.set("kind", builder.getStringAttr("scalar"));
    else {
      int64_t bits = widestBits(kernel);
      entries.set("lanes",
                  builder.getI64IntegerAttr(bits ? target.lanes(bits) : 1));
      // Masked loads and stores cost nothing where they exist.  Elsewhere the
      // tail is done element by element: an overlapping last vector would read
      // again what a result in place has replaced.
      bool masked = hasMasks(target) && !drawsForFunctionsInOneLoop(kernel);
      entries.set("tail", builder.getStringAttr(masked ? "masked" : "scalar"));
      if (DotGeneralOp dot = findContraction(kernel))
        ContractionTiling::choose(dot, target).addTo(entries, &getContext());
      if (kind == "reduction")
        entries.set("reduce", builder.getStringAttr(reductionForm(kernel)));
    }
    // What the loop nests keep between phases; a tiling may want more.
    KernelPhases phases = KernelPhases::of(kernel);
    if (vectors && !findContraction(kernel))
      addTraffic(kernel, phases, target, entries);
    if (!entries.get("tasks"))
      entries.set("tasks", builder.getI64IntegerAttr(phases.tasks()));
    int64_t scratch = phases.scratchBytes;
    if (auto tiling =
            dyn_cast_or_null<IntegerAttr>(entries.get("scratch_bytes")))
      scratch = std::max(scratch, tiling.getInt());
    entries.set("scratch_bytes", builder.getI64IntegerAttr(scratch));
    kernel.setScheduleAttr(entries.getDictionary(&getContext()));
  }
};
} // namespace

std::unique_ptr<Pass> passes::createComputeSchedulesPass() {
  return std::make_unique<ComputeSchedules>();
}
