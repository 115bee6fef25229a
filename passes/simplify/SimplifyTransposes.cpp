//===- SimplifyTransposes.cpp - transposes meet and vanish ----------------===//
//
// A transpose moves up, towards what it reads, as far as that costs nothing:
// through pads and slices, and through pointwise ops all of whose operands can
// be made in another order (broadcasts, positions, other transposes).  So the
// transposes around each layer of a channels-first network meet, and the
// derivative of a pooling is made where it belongs.  One that only a reduction
// sees is not needed.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Patterns.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
/// pad (transpose %x P)  ⇒  transpose (pad %x) P: two views of one tensor are
/// padded once, and what reads through transposes reads through this one.
struct PadBeforeTranspose : OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PadOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getOperand().getDefiningOp<TransposeOp>();
    if (!transpose)
      return failure();
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    SmallVector<int64_t> low(permutation.size()), high(low), between(low);
    for (auto [d, from] : llvm::enumerate(permutation)) {
      low[from] = op.getLow()[d];
      high[from] = op.getHigh()[d];
      between[from] = op.getInterior()[d];
    }
    Value padded = PadOp::create(rewriter, op.getLoc(), transpose.getOperand(),
                                 low, high, between);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, padded, permutation);
    return success();
  }
};

/// slice (transpose %x P)  ⇒  transpose (slice %x) P
struct SliceBeforeTranspose : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getOperand().getDefiningOp<TransposeOp>();
    if (!transpose)
      return failure();
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    SmallVector<int64_t> offsets(permutation.size()), sizes(offsets),
        strides(offsets);
    for (auto [d, from] : llvm::enumerate(permutation)) {
      offsets[from] = op.getOffsets()[d];
      sizes[from] = op.getSizes()[d];
      strides[from] = op.getStrides()[d];
    }
    Value part = SliceOp::create(rewriter, op.getLoc(), transpose.getOperand(),
                                 offsets, sizes, strides);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, part, permutation);
    return success();
  }
};

/// Where the elements of a transposed value come from: the pointwise ops, each
/// with all its uses inside or of indices alone, and what they read.
struct Tree {
  SmallVector<Operation *> ops;
  SmallVector<Value> leaves;
};

bool isFreeToTranspose(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast_or_null<ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue());
  return isa_and_nonnull<BroadcastOp, IotaOp, TransposeOp>(op);
}

/// Arithmetic on indices alone, which may be done once more.
bool isPosition(Value value, int depth = 0) {
  constexpr int deepest = 4;
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<IotaOp>(op))
    return true;
  if (auto constant = dyn_cast_or_null<ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue());
  return op && op->hasTrait<Pointwise>() && depth < deepest &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isPosition(operand, depth + 1);
         });
}

/// The tree under `root`, if all its leaves are free to be transposed.
std::optional<Tree> findTree(Value root) {
  // Longer expressions are left as they are.
  constexpr size_t mostOps = 32;
  Tree tree;
  llvm::SmallPtrSet<Operation *, 16> inside;
  auto take = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !op->hasTrait<Pointwise>() ||
        op->getBlock() != root.getDefiningOp()->getBlock())
      return false;
    bool onlyHere = llvm::all_of(
        op->getUsers(), [&](Operation *user) { return inside.contains(user); });
    if (value != root && !onlyHere && !isPosition(value))
      return false;
    if (inside.insert(op).second)
      tree.ops.push_back(op);
    return true;
  };
  if (!root.getDefiningOp() || !root.hasOneUse() || !take(root))
    return std::nullopt;
  for (size_t i = 0; i < tree.ops.size() && i < mostOps; ++i)
    for (Value operand : tree.ops[i]->getOperands())
      if (isFreeToTranspose(operand))
        tree.leaves.push_back(operand);
      else if (!take(operand))
        return std::nullopt;
  if (tree.ops.size() > mostOps)
    return std::nullopt;
  return tree;
}

/// Where a broadcast's operand's dimensions are in the transposed value, if
/// they stay in order.
std::optional<SmallVector<int64_t>> broadcastTo(Value leaf,
                                                ArrayRef<int64_t> permutation) {
  auto broadcast = leaf.getDefiningOp<BroadcastOp>();
  if (!broadcast)
    return std::nullopt;
  SmallVector<int64_t> dimensions;
  for (int64_t d : broadcast.getDimensions())
    dimensions.push_back(llvm::find(permutation, d) - permutation.begin());
  if (!llvm::is_sorted(dimensions))
    return std::nullopt;
  return dimensions;
}

bool isInverse(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  for (auto [d, from] : llvm::enumerate(a))
    if (b[from] != static_cast<int64_t>(d))
      return false;
  return true;
}

