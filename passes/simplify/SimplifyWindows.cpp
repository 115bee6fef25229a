//===- SimplifyWindows.cpp - windows that do not overlap ------------------===//
//
// Windows side by side are the elements themselves in other dimensions: slice,
// reshape, transpose; their sum is the way back.  Pooling by its own size and
// whole-image pooling are then plain reductions.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Windows.h"
#include "passes/simplify/Patterns.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
/// `type` cut into windows that do not overlap.
struct Tiling {
  /// The part that windows cover: sizes and strides of a slice from the start.
  SmallVector<int64_t> sizes, strides;
  /// Each windowed dimension as [windows, elements].
  SmallVector<int64_t> split;
  /// From that to the windows' elements behind the last windowed dimension.
  SmallVector<int64_t> permutation;
};
} // namespace

template <typename Op>
static std::optional<Tiling> findTiling(Op op, RankedTensorType type,
                                        ArrayRef<int64_t> all) {
  Tiling tiling{SmallVector<int64_t>(type.getShape()),
                SmallVector<int64_t>(type.getRank(), 1),
                {},
                {}};
  for (auto [i, d] : llvm::enumerate(op.getWindowed())) {
    Window window{op.getSizes()[i], op.getStrides()[i], op.getDilations()[i]};
    int64_t count = all[d];
    if (window.size == 1)
      tiling.strides[d] = window.stride;
    else if (window.dilation != 1 ||
             (window.stride != window.size && count != 1))
      return std::nullopt;
    tiling.sizes[d] = count * window.size;
  }
  SmallVector<int64_t> inner, kept;
  int64_t last = op.getWindowed().back();
  for (int64_t d = 0; d < type.getRank(); ++d) {
    kept.push_back(tiling.split.size());
    const int64_t *found = llvm::find(op.getWindowed(), d);
    if (found == op.getWindowed().end()) {
      tiling.split.push_back(type.getDimSize(d));
    } else {
      inner.push_back(tiling.split.size() + 1);
      tiling.split.append(
          {all[d], op.getSizes()[found - op.getWindowed().begin()]});
    }
    if (d == last)
      kept.append(inner);
  }
  tiling.permutation = kept;
  return tiling;
}

/// windows %x dims [1] sizes [2] strides [2] : [n, 7, c] -> [n, 3, 2, c]
///   ⇒  reshape (slice %x : [n, 6, c])
static LogicalResult splitInsteadOfWindows(WindowsOp op,
                                           PatternRewriter &rewriter) {
  RankedTensorType type = tensorType(op.getOperand());
  auto tiling = findTiling(op, type, tensorType(op.getResult()).getShape());
  if (!tiling)
    return failure();
  SmallVector<int64_t> zeros(type.getRank(), 0);
  Value part = SliceOp::create(rewriter, op.getLoc(), op.getOperand(), zeros,
                               tiling->sizes, tiling->strides);
  Value split =
      ReshapeOp::create(rewriter, op.getLoc(), type.clone(tiling->split), part);
  rewriter.replaceOpWithNewOp<TransposeOp>(op, split, tiling->permutation);
  return success();
}

/// fold_windows %x dims [1] sizes [2] strides [2] : [n, 3, 2, c] -> [n, 7, c]
///   ⇒  pad (reshape %x : [n, 6, c]) high [0, 1, 0]
static LogicalResult joinInsteadOfFold(FoldWindowsOp op,
                                       PatternRewriter &rewriter) {
  RankedTensorType type = tensorType(op.getResult());
  auto tiling = findTiling(op, type, tensorType(op.getOperand()).getShape());
  if (!tiling)
    return failure();
  SmallVector<int64_t> inverse(tiling->permutation.size());
  for (auto [i, d] : llvm::enumerate(tiling->permutation))
    inverse[d] = i;
  Value split =
      TransposeOp::create(rewriter, op.getLoc(), op.getOperand(), inverse);
  Value part = ReshapeOp::create(rewriter, op.getLoc(),
                                 type.clone(tiling->sizes), split);
  SmallVector<int64_t> low(type.getRank(), 0), high, between;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    int64_t size = tiling->sizes[d], stride = tiling->strides[d];
    int64_t span = size == 0 ? 0 : (size - 1) * stride + 1;
    high.push_back(type.getDimSize(d) - span);
    between.push_back(stride - 1);
  }
  rewriter.replaceOpWithNewOp<PadOp>(op, part, low, high, between);
  return success();
}

void sinter::passes::addWindowPatterns(RewritePatternSet &patterns) {
  patterns.add(splitInsteadOfWindows);
  patterns.add(joinInsteadOfFold);
}
