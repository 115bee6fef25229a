//===- ContractionForm.cpp - a dot_general as a matrix product ------------===//

#include "compiler/ir/ContractionForm.h"

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

static StridedDims pick(RankedTensorType type, ArrayRef<int64_t> dimensions) {
  StridedDims result;
  for (int64_t d : dimensions) {
    int64_t stride = 1;
    for (int64_t inner = d + 1; inner < type.getRank(); ++inner)
      stride *= type.getDimSize(inner);
    result.dimensions.push_back(d);
    result.extents.push_back(type.getDimSize(d));
    result.strides.push_back(stride);
  }
  return result;
}

ContractionForm ContractionForm::of(DotGeneralOp op) {
  auto lhs = cast<RankedTensorType>(op.getLhs().getType());
  auto rhs = cast<RankedTensorType>(op.getRhs().getType());
  ContractionForm form;
  form.lhsBatch = pick(lhs, op.getLhsBatch());
  form.rhsBatch = pick(rhs, op.getRhsBatch());
  form.lhsM = pick(lhs, op.getLhsFree());
  form.rhsN = pick(rhs, op.getRhsFree());
  form.lhsK = pick(lhs, op.getLhsContracting());
  form.rhsK = pick(rhs, op.getRhsContracting());
  form.batch = form.lhsBatch.extent();
  form.m = form.lhsM.extent();
  form.n = form.rhsN.extent();
  form.k = form.lhsK.extent();
  return form;
}

bool sinter::ir::isDirectOperand(Value operand) {
  return isa<BlockArgument>(operand);
}

DotGeneralOp sinter::ir::findContraction(KernelOp kernel) {
  DotGeneralOp found;
  for (Operation &op : kernel.getBody().front()) {
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
  for (Operation &op : kernel.getBody().front()) {
    if (llvm::none_of(op.getOperands(), [&](Value operand) {
          return behind.contains(operand.getDefiningOp());
        }))
      continue;
    behind.insert(&op);
    if (!op.hasTrait<Pointwise>() && !isa<ReturnOp>(op))
      return nullptr;
  }
  return found;
}
