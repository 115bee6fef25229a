//===- EmitMovement.cpp - index maps: broadcast, pad, concatenate, gather -===//
//
// Ops that choose where to read.  A choice that all lanes share is made once,
// in a scalar register; only one that splits a vector costs a mask.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/ValueEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value ValueEmitter::computeConstant(ConstantOp op, const Point &point) {
  Location loc = op.getLoc();
  RankedTensorType type = tensorType(op);
  Type element = registerType(type.getElementType());
  auto scalar = [&](Attribute attr) -> TypedAttr {
    if (auto integer = dyn_cast<IntegerAttr>(attr))
      return IntegerAttr::get(element, integer.getValue());
    if (type.getElementType().isBF16())
      return IntegerAttr::get(
          element, cast<FloatAttr>(attr).getValue().bitcastToAPInt());
    return cast<TypedAttr>(attr);
  };
  DenseElementsAttr elements = op.getDenseValue();
  if (elements.isSplat())
    return constant(loc, scalar(elements.getSplatValue<Attribute>()),
                    point.lanes);
  Index place = space.linearize(point.indices, type.getShape());
  if (place.isConstant())
    return constant(loc,
                    scalar(elements.getValues<Attribute>()[place.constant]),
                    point.lanes);
  error = true;
  op.emitOpError("is not in memory");
  return zero(loc, type.getElementType(), point.lanes);
}

Value ValueEmitter::computeIota(IotaOp op, const Point &point) {
  Location loc = op.getLoc();
  Type element = tensorType(op).getElementType();
  Value index = space.value(loc, point.indices[op.getDimension()]);
  Value wide = arith::IndexCastOp::create(
      builder, loc, registerType(builder.getI64Type(), point.lanes), index);
  Type type = registerType(element, point.lanes);
  if (isa<FloatType>(element))
    return arith::SIToFPOp::create(builder, loc, type, wide);
  if (element.getIntOrFloatBitWidth() == 64)
    return wide;
  return arith::TruncIOp::create(builder, loc, type, wide);
}

Value ValueEmitter::computeBroadcast(BroadcastOp op, const Point &point) {
  RankedTensorType from = tensorType(op.getOperand());
  Indices indices;
  for (auto [d, to] : llvm::enumerate(op.getDimensions()))
    indices.push_back(from.getDimSize(d) == 1 ? Index() : point.indices[to]);
  return emit(op.getOperand(), point.at(std::move(indices)));
}

Value ValueEmitter::clamp(Location loc, Index &index, int64_t low, int64_t high,
                          const Point &point) {
  space.setLanes(point.lanes, point.active());
  auto [least, most] = space.range(index);
  index = index - Index(low);
  if (least >= low && most < high)
    return nullptr;
  int64_t extent = high - low;
  auto below = [&](Value value, Value bound) -> Value {
    // Unsigned: what is less than `low` has become very large.
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, value,
                                 bound);
  };
  Index shared = index, rest;
  bool split = space.isUniform(index);
  if (!split) {
    if (auto parts = space.split(index, extent)) {
      std::tie(shared, rest) = *parts;
      split = true;
    }
  }
  if (split) {
    Value value = space.scalar(loc, shared);
    Value inside =
        below(value, arith::ConstantIndexOp::create(builder, loc, extent));
    Value safe = arith::SelectOp::create(
        builder, loc, inside, value,
        arith::ConstantIndexOp::create(builder, loc, 0));
    // The largest shared part leaves room for the rest.
    int64_t room = space.range(rest).second;
    index = space.symbol(safe, extent - room) + rest;
    return inside;
  }
  Value value = space.vector(loc, index);
  auto lanes = [&](int64_t i) {
    return constant(loc, builder.getIndexAttr(i), point.lanes);
  };
  Value inside = below(value, lanes(extent));
  index = space.symbol(
      arith::SelectOp::create(builder, loc, inside, value, lanes(0)), extent);
  return inside;
}

Value ValueEmitter::both(Location loc, Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  auto lanesOf = [](Value value) -> int64_t {
    auto type = dyn_cast<VectorType>(value.getType());
    return type ? type.getNumElements() : 1;
  };
  int64_t lanes = std::max(lanesOf(a), lanesOf(b));
  if (lanesOf(a) != lanes)
    a = splat(loc, a, lanes);
  if (lanesOf(b) != lanes)
    b = splat(loc, b, lanes);
  return arith::AndIOp::create(builder, loc, a, b);
}

Value ValueEmitter::divideExactly(Location loc, Index &index, int64_t step,
                                  const Point &point) {
  if (step == 1)
    return nullptr;
  auto [quotient, remainder] = space.divide(index, step);
  index = quotient;
  if (remainder == Index(0))
    return nullptr;
  bool uniform = space.isUniform(remainder);
  Value rest =
      uniform ? space.scalar(loc, remainder) : space.vector(loc, remainder);
  return arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq, rest,
      constant(loc, builder.getIndexAttr(0), uniform ? 1 : point.lanes));
}

