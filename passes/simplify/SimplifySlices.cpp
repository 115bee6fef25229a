//===- SimplifySlices.cpp - slices of what was put together ---------------===//
//
// A slice reads through the movement below it: of a slice, of the one operand
// of a concatenation or the inside of a pad that it lies in, of a broadcast.  A
// reshape between a slice and a contraction goes below the slice.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Patterns.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The last index along dimension d that the slice reads, plus one.
static int64_t endOf(SliceOp op, int64_t d) {
  return op.getOffsets()[d] + (op.getSizes()[d] - 1) * op.getStrides()[d] + 1;
}

namespace {
struct MergeSlices : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<SliceOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> offsets, strides;
    for (size_t d = 0; d < op.getSizes().size(); ++d) {
      // What is not stepped over may have any stride.
      int64_t size = op.getSizes()[d];
      offsets.push_back(
          inner.getOffsets()[d] +
          (size > 0 ? op.getOffsets()[d] * inner.getStrides()[d] : 0));
      strides.push_back(size > 1 ? op.getStrides()[d] * inner.getStrides()[d]
                                 : 1);
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, inner.getOperand(), offsets,
                                         op.getSizes(), strides);
    return success();
  }
};

/// slice (concatenate %a, %b dim 0), all of it in %b  ⇒  slice %b
struct SliceOneOfConcatenated : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto joined = op.getOperand().getDefiningOp<ConcatenateOp>();
    if (!joined || tensorType(op.getResult()).getNumElements() == 0)
      return failure();
    int64_t d = joined.getDimension(), start = 0;
    for (Value input : joined.getInputs()) {
      int64_t end = start + tensorType(input).getDimSize(d);
      if (op.getOffsets()[d] >= start && endOf(op, d) <= end) {
        SmallVector<int64_t> offsets(op.getOffsets());
        offsets[d] -= start;
        rewriter.replaceOpWithNewOp<SliceOp>(op, input, offsets, op.getSizes(),
                                             op.getStrides());
        return success();
      }
      start = end;
    }
    return failure();
  }
};

/// slice (pad %x), all of it inside %x  ⇒  slice %x
struct SliceInsideOfPad : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getOperand().getDefiningOp<PadOp>();
    if (!pad || tensorType(op.getResult()).getNumElements() == 0)
      return failure();
    SmallVector<int64_t> offsets, strides;
    for (int64_t d = 0; d < tensorType(op.getResult()).getRank(); ++d) {
      int64_t apart = pad.getInterior()[d] + 1;
      int64_t offset = op.getOffsets()[d] - pad.getLow()[d];
      int64_t extent = tensorType(pad.getOperand()).getDimSize(d);
      int64_t last = endOf(op, d) - 1 - pad.getLow()[d];
      bool single = op.getSizes()[d] == 1;
      if (offset < 0 || last > (extent - 1) * apart || offset % apart != 0 ||
          (!single && op.getStrides()[d] % apart != 0))
        return failure();
      offsets.push_back(offset / apart);
      strides.push_back(single ? 1 : op.getStrides()[d] / apart);
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, pad.getOperand(), offsets,
                                         op.getSizes(), strides);
    return success();
  }
};

/// slice (broadcast %x)  ⇒  broadcast (slice %x)
struct SliceBeforeBroadcast : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto broadcast = op.getOperand().getDefiningOp<BroadcastOp>();
    if (!broadcast)
      return failure();
    RankedTensorType from = tensorType(broadcast.getOperand());
    SmallVector<int64_t> offsets, sizes, strides;
    for (auto [i, d] : llvm::enumerate(broadcast.getDimensions())) {
      bool repeated = from.getDimSize(i) == 1;
      // A result without elements still slices something of extent 1.
      offsets.push_back(repeated ? 0 : op.getOffsets()[d]);
      sizes.push_back(repeated ? 1 : op.getSizes()[d]);
      strides.push_back(repeated ? 1 : op.getStrides()[d]);
    }
    Value part = SliceOp::create(rewriter, op.getLoc(), broadcast.getOperand(),
                                 offsets, sizes, strides);
    // Replacing erases `op`, so its place is asked for before.
    Location both = rewriter.getFusedLoc({op.getLoc(), broadcast.getLoc()});
    rewriter
        .replaceOpWithNewOp<BroadcastOp>(op, op.getType(), part,
                                         broadcast.getDimensions())
        ->setLoc(both);
    return success();
  }
};

