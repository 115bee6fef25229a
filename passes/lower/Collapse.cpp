//===- Collapse.cpp - boundaries between dimensions -----------------------===//

#include "passes/lower/Collapse.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

SmallVector<Value> sinter::passes::behindPointwise(ArrayRef<Value> values) {
  SmallVector<Value> sources, work(values);
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    Operation *op = next.getDefiningOp();
    if (op && op->hasTrait<Pointwise>())
      llvm::append_range(work, op->getOperands());
    else
      sources.push_back(next);
  }
  return sources;
}

void sinter::passes::markBoundaries(Value value,
                                    SmallVectorImpl<bool> &boundary,
                                    const llvm::DenseSet<Value> &known) {
  ArrayRef<int64_t> shape = shapeOf(value);
  auto markAll = [&] { llvm::fill(boundary, true); };
  for (Value source : behindPointwise(value)) {
    Operation *op = source.getDefiningOp();
    if (!op || known.contains(source))
      continue;
    // These depend on the row-major place only.
    if (isa<RandomUniformOp, RandomNormalOp, RandomBernoulliOp, ConstantOp>(op))
      continue;
    if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
      ArrayRef<int64_t> from = shapeOf(broadcast.getOperand());
      SmallVector<bool> kept(shape.size(), false);
      for (auto [d, to] : llvm::enumerate(broadcast.getDimensions()))
        kept[to] = from[d] == shape[to] && shape[to] != 1;
      for (size_t d = 1; d < shape.size(); ++d)
        if (kept[d] != kept[d - 1] && shape[d] != 1 && shape[d - 1] != 1)
          boundary[d] = true;
      // What is broadcast is asked for at other indices, of its own shape;
      // only something plain may be read there without seeing dimensions.
      Operation *source = broadcast.getOperand().getDefiningOp();
      if (source && !isa<ConstantOp>(source) &&
          llvm::is_contained(kept, true)) {
        SmallVector<bool> inner(from.size(), false);
        markBoundaries(broadcast.getOperand(), inner, known);
        for (auto [d, to] : llvm::enumerate(broadcast.getDimensions()))
          if (inner[d])
            boundary[to] = true;
      }
      continue;
    }
    if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      SmallVector<bool> inner(shapeOf(reshape.getOperand()).size(), false);
      markBoundaries(reshape.getOperand(), inner, known);
      if (llvm::is_contained(inner, true))
        markAll();
      continue;
    }
    // Neighbours that stay neighbours.
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      ArrayRef<int64_t> from = transpose.getPermutation();
      SmallVector<bool> inner(from.size(), false);
      markBoundaries(transpose.getOperand(), inner, known);
      for (size_t d = 1; d < from.size(); ++d)
        if (from[d] != from[d - 1] + 1 || inner[from[d]])
          boundary[d] = true;
      continue;
    }
    markAll();
  }
}

void sinter::passes::markReducedBoundaries(Operation *op,
                                           SmallVectorImpl<bool> &boundary) {
  auto mark = [&](Value operand, ArrayRef<int64_t> dims) {
    SmallVector<bool> all(shapeOf(operand).size(), false);
    markBoundaries(operand, all);
    for (size_t i = 1; i < dims.size(); ++i)
      if (dims[i] != dims[i - 1] + 1 || all[dims[i]])
        boundary[i] = true;
  };
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    mark(dot.getLhs(), dot.getLhsContracting());
    mark(dot.getRhs(), dot.getRhsContracting());
    return;
  }
  // Each position has conditions of its own.
  if (isa<ConvOp, FoldWindowsOp>(op))
    llvm::fill(boundary, true);
  if (auto dimensions = op->getAttrOfType<DenseI64ArrayAttr>("dimensions"))
    mark(op->getOperand(0), dimensions);
}
