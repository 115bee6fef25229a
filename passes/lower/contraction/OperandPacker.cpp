//===- OperandPacker.cpp - operands computed on the way -------------------===//

#include "passes/lower/contraction/OperandPacker.h"

#include "passes/lower/contraction/PackSteps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::passes {

Index OperandPacker::indexOf(Value value, int64_t extent) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return Index(constant.getSExtValue());
  return values.space.symbol(value, extent);
}

Index OperandPacker::withLanes(Index index, int64_t lanes) {
  if (lanes > 1)
    index.lane = 1;
  return index;
}

/// The indices of one element of an operand.
Indices OperandPacker::operandIndices(
    int64_t rank,
    std::initializer_list<std::pair<Index, const ir::StridedDims *>> groups) {
  Indices indices(rank);
  for (auto &[place, dims] : groups) {
    Indices parts = values.space.delinearize(place, dims->extents);
    for (auto [part, d] : llvm::zip(parts, dims->dimensions))
      indices[d] = part;
  }
  return indices;
}

void OperandPacker::storeScratch(Value element, Value memory, Index place,
                                 int64_t lanes) {
  values.space.setLanes(1, 1);
  Value at = values.space.scalar(loc, place);
  if (lanes == 1)
    memref::StoreOp::create(builder, loc, element, memory, at);
  else
    vector::StoreOp::create(builder, loc, element, memory, at);
}

/// Calls body(index, lanes) for [0, extent): whole vectors, then elements.
void OperandPacker::forLanes(int64_t extent,
                             llvm::function_ref<void(Index, int64_t)> body) {
  int64_t whole = t.lanes > 1 ? extent / t.lanes * t.lanes : 0;
  values.loop(loc, 0, whole, t.lanes,
              [&](Index first) { body(first, t.lanes); });
  values.loop(loc, whole, extent, 1, [&](Index one) { body(one, 1); });
}

Point OperandPacker::at(Indices indices, int64_t lanes) {
  return Point::vector(builder, loc, std::move(indices), lanes, lanes);
}

void OperandPacker::packLhs(Index batch, Value row, Value rows,
                            Value firstDepth, int64_t count, Value target) {
  int64_t rank = cast<RankedTensorType>(dot.getLhs().getType()).getRank();
  Index first = indexOf(row, form.m), begin = indexOf(firstDepth, form.k);
  int64_t stride = t.passDepth(form);
  values.loop(loc, rows, std::min(t.blockRows, form.m), [&](Index i) {
    forLanes(count, [&](Index k, int64_t lanes) {
      values.space.setLanes(lanes, lanes);
      Point point =
          at(operandIndices(rank, {{batch, &form.lhsBatch},
                                   {first + i, &form.lhsM},
                                   {begin + withLanes(k, lanes), &form.lhsK}}),
             lanes);
      Value element = values.emit(dot.getLhs(), point);
      storeScratch(element, target, i * stride + k, lanes);
    });
  });
}

void OperandPacker::packRhs(Index batch, int64_t tasks, Value target) {
  if (t.packsSteps())
    return packSteps(batch, target);
  int64_t rank = cast<RankedTensorType>(dot.getRhs().getType()).getRank();
  int64_t width = t.width();
  // Columns behind the last stay as they are: nothing reads their sums.
  auto packPanel = [&](Index panel, int64_t columns) {
    values.loop(loc, 0, form.k, 1, [&](Index k) {
      forLanes(columns, [&](Index j, int64_t lanes) {
        values.space.setLanes(lanes, lanes);
        Point point = at(
            operandIndices(rank, {{batch, &form.rhsBatch},
                                  {k, &form.rhsK},
                                  {panel + withLanes(j, lanes), &form.rhsN}}),
            lanes);
        Value element = values.emit(dot.getRhs(), point);
        storeScratch(element, target, panel * form.k + k * width + j, lanes);
      });
    });
  };
  int64_t whole = form.n / width * width;
  values.share(loc, 0, whole, width, tasks,
               [&](Index panel) { packPanel(panel, width); });
  if (whole < form.n)
    packPanel(Index(whole), form.n - whole);
}

/// With several steps of K beside one another; what is left of the last ones is
/// zero.
void OperandPacker::packSteps(Index batch, Value target) {
  int64_t rank = cast<RankedTensorType>(dot.getRhs().getType()).getRank();
  clearLastSteps(builder, loc, target, form.k, t.lanes, t.steps);
  int64_t whole = form.k / t.steps * t.steps;
  auto packGroup = [&](Index first, int64_t count) {
    for (int64_t s = 0; s < count; ++s)
      values.loop(loc, 0, form.n, 1, [&](Index j) {
        values.space.setLanes(1, 1);
        Point point = at(operandIndices(rank, {{batch, &form.rhsBatch},
                                               {first + Index(s), &form.rhsK},
                                               {j, &form.rhsN}}),
                         1);
        Value element = values.emit(dot.getRhs(), point);
        storeScratch(element, target,
                     first * t.columns + j * t.steps + Index(s), 1);
      });
  };
  values.loop(loc, 0, whole, t.steps,
              [&](Index first) { packGroup(first, t.steps); });
  if (whole < form.k)
    packGroup(Index(whole), form.k - whole);
}

} // namespace sinter::passes