/// reshape (slice %x offsets [0, 128] sizes [n, 128]) : [n, 384] -> [n, 4, 32]
///   ⇒  slice (reshape %x : [n, 12, 32]) offsets [0, 4, 0]
///
/// for a contraction, which reads a slice of what lies in memory as it reads
/// the whole: so are heads and gates taken out of one product.
struct SliceBehindReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto slice = op.getOperand().getDefiningOp<SliceOp>();
    if (!slice || llvm::none_of(op->getUsers(), llvm::IsaPred<DotGeneralOp>) ||
        tensorType(op.getResult()).getNumElements() == 0)
      return failure();
    RankedTensorType whole = tensorType(slice.getOperand());
    ArrayRef<int64_t> from = tensorType(slice.getResult()).getShape();
    ArrayRef<int64_t> to = tensorType(op.getResult()).getShape();
    // Only one dimension, `d`, is cut, and the reshape splits it, from `p` on,
    // for itself.
    auto cut = [&](int64_t d) { return whole.getDimSize(d) != from[d]; };
    auto product = [](ArrayRef<int64_t> extents) {
      int64_t count = 1;
      for (int64_t extent : extents)
        count *= extent;
      return count;
    };
    size_t d = 0, p = 0;
    while (d < from.size() && !cut(d))
      ++d;
    if (d == from.size() || slice.getStrides()[d] != 1 ||
        llvm::any_of(llvm::seq(d + 1, from.size()), cut))
      return failure();
    int64_t before = product(from.take_front(d));
    while (p < to.size() && (product(to.take_front(p)) < before || to[p] == 1))
      ++p;
    size_t q = p;
    while (q < to.size() && product(to.slice(p, q - p)) < from[d])
      ++q;
    if (p == q || product(to.take_front(p)) != before ||
        product(to.slice(p, q - p)) != from[d])
      return failure();
    int64_t inner = from[d] / to[p];
    if (slice.getOffsets()[d] % inner != 0 || whole.getDimSize(d) % inner != 0)
      return failure();
    SmallVector<int64_t> shape(to), offsets(to.size(), 0),
        strides(to.size(), 1);
    shape[p] = whole.getDimSize(d) / inner;
    offsets[p] = slice.getOffsets()[d] / inner;
    Value reshaped = ReshapeOp::create(rewriter, op.getLoc(),
                                       whole.clone(shape), slice.getOperand());
    Location both = rewriter.getFusedLoc({op.getLoc(), slice.getLoc()});
    rewriter.replaceOpWithNewOp<SliceOp>(op, reshaped, offsets, to, strides)
        ->setLoc(both);
    return success();
  }
};

/// pad (pad %x)  ⇒  pad %x, where neither puts zeros between elements.
struct MergePads : OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PadOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<PadOp>();
    auto isZero = [](int64_t amount) { return amount == 0; };
    if (!inner || !llvm::all_of(op.getInterior(), isZero) ||
        !llvm::all_of(inner.getInterior(), isZero))
      return failure();
    SmallVector<int64_t> low, high;
    for (size_t d = 0; d < op.getLow().size(); ++d) {
      low.push_back(op.getLow()[d] + inner.getLow()[d]);
      high.push_back(op.getHigh()[d] + inner.getHigh()[d]);
    }
    rewriter.replaceOpWithNewOp<PadOp>(op, inner.getOperand(), low, high,
                                       op.getInterior());
    return success();
  }
};
} // namespace

void sinter::passes::addSlicePatterns(RewritePatternSet &patterns) {
  patterns.add<MergeSlices, SliceOneOfConcatenated, SliceInsideOfPad,
               SliceBeforeBroadcast, SliceBehindReshape, MergePads>(
      patterns.getContext());
}
