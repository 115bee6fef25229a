//===- SimplifyConcatenate.cpp - pieces side by side ----------------------===//
//
// The derivative of taking a tensor apart is a sum of padded pieces: every
// element of the sum is one piece's element plus zeros.  Side by side they need
// no sum.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "mlir/IR/Matchers.h"
#include "passes/simplify/Patterns.h"

#include <map>

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Whether the value is (anything) + 0, and so never −0.
static bool isPlusZero(Value value) {
  if (!isa<FloatType>(getElementTypeOrSelf(value)))
    return true;
  auto add = value.getDefiningOp<AddOp>();
  return add && matchPattern(add.getRhs(), m_PosZeroFloat());
}

/// value + 0: what adding the zeros of the other pieces does to it, which is
/// nothing except to −0.
static Value plusZero(OpBuilder &builder, Location loc, Value value) {
  if (auto joined = value.getDefiningOp<ConcatenateOp>())
    if (llvm::all_of(joined.getInputs(), isPlusZero))
      return value;
  if (isPlusZero(value))
    return value;
  return AddOp::create(builder, loc, value,
                       createZeros(builder, loc, tensorType(value)));
}

namespace {
/// Concatenations of concatenations, and pieces without elements.
struct FlattenConcatenate : OpRewritePattern<ConcatenateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatenateOp op,
                                PatternRewriter &rewriter) const override {
    Values inputs;
    int64_t d = op.getDimension();
    for (Value input : op.getInputs()) {
      auto inner = input.getDefiningOp<ConcatenateOp>();
      if (inner && inner.getDimension() == op.getDimension() &&
          inner->hasOneUse())
        llvm::append_range(inputs, inner.getInputs());
      else if (tensorType(input).getDimSize(d) != 0)
        inputs.push_back(input);
    }
    if (inputs.empty() || ValueRange(inputs) == ValueRange(op.getInputs()))
      return failure();
    rewriter.replaceOpWithNewOp<ConcatenateOp>(op, inputs, d);
    return success();
  }
};

/// A sum of padded pieces that lie at different places along one dimension.
struct PieceSum {
  int64_t dimension;
  /// By the places that they begin and end at.
  std::multimap<std::pair<int64_t, int64_t>, Value> pieces;

  /// Of one piece; none if it is padded along other than one dimension.
  static std::optional<PieceSum> of(PadOp pad) {
    std::optional<int64_t> only;
    for (int64_t d = 0; d < static_cast<int64_t>(pad.getLow().size()); ++d) {
      if (pad.getInterior()[d] != 0)
        return std::nullopt;
      if (pad.getLow()[d] == 0 && pad.getHigh()[d] == 0)
        continue;
      if (only)
        return std::nullopt;
      only = d;
    }
    if (!only)
      return std::nullopt;
    int64_t begin = pad.getLow()[*only];
    int64_t extent = tensorType(pad.getOperand()).getDimSize(*only);
    PieceSum sum{*only, {}};
    sum.pieces.insert({{begin, begin + extent}, pad.getOperand()});
    return sum;
  }

  /// Whether the piece lies apart from all of these.
  bool hasRoomFor(std::pair<int64_t, int64_t> place) const {
    auto next = pieces.lower_bound(place);
    if (next != pieces.end() && next->first.first < place.second)
      return false;
    return next == pieces.begin() ||
           std::prev(next)->first.second <= place.first;
  }
  /// Takes the other's pieces in, if all lie apart.  The smaller one's go into
  /// the larger, so that a long sum is not walked for each of its pieces.
  bool absorb(PieceSum &other) {
    bool larger = pieces.size() >= other.pieces.size();
    const PieceSum &most = larger ? *this : other;
    const PieceSum &few = larger ? other : *this;
    if (other.dimension != dimension ||
        !llvm::all_of(few.pieces, [&](auto &piece) {
          return most.hasRoomFor(piece.first);
        }))
      return false;
    if (!larger)
      std::swap(pieces, other.pieces);
    pieces.merge(other.pieces);
    return true;
  }
};

