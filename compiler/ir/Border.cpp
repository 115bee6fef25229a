//===- Border.cpp - rows of zeros that nobody multiplies ------------------===//

#include "compiler/ir/Border.h"

using namespace mlir;
using namespace sinter::ir;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static std::optional<Border> borderOf(WindowsOp windows) {
  auto pad = windows.getOperand().getDefiningOp<PadOp>();
  ArrayRef<int64_t> windowed = windows.getWindowed();
  if (!pad || windowed.size() < 2 || windows.getDilations().front() != 1 ||
      windows.getSizes().front() < 2 ||
      llvm::any_of(pad.getInterior(), [](int64_t n) { return n != 0; }))
    return std::nullopt;
  int64_t d = windowed.front();
  for (auto [other, edges] :
       llvm::enumerate(llvm::zip(pad.getLow(), pad.getHigh()))) {
    auto [low, high] = edges;
    if (static_cast<int64_t>(other) != d && (low != 0 || high != 0))
      return std::nullopt;
  }
  return Border{.place = d,
                .inside = windowed.back() + 1,
                .low = pad.getLow()[d],
                .extent = shapeOf(pad.getOperand())[d],
                .stride = windows.getStrides().front(),
                .size = windows.getSizes().front()};
}

std::optional<Border> Border::of(Value operand) {
  Operation *op = operand.getDefiningOp();
  if (auto windows = dyn_cast_or_null<WindowsOp>(op))
    return borderOf(windows);
  if (!isa_and_nonnull<TransposeOp, BroadcastOp>(op))
    return std::nullopt;
  std::optional<Border> border = of(op->getOperand(0));
  if (!border)
    return std::nullopt;
  auto move = [&](int64_t &dimension) {
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      dimension = llvm::find(transpose.getPermutation(), dimension) -
                  transpose.getPermutation().begin();
      return true;
    }
    int64_t extent = shapeOf(op->getOperand(0))[dimension];
    dimension = cast<BroadcastOp>(op).getDimensions()[dimension];
    return extent == shapeOf(operand)[dimension];
  };
  if (!move(border->place) || !move(border->inside))
    return std::nullopt;
  return border;
}

bool Border::isLeftOut(DotGeneralOp dot, bool isRhs) const {
  if (!llvm::is_contained(
          isRhs ? dot.getRhsContracting() : dot.getLhsContracting(), inside))
    return false;
  if (llvm::is_contained(isRhs ? dot.getRhsBatch() : dot.getLhsBatch(), place))
    return true;
  if (isRhs)
    return false;
  // A tile takes rows along the last dimension.
  auto free = dot.getLhsFree();
  auto after = llvm::find(free, place);
  return after != free.end() &&
         std::any_of(after + 1, free.end(),
                     [&](int64_t d) { return shapeOf(dot.getLhs())[d] > 1; });
}
