//===- SimplifyContraction.cpp - dot_general in its plainest form ---------===//
//
// A contraction reads its operands in any order of dimensions, so it absorbs
// their transposes; one of its result swaps the operands.  Dimensions that lie
// side by side in the same role on both sides are one dimension: afterwards
// most contractions are (batched) matrix products.  The order in which terms
// are added never changes.
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
/// One operand with the dimensions' roles.
struct Side {
  Value value;
  SmallVector<int64_t> contracting, batch, free;
};
} // namespace

static std::pair<Side, Side> sidesOf(DotGeneralOp op) {
  return {Side{op.getLhs(), SmallVector<int64_t>(op.getLhsContracting()),
               SmallVector<int64_t>(op.getLhsBatch()), op.getLhsFree()},
          Side{op.getRhs(), SmallVector<int64_t>(op.getRhsContracting()),
               SmallVector<int64_t>(op.getRhsBatch()), op.getRhsFree()}};
}

static Value contract(OpBuilder &builder, Location loc, const Side &lhs,
                      const Side &rhs) {
  return DotGeneralOp::create(builder, loc, lhs.value, rhs.value,
                              lhs.contracting, rhs.contracting, lhs.batch,
                              rhs.batch);
}

/// Whether an operand shows windows of a tensor, which a reshape would have to
/// store.
static bool showsWindows(Value value) {
  while (auto transpose = value.getDefiningOp<TransposeOp>())
    value = transpose.getOperand();
  return value.getDefiningOp<WindowsOp>() != nullptr;
}

/// transpose (dot_general %a, %b) [1, 0]  ⇒  dot_general %b, %a
static LogicalResult swapTransposed(TransposeOp op, PatternRewriter &rewriter) {
  auto dot = op.getOperand().getDefiningOp<DotGeneralOp>();
  if (!dot || !dot->hasOneUse())
    return failure();
  auto [lhs, rhs] = sidesOf(dot);
  // Windows stay where ExpandConvolutions puts them: on the left they are read
  // one element at a time, on the right in vectors.
  if (showsWindows(lhs.value) || showsWindows(rhs.value))
    return failure();
  int64_t batch = lhs.batch.size(), left = lhs.free.size(),
          right = rhs.free.size();
  SmallVector<int64_t> swap;
  llvm::append_range(swap, llvm::seq<int64_t>(0, batch));
  llvm::append_range(swap,
                     llvm::seq<int64_t>(batch + left, batch + left + right));
  llvm::append_range(swap, llvm::seq<int64_t>(batch, batch + left));
  if (!llvm::equal(swap, op.getPermutation()))
    return failure();
  Location loc = rewriter.getFusedLoc({dot.getLoc(), op.getLoc()});
  rewriter.replaceOp(op, contract(rewriter, loc, rhs, lhs));
  return success();
}

//===----------------------------------------------------------------------===//
// Fewer dimensions
//===----------------------------------------------------------------------===//

/// Removes the dimensions of `gone` from the operand, joining each with the
/// dimension before it (to which it is adjacent, or which has extent 1).
static void reshapeWithout(OpBuilder &builder, Location loc, Side &side,
                           ArrayRef<bool> gone) {
  RankedTensorType type = tensorType(side.value);
  SmallVector<int64_t> shape, place(gone.size());
  for (int64_t d = 0; d < type.getRank(); ++d) {
    place[d] = shape.size();
    if (!gone[d])
      shape.push_back(type.getDimSize(d));
    else if (type.getDimSize(d) != 1)
      shape.back() *= type.getDimSize(d);
  }
  auto renumber = [&](SmallVectorImpl<int64_t> &dimensions) {
    llvm::erase_if(dimensions, [&](int64_t d) { return gone[d]; });
    for (int64_t &d : dimensions)
      d = place[d];
  };
  renumber(side.contracting);
  renumber(side.batch);
  renumber(side.free);
  side.value = ReshapeOp::create(builder, loc, type.clone(shape), side.value);
}

namespace {
/// Which dimensions of both sides can go.
struct Surplus {
  SmallVector<bool> lhs, rhs;
  int64_t number() const {
    return llvm::count(lhs, true) + llvm::count(rhs, true);
  }
};
} // namespace

