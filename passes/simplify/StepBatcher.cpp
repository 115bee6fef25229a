//===- StepBatcher.cpp - ops of a loop's body, on all steps at once -------===//

#include "passes/simplify/StepBatcher.h"

#include "mlir/IR/IRMapping.h"
#include "passes/simplify/RebuildScan.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Dimensions as numbered behind the new leading one.
static SmallVector<int64_t> shifted(ArrayRef<int64_t> dimensions) {
  SmallVector<int64_t> result;
  for (int64_t d : dimensions)
    result.push_back(d + 1);
  return result;
}
static SmallVector<int64_t> prepend(int64_t first, ArrayRef<int64_t> rest) {
  SmallVector<int64_t> result = {first};
  llvm::append_range(result, rest);
  return result;
}

bool StepBatcher::canBatch(Operation *op) {
  return op->hasTrait<Pointwise>() || op->hasTrait<Movement>() ||
         op->hasTrait<Reduction>() ||
         isa<ConstantOp, IotaOp, ArgMaxOp, ArgMinOp, DotGeneralOp, GatherOp,
             ScatterAddOp, CumulativeSumOp, ArgSortOp>(op);
}

void StepBatcher::provideStacked(Value inside, Value outside) {
  known[inside] = {outside, true};
}
void StepBatcher::provideInvariant(Value inside, Value outside) {
  known[inside] = {outside, false};
}

void StepBatcher::provideArguments(ScanOp scan) {
  for (auto [inside, outside] : llvm::zip(scan.getXArgs(), scan.getXs()))
    provideStacked(inside, outside);
  for (auto [inside, outside] :
       llvm::zip(scan.getInvariantArgs(), scan.getInvariants()))
    provideInvariant(inside, outside);
  if (scan.getIndexArg().use_empty())
    return;
  provideStacked(
      scan.getIndexArg(),
      IotaOp::create(builder, scan.getLoc(),
                     stackedType(scan.getIndexArg().getType(), steps),
                     /*dimension=*/0));
}

Value StepBatcher::stacked(Value inside) {
  Known &entry = known[inside];
  if (entry.stacked)
    return entry.value;
  RankedTensorType type = stackedType(inside.getType(), steps);
  // A splat is as good in any shape.
  if (auto constant = entry.value.getDefiningOp<ConstantOp>())
    if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
      return ConstantOp::create(builder, constant.getLoc(), type,
                                cast<ElementsAttr>(splat.resizeSplat(type)));
  auto dimensions = llvm::to_vector(llvm::seq<int64_t>(1, type.getRank()));
  return BroadcastOp::create(builder, entry.value.getLoc(), type, entry.value,
                             dimensions);
}

void StepBatcher::batch(Operation *op) {
  if (llvm::all_of(op->getResults(),
                   [&](Value result) { return isKnown(result); }))
    return;
  if (llvm::any_of(op->getOperands(),
                   [&](Value operand) { return isStacked(operand); })) {
    provideStacked(op->getResult(0), emit(op));
    return;
  }
  IRMapping map;
  for (Value operand : op->getOperands())
    map.map(operand, outside(operand));
  Operation *clone = builder.clone(*op, map);
  for (auto [inside, result] : llvm::zip(op->getResults(), clone->getResults()))
    provideInvariant(inside, result);
}

