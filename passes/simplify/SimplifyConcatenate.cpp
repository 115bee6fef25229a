//===- SimplifyConcatenate.cpp - pieces side by side ----------------------===//
//
// The derivative of taking a tensor apart is a sum of padded pieces: every
// element of the sum is one piece's element plus zeros.  Side by side they need
// no sum.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"
#include "passes/simplify/Patterns.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace sinter::ir;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Value zeros(OpBuilder &builder, Location loc, RankedTensorType type) {
  return ConstantOp::create(
      builder, loc, type,
      DenseElementsAttr::get(type,
                             builder.getZeroAttr(type.getElementType())));
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
                       zeros(builder, loc, tensorType(value)));
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

/// A padded piece of a sum.
struct Piece {
  Value value;
  int64_t begin, end;
};

/// pad %a + pad %b  ⇒  concatenate %a + 0, %b + 0, where the pieces lie at
/// different places along one dimension; gaps become zeros.
struct ConcatenateInsteadOfSum : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  /// The leaves of a tree of sums, each read once.
  static void collect(Value value, bool root, SmallVectorImpl<PadOp> &pads,
                      bool &allPads) {
    auto add = value.getDefiningOp<AddOp>();
    if (add && (root || add->hasOneUse())) {
      collect(add.getLhs(), false, pads, allPads);
      collect(add.getRhs(), false, pads, allPads);
      return;
    }
    auto pad = value.getDefiningOp<PadOp>();
    if (pad)
      pads.push_back(pad);
    else
      allPads = false;
  }

  /// The only dimension that any of them pads, none if there is another.
  static std::optional<int64_t> onlyDimension(ArrayRef<PadOp> pads) {
    std::optional<int64_t> only;
    for (PadOp pad : pads)
      for (int64_t d = 0; d < static_cast<int64_t>(pad.getLow().size()); ++d) {
        if (pad.getInterior()[d] != 0)
          return std::nullopt;
        if (pad.getLow()[d] == 0 && pad.getHigh()[d] == 0)
          continue;
        if (only && *only != d)
          return std::nullopt;
        only = d;
      }
    return only;
  }

  /// The pieces in order of place; none unless they lie apart.
  static std::optional<SmallVector<Piece>> piecesOf(AddOp root,
                                                    int64_t &dimension) {
    SmallVector<PadOp> pads;
    bool allPads = true;
    collect(root, /*root=*/true, pads, allPads);
    if (!allPads)
      return std::nullopt;
    std::optional<int64_t> only = onlyDimension(pads);
    if (!only)
      return std::nullopt;
    dimension = *only;
    SmallVector<Piece> pieces;
    for (PadOp pad : pads) {
      int64_t begin = pad.getLow()[dimension];
      int64_t extent = tensorType(pad.getOperand()).getDimSize(dimension);
      pieces.push_back({pad.getOperand(), begin, begin + extent});
    }
    llvm::stable_sort(pieces, [](const Piece &a, const Piece &b) {
      return a.begin < b.begin;
    });
    for (size_t i = 1; i < pieces.size(); ++i)
      if (pieces[i].begin < pieces[i - 1].end)
        return std::nullopt;
    return pieces;
  }

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    int64_t dimension = 0;
    std::optional<SmallVector<Piece>> pieces = piecesOf(op, dimension);
    if (!pieces)
      return failure();
    // The largest sum of pieces is the one to rewrite.
    if (op->hasOneUse())
      if (auto above = dyn_cast<AddOp>(*op->user_begin()))
        if (int64_t other; piecesOf(above, other))
          return failure();
    RankedTensorType type = tensorType(op.getResult());
    Values inputs;
    int64_t place = 0;
    auto fillTo = [&](int64_t end) {
      if (end == place)
        return;
      SmallVector<int64_t> shape(type.getShape());
      shape[dimension] = end - place;
      inputs.push_back(zeros(rewriter, op.getLoc(), type.clone(shape)));
    };
    for (const Piece &piece : *pieces) {
      fillTo(piece.begin);
      inputs.push_back(plusZero(rewriter, op.getLoc(), piece.value));
      place = piece.end;
    }
    fillTo(type.getDimSize(dimension));
    rewriter.replaceOpWithNewOp<ConcatenateOp>(op, inputs, dimension);
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
  patterns.add<FlattenConcatenate, ConcatenateInsteadOfSum, AddZeroOnce>(
      patterns.getContext());
}