/// Unit dimensions beside others of their role.
static Surplus unitDimensions(const Side &lhs, const Side &rhs) {
  RankedTensorType l = tensorType(lhs.value), r = tensorType(rhs.value);
  Surplus gone{SmallVector<bool>(l.getRank()), SmallVector<bool>(r.getRank())};
  auto dropPairs = [&](ArrayRef<int64_t> a, ArrayRef<int64_t> b,
                       size_t atLeast) {
    size_t left = a.size();
    for (size_t i = 0; i < a.size() && left > atLeast; ++i)
      if (l.getDimSize(a[i]) == 1) {
        gone.lhs[a[i]] = gone.rhs[b[i]] = true;
        --left;
      }
  };
  auto dropFree = [](RankedTensorType type, ArrayRef<int64_t> free,
                     SmallVectorImpl<bool> &flags) {
    size_t left = free.size();
    for (size_t i = 0; i < free.size() && left > 1; ++i)
      if (type.getDimSize(free[i]) == 1) {
        flags[free[i]] = true;
        --left;
      }
  };
  dropPairs(lhs.batch, rhs.batch, 0);
  dropPairs(lhs.contracting, rhs.contracting, 1);
  dropFree(l, lhs.free, gone.lhs);
  dropFree(r, rhs.free, gone.rhs);
  return gone;
}

/// Dimensions that directly follow one of the same role, on both sides;
/// those of the batch only if asked for.
static Surplus joinedDimensions(const Side &lhs, const Side &rhs,
                                bool batch = true) {
  Surplus gone{SmallVector<bool>(tensorType(lhs.value).getRank()),
               SmallVector<bool>(tensorType(rhs.value).getRank())};
  auto joinPairs = [&](ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
    for (size_t i = 1; i < a.size(); ++i)
      if (a[i] == a[i - 1] + 1 && b[i] == b[i - 1] + 1)
        gone.lhs[a[i]] = gone.rhs[b[i]] = true;
  };
  auto joinFree = [](ArrayRef<int64_t> free, SmallVectorImpl<bool> &flags) {
    for (size_t i = 1; i < free.size(); ++i)
      if (free[i] == free[i - 1] + 1)
        flags[free[i]] = true;
  };
  if (batch)
    joinPairs(lhs.batch, rhs.batch);
  joinPairs(lhs.contracting, rhs.contracting);
  joinFree(lhs.free, gone.lhs);
  joinFree(rhs.free, gone.rhs);
  return gone;
}

/// Reads through a transpose, if the free dimensions keep their order.
static bool absorbTranspose(Side &side) {
  auto transpose = side.value.getDefiningOp<TransposeOp>();
  if (!transpose)
    return false;
  auto through = [&](SmallVectorImpl<int64_t> &dimensions) {
    for (int64_t &d : dimensions)
      d = transpose.getPermutation()[d];
  };
  SmallVector<int64_t> free = side.free;
  through(free);
  if (!llvm::is_sorted(free))
    return false;
  through(side.contracting);
  through(side.batch);
  side.value = transpose.getOperand();
  return true;
}

/// dot_general (transpose %x [1, 0]), %y contract [1] x [0]
///   ⇒  dot_general %x, %y contract [0] x [0]
///
/// unless rows, columns or terms that lie side by side would no longer do so: a
/// matrix product of transposed data is quicker than a contraction that is
/// none.  Where each product of a batch lies does not matter.
static LogicalResult absorbTransposes(DotGeneralOp op,
                                      PatternRewriter &rewriter) {
  auto [lhs, rhs] = sidesOf(op);
  auto inProducts = [&] {
    return joinedDimensions(lhs, rhs, /*batch=*/false).number();
  };
  int64_t before = inProducts();
  bool left = absorbTranspose(lhs), right = absorbTranspose(rhs);
  if ((!left && !right) || inProducts() < before)
    return failure();
  rewriter.replaceOp(op, contract(rewriter, op.getLoc(), lhs, rhs));
  return success();
}

