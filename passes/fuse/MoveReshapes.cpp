//===- MoveReshapes.cpp - reshapes go to where kernels end ----------------===//
//
// A reshape between kernels costs nothing, one between two ops that could be in
// one kernel keeps them apart.  So reshapes of what is computed from inputs
// alone move up to the inputs, and reshapes of what a kernel computes move down
// below the pointwise ops that follow:
//
//   reshape (cast %image)        ⇒  cast (reshape %image)
//   relu (reshape (dot %x, %w))  ⇒  reshape (relu (dot %x, %w))
//
// Those that only leave out dimensions of one element pass slices and
// broadcasts too.
//
// On the way down, other operands are computed in the new shape if they come
// from what can be read in it.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/MoveReshapes.h"
#include "compiler/ir/ModuleFacts.h"
#include "passes/fuse/OpKinds.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace sinter::passes {
#define GEN_PASS_DEF_MOVERESHAPES
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType withShape(Value value, ArrayRef<int64_t> shape) {
  return cast<RankedTensorType>(value.getType()).clone(shape);
}

/// A value that no kernel of the block computes.
static bool isOutside(Value value) {
  Operation *producer = value.getDefiningOp();
  return !producer || kindOf(producer) == OpKind::Free;
}

static bool isSplat(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && isa<DenseElementsAttr>(constant.getValue()) &&
         constant.getValue().isSplat();
}

/// A broadcast along the trailing dimensions that both shapes share.
static bool isTrailingBroadcast(Value value, ArrayRef<int64_t> shape) {
  auto broadcast = value.getDefiningOp<BroadcastOp>();
  if (!broadcast)
    return false;
  ArrayRef<int64_t> from = shapeOf(broadcast.getOperand());
  ArrayRef<int64_t> to = shapeOf(value);
  return from.size() <= shape.size() && from == to.take_back(from.size()) &&
         from == shape.take_back(from.size()) &&
         llvm::equal(broadcast.getDimensions(),
                     llvm::seq<int64_t>(to.size() - from.size(), to.size()));
}

/// Whether `reshaped` costs nothing for this value.
static bool isFreeToReshape(Value value, ArrayRef<int64_t> shape) {
  return isOutside(value) || isSplat(value) ||
         isTrailingBroadcast(value, shape);
}

/// `value` in another shape, without a reshape where the value can be made so.
static Value reshaped(OpBuilder &builder, Value value,
                      ArrayRef<int64_t> shape) {
  RankedTensorType type = withShape(value, shape);
  if (value.getType() == type)
    return value;
  if (auto reshape = value.getDefiningOp<ReshapeOp>())
    if (reshape.getOperand().getType() == type)
      return reshape.getOperand();
  if (isSplat(value)) {
    auto constant = value.getDefiningOp<ConstantOp>();
    auto splat = cast<DenseElementsAttr>(constant.getValue());
    return ConstantOp::create(builder, constant.getLoc(), type,
                              splat.resizeSplat(type));
  }
  if (isTrailingBroadcast(value, shape)) {
    auto broadcast = value.getDefiningOp<BroadcastOp>();
    int64_t kept = shapeOf(broadcast.getOperand()).size();
    int64_t rank = shape.size();
    return BroadcastOp::create(builder, broadcast.getLoc(), type,
                               broadcast.getOperand(),
                               builder.getDenseI64ArrayAttr(llvm::to_vector(
                                   llvm::seq<int64_t>(rank - kept, rank))));
  }
  return ReshapeOp::create(builder, value.getLoc(), type, value);
}

//===----------------------------------------------------------------------===//
// Up
//===----------------------------------------------------------------------===//

/// The pointwise ops that compute the value, for one user only, from what is
/// free to reshape or `isFree`, users first; none if there are others among
/// them.
static std::optional<SmallVector<Operation *>>
opsToHoistOver(Value root, ArrayRef<int64_t> shape,
               llvm::function_ref<bool(Value)> isFree) {
  SmallVector<Operation *> ops;
  auto take = [&](Value value) {
    if (isFreeToReshape(value, shape) || isFree(value))
      return true;
    Operation *producer = value.getDefiningOp();
    if (kindOf(producer) != OpKind::Pointwise || !value.hasOneUse())
      return false;
    ops.push_back(producer);
    return true;
  };
  if (!take(root))
    return std::nullopt;
  for (size_t i = 0; i < ops.size(); ++i)
    if (!llvm::all_of(ops[i]->getOperands(), take))
      return std::nullopt;
  return ops;
}