Value ValueEmitter::computePad(PadOp op, const Point &point) {
  Location loc = op.getLoc();
  RankedTensorType from = tensorType(op.getOperand());
  Type element = from.getElementType();
  if (from.getNumElements() == 0)
    return zero(loc, element, point.lanes);
  Point inner = point;
  Value inside;
  bool inMemory = buffers.count(op.getOperand().getAsOpaquePointer());
  for (int64_t d = 0; d < from.getRank(); ++d) {
    int64_t extent = from.getDimSize(d), low = op.getLow()[d];
    int64_t step = op.getInterior()[d] + 1;
    Index &index = inner.indices[d];
    // Lanes side by side in memory: a masked load rather than a gather.
    auto [least, most] = space.range(index);
    bool outside = least < low || most >= low + extent;
    if (inMemory && step == 1 && outside && index.lane == 1 &&
        space.isAffine(index) && point.lanes > 1 &&
        !space.split(index - Index(low), extent)) {
      index = index - Index(low);
      Value lanes = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::ult, space.vector(loc, index),
          constant(loc, builder.getIndexAttr(extent), point.lanes));
      inner.mask = both(loc, inner.mask, lanes);
      inner.leavesOut = true;
      inside = both(loc, inside, lanes);
      continue;
    }
    int64_t reach = (extent - 1) * step + 1;
    inside = both(loc, inside, clamp(loc, index, low, low + reach, point));
    inside = both(loc, inside, divideExactly(loc, index, step, point));
  }
  Value value = emit(op.getOperand(), inner);
  if (!inside)
    return value;
  return arith::SelectOp::create(builder, loc, inside, value,
                                 zero(loc, element, point.lanes));
}

Value ValueEmitter::computeConcatenate(ConcatenateOp op, const Point &point) {
  Location loc = op.getLoc();
  RankedTensorType type = tensorType(op);
  int64_t d = op.getDimension();
  struct Part {
    Value value;
    int64_t begin, end;
  };
  SmallVector<Part> parts;
  int64_t end = 0, grain = 0;
  for (Value input : op.getInputs()) {
    int64_t extent = tensorType(input).getDimSize(d);
    if (extent == 0)
      continue;
    parts.push_back({input, end, end + extent});
    end += extent;
    grain = std::gcd(grain, end);
  }
  const Index &index = point.indices[d];
  // Parts that this point cannot reach need no code.
  auto [least, most] = space.range(index);
  llvm::erase_if(parts, [&, least = least, most = most](const Part &part) {
    return most < part.begin || least >= part.end;
  });
  if (parts.empty())
    return zero(loc, type.getElementType(), point.lanes);

  Index shared = index, rest;
  bool alike = space.isUniform(index);
  if (!alike) {
    if (auto halves = space.split(index, grain)) {
      std::tie(shared, rest) = *halves;
      alike = true;
    }
  }
  auto partAt = [&](const Part &part, const Index &within) {
    Point inner = point;
    inner.indices[d] = within;
    return emit(part.value, inner);
  };
  if (parts.size() == 1)
    return partAt(parts[0], index - Index(parts[0].begin));
  if (!alike) {
    Value result = zero(loc, type.getElementType(), point.lanes);
    for (const Part &part : parts) {
      Index within = index;
      Value inside = clamp(loc, within, part.begin, part.end, point);
      Value value = partAt(part, within);
      result =
          inside ? arith::SelectOp::create(builder, loc, inside, value, result)
                 : value;
    }
    return result;
  }
  // All lanes read from one part: branch to it.
  Type registers = registerType(type.getElementType(), point.lanes);
  int64_t room = space.range(rest).second;
  Value place = space.scalar(loc, shared);
  // By halves, so that branches nest only as deep as the logarithm.
  std::function<Value(size_t, size_t)> choose = [&](size_t first,
                                                    size_t last) -> Value {
    if (first + 1 == last) {
      const Part &part = parts[first];
      Value offset = arith::SubIOp::create(
          builder, loc, place,
          arith::ConstantIndexOp::create(builder, loc, part.begin));
      return partAt(part,
                    space.symbol(offset, part.end - part.begin - room) + rest);
    }
    size_t middle = first + (last - first) / 2;
    Value before = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, place,
        arith::ConstantIndexOp::create(builder, loc, parts[middle].begin));
    auto branch = scf::IfOp::create(builder, loc, registers, before,
                                    /*addThenBlock=*/true,
                                    /*addElseBlock=*/true);
    auto fill = [&](Block *block, size_t from, size_t to) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(block);
      enter();
      Value value = choose(from, to);
      leave();
      scf::YieldOp::create(builder, loc, value);
    };
    fill(branch.thenBlock(), first, middle);
    fill(branch.elseBlock(), middle, last);
    return branch.getResult(0);
  };
  return choose(0, parts.size());
}
