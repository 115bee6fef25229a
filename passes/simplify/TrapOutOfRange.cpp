//===- TrapOutOfRange.cpp - calls that end at a bad index -----------------===//
//
// Comes in: a module without derivative requests, compiled with
// --trap-out-of-range.  Goes out: every entry that gathers or scatters has one
// more result, `sinter.fault`, which says whether an index was out of range;
// variables keep their old value then.  It is ordinary IR, so fusion and the
// memory plan need not know; the entry point turns the flag into a status.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/ModelDescription.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"
#include "passes/simplify/RebuildScan.h"
#include "passes/simplify/Stage.h"

namespace sinter::passes {
#define GEN_PASS_DEF_TRAPOUTOFRANGE
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// Whether any element of an i1 tensor is set.
static Value isAny(OpBuilder &builder, Location loc, Value flags) {
  int64_t rank = cast<RankedTensorType>(flags.getType()).getRank();
  if (rank == 0)
    return flags;
  return ReduceMaxOp::create(
      builder, loc, flags,
      builder.getDenseI64ArrayAttr(llvm::to_vector(llvm::seq(rank))));
}

static Value isEither(OpBuilder &builder, Location loc, Value a, Value b) {
  return a ? OrOp::create(builder, loc, a, b).getResult() : b;
}

/// Whether any index lies outside of [0, extent); null if its type has no such
/// number.
static Value isAnyOutside(OpBuilder &builder, Location loc, Value indices,
                          int64_t extent) {
  auto type = cast<RankedTensorType>(indices.getType());
  auto element = cast<IntegerType>(type.getElementType());
  bool isSigned = !element.isUnsigned();
  unsigned width = element.getWidth();
  Value outside;
  auto test = [&](Comparison relation, int64_t bound) {
    Value limit = ConstantOp::create(
        builder, loc, type,
        DenseElementsAttr::get(type, APInt(width, bound, isSigned)));
    Value flags = CompareOp::create(builder, loc, relation, indices, limit);
    outside = isEither(builder, loc, outside, flags);
  };
  if (isSigned)
    test(Comparison::lt, 0);
  APInt most =
      isSigned ? APInt::getSignedMaxValue(width) : APInt::getMaxValue(width);
  if (most.getActiveBits() >= 64 ||
      extent <= static_cast<int64_t>(most.getZExtValue()))
    test(Comparison::ge, extent);
  return outside ? isAny(builder, loc, outside) : Value();
}

/// Whether any op of the block meets an index out of range, as a scalar at its
/// end; null if none can.
static Value collectFaults(Block &block) {
  Value fault;
  OpBuilder atEnd(block.getTerminator());
  auto add = [&](Location loc, Value found) {
    if (found)
      fault = isEither(atEnd, loc, fault, found);
  };
  auto check = [&](auto op) {
    int64_t extent = cast<RankedTensorType>(op.getOperand().getType())
                         .getDimSize(op.getAxis());
    OpBuilder builder(op);
    add(op.getLoc(),
        isAnyOutside(builder, op.getLoc(), op.getIndices(), extent));
  };
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto gather = dyn_cast<GatherOp>(op))
      check(gather);
    else if (auto scatter = dyn_cast<ScatterAddOp>(op))
      check(scatter);
    auto scan = dyn_cast<ScanOp>(op);
    if (!scan)
      continue;
    Value inner = collectFaults(scan.getBody().front());
    if (!inner)
      continue;
    ScanPlan plan = ScanPlan::of(scan);
    plan.outputs.push_back(inner);
    OpBuilder builder(scan);
    ScanOp checked = rebuildScan(builder, scan, plan);
    scan.replaceAllUsesWith(checked.getResults().drop_back());
    add(scan.getLoc(),
        isAny(builder, scan.getLoc(), checked.getResults().back()));
    scan.erase();
  }
  return fault;
}

static void trap(EntryOp entry) {
  Block &body = entry.getBody().front();
  Value fault = collectFaults(body);
  if (!fault)
    return;
  auto end = cast<ReturnOp>(body.getTerminator());
  OpBuilder builder(end);
  // All of them before the first new one is there.
  for (WriteOp write : llvm::to_vector(body.getOps<WriteOp>())) {
    Location loc = write.getLoc();
    auto type = cast<RankedTensorType>(write.getValue().getType());
    Value keep = fault;
    if (type.getRank() > 0)
      keep = BroadcastOp::create(builder, loc, type.clone(builder.getI1Type()),
                                 fault, builder.getDenseI64ArrayAttr({}));
    Value old = ReadOp::create(builder, loc, type, write.getVariableAttr());
    Value value =
        SelectOp::create(builder, loc, type, keep, old, write.getValue());
    WriteOp::create(builder, loc, write.getVariableAttr(), value);
    write.erase();
  }
  NamedAttrList attributes;
  attributes.set(nameAttr, builder.getStringAttr(faultAttrName));
  attributes.set(faultAttrName, builder.getUnitAttr());
  unsigned count = entry.getResultTypes().size();
  (void)entry.insertResult(count, fault.getType(),
                           attributes.getDictionary(entry.getContext()));
  end.getValuesMutable().append(fault);
}

namespace {
struct TrapOutOfRange
    : sinter::passes::impl::TrapOutOfRangeBase<TrapOutOfRange> {
  void runOnOperation() override {
    if (!Options::of(getOperation()).trapOutOfRange)
      return markAllAnalysesPreserved();
    for (auto entry : getOperation().getOps<EntryOp>())
      trap(entry);
  }
};
} // namespace