/// The value in another shape, computed in it by copies of `ops`.
static Value hoist(OpBuilder &builder, Value root, ArrayRef<Operation *> ops,
                   ArrayRef<int64_t> shape) {
  IRMapping copies;
  auto inShape = [&](Value value) {
    Value copy = copies.lookupOrNull(value);
    return copy ? copy : reshaped(builder, value, shape);
  };
  // Operands first: an op has one user, so it stands behind it in `ops`.
  for (Operation *op : llvm::reverse(ops)) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(inShape(operand));
    Operation *copy = builder.clone(*op);
    copy->setOperands(operands);
    copy->getResult(0).setType(withShape(op->getResult(0), shape));
    copies.map(op->getResult(0), copy->getResult(0));
  }
  return inShape(root);
}

/// reshape (slice %x) ⇒ slice (reshape %x), where the reshape only leaves out
/// dimensions of which %x has one element, or adds some: whoever reads a slice
/// may read it where it lies.
static void hoistOverSlice(ReshapeOp reshape) {
  auto slice = reshape.getOperand().getDefiningOp<SliceOp>();
  if (!slice)
    return;
  ArrayRef<int64_t> source = shapeOf(slice.getOperand()),
                    sizes = slice.getSizes();
  SmallVector<int64_t> shape, offsets, strides;
  size_t d = 0;
  auto leaveOut = [&](bool more) {
    while (more && d < sizes.size() && sizes[d] == 1 && source[d] == 1)
      ++d;
  };
  for (int64_t extent : shapeOf(reshape.getResult())) {
    leaveOut(extent != 1);
    bool isThere = d < sizes.size() && sizes[d] == extent;
    if (!isThere && extent != 1)
      return;
    shape.push_back(isThere ? source[d] : 1);
    offsets.push_back(isThere ? slice.getOffsets()[d] : 0);
    strides.push_back(isThere ? slice.getStrides()[d] : 1);
    d += isThere;
  }
  leaveOut(true);
  if (d != sizes.size())
    return;
  OpBuilder builder(slice);
  Value whole = ReshapeOp::create(builder, reshape.getLoc(),
                                  withShape(slice.getOperand(), shape),
                                  slice.getOperand());
  builder.setInsertionPoint(reshape);
  reshape.replaceAllUsesWith(
      SliceOp::create(builder, slice.getLoc(), reshape.getType(), whole,
                      offsets, shapeOf(reshape.getResult()), strides)
          .getResult());
}

//===----------------------------------------------------------------------===//
// Down
//===----------------------------------------------------------------------===//

/// Whether the value is stored for somebody else, so that it can be read in any
/// shape.
static bool isStoredForOthers(Value value) {
  return llvm::any_of(value.getUsers(),
                      [](Operation *user) { return isa<ReshapeOp>(user); });
}

/// Whether a reduction reads what the reshape gives: then it is stored before,
/// and what else is computed from it had better be in the reduction's kernel.
static bool isReduced(ReshapeOp reshape) {
  return llvm::any_of(reshape->getUsers(), [](Operation *user) {
    return kindOf(user) == OpKind::Reduction;
  });
}

/// Moves a reshape of a computed operand below `op`.
static void sinkReshape(Operation *op) {
  ReshapeOp reshape;
  for (Value operand : op->getOperands())
    if (auto candidate = operand.getDefiningOp<ReshapeOp>();
        candidate && !isOutside(candidate.getOperand()) &&
        !isReduced(candidate)) {
      reshape = candidate;
      break;
    }
  if (!reshape)
    return;
  ArrayRef<int64_t> shape = shapeOf(reshape.getOperand());
  SmallVector<SmallVector<Operation *>> moved;
  for (Value operand : op->getOperands()) {
    std::optional<SmallVector<Operation *>> ops =
        opsToHoistOver(operand, shape, isStoredForOthers);
    if (!ops)
      return;
    moved.push_back(std::move(*ops));
  }
  OpBuilder builder(op);
  Value old = op->getResult(0);
  auto outer = cast<RankedTensorType>(old.getType());
  for (auto [operand, ops] : llvm::zip_equal(op->getOpOperands(), moved))
    operand.set(hoist(builder, operand.get(), ops, shape));
  old.setType(withShape(old, shape));
  builder.setInsertionPointAfter(op);
  auto back = ReshapeOp::create(builder, reshape.getLoc(), outer, old);
  old.replaceAllUsesExcept(back, back);
}

