//===- UpdateRows.cpp - updates of the rows that were read ----------------===//
//
// The gradient of a table of which a few rows were read is zero but for those.
// Gradient descent takes a multiple of it from the variable: nothing happens to
// the other rows, and the gradient need not exist.
//
//   %g = scatter_add 0[%i] += %u
//   write @w, (sub (read @w), (mul %g, %rate))
//     ⇒
//   write @w, (scatter_add (read @w)[%i] += (neg (mul %u, %rate)))
//
// What is added to a row that was read several times is rounded each time; the
// order is the same.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Stage.h"

#include "mlir/IR/Matchers.h"

namespace sinter::passes {
#define GEN_PASS_DEF_UPDATEROWS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The one number that the value repeats, repeated in another shape; null if
/// there are several.
static Value repeatIn(RankedTensorType type, Value value, OpBuilder &builder) {
  Location loc = value.getLoc();
  if (auto constant = value.getDefiningOp<ConstantOp>()) {
    auto splat = dyn_cast<DenseElementsAttr>(constant.getValue());
    if (!splat || !splat.isSplat())
      return {};
    return ConstantOp::create(builder, loc,
                              cast<ElementsAttr>(splat.resizeSplat(type)));
  }
  auto broadcast = value.getDefiningOp<BroadcastOp>();
  if (!broadcast || tensorType(broadcast.getOperand()).getRank() != 0)
    return {};
  return BroadcastOp::create(builder, loc, type, broadcast.getOperand(),
                             ArrayRef<int64_t>());
}

/// Whether the scatter puts few elements into nothing, for one reader.
static bool isSparseGradient(ScatterAddOp scatter) {
  return scatter && scatter->hasOneUse() &&
         matchPattern(scatter.getOperand(), m_PosZeroFloat()) &&
         2 * tensorType(scatter.getUpdates()).getNumElements() <=
             tensorType(scatter.getOperand()).getNumElements();
}

static void updateRows(WriteOp write) {
  auto sub = write.getValue().getDefiningOp<SubOp>();
  if (!sub || !sub->hasOneUse())
    return;
  auto read = sub.getLhs().getDefiningOp<ReadOp>();
  auto step = sub.getRhs().getDefiningOp<MulOp>();
  if (!read || read.getVariable() != write.getVariable() || !step ||
      !step->hasOneUse())
    return;
  for (bool isLeft : {true, false}) {
    auto scatter =
        step->getOperand(isLeft ? 0 : 1).getDefiningOp<ScatterAddOp>();
    if (!isSparseGradient(scatter))
      continue;
    OpBuilder builder(sub);
    RankedTensorType type = tensorType(scatter.getUpdates());
    Value rate = repeatIn(type, step->getOperand(isLeft ? 1 : 0), builder);
    if (!rate)
      continue;
    Location loc = builder.getFusedLoc({step.getLoc(), sub.getLoc()});
    Value added = NegOp::create(
        builder, loc,
        MulOp::create(builder, loc, scatter.getUpdates(), rate).getResult());
    Value next = ScatterAddOp::create(
        builder, builder.getFusedLoc({scatter.getLoc(), sub.getLoc()}),
        read.getResult(), scatter.getIndices(), added, scatter.getAxis(),
        scatter.getBatchDims());
    sub.replaceAllUsesWith(next);
    return;
  }
}

namespace {
struct UpdateRows : sinter::passes::impl::UpdateRowsBase<UpdateRows> {
  void runOnOperation() override { getOperation().walk(updateRows); }
};
} // namespace
