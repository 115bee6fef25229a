//===- SimplifyMovement.cpp - transpose, broadcast, reverse ---------------===//
//
// The forms aimed at: no movement that only renames dimensions (a reshape does
// that, and costs nothing), no unit dimensions under a broadcast, one broadcast
// instead of two, and pointwise ops before broadcasts rather than after.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Patterns.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
/// transpose %x [1, 0] : [1, n] -> [n, 1]  ⇒  reshape %x
struct ReshapeForUnitTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    int64_t last = -1;
    for (int64_t d : op.getPermutation()) {
      if (tensorType(op.getOperand()).getDimSize(d) == 1)
        continue;
      if (d < last)
        return failure();
      last = d;
    }
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getOperand());
    return success();
  }
};

/// transpose (broadcast %x dims [1]) [1, 0]  ⇒  broadcast %x dims [0]
struct BroadcastInsteadOfTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto broadcast = op.getOperand().getDefiningOp<BroadcastOp>();
    if (!broadcast)
      return failure();
    // Where each operand dimension goes; the order of going sorts the operand.
    ArrayRef<int64_t> dimensions = broadcast.getDimensions();
    SmallVector<int64_t> order, places;
    for (auto [place, d] : llvm::enumerate(op.getPermutation())) {
      const int64_t *found = llvm::find(dimensions, d);
      if (found == dimensions.end())
        continue;
      order.push_back(found - dimensions.begin());
      places.push_back(place);
    }
    Value operand = broadcast.getOperand();
    Location loc = rewriter.getFusedLoc({op.getLoc(), broadcast.getLoc()});
    if (!llvm::is_sorted(order))
      operand = TransposeOp::create(rewriter, loc, operand, order);
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), operand, places)
        ->setLoc(loc);
    return success();
  }
};

/// broadcast (broadcast %x dims [0]) dims [1]  ⇒  broadcast %x dims [1]
struct MergeBroadcasts : OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<BroadcastOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> dimensions;
    for (int64_t d : inner.getDimensions())
      dimensions.push_back(op.getDimensions()[d]);
    Location loc = rewriter.getFusedLoc({op.getLoc(), inner.getLoc()});
    rewriter
        .replaceOpWithNewOp<BroadcastOp>(op, op.getType(), inner.getOperand(),
                                         dimensions)
        ->setLoc(loc);
    return success();
  }
};

/// broadcast %x dims [0, 1] : [b, 1] -> [b, c]
///   ⇒  broadcast (reshape %x : [b, 1] -> [b]) dims [0] : [b] -> [b, c]
/// and one that repeats nothing is a reshape.
struct DropUnitDimensionsOfBroadcast : OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType from = tensorType(op.getOperand()),
                     to = tensorType(op.getResult());
    if (from.getNumElements() == to.getNumElements()) {
      rewriter.replaceOpWithNewOp<ReshapeOp>(op, to, op.getOperand());
      return success();
    }
    SmallVector<int64_t> shape, dimensions;
    for (auto [extent, d] : llvm::zip(from.getShape(), op.getDimensions()))
      if (extent != 1) {
        shape.push_back(extent);
        dimensions.push_back(d);
      }
    if (shape.size() == from.getShape().size())
      return failure();
    Value operand = ReshapeOp::create(rewriter, op.getLoc(), from.clone(shape),
                                      op.getOperand());
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, to, operand, dimensions);
    return success();
  }
};

/// reverse (reverse %x dims [0, 1]) dims [1]  ⇒  reverse %x dims [0];
/// dimensions of one element, or twice reversed, need none.
struct ShortenReverse : OpRewritePattern<ReverseOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReverseOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<ReverseOp>();
    RankedTensorType type = tensorType(op.getResult());
    SmallVector<int64_t> dimensions;
    for (int64_t d = 0; d < type.getRank(); ++d) {
      bool once = llvm::is_contained(op.getDimensions(), d);
      if (inner)
        once ^= llvm::is_contained(inner.getDimensions(), d);
      if (once && type.getDimSize(d) != 1)
        dimensions.push_back(d);
    }
    Value operand = inner ? inner.getOperand() : op.getOperand();
    if (dimensions.empty()) {
      rewriter.replaceOp(op, operand);
      return success();
    }
    if (!inner && dimensions.size() == op.getDimensions().size())
      return failure();
    rewriter.replaceOpWithNewOp<ReverseOp>(op, operand, dimensions);
    return success();
  }
};

/// reduce_sum %x dims [1] : [b, 1] -> [b]  ⇒  reshape %x: the sum of one
/// element is that element.
template <typename Op> struct ReshapeForUnitReduce : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (op.getDimensions().empty() ||
        llvm::any_of(op.getDimensions(), [&](int64_t d) {
          return tensorType(op.getOperand()).getDimSize(d) != 1;
        }))
      return failure();
    rewriter.template replaceOpWithNewOp<ReshapeOp>(op, op.getType(),
                                                    op.getOperand());
    return success();
  }
};

bool isSplatConstant(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && isa<SplatElementsAttr>(constant.getValue());
}

/// mul (broadcast %a dims D), (broadcast %b dims D)
///   ⇒  broadcast (mul %a, %b) dims D
/// where all operands are broadcast alike, or splats.
struct HoistPointwiseAboveBroadcast : RewritePattern {
  HoistPointwiseAboveBroadcast(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<Pointwise>())
      return failure();
    BroadcastOp first;
    for (Value operand : op->getOperands()) {
      auto broadcast = operand.getDefiningOp<BroadcastOp>();
      if (!broadcast && !isSplatConstant(operand))
        return failure();
      if (!broadcast)
        continue;
      if (!first)
        first = broadcast;
      if (tensorType(broadcast.getOperand()).getShape() !=
              tensorType(first.getOperand()).getShape() ||
          broadcast.getDimensions() != first.getDimensions())
        return failure();
    }
    if (!first)
      return failure();
    ArrayRef<int64_t> shape = tensorType(first.getOperand()).getShape();
    Values operands;
    for (Value operand : op->getOperands()) {
      if (auto broadcast = operand.getDefiningOp<BroadcastOp>()) {
        operands.push_back(broadcast.getOperand());
        continue;
      }
      auto constant = operand.getDefiningOp<ConstantOp>();
      auto type = cast<ShapedType>(operand.getType()).clone(shape);
      auto splat = cast<SplatElementsAttr>(constant.getValue());
      operands.push_back(
          ConstantOp::create(rewriter, constant.getLoc(), type,
                             cast<ElementsAttr>(splat.resizeSplat(type))));
    }
    Operation *small = rewriter.clone(*op);
    small->setOperands(operands);
    RankedTensorType type = tensorType(op->getResult(0));
    small->getResult(0).setType(type.clone(shape));
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, type, small->getResult(0),
                                             first.getDimensions());
    return success();
  }
};
} // namespace

void sinter::passes::addMovementPatterns(RewritePatternSet &patterns) {
  patterns
      .add<ReshapeForUnitTranspose, BroadcastInsteadOfTranspose,
           MergeBroadcasts, DropUnitDimensionsOfBroadcast, ShortenReverse,
           ReshapeForUnitReduce<ReduceSumOp>, ReshapeForUnitReduce<ReduceMaxOp>,
           ReshapeForUnitReduce<ReduceMinOp>,
           ReshapeForUnitReduce<ReduceProdOp>, HoistPointwiseAboveBroadcast>(
          patterns.getContext());
}