/// pad %a + pad %b  ⇒  concatenate %a + 0, %b + 0, where the pieces lie at
/// different places along one dimension; gaps become zeros.  Looks at a tree of
/// sums once, from its root, and rewrites the largest such sums in it.
struct ConcatenateInsteadOfSum : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  /// The ops of the tree of sums below `root`, each read once, operands first.
  static SmallVector<AddOp> treeOf(AddOp root) {
    SmallVector<AddOp> tree{root};
    for (size_t i = 0; i < tree.size(); ++i)
      for (Value operand : tree[i]->getOperands())
        if (auto add = operand.getDefiningOp<AddOp>(); add && add->hasOneUse())
          tree.push_back(add);
    std::reverse(tree.begin(), tree.end());
    return tree;
  }

  static void rewrite(AddOp op, const PieceSum &sum,
                      PatternRewriter &rewriter) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    RankedTensorType type = tensorType(op.getResult());
    Values inputs;
    int64_t place = 0;
    auto fillTo = [&](int64_t end) {
      if (end == place)
        return;
      SmallVector<int64_t> shape(type.getShape());
      shape[sum.dimension] = end - place;
      inputs.push_back(createZeros(rewriter, op.getLoc(), type.clone(shape)));
    };
    for (auto &[span, value] : sum.pieces) {
      fillTo(span.first);
      inputs.push_back(plusZero(rewriter, op.getLoc(), value));
      place = span.second;
    }
    fillTo(type.getDimSize(sum.dimension));
    rewriter.replaceOpWithNewOp<ConcatenateOp>(op, inputs, sum.dimension);
  }

  LogicalResult matchAndRewrite(AddOp root,
                                PatternRewriter &rewriter) const override {
    if (root->hasOneUse() && isa<AddOp>(*root->user_begin()))
      return failure();
    // Sums that may still grow, and those that cannot.
    llvm::DenseMap<Operation *, PieceSum> open;
    SmallVector<std::pair<AddOp, PieceSum>> whole;
    auto take = [&](Value operand) -> std::optional<PieceSum> {
      Operation *op = operand.getDefiningOp();
      if (auto found = open.find(op); found != open.end()) {
        PieceSum sum = std::move(found->second);
        open.erase(found);
        return sum;
      }
      if (auto pad = operand.getDefiningOp<PadOp>())
        return PieceSum::of(pad);
      return std::nullopt;
    };
    auto close = [&](Value operand, std::optional<PieceSum> &sum) {
      if (auto add = operand.getDefiningOp<AddOp>(); add && sum)
        whole.push_back({add, std::move(*sum)});
    };
    for (AddOp add : treeOf(root)) {
      std::optional<PieceSum> lhs = take(add.getLhs());
      std::optional<PieceSum> rhs = take(add.getRhs());
      if (lhs && rhs && lhs->absorb(*rhs)) {
        open[add] = std::move(*lhs);
        continue;
      }
      close(add.getLhs(), lhs);
      close(add.getRhs(), rhs);
    }
    if (auto all = open.find(root); all != open.end())
      whole.push_back({root, std::move(all->second)});
    for (auto &[add, sum] : whole)
      rewrite(add, sum, rewriter);
    return success(!whole.empty());
  }
};

/// concatenate (reshape (transpose %a) : [n, 4, 32] -> [n, 128]), … dim 1
///   ⇒  reshape (concatenate (transpose %a), … dim 1 : [n, 12, 32])
///
/// so that the transposes are where the pieces are copied from: heads are put
/// together again in one pass.
struct ConcatenateBehindReshape : OpRewritePattern<ConcatenateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatenateOp op,
                                PatternRewriter &rewriter) const override {
    int64_t d = op.getDimension();
    Values pieces;
    // What all pieces agree on: their extents but one.
    SmallVector<int64_t> common;
    for (Value input : op.getInputs()) {
      auto reshape = input.getDefiningOp<ReshapeOp>();
      if (!reshape || !reshape.getOperand().getDefiningOp<TransposeOp>())
        return failure();
      ArrayRef<int64_t> from = tensorType(reshape.getOperand()).getShape();
      ArrayRef<int64_t> to = tensorType(input).getShape();
      int64_t parts = from.size() - to.size() + 1;
      if (parts < 2 || from.take_front(d) != to.take_front(d) ||
          from.drop_front(d + parts) != to.drop_front(d + 1))
        return failure();
      pieces.push_back(reshape.getOperand());
      SmallVector<int64_t> others(from);
      others[d] = 0;
      if (pieces.size() > 1 && others != common)
        return failure();
      common = others;
    }
    Value joined = ConcatenateOp::create(rewriter, op.getLoc(), pieces, d);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), joined);
    return success();
  }
};

/// (x + 0) + 0  ⇒  x + 0
struct AddZeroOnce : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    if (!isPlusZero(op.getResult()) || !isPlusZero(op.getLhs()) ||
        !isa<FloatType>(getElementTypeOrSelf(op.getType())))
      return failure();
    rewriter.replaceOp(op, op.getLhs());
    return success();
  }
};
} // namespace

void sinter::passes::addConcatenatePatterns(RewritePatternSet &patterns) {
  patterns.add<FlattenConcatenate, ConcatenateInsteadOfSum,
               ConcatenateBehindReshape, AddZeroOnce>(patterns.getContext());
}
