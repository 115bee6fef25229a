//===- LimitSorts.cpp - orders of which only the front is read ------------===//
//
// The greatest elements of a row are the front of its order:
//
//   slice (argsort %x) offsets [0, 0] sizes [n, k]
//
// What is behind the last place that a slice reads need not be known.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/SortRow.h"
#include "passes/simplify/Stage.h"

#include "mlir/IR/Builders.h"

namespace sinter::passes {
#define GEN_PASS_DEF_LIMITSORTS
#include "passes/simplify/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;

/// How many places of each row are read, from the front to the last one.
static int64_t placesRead(ArgSortOp op) {
  auto extent = cast<RankedTensorType>(op.getType())
                    .getDimSize(static_cast<int64_t>(op.getDimension()));
  int64_t read = 1;
  for (Operation *user : op->getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    if (!slice)
      return extent;
    auto d = static_cast<int64_t>(op.getDimension());
    if (int64_t size = slice.getSizes()[d])
      read = std::max(read, slice.getOffsets()[d] +
                                (size - 1) * slice.getStrides()[d] + 1);
  }
  return std::min(read, extent);
}

namespace {
struct LimitSorts : sinter::passes::impl::LimitSortsBase<LimitSorts> {
  void runOnOperation() override {
    Builder builder(&getContext());
    getOperation().walk([&](ArgSortOp op) {
      int64_t read = placesRead(op);
      auto d = static_cast<int64_t>(op.getDimension());
      if (read < cast<RankedTensorType>(op.getType()).getDimSize(d))
        op->setAttr(placesReadAttr, builder.getI64IntegerAttr(read));
    });
  }
};
} // namespace
