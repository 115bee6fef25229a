//===- ContractionForm.cpp - a dot_general as a matrix product ------------===//

#include "compiler/ir/ContractionForm.h"

#include "compiler/ir/Segments.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace sinter::ir;

int64_t StridedDims::extent() const {
  int64_t product = 1;
  for (int64_t e : extents)
    product *= e;
  return product;
}

std::optional<int64_t> StridedDims::stride() const {
  // From the innermost out, each dimension must continue the one inside it;
  // dimensions of extent 1 do not matter.
  std::optional<int64_t> inner;
  int64_t next = 0;
  for (auto [e, s] : llvm::reverse(llvm::zip(extents, strides))) {
    if (e == 1)
      continue;
    if (inner && s != next)
      return std::nullopt;
    if (!inner)
      inner = s;
    next = s * e;
  }
  return inner.value_or(1);
}

/// The strides of a dense tensor.
static SmallVector<int64_t> denseStrides(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t d = static_cast<int64_t>(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

std::optional<OperandView> OperandView::of(Value value) {
  return of(value, Border::of(value).has_value());
}

std::optional<OperandView> OperandView::of(Value value, bool leavesOut) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return OperandView{argument, 0, denseStrides(value)};
  Operation *op = value.getDefiningOp();
  if (!isa<TransposeOp, BroadcastOp, SliceOp, ReverseOp, WindowsOp>(op))
    return std::nullopt;
  std::optional<Border> border;
  if (leavesOut && isa<WindowsOp>(op))
    border = Border::of(value);
  Value source = op->getOperand(0);
  std::optional<OperandView> view =
      border ? of(source.getDefiningOp()->getOperand(0), /*leavesOut=*/false)
             : of(source, leavesOut);
  if (!view)
    return std::nullopt;
  if (border)
    view->offset -= border->low * view->strides[border->place];
  SmallVector<int64_t> from = std::move(view->strides), &to = view->strides;
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(op->getOperand(0).getType()).getShape();
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    to.clear();
    for (int64_t d : transpose.getPermutation())
      to.push_back(from[d]);
  } else if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    to.assign(cast<RankedTensorType>(value.getType()).getRank(), 0);
    for (auto [d, place] : llvm::enumerate(broadcast.getDimensions()))
      to[place] = shape[d] == 1 ? 0 : from[d];
  } else if (auto slice = dyn_cast<SliceOp>(op)) {
    to = from;
    for (size_t d = 0; d < from.size(); ++d) {
      view->offset += slice.getOffsets()[d] * from[d];
      to[d] *= slice.getStrides()[d];
    }
  } else if (auto reverse = dyn_cast<ReverseOp>(op)) {
    to = from;
    for (int64_t d : reverse.getDimensions()) {
      view->offset += std::max<int64_t>(shape[d] - 1, 0) * from[d];
      to[d] = -from[d];
    }
  } else {
    auto windows = cast<WindowsOp>(op);
    SmallVector<int64_t> inside;
    to = from;
    for (auto [i, d] : llvm::enumerate(windows.getWindowed())) {
      inside.push_back(from[d] * windows.getDilations()[i]);
      to[d] = from[d] * windows.getStrides()[i];
    }
    to.insert(to.begin() + windows.getWindowed().back() + 1, inside.begin(),
              inside.end());
  }
  return view;
}

static StridedDims pick(Value operand, ArrayRef<int64_t> strides,
                        ArrayRef<int64_t> dimensions) {
  auto type = cast<RankedTensorType>(operand.getType());
  StridedDims result;
  for (int64_t d : dimensions) {
    result.dimensions.push_back(d);
    result.extents.push_back(type.getDimSize(d));
    result.strides.push_back(strides[d]);
  }
  return result;
}

static void permute(StridedDims &dims, ArrayRef<size_t> order) {
  StridedDims from = dims;
  for (auto [i, place] : llvm::enumerate(order)) {
    dims.dimensions[i] = from.dimensions[place];
    dims.extents[i] = from.extents[place];
    dims.strides[i] = from.strides[place];
  }
}