/// transpose (dot_general (windows %x), %w) P
///   ⇒  dot_general (transpose (windows %x) P'), %w
/// where P permutes the windows' free dimensions: they are read in any order.
static LogicalResult transposeWindows(TransposeOp op,
                                      PatternRewriter &rewriter) {
  auto dot = op.getOperand().getDefiningOp<DotGeneralOp>();
  if (!dot || !dot->hasOneUse())
    return failure();
  auto [lhs, rhs] = sidesOf(dot);
  int64_t batch = lhs.batch.size(), left = lhs.free.size();
  ArrayRef<int64_t> order = op.getPermutation();
  bool isLeft = showsWindows(lhs.value);
  int64_t from = isLeft ? batch : batch + left;
  int64_t count = isLeft ? left : rhs.free.size();
  Side &side = isLeft ? lhs : rhs;
  if (!showsWindows(side.value) || llvm::is_sorted(order.slice(from, count)))
    return failure();
  for (int64_t d = 0; d < static_cast<int64_t>(order.size()); ++d) {
    bool inside = d >= from && d < from + count;
    if (inside ? order[d] < from || order[d] >= from + count : order[d] != d)
      return failure();
  }
  // The free dimensions exchange places among themselves.
  auto permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, tensorType(side.value).getRank()));
  for (int64_t i = 0; i < count; ++i)
    permutation[side.free[i]] = side.free[order[from + i] - from];
  side.value =
      TransposeOp::create(rewriter, op.getLoc(), side.value, permutation);
  Location loc = rewriter.getFusedLoc({dot.getLoc(), op.getLoc()});
  rewriter.replaceOp(op, contract(rewriter, loc, lhs, rhs));
  return success();
}

/// dot_general %x, %w contract [2] x [0] : [b, t, k], [k, n]
///   ⇒  reshape (dot_general (reshape %x : [b·t, k]), %w contract [1] x [0])
static LogicalResult collapseDimensions(DotGeneralOp op,
                                        PatternRewriter &rewriter) {
  auto [lhs, rhs] = sidesOf(op);
  if (showsWindows(lhs.value) || showsWindows(rhs.value))
    return failure();
  Surplus gone = unitDimensions(lhs, rhs);
  if (gone.number() == 0)
    gone = joinedDimensions(lhs, rhs);
  if (gone.number() == 0)
    return failure();
  if (llvm::is_contained(gone.lhs, true))
    reshapeWithout(rewriter, op.getLoc(), lhs, gone.lhs);
  if (llvm::is_contained(gone.rhs, true))
    reshapeWithout(rewriter, op.getLoc(), rhs, gone.rhs);
  Value plain = contract(rewriter, op.getLoc(), lhs, rhs);
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), plain);
  return success();
}

static int64_t extentOf(const Side &side) {
  int64_t extent = 1;
  for (int64_t d : side.free)
    extent *= tensorType(side.value).getDimSize(d);
  return extent;
}

/// dot_general %table, %x contract [1] x [0] : [m, k], [k, 1]
///   ⇒  reshape (dot_general %x, %table contract [0] x [1]) : [1, m]
/// for a constant table: on the right it is packed once for all calls, and its
/// columns fill vectors.
static LogicalResult swapConstantTable(DotGeneralOp op,
                                       PatternRewriter &rewriter) {
  auto [lhs, rhs] = sidesOf(op);
  Value table = lhs.value;
  while (auto transpose = table.getDefiningOp<TransposeOp>())
    table = transpose.getOperand();
  auto constant = table.getDefiningOp<ConstantOp>();
  // Terms of several dimensions are added in the order of the left operand.
  if (!constant || constant.getValue().isSplat() ||
      lhs.contracting.size() != 1 || extentOf(rhs) != 1 || extentOf(lhs) <= 1)
    return failure();
  Value swapped = contract(rewriter, op.getLoc(), rhs, lhs);
  if (swapped.getType() != op.getType())
    swapped = ReshapeOp::create(rewriter, op.getLoc(), op.getType(), swapped);
  rewriter.replaceOp(op, swapped);
  return success();
}

void sinter::passes::addContractionPatterns(RewritePatternSet &patterns) {
  // Before the joining of batches hides a transpose behind a reshape.
  patterns.add(absorbTransposes, /*benefit=*/2);
  patterns.add(swapTransposed);
  patterns.add(swapConstantTable);
  patterns.add(transposeWindows);
  patterns.add(collapseDimensions);
}