/// reshape (reshape %x) ⇒ reshape %x, or %x if that is its shape: what was
/// sunk meets what was there.
static void mergeReshapes(ReshapeOp op) {
  auto inner = op.getOperand().getDefiningOp<ReshapeOp>();
  if (!inner)
    return;
  if (inner.getOperand().getType() == op.getType())
    op.replaceAllUsesWith(inner.getOperand());
  else
    op.setOperand(inner.getOperand());
}

/// Which dimensions of a broadcast's result those of `inner` are, where it is
/// the operand but for dimensions of one element, of which it may have others:
/// those stand where the result has room.
static std::optional<SmallVector<int64_t>>
dimensionsWithoutReshape(BroadcastOp op, ArrayRef<int64_t> inner) {
  SmallVector<int64_t> places;
  for (auto [extent, dimension] :
       llvm::zip(shapeOf(op.getOperand()), op.getDimensions()))
    if (extent != 1)
      places.push_back(dimension);
  int64_t rank = shapeOf(op.getResult()).size(), next = 0;
  SmallVector<int64_t> dimensions;
  const auto *place = places.begin();
  for (int64_t extent : inner) {
    int64_t dimension = extent == 1 ? next : *place++;
    // Room for what is still to come.
    int64_t limit = place == places.end() ? rank : *place;
    if (dimension < next || (extent == 1 && dimension >= limit))
      return std::nullopt;
    dimensions.push_back(dimension);
    next = dimension + 1;
  }
  return dimensions;
}

/// broadcast (reshape %x : [n] -> [n, 1]) dims [0, 1] ⇒ broadcast %x dims [0]
/// broadcast (reshape %x : [1, n] -> [n]) dims [1] ⇒ broadcast %x dims [0, 1]
static void passUnitDimensions(BroadcastOp op) {
  auto reshape = op.getOperand().getDefiningOp<ReshapeOp>();
  if (!reshape)
    return;
  auto withoutUnits = [](ArrayRef<int64_t> shape) {
    SmallVector<int64_t> extents(shape);
    llvm::erase(extents, 1);
    return extents;
  };
  ArrayRef<int64_t> inner = shapeOf(reshape.getOperand());
  if (withoutUnits(inner) != withoutUnits(shapeOf(op.getOperand())))
    return;
  auto dimensions = dimensionsWithoutReshape(op, inner);
  if (!dimensions)
    return;
  op.setOperand(reshape.getOperand());
  op.setDimensions(*dimensions);
}

static void moveReshapes(Block &block) {
  for (Operation &op : block)
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        moveReshapes(inner);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      Value operand = reshape.getOperand();
      ArrayRef<int64_t> shape = shapeOf(reshape.getResult());
      if (isOutside(operand))
        continue;
      auto nothingElse = [](Value) { return false; };
      if (auto ops = opsToHoistOver(operand, shape, nothingElse)) {
        OpBuilder builder(reshape);
        reshape.replaceAllUsesWith(hoist(builder, operand, *ops, shape));
      } else {
        hoistOverSlice(reshape);
      }
    }
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (kindOf(&op) == OpKind::Pointwise)
      sinkReshape(&op);
    else if (auto reshape = dyn_cast<ReshapeOp>(op))
      mergeReshapes(reshape);
    else if (auto broadcast = dyn_cast<BroadcastOp>(op))
      passUnitDimensions(broadcast);
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct MoveReshapes : passes::impl::MoveReshapesBase<MoveReshapes> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    for (auto entry : getOperation().getOps<EntryOp>())
      moveReshapes(entry.getBody().front());
  }
};
} // namespace

std::unique_ptr<Pass> passes::createMoveReshapesPass() {
  return std::make_unique<MoveReshapes>();
}
