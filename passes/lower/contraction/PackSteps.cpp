//===- PackSteps.cpp - B with several steps of K side by side -------------===//
//
// Columns whose rows lie side by side are copied `steps` elements at a time,
// rows whose columns do are exchanged in a register, anything else goes one
// element after the other.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/PackSteps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::passes {

void clearLastSteps(OpBuilder &builder, Location loc, Value target, int64_t k,
                    int64_t lanes, int64_t steps) {
  if (k % steps == 0)
    return;
  IndexMath index(builder, loc);
  auto vector = VectorType::get(
      lanes, cast<MemRefType>(target.getType()).getElementType());
  Value zero = arith::ConstantOp::create(builder, loc, vector,
                                         builder.getZeroAttr(vector));
  vector::StoreOp::create(builder, loc, zero, target,
                          index.constant(k / steps * lanes));
}

namespace {
class StepPacker {
public:
  StepPacker(OpBuilder &builder, Location loc, const StridedMatrix &source,
             Value target, int64_t n, int64_t columns, int64_t steps)
      : builder(builder), loc(loc), index(builder, loc), source(source),
        target(target), n(n), columns(columns), steps(steps),
        element(cast<MemRefType>(target.getType()).getElementType()) {}

  /// `valid` steps from step `first` on.
  void packGroup(Value first, int64_t valid) {
    Value from = index.add(source.base, index.multiply(first, source.rows));
    Value to = index.multiply(first, columns);
    if (valid == steps && source.columns == 1 && columns > 1)
      return exchange(from, to);
    if (valid == steps && source.rows == 1)
      return copyColumns(from, to);
    for (int64_t c = 0; c < n; ++c)
      for (int64_t s = 0; s < valid; ++s) {
        Value value = memref::LoadOp::create(
            builder, loc, source.memory,
            index.add(from, s * source.rows + c * source.columns));
        memref::StoreOp::create(builder, loc, value, target,
                                index.add(to, c * steps + s));
      }
  }

private:
  void copyColumns(Value from, Value to) {
    auto type = VectorType::get(steps, element);
    for (int64_t c = 0; c < n; ++c) {
      Value column =
          vector::LoadOp::create(builder, loc, type, source.memory,
                                 index.add(from, c * source.columns));
      vector::StoreOp::create(builder, loc, column, target,
                              index.add(to, c * steps));
    }
  }

  /// From [steps][columns] to [columns][steps].
  void exchange(Value from, Value to) {
    auto type = VectorType::get(columns * steps, element);
    Value all = arith::ConstantOp::create(builder, loc, type,
                                          builder.getZeroAttr(type));
    if (source.rows == columns && n == columns)
      all = vector::LoadOp::create(builder, loc, type, source.memory, from);
    else
      for (int64_t s = 0; s < steps; ++s)
        all = vector::InsertStridedSliceOp::create(
            builder, loc, loadRow(index.add(from, s * source.rows)), all,
            ArrayRef<int64_t>{s * columns}, ArrayRef<int64_t>{1});
    SmallVector<int64_t> lanes;
    for (int64_t c = 0; c < columns; ++c)
      for (int64_t s = 0; s < steps; ++s)
        lanes.push_back(s * columns + c);
    Value turned = vector::ShuffleOp::create(builder, loc, all, all, lanes);
    vector::StoreOp::create(builder, loc, turned, target, to);
  }

  Value loadRow(Value place) {
    auto type = VectorType::get(columns, element);
    if (n == columns)
      return vector::LoadOp::create(builder, loc, type, source.memory, place);
    Value mask = vector::ConstantMaskOp::create(
        builder, loc, VectorType::get(columns, builder.getI1Type()), n);
    Value none = arith::ConstantOp::create(builder, loc, type,
                                           builder.getZeroAttr(type));
    return vector::MaskedLoadOp::create(builder, loc, type, source.memory,
                                        place, mask, none);
  }

  OpBuilder &builder;
  Location loc;
  IndexMath index;
  const StridedMatrix &source;
  Value target;
  int64_t n, columns, steps;
  Type element;
};
} // namespace

void packSteps(OpBuilder &builder, Location loc, const StridedMatrix &source,
               Value target, int64_t k, int64_t n, int64_t columns,
               int64_t steps) {
  IndexMath index(builder, loc);
  StepPacker packer(builder, loc, source, target, n, columns, steps);
  clearLastSteps(builder, loc, target, k, columns * steps, steps);
  int64_t whole = k / steps * steps;
  index.loop(whole, steps,
             [&](Value first) { packer.packGroup(first, steps); });
  if (whole < k)
    packer.packGroup(index.constant(whole), k - whole);
}

} // namespace sinter::passes
