//===- CarriedDimensions.cpp - dimensions through an op -------------------===//

#include "passes/simplify/CarriedDimensions.h"
#include "compiler/ir/Reducing.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

Order passes::asWritten(int64_t rank) {
  Order order;
  llvm::append_range(order, llvm::seq<int64_t>(0, rank));
  return order;
}

Order passes::inverse(ArrayRef<int64_t> order) {
  Order back(order.size());
  for (auto [place, d] : llvm::enumerate(order))
    back[d] = place;
  return back;
}

SmallVector<int64_t> passes::inOrder(ArrayRef<int64_t> values,
                                     ArrayRef<int64_t> order) {
  return llvm::map_to_vector(order, [&](int64_t d) { return values[d]; });
}

bool passes::lieAlike(ArrayRef<int64_t> shape, ArrayRef<int64_t> a,
                      ArrayRef<int64_t> b) {
  auto isMany = [&](int64_t d) { return shape[d] != 1; };
  return llvm::equal(llvm::make_filter_range(a, isMany),
                     llvm::make_filter_range(b, isMany));
}

//===----------------------------------------------------------------------===//
// What is carried
//===----------------------------------------------------------------------===//

namespace {
/// The dimensions of more than one element of both sides of a reshape, in
/// groups of as many elements.
struct ReshapeGroups {
  explicit ReshapeGroups(ReshapeOp op);
  /// The group of each dimension, −1 for one of one element.
  Order before, after;
  SmallVector<int64_t> sizesBefore, sizesAfter;
};
} // namespace

ReshapeGroups::ReshapeGroups(ReshapeOp op)
    : before(shapeOf(op.getOperand()).size(), -1),
      after(shapeOf(op.getResult()).size(), -1) {
  ArrayRef<int64_t> from = shapeOf(op.getOperand()),
                    to = shapeOf(op.getResult());
  if (llvm::is_contained(from, 0))
    return;
  size_t i = 0, j = 0;
  auto skip = [](ArrayRef<int64_t> shape, size_t &at) {
    while (at < shape.size() && shape[at] == 1)
      ++at;
    return at < shape.size();
  };
  while (skip(from, i) && skip(to, j)) {
    int64_t group = sizesBefore.size(), a = from[i], b = to[j];
    sizesBefore.push_back(1);
    sizesAfter.push_back(1);
    before[i++] = after[j++] = group;
    while (a != b) {
      bool more = a < b;
      skip(more ? from : to, more ? i : j);
      (more ? a : b) *= more ? from[i] : to[j];
      ++(more ? sizesBefore : sizesAfter)[group];
      (more ? before[i++] : after[j++]) = group;
    }
  }
}

/// Of dimensions, in an order, the groups; none if a group is torn or turned.
static std::optional<SmallVector<int64_t>> groupsIn(ArrayRef<int64_t> groups,
                                                    ArrayRef<int64_t> order) {
  SmallVector<int64_t> found;
  int64_t last = -1;
  for (int64_t d : order) {
    if (groups[d] < 0)
      continue;
    if (found.empty() || found.back() != groups[d]) {
      if (llvm::is_contained(found, groups[d]))
        return std::nullopt;
      found.push_back(groups[d]);
      last = -1;
    }
    if (d < last)
      return std::nullopt;
    last = d;
  }
  return found;
}

/// Windows along `along` of `rank` dimensions: places of the windows' own
/// dimensions behind the last of them.
static Order placesOfWindowed(int64_t rank, ArrayRef<int64_t> along) {
  Order places;
  int64_t count = along.size();
  for (int64_t d = 0; d < rank; ++d)
    places.push_back(d <= along.back() ? d : d + count);
  return places;
}

/// Of a gather along `axis` by indices of `more` dimensions.
static Order placesOfGathered(int64_t rank, int64_t axis, int64_t more) {
  Order places;
  for (int64_t d = 0; d < rank; ++d)
    places.push_back(d < axis ? d : d == axis ? -1 : d + more - 1);
  return places;
}

/// The other way round: from result to operand.
static Order turnedRound(ArrayRef<int64_t> places, int64_t rank) {
  Order from(rank, -1);
  for (auto [d, place] : llvm::enumerate(places))
    if (place >= 0)
      from[place] = d;
  return from;
}

static int64_t rankOf(Value value) { return shapeOf(value).size(); }

