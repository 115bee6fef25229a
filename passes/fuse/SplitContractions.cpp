//===- SplitContractions.cpp - long sums of products in parts -------------===//
//
// A contraction's tasks are products of its batch and blocks of its result.
// Where both are few and the sum is long, as in the gradient of a convolution's
// weights, the sum is split: one of its dimensions joins the batch, whole (the
// images) or in pieces, and the sum over that is a reduction of its own, which
// what follows can join.  A sum is split along the dimension that is outermost
// in memory, so that parts lie apart.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/SplitContractions.h"

#include "compiler/ir/Border.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/TaskCost.h"
#include "passes/fuse/OpKinds.h"
#include "passes/fuse/SplitExtent.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

namespace sinter::passes {
#define GEN_PASS_DEF_SPLITCONTRACTIONS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// A part's sums are at least so long: storing and adding them once more costs
/// next to nothing then.
static constexpr int64_t kShortestPart = 256;
/// A register tile, about.
static constexpr int64_t kTileRows = 8, kTileVectors = 2;

static int64_t extentOf(Value operand, ArrayRef<int64_t> dimensions) {
  int64_t extent = 1;
  for (int64_t d : dimensions)
    extent *= shapeOf(operand)[d];
  return extent;
}

/// Where dimension `d` of the value is in what it shows; what is outermost
/// comes first.
static int64_t placeInMemory(Value value, int64_t d) {
  for (;;) {
    Operation *op = value.getDefiningOp();
    if (auto transpose = dyn_cast_or_null<TransposeOp>(op)) {
      d = transpose.getPermutation()[d];
    } else if (auto broadcast = dyn_cast_or_null<BroadcastOp>(op)) {
      auto found = llvm::find(broadcast.getDimensions(), d);
      if (found == broadcast.getDimensions().end())
        return -1;
      d = found - broadcast.getDimensions().begin();
    } else if (auto windows = dyn_cast_or_null<WindowsOp>(op)) {
      ArrayRef<int64_t> windowed = windows.getWindowed();
      int64_t inside = d - windowed.back() - 1;
      int64_t count = static_cast<int64_t>(windowed.size());
      if (inside >= 0)
        d = inside < count ? windowed[inside] : d - count;
    } else if (!isa_and_nonnull<SliceOp, ReverseOp, PadOp>(op)) {
      return d;
    }
    value = op->getOperand(0);
  }
}

namespace {
/// One dimension of a contraction's sum: where it is in both operands.
struct SummedDimension {
  int64_t lhs, rhs;
  int64_t place;
};
} // namespace

/// Those of the sum, outermost in memory first, but those along which a border
/// is left out.
static SmallVector<SummedDimension> summedDimensions(DotGeneralOp dot) {
  SmallVector<SummedDimension> dimensions;
  auto isBorder = [](Value operand, int64_t d) {
    std::optional<Border> border = Border::of(operand);
    return border && border->inside == d;
  };
  for (auto [lhs, rhs] :
       llvm::zip_equal(dot.getLhsContracting(), dot.getRhsContracting()))
    if (!isBorder(dot.getLhs(), lhs) && !isBorder(dot.getRhs(), rhs))
      dimensions.push_back({lhs, rhs, placeInMemory(dot.getLhs(), lhs)});
  llvm::stable_sort(dimensions, [](const auto &a, const auto &b) {
    return a.place < b.place;
  });
  return dimensions;
}

static void split(DotGeneralOp dot, SummedDimension at, SplitExtent split) {
  OpBuilder builder(dot);
  Location loc = dot.getLoc();
  auto batch = [&](ArrayRef<int64_t> dimensions, int64_t d) {
    SmallVector<int64_t> result = split.inside(dimensions, d);
    result.insert(result.begin(), d);
    return result;
  };
  // One after the other: host compilers differ in the order of arguments.
  Value lhs = split.covered(builder, loc, dot.getLhs(), at.lhs);
  Value rhs = split.covered(builder, loc, dot.getRhs(), at.rhs);
  Value parts = DotGeneralOp::create(
      builder, loc, lhs, rhs, split.inside(dot.getLhsContracting(), at.lhs),
      split.inside(dot.getRhsContracting(), at.rhs),
      batch(dot.getLhsBatch(), at.lhs), batch(dot.getRhsBatch(), at.rhs));
  Value sum =
      ReduceSumOp::create(builder, loc, parts, ArrayRef<int64_t>(int64_t(0)));
  if (split.rest > 0) {
    lhs = split.left(builder, loc, dot.getLhs(), at.lhs);
    rhs = split.left(builder, loc, dot.getRhs(), at.rhs);
    Value left = DotGeneralOp::create(
        builder, loc, lhs, rhs, dot.getLhsContracting(),
        dot.getRhsContracting(), dot.getLhsBatch(), dot.getRhsBatch());
    sum = AddOp::create(builder, loc, sum, left);
  }
  dot.replaceAllUsesWith(sum);
  dot.erase();
}

static void splitIfLong(DotGeneralOp dot) {
  Value lhs = dot.getLhs(), rhs = dot.getRhs();
  int64_t bits = getElementTypeOrSelf(dot.getType()).getIntOrFloatBitWidth();
  // Narrower sums would be rounded once a part.
  constexpr int64_t narrowestBits = 32;
  if (bits < narrowestBits)
    return;
  int64_t batch = extentOf(lhs, dot.getLhsBatch()),
          m = extentOf(lhs, dot.getLhsFree()),
          n = extentOf(rhs, dot.getRhsFree()),
          k = extentOf(lhs, dot.getLhsContracting());
  if (batch == 0 || m == 0 || n == 0 || k == 0)
    return;
  TaskCost cost(dot);
  int64_t wanted = cost.tasks(cost.ofProducts(batch, m, n, k, bits / 8));
  int64_t lanes = TargetFacts::of(dot).lanes(bits);
  int64_t blocks = llvm::divideCeil(m, kTileRows) *
                   llvm::divideCeil(n, kTileVectors * lanes);
  if (wanted < leastTasksToSplit || batch >= enoughTasks ||
      blocks >= enoughTasks)
    return;
  // Windows of windows hide where the border is.
  bool hasBorder = Border::of(lhs) || Border::of(rhs);
  for (SummedDimension d : summedDimensions(dot)) {
    std::optional<SplitExtent> found = SplitExtent::of(
        shapeOf(lhs)[d.lhs], std::min(wanted, k / kShortestPart));
    if (found && k / found->pieces >= kShortestPart &&
        (found->isWhole() || !hasBorder))
      return split(dot, d, *found);
  }
}

namespace {
struct SplitContractions
    : sinter::passes::impl::SplitContractionsBase<SplitContractions> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    SmallVector<DotGeneralOp> found;
    getOperation().walk([&](DotGeneralOp dot) { found.push_back(dot); });
    for (DotGeneralOp dot : found)
      splitIfLong(dot);
  }
};
} // namespace

std::unique_ptr<Pass> sinter::passes::createSplitContractionsPass() {
  return std::make_unique<SplitContractions>();
}