ContractionForm ContractionForm::of(DotGeneralOp op) {
  ContractionForm form;
  auto view = [&](Value operand, bool isRhs) {
    std::optional<OperandView> view = OperandView::of(operand);
    std::optional<Border> border = Border::of(operand);
    if (!view || !border)
      return view;
    if (form.border || !border->isLeftOut(op, isRhs))
      return std::optional<OperandView>();
    form.border = border;
    form.rhsHasBorder = isRhs;
    return view;
  };
  form.lhs = view(op.getLhs(), /*isRhs=*/false);
  form.rhs = view(op.getRhs(), /*isRhs=*/true);
  SmallVector<int64_t> lhs =
      form.lhs ? form.lhs->strides : denseStrides(op.getLhs());
  SmallVector<int64_t> rhs =
      form.rhs ? form.rhs->strides : denseStrides(op.getRhs());
  form.lhsBatch = pick(op.getLhs(), lhs, op.getLhsBatch());
  form.rhsBatch = pick(op.getRhs(), rhs, op.getRhsBatch());
  form.lhsM = pick(op.getLhs(), lhs, op.getLhsFree());
  form.rhsN = pick(op.getRhs(), rhs, op.getRhsFree());
  form.lhsK = pick(op.getLhs(), lhs, op.getLhsContracting());
  form.rhsK = pick(op.getRhs(), rhs, op.getRhsContracting());
  if (form.lhs) {
    // Sums run as A lies in memory, near elements after one another.
    auto order =
        llvm::to_vector(llvm::seq<size_t>(0, form.lhsK.extents.size()));
    llvm::stable_sort(order, [&](size_t a, size_t b) {
      return std::abs(form.lhsK.strides[a]) > std::abs(form.lhsK.strides[b]);
    });
    permute(form.lhsK, order);
    permute(form.rhsK, order);
  }
  if (auto kernel = op->getParentOfType<KernelOp>())
    form.segments = Segments::of(kernel).count;
  form.batch = form.lhsBatch.extent();
  form.m = form.lhsM.extent();
  form.n = form.rhsN.extent();
  form.k = form.lhsK.extent();
  return form;
}

/// Neighbouring loops that one can stand for become one.
static SmallVector<ContractionLoop> merged(ArrayRef<ContractionLoop> loops) {
  SmallVector<ContractionLoop> result;
  for (const ContractionLoop &loop : loops) {
    if (loop.extent == 1 && !loop.bounded)
      continue;
    if (!result.empty() && !loop.bounded && !result.back().bounded &&
        result.back().lhs == loop.lhs * loop.extent &&
        result.back().rhs == loop.rhs * loop.extent) {
      result.back() = {result.back().extent * loop.extent, loop.lhs, loop.rhs};
      continue;
    }
    result.push_back(loop);
  }
  if (result.empty())
    result.push_back({1, 0, 0});
  return result;
}

std::optional<ContractionForm::ShortRows> ContractionForm::shortRows() const {
  if (!rhs || n == 0)
    return std::nullopt;
  SmallVector<ContractionLoop> loops;
  for (auto [extent, stride] : llvm::zip(rhsN.extents, rhsN.strides))
    loops.push_back({extent, stride, 0});
  loops = merged(loops);
  if (loops.size() != 2 || loops.back().lhs != 1)
    return std::nullopt;
  return ShortRows{loops.back().extent, loops.front().lhs};
}

SmallVector<ContractionLoop> ContractionForm::rowLoops(bool packed) const {
  if (packed || m == 0)
    return {{m, k, 0}};
  SmallVector<ContractionLoop> loops;
  for (auto [d, extent, stride] :
       llvm::zip(lhsM.dimensions, lhsM.extents, lhsM.strides))
    loops.push_back(
        {extent, stride, 0, border && !rhsHasBorder && d == border->place});
  return merged(loops);
}

SmallVector<ContractionLoop> ContractionForm::depthLoops(bool packedLhs,
                                                         int64_t width) const {
  if (k == 0)
    return {{0, 0, 0}};
  SmallVector<ContractionLoop> loops;
  for (size_t i = 0; i < lhsK.extents.size(); ++i)
    loops.push_back({lhsK.extents[i], lhsK.strides[i], rhsK.strides[i]});
  // What is packed has its zeros.
  if (border && !(rhsHasBorder ? width > 0 : packedLhs))
    for (auto [loop, d] :
         llvm::zip(loops, rhsHasBorder ? rhsK.dimensions : lhsK.dimensions))
      loop.bounded = d == border->inside;
  int64_t inner = 1;
  for (ContractionLoop &loop : llvm::reverse(loops)) {
    if (packedLhs)
      loop.lhs = inner;
    if (width > 0)
      loop.rhs = inner * width;
    inner *= loop.extent;
  }
  return merged(loops);
}

DotGeneralOp sinter::ir::findContraction(KernelOp kernel) {
  Segments segments = Segments::of(kernel);
  SmallVector<Operation *> ops = getCommonFormula(kernel, segments);
  DotGeneralOp found;
  for (Operation *op : ops) {
    auto dot = dyn_cast<DotGeneralOp>(op);
    if (dot && found)
      return nullptr;
    if (dot)
      found = dot;
  }
  if (!found)
    return nullptr;
  // Behind the product only what happens element by element.
  for (Type type : kernel.getResultTypes())
    if (cast<RankedTensorType>(type).getShape() != found.getType().getShape())
      return nullptr;
  llvm::SmallPtrSet<Operation *, 16> behind{found};
  for (Operation *op : ops) {
    if (llvm::none_of(op->getOperands(), [&](Value operand) {
          return behind.contains(operand.getDefiningOp());
        }))
      continue;
    behind.insert(op);
    if (!op->hasTrait<Pointwise>())
      return nullptr;
  }
  return found;
}