std::optional<SmallVector<Order>> passes::carriedDimensions(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0)
    return std::nullopt;
  int64_t rank = rankOf(op->getResult(0));
  using Places = SmallVector<Order>;
  if (op->hasTrait<Pointwise>() ||
      isa<PadOp, SliceOp, ReverseOp, ConcatenateOp>(op))
    return Places(op->getNumOperands(), asWritten(rank));
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return Places{inverse(transpose.getPermutation())};
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return Places{Order(broadcast.getDimensions())};
  if (isa<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp, ArgMaxOp,
          ArgMinOp>(op)) {
    SmallVector<int64_t> reduced = reducedDimensions(op);
    Order places;
    int64_t kept = 0;
    for (int64_t d = 0; d < rankOf(op->getOperand(0)); ++d)
      places.push_back(llvm::is_contained(reduced, d) ? -1 : kept++);
    return Places{places};
  }
  if (auto windows = dyn_cast<WindowsOp>(op))
    return Places{
        placesOfWindowed(rankOf(windows.getOperand()), windows.getWindowed())};
  if (auto fold = dyn_cast<FoldWindowsOp>(op))
    return Places{turnedRound(placesOfWindowed(rank, fold.getWindowed()),
                              rankOf(fold.getOperand()))};
  if (auto gather = dyn_cast<GatherOp>(op)) {
    int64_t more = rankOf(gather.getIndices());
    if (gather.getBatchDims() != 0)
      return std::nullopt;
    return Places{
        placesOfGathered(rankOf(gather.getOperand()), gather.getAxis(), more),
        Order(more, -1)};
  }
  if (auto scatter = dyn_cast<ScatterAddOp>(op)) {
    int64_t more = rankOf(scatter.getIndices());
    if (scatter.getBatchDims() != 0)
      return std::nullopt;
    return Places{asWritten(rank), Order(more, -1),
                  turnedRound(placesOfGathered(rank, scatter.getAxis(), more),
                              rankOf(scatter.getUpdates()))};
  }
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    ReshapeGroups groups(reshape);
    Order places(groups.before.size(), -1);
    for (auto [d, group] : llvm::enumerate(groups.before))
      if (group >= 0 && groups.sizesBefore[group] == 1 &&
          groups.sizesAfter[group] == 1)
        places[d] = llvm::find(groups.after, group) - groups.after.begin();
    return Places{places};
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// In another order
//===----------------------------------------------------------------------===//

/// The order in which windows along `along` lie, given the order of what they
/// are windows of.
static Order orderOfWindows(ArrayRef<int64_t> order, ArrayRef<int64_t> along) {
  Order places = placesOfWindowed(order.size(), along), result;
  size_t seen = 0;
  for (int64_t d : order) {
    result.push_back(places[d]);
    if (llvm::is_contained(along, d) && ++seen == along.size())
      for (size_t k = 1; k <= along.size(); ++k)
        result.push_back(along.back() + k);
  }
  return result;
}

/// The order in which what is gathered lies.
static Order orderOfGathered(ArrayRef<int64_t> order, int64_t axis,
                             int64_t more) {
  Order places = placesOfGathered(order.size(), axis, more), result;
  for (int64_t d : order) {
    if (d != axis)
      result.push_back(places[d]);
    else
      llvm::append_range(result, llvm::seq(axis, axis + more));
  }
  return result;
}

/// Whether the dimensions `along` come one after the other in this order.
static bool keepsOrderOf(ArrayRef<int64_t> along, ArrayRef<int64_t> order) {
  return llvm::is_sorted(llvm::map_to_vector(
      along, [&](int64_t d) { return llvm::find(order, d); }));
}

bool passes::canReorder(Operation *op, ArrayRef<Order> operands,
                        ArrayRef<int64_t> result) {
  auto places = carriedDimensions(op);
  if (!places)
    return false;
  if (isa<TransposeOp>(op))
    return true;
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    ReshapeGroups groups(reshape);
    auto before = groupsIn(groups.before, operands[0]),
         after = groupsIn(groups.after, result);
    return before && after && *before == *after &&
           !llvm::is_contained(reshape.getType().getShape(), 0);
  }
  if (auto windows = dyn_cast<WindowsOp>(op))
    return keepsOrderOf(windows.getWindowed(), operands[0]) &&
           ArrayRef<int64_t>(
               orderOfWindows(operands[0], windows.getWindowed())) == result;
  if (auto fold = dyn_cast<FoldWindowsOp>(op))
    return keepsOrderOf(fold.getWindowed(), result) &&
           orderOfWindows(result, fold.getWindowed()) == operands[0];
  if (auto gather = dyn_cast<GatherOp>(op))
    return ArrayRef<int64_t>(orderOfGathered(operands[0], gather.getAxis(),
                                             rankOf(gather.getIndices()))) ==
               result &&
           llvm::is_sorted(operands[1]);
  if (auto scatter = dyn_cast<ScatterAddOp>(op))
    return ArrayRef<int64_t>(operands[0]) == result &&
           llvm::is_sorted(operands[1]) &&
           orderOfGathered(result, scatter.getAxis(),
                           rankOf(scatter.getIndices())) == operands[2];
  // All that is left: what is carried comes in the order of the result.
  Order at = inverse(result);
  for (auto [order, place] : llvm::zip_equal(operands, *places)) {
    int64_t last = -1;
    for (int64_t d : order) {
      if (place[d] < 0)
        continue;
      if (at[place[d]] < last)
        return false;
      last = at[place[d]];
    }
  }
  return true;
}

