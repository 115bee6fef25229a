//===- LeaveOutBorders.cpp - padding that is not multiplied ---------------===//
//
// A convolution reads windows of a padded image.  Along the outermost spatial
// dimension a contraction can leave the zeros out (compiler/ir/Border.h), if
// they are a pad of their own next to the windows:
//
//   windows (transpose (pad %x rows and columns))
//     ⇒  windows (pad (pad (transpose %x) columns) rows)
//
// The pad of rows then goes into the contraction's kernel and is never stored.
// What is transposed on the way is transposed before it is padded: it is less.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/LeaveOutBorders.h"
#include "compiler/ir/Border.h"
#include "compiler/ir/ModuleFacts.h"

#include "mlir/IR/Builders.h"

namespace sinter::passes {
#define GEN_PASS_DEF_LEAVEOUTBORDERS
#include "passes/fuse/Passes.h.inc"
} // namespace sinter::passes

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;

/// The windows that the contraction sees through maps for it alone.
static WindowsOp windowsBehind(Value operand) {
  Operation *op = operand.getDefiningOp();
  while (isa_and_nonnull<TransposeOp, BroadcastOp>(op) && op->hasOneUse())
    op = op->getOperand(0).getDefiningOp();
  auto windows = dyn_cast_or_null<WindowsOp>(op);
  return windows && windows->hasOneUse() ? windows : nullptr;
}

/// A pad along the dimensions for which `takes`, or the value itself if there
/// is nothing to pad.
static Value padAlong(OpBuilder &builder, PadOp like, Value value,
                      ArrayRef<int64_t> permutation,
                      llvm::function_ref<bool(int64_t)> takes) {
  SmallVector<int64_t> low, high, interior;
  for (auto [d, from] : llvm::enumerate(permutation)) {
    bool taken = takes(d);
    low.push_back(taken ? like.getLow()[from] : 0);
    high.push_back(taken ? like.getHigh()[from] : 0);
    interior.push_back(taken ? like.getInterior()[from] : 0);
  }
  auto isZero = [](int64_t n) { return n == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero) &&
      llvm::all_of(interior, isZero))
    return value;
  return PadOp::create(builder, like.getLoc(), value, low, high, interior);
}

static void leaveOut(DotGeneralOp dot, bool isRhs) {
  Value operand = isRhs ? dot.getRhs() : dot.getLhs();
  WindowsOp windows = windowsBehind(operand);
  if (!windows)
    return;
  Operation *source = windows.getOperand().getDefiningOp();
  auto turn = dyn_cast_or_null<TransposeOp>(source);
  if (turn && turn->hasOneUse())
    source = turn.getOperand().getDefiningOp();
  auto pad = dyn_cast_or_null<PadOp>(source);
  if (!pad || !pad->hasOneUse())
    return;
  int64_t rows = windows.getWindowed().front();
  SmallVector<int64_t> permutation =
      turn ? llvm::to_vector(turn.getPermutation())
           : llvm::to_vector(llvm::seq<int64_t>(0, pad.getLow().size()));
  int64_t from = permutation[rows];
  if ((pad.getLow()[from] == 0 && pad.getHigh()[from] == 0) ||
      pad.getInterior()[from] != 0)
    return;

  OpBuilder builder(windows);
  Value input = pad.getOperand(), image = input;
  if (turn)
    image = TransposeOp::create(builder, turn.getLoc(), image, permutation);
  image = padAlong(builder, pad, image, permutation,
                   [&](int64_t d) { return d != rows; });
  Value whole = padAlong(builder, pad, image, permutation,
                         [&](int64_t d) { return d == rows; });
  Value before = windows.getOperand();
  windows.getOperandMutable().assign(whole);
  std::optional<Border> border = Border::of(operand);
  bool pays = border && border->isLeftOut(dot, isRhs);
  if (!pays)
    windows.getOperandMutable().assign(before);
  // Users first.
  for (Value unused = pays ? before : whole;
       unused != input && unused.use_empty();) {
    Operation *op = unused.getDefiningOp();
    unused = op->getOperand(0);
    op->erase();
  }
}

namespace {
struct LeaveOutBorders : passes::impl::LeaveOutBordersBase<LeaveOutBorders> {
  void runOnOperation() override {
    if (Options::of(getOperation()).optLevel == 0)
      return;
    getOperation().walk([](DotGeneralOp dot) {
      leaveOut(dot, /*isRhs=*/false);
      leaveOut(dot, /*isRhs=*/true);
    });
  }
};
} // namespace

std::unique_ptr<Pass> passes::createLeaveOutBordersPass() {
  return std::make_unique<LeaveOutBorders>();
}