Value StepBatcher::emit(Operation *op) {
  Location loc = op->getLoc();
  Type type = stackedType(op->getResult(0).getType(), steps);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<ReshapeOp>([&](ReshapeOp o) {
        return ReshapeOp::create(builder, loc, type, stacked(o.getOperand()));
      })
      .Case<TransposeOp>([&](TransposeOp o) {
        return TransposeOp::create(builder, loc, stacked(o.getOperand()),
                                   prepend(0, shifted(o.getPermutation())));
      })
      .Case<BroadcastOp>([&](BroadcastOp o) {
        return BroadcastOp::create(builder, loc, type, stacked(o.getOperand()),
                                   prepend(0, shifted(o.getDimensions())));
      })
      .Case<SliceOp>([&](SliceOp o) {
        return SliceOp::create(
            builder, loc, stacked(o.getOperand()), prepend(0, o.getOffsets()),
            prepend(steps, o.getSizes()), prepend(1, o.getStrides()));
      })
      .Case<PadOp>([&](PadOp o) {
        return PadOp::create(builder, loc, stacked(o.getOperand()),
                             prepend(0, o.getLow()), prepend(0, o.getHigh()),
                             prepend(0, o.getInterior()));
      })
      .Case<ConcatenateOp>([&](ConcatenateOp o) {
        Values inputs;
        for (Value input : o.getInputs())
          inputs.push_back(stacked(input));
        return ConcatenateOp::create(builder, loc, inputs,
                                     o.getDimension() + 1);
      })
      .Case<WindowsOp>([&](WindowsOp o) {
        return WindowsOp::create(builder, loc, stacked(o.getOperand()),
                                 shifted(o.getWindowed()), o.getSizes(),
                                 o.getStrides(), o.getDilations());
      })
      .Case<ReverseOp>([&](ReverseOp o) {
        return ReverseOp::create(builder, loc, stacked(o.getOperand()),
                                 shifted(o.getDimensions()));
      })
      .Case<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp>([&](auto o) {
        return decltype(o)::create(builder, loc, stacked(o.getOperand()),
                                   shifted(o.getDimensions()));
      })
      .Case<ArgMaxOp, ArgMinOp>([&](auto o) {
        return decltype(o)::create(builder, loc, type, stacked(o.getOperand()),
                                   o.getDimension() + 1);
      })
      .Case<CumulativeSumOp>([&](CumulativeSumOp o) {
        return CumulativeSumOp::create(
            builder, loc, type, stacked(o.getOperand()), o.getDimension() + 1,
            o.getReverse(), o.getExclusive());
      })
      .Case<ArgSortOp>([&](ArgSortOp o) {
        return ArgSortOp::create(builder, loc, stacked(o.getOperand()),
                                 o.getDimension() + 1, o.getDescending());
      })
      .Case<DotGeneralOp>([&](DotGeneralOp o) { return emitContraction(o); })
      .Case<GatherOp>([&](GatherOp o) { return emitGather(o); })
      .Case<ScatterAddOp>([&](ScatterAddOp o) {
        return ScatterAddOp::create(builder, loc, type, stacked(o.getOperand()),
                                    stacked(o.getIndices()),
                                    stacked(o.getUpdates()), o.getAxis() + 1,
                                    o.getBatchDims() + 1);
      })
      .Default([&](Operation *) {
        assert(op->hasTrait<Pointwise>() && "canBatch said no");
        Values operands;
        for (Value operand : op->getOperands())
          operands.push_back(stacked(operand));
        Operation *clone = builder.clone(*op);
        clone->setOperands(operands);
        clone->getResult(0).setType(cast<RankedTensorType>(type));
        return clone->getResult(0);
      });
}

/// Stacked on both sides, the steps are a batch dimension.  On one side they
/// are a free dimension of it, so that all steps become one matrix product; it
/// comes out behind the batch dimensions (and the other side's free ones),
/// from where a transpose brings it to the front.
Value StepBatcher::emitContraction(DotGeneralOp op) {
  bool left = isStacked(op.getLhs()), right = isStacked(op.getRhs());
  auto dimensions = [](ArrayRef<int64_t> from, bool isStacked) {
    return isStacked ? shifted(from) : SmallVector<int64_t>(from);
  };
  SmallVector<int64_t> lhsK = dimensions(op.getLhsContracting(), left),
                       rhsK = dimensions(op.getRhsContracting(), right),
                       lhsB = dimensions(op.getLhsBatch(), left),
                       rhsB = dimensions(op.getRhsBatch(), right);
  if (left && right) {
    lhsB.insert(lhsB.begin(), 0);
    rhsB.insert(rhsB.begin(), 0);
  }
  Value product =
      DotGeneralOp::create(builder, op.getLoc(), outside(op.getLhs()),
                           outside(op.getRhs()), lhsK, rhsK, lhsB, rhsB);
  if (left && right)
    return product;
  int64_t place = op.getLhsBatch().size();
  if (right)
    place += op.getLhsFree().size();
  if (place == 0)
    return product;
  SmallVector<int64_t> permutation = {place};
  for (int64_t d = 0; d < tensorType(product).getRank(); ++d)
    if (d != place)
      permutation.push_back(d);
  return TransposeOp::create(builder, op.getLoc(), product, permutation);
}

/// Of a table that all steps share, stacked indices are just more indices.
Value StepBatcher::emitGather(GatherOp op) {
  if (!isStacked(op.getOperand()) && op.getAxis() == 0 &&
      op.getBatchDims() == 0)
    return GatherOp::create(builder, op.getLoc(), outside(op.getOperand()),
                            outside(op.getIndices()), op.getAxis(),
                            op.getBatchDims());
  return GatherOp::create(builder, op.getLoc(), stacked(op.getOperand()),
                          stacked(op.getIndices()), op.getAxis() + 1,
                          op.getBatchDims() + 1);
}