Value transposedLeaf(PatternRewriter &rewriter, Value leaf,
                     ArrayRef<int64_t> permutation) {
  RankedTensorType type = tensorType(leaf);
  SmallVector<int64_t> shape;
  for (int64_t d : permutation)
    shape.push_back(type.getDimSize(d));
  if (auto constant = leaf.getDefiningOp<ConstantOp>())
    return ConstantOp::create(rewriter, leaf.getLoc(), type.clone(shape),
                              cast<SplatElementsAttr>(constant.getValue())
                                  .resizeSplat(type.clone(shape)));
  if (auto iota = leaf.getDefiningOp<IotaOp>()) {
    int64_t place =
        llvm::find(permutation, static_cast<int64_t>(iota.getDimension())) -
        permutation.begin();
    return IotaOp::create(rewriter, leaf.getLoc(), type.clone(shape), place);
  }
  if (auto transpose = leaf.getDefiningOp<TransposeOp>())
    if (isInverse(permutation, transpose.getPermutation()))
      return transpose.getOperand();
  if (std::optional<SmallVector<int64_t>> dimensions =
          broadcastTo(leaf, permutation))
    return BroadcastOp::create(rewriter, leaf.getLoc(), type.clone(shape),
                               leaf.getDefiningOp()->getOperand(0),
                               *dimensions);
  return TransposeOp::create(rewriter, leaf.getLoc(), leaf, permutation);
}

/// The tree under `root` with all its leaves transposed.
Value transposeTree(PatternRewriter &rewriter, Tree &tree, Value root,
                    ArrayRef<int64_t> permutation) {
  IRMapping moved;
  for (Value leaf : tree.leaves)
    if (!moved.contains(leaf))
      moved.map(leaf, transposedLeaf(rewriter, leaf, permutation));
  llvm::sort(tree.ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *from : tree.ops) {
    Operation *to = rewriter.clone(*from, moved);
    Value result = to->getResult(0);
    SmallVector<int64_t> shape;
    for (int64_t d : permutation)
      shape.push_back(tensorType(result).getDimSize(d));
    result.setType(tensorType(result).clone(shape));
    moved.map(from->getResult(0), result);
  }
  return moved.lookup(root);
}

/// transpose (select (compare (iota dim 1), (broadcast %i)), (broadcast %x)) P
///   ⇒  select (compare (iota dim …), …)
///
/// and so for any pointwise ops whose operands are as free.
struct TransposeBeforePointwise : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Tree> tree = findTree(op.getOperand());
    if (!tree)
      return failure();
    rewriter.replaceOp(op, transposeTree(rewriter, *tree, op.getOperand(),
                                         op.getPermutation()));
    return success();
  }
};

/// reduce_sum (transpose %x [0, 2, 1, 3]) dims [2]  ⇒  reduce_sum %x dims [1]
/// where both what is reduced and what is kept stay in their order; and so for
/// pointwise ops between the two whose other operands are free to be
/// transposed.
template <typename Op> struct ReduceBeforeTranspose : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Value operand = op.getOperand();
    auto transpose = operand.getDefiningOp<TransposeOp>();
    std::optional<Tree> tree;
    if (!transpose) {
      if (!(tree = findTree(operand)))
        return failure();
      // All that are there, the same way.
      for (Value leaf : tree->leaves)
        if (auto here = leaf.getDefiningOp<TransposeOp>()) {
          if (transpose && transpose.getPermutation() != here.getPermutation())
            return failure();
          transpose = here;
        }
      if (!transpose)
        return failure();
    }
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    SmallVector<int64_t> reduced, kept, inverse(permutation.size());
    for (auto [d, from] : llvm::enumerate(permutation)) {
      inverse[from] = d;
      (llvm::is_contained(op.getDimensions(), static_cast<int64_t>(d)) ? reduced
                                                                       : kept)
          .push_back(from);
    }
    if (!llvm::is_sorted(reduced) || !llvm::is_sorted(kept))
      return failure();
    // Only where no transpose is left.
    if (tree && llvm::any_of(tree->leaves, [&](Value leaf) {
          return leaf.getDefiningOp<BroadcastOp>() &&
                 !broadcastTo(leaf, inverse);
        }))
      return failure();
    operand = tree ? transposeTree(rewriter, *tree, operand, inverse)
                   : transpose.getOperand();
    rewriter.replaceOpWithNewOp<Op>(op, operand, reduced);
    return success();
  }
};
} // namespace

void sinter::passes::addTransposePatterns(RewritePatternSet &patterns) {
  patterns.add<PadBeforeTranspose, SliceBeforeTranspose,
               ReduceBeforeTranspose<ReduceSumOp>,
               ReduceBeforeTranspose<ReduceMaxOp>,
               ReduceBeforeTranspose<ReduceMinOp>,
               ReduceBeforeTranspose<ReduceProdOp>, TransposeBeforePointwise>(
      patterns.getContext());
}