/// Where dimensions are, in the order in which they come there.
static SmallVector<int64_t> placesOf(ArrayRef<int64_t> dimensions,
                                     ArrayRef<int64_t> order) {
  Order at = inverse(order);
  auto found =
      llvm::map_to_vector(dimensions, [&](int64_t d) { return at[d]; });
  llvm::sort(found);
  return SmallVector<int64_t>(found);
}

static Value reorderTranspose(OpBuilder &builder, TransposeOp op, Value operand,
                              ArrayRef<int64_t> order,
                              ArrayRef<int64_t> result) {
  Order at = inverse(order);
  Order permutation;
  for (int64_t d : result)
    permutation.push_back(at[op.getPermutation()[d]]);
  if (llvm::is_sorted(permutation)) {
    // A convolution written channels first has its name there.
    if (auto maker = operand.getDefiningOp<ConvOp>())
      maker->setLoc(
          FusedLoc::get(op.getContext(), {op.getLoc(), maker->getLoc()}));
    return operand;
  }
  return TransposeOp::create(builder, op.getLoc(), operand, permutation);
}

static Value reorderBroadcast(OpBuilder &builder, BroadcastOp op, Value operand,
                              RankedTensorType type, ArrayRef<int64_t> order,
                              ArrayRef<int64_t> result) {
  Order at = inverse(result), dimensions;
  for (int64_t d : order)
    dimensions.push_back(at[op.getDimensions()[d]]);
  return BroadcastOp::create(builder, op.getLoc(), type, operand, dimensions);
}

Value passes::reorder(OpBuilder &builder, Operation *op,
                      ArrayRef<Value> operands, ArrayRef<Order> orders,
                      ArrayRef<int64_t> result) {
  auto old = cast<RankedTensorType>(op->getResult(0).getType());
  RankedTensorType type = old.clone(inOrder(old.getShape(), result));
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return reorderTranspose(builder, transpose, operands[0], orders[0], result);
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return reorderBroadcast(builder, broadcast, operands[0], type, orders[0],
                            result);
  Operation *copy = builder.clone(*op);
  copy->setOperands(operands);
  copy->getResult(0).setType(type);
  llvm::TypeSwitch<Operation *>(copy)
      .Case([&](PadOp pad) {
        pad.setLow(inOrder(pad.getLow(), result));
        pad.setHigh(inOrder(pad.getHigh(), result));
        pad.setInterior(inOrder(pad.getInterior(), result));
      })
      .Case([&](SliceOp slice) {
        slice.setOffsets(inOrder(slice.getOffsets(), result));
        slice.setSizes(inOrder(slice.getSizes(), result));
        slice.setStrides(inOrder(slice.getStrides(), result));
      })
      .Case([&](ReverseOp reverse) {
        reverse.setDimensions(placesOf(reverse.getDimensions(), result));
      })
      .Case([&](ConcatenateOp parts) {
        parts.setDimension(inverse(result)[parts.getDimension()]);
      })
      .Case<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp>(
          [&](auto reduce) {
            reduce.setDimensions(placesOf(reduce.getDimensions(), orders[0]));
          })
      .Case<ArgMaxOp, ArgMinOp>([&](auto reduce) {
        reduce.setDimension(inverse(orders[0])[reduce.getDimension()]);
      })
      .Case([&](WindowsOp windows) {
        windows.setWindowed(placesOf(windows.getWindowed(), orders[0]));
      })
      .Case([&](FoldWindowsOp fold) {
        fold.setWindowed(placesOf(fold.getWindowed(), result));
      })
      .Case([&](GatherOp gather) {
        gather.setAxis(inverse(orders[0])[gather.getAxis()]);
      })
      .Case([&](ScatterAddOp scatter) {
        scatter.setAxis(inverse(result)[scatter.getAxis()]);
      });
  return copy->getResult(0);
}
