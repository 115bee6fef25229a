//===- EmitGather.cpp - index maps that are read: gather ------------------===//

#include "passes/lower/ValueEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value ValueEmitter::computeGather(GatherOp op, const Point &point) {
  Location loc = op.getLoc();
  RankedTensorType from = tensorType(op.getOperand());
  RankedTensorType named = tensorType(op.getIndices());
  int64_t axis = op.getAxis(), batch = op.getBatchDims();
  int64_t slices = named.getRank() - batch;
  int64_t extent = from.getDimSize(axis);
  if (from.getNumElements() == 0)
    return zero(loc, from.getElementType(), point.lanes);

  const Indices &at = point.indices;
  Indices where(at.begin(), at.begin() + batch);
  where.insert(where.end(), at.begin() + axis, at.begin() + axis + slices);
  bool uniform = llvm::all_of(
      where, [&](const Index &index) { return space.isUniform(index); });
  Point source = uniform ? Point::scalar(where) : point.at(where);
  Value name = emit(op.getIndices(), source);
  Type index = source.lanes == 1
                   ? Type(builder.getIndexType())
                   : VectorType::get({source.lanes}, builder.getIndexType());
  Value place =
      named.getElementType().isUnsignedInteger()
          ? arith::IndexCastUIOp::create(builder, loc, index, name).getResult()
          : arith::IndexCastOp::create(builder, loc, index, name).getResult();
  Value inside = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ult, place,
      constant(loc, builder.getIndexAttr(extent), source.lanes));
  Value safe = arith::SelectOp::create(
      builder, loc, inside, place,
      constant(loc, builder.getIndexAttr(0), source.lanes));
  Indices indices(at.begin(), at.begin() + axis);
  indices.push_back(space.symbol(safe, extent));
  indices.insert(indices.end(), at.begin() + axis + slices, at.end());
  Value value = emit(op.getOperand(), point.at(std::move(indices)));
  return arith::SelectOp::create(builder, loc, inside, value,
                                 zero(loc, from.getElementType(), point.lanes));
}
