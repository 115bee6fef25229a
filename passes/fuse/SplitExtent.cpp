//===- SplitExtent.cpp - a sum's dimension in parts -----------------------===//

#include "passes/fuse/SplitExtent.h"

#include "compiler/ir/TaskCost.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

std::optional<SplitExtent> SplitExtent::of(int64_t extent, int64_t wanted) {
  if (extent >= enoughTasks && extent <= mostTasks)
    return SplitExtent{extent, 1, 0};
  if (extent <= mostTasks)
    return std::nullopt;
  // Not of one element, which would be all of the dimension.
  int64_t most =
      std::min(std::clamp(wanted, enoughTasks, mostTasks), extent / 2);
  // Nothing is left over if a number near the wanted one divides the extent.
  for (int64_t pieces = most; 2 * pieces > most && pieces >= enoughTasks;
       --pieces)
    if (extent % pieces == 0)
      return SplitExtent{pieces, extent / pieces, 0};
  int64_t size = extent / most;
  return SplitExtent{extent / size, size, extent % size};
}

Value SplitExtent::covered(OpBuilder &builder, Location loc, Value value,
                           int64_t d) const {
  if (isWhole())
    return value;
  // Windows that lie side by side leave out what fills none.
  return WindowsOp::create(builder, loc, value, ArrayRef(d), ArrayRef(size),
                           ArrayRef(size), ArrayRef(int64_t(1)));
}

SmallVector<int64_t> SplitExtent::inside(ArrayRef<int64_t> dimensions,
                                         int64_t d) const {
  SmallVector<int64_t> result;
  for (int64_t each : dimensions)
    if (!isWhole())
      result.push_back(each < d ? each : each + 1);
    else if (each != d)
      result.push_back(each);
  return result;
}

Value SplitExtent::left(OpBuilder &builder, Location loc, Value value,
                        int64_t d) const {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  SmallVector<int64_t> offsets(shape.size(), 0), sizes(shape),
      strides(shape.size(), 1);
  offsets[d] = pieces * size;
  sizes[d] = rest;
  return SliceOp::create(builder, loc, value, offsets, sizes, strides);
}
