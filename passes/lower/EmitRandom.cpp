//===- EmitRandom.cpp - Philox on scalars and vectors ---------------------===//
//
// Philox4x32-10 as Random.td lays it out: the four words of one block belong to
// elements 16 apart, so 64 elements in a row are 16 blocks side by side, and a
// vector of elements is one word of a vector of blocks.  The words of a block
// are remembered by block index; loops that take 64 elements a turn compute
// each block once.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/ShareDraws.h"
#include "passes/lower/ValueEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <array>
#include <cmath>
#include <numbers>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

using Words = std::array<Value, 4>;

namespace {
class Philox {
public:
  Philox(ValueEmitter &emitter, Location loc, int64_t lanes)
      : emitter(emitter), builder(emitter.builder), loc(loc), lanes(lanes),
        i32(ValueEmitter::registerType(builder.getI32Type(), lanes)),
        i64(ValueEmitter::registerType(builder.getI64Type(), lanes)) {}

  /// `key` are seed and call as scalars of i64.
  Words block(Value block, uint32_t stream, Value seed, Value call) {
    auto half = [&](Value wide, int shift) {
      if (shift != 0)
        wide = arith::ShRUIOp::create(builder, loc, wide, scalar64(shift));
      Value low =
          arith::TruncIOp::create(builder, loc, builder.getI32Type(), wide);
      return emitter.splat(loc, low, lanes);
    };
    Words counter{block, streamNumber(stream), half(call, 0), half(call, 32)};
    // A loop: written out, its words would want more registers than there are.
    SmallVector<Value> state(counter.begin(), counter.end());
    state.append({half(seed, 0), half(seed, 32)});
    auto bound = [&](int64_t i) {
      return arith::ConstantIndexOp::create(builder, loc, i);
    };
    constexpr int64_t count = 10;
    auto rounds = scf::ForOp::create(builder, loc, bound(0), bound(count),
                                     bound(1), state);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(rounds.getBody());
      ValueRange now = rounds.getRegionIterArgs();
      constexpr uint32_t factors[] = {0xD2511F53u, 0xCD9E8D57u};
      constexpr uint32_t steps[] = {0x9E3779B9u, 0xBB67AE85u};
      auto [high0, low0] = product(now[0], factors[0]);
      auto [high1, low1] = product(now[2], factors[1]);
      Value next[] = {
          exclusive(exclusive(high1, now[1]), now[4]),
          low1,
          exclusive(exclusive(high0, now[3]), now[5]),
          low0,
          arith::AddIOp::create(builder, loc, now[4], constant(steps[0])),
          arith::AddIOp::create(builder, loc, now[5], constant(steps[1]))};
      scf::YieldOp::create(builder, loc, next);
    }
    llvm::copy(rounds.getResults().take_front(counter.size()), counter.begin());
    return counter;
  }

  Value constant(uint32_t word) {
    return emitter.constant(loc,
                            builder.getIntegerAttr(builder.getI32Type(),
                                                   static_cast<int32_t>(word)),
                            lanes);
  }
  Value constant64(uint64_t word) {
    return emitter.constant(loc, builder.getI64IntegerAttr(word), lanes);
  }
  Value scalar64(int64_t word) {
    return emitter.constant(loc, builder.getI64IntegerAttr(word), 1);
  }

private:
  /// A scalar of its own, which may become an argument.
  Value streamNumber(uint32_t stream) {
    auto number = arith::ConstantOp::create(
        builder, loc, builder.getI32IntegerAttr(static_cast<int32_t>(stream)));
    number->setAttr(streamAttrName, builder.getUnitAttr());
    return lanes == 1 ? number.getResult()
                      : vector::BroadcastOp::create(builder, loc, i32, number)
                            .getResult();
  }
  Value exclusive(Value a, Value b) {
    return arith::XOrIOp::create(builder, loc, a, b);
  }
  std::pair<Value, Value> product(Value a, uint32_t factor) {
    Value wide = arith::ExtUIOp::create(builder, loc, i64, a);
    Value full = arith::MulIOp::create(builder, loc, wide, constant64(factor));
    Value high = arith::ShRUIOp::create(builder, loc, full, constant64(32));
    return {arith::TruncIOp::create(builder, loc, i32, high),
            arith::TruncIOp::create(builder, loc, i32, full)};
  }

  ValueEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  int64_t lanes;
  Type i32, i64;
};
} // namespace

Value ValueEmitter::uniform(Location loc, Value key, uint32_t stream,
                            Type elementType, ArrayRef<int64_t> shape,
                            const Point &point) {
  space.setLanes(point.lanes, point.active());
  Index place = space.linearize(point.indices, shape);
  auto [group, within] = space.divide(place, 64);
  auto [word, column] = space.divide(within, 16);
  Index block = group * 16 + column;

  Philox philox(*this, loc, point.lanes);
  std::tuple<void *, uint32_t, Index, int64_t> name{key.getAsOpaquePointer(),
                                                    stream, block, point.lanes};
  Words words{};
  for (auto &scope : blocks)
    if (auto found = scope.find(name); found != scope.end())
      words = found->second;
  if (!words[0]) {
    Value seed = emit(key, Point::scalar({Index(0)}));
    Value call = emit(key, Point::scalar({Index(1)}));
    space.setLanes(point.lanes, point.active());
    Value counter = arith::IndexCastOp::create(
        builder, loc, registerType(builder.getI32Type(), point.lanes),
        space.value(loc, block));
    words = philox.block(counter, stream, seed, call);
    blocks.back()[name] = words;
  }

  // The word that belongs to the element, and the one after it.
  auto chosen = [&](int64_t after) -> Value {
    if (word.isConstant())
      return words[(word.constant + after) % 4];
    Value number = space.isUniform(word)
                       ? splat(loc, space.scalar(loc, word), point.lanes)
                       : space.vector(loc, word);
    Value result = words[(3 + after) % 4];
    for (int64_t i = 2; i >= 0; --i) {
      Value same = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::eq, number,
          constant(loc, builder.getIndexAttr(i), point.lanes));
      result = arith::SelectOp::create(builder, loc, same,
                                       words[(i + after) % 4], result);
    }
    return result;
  };
  Type type = registerType(elementType, point.lanes);
  auto scale = [&](double factor) {
    return constant(loc, cast<TypedAttr>(FloatAttr::get(elementType, factor)),
                    point.lanes);
  };
  if (elementType.isF32()) {
    Value bits =
        arith::ShRUIOp::create(builder, loc, chosen(0), philox.constant(8));
    Value number = arith::SIToFPOp::create(builder, loc, type, bits);
    return arith::MulFOp::create(builder, loc, number, scale(0x1p-24));
  }
  Type wide = registerType(builder.getI64Type(), point.lanes);
  Value high = arith::ExtUIOp::create(builder, loc, wide, chosen(0));
  Value low = arith::ExtUIOp::create(builder, loc, wide, chosen(1));
  high = arith::ShLIOp::create(builder, loc, high, philox.constant64(32));
  Value bits = arith::OrIOp::create(builder, loc, high, low);
  bits = arith::ShRUIOp::create(builder, loc, bits, philox.constant64(11));
  Value number = arith::SIToFPOp::create(builder, loc, type, bits);
  return arith::MulFOp::create(builder, loc, number, scale(0x1p-53));
}

Value ValueEmitter::computeRandom(Operation *op, const Point &point) {
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value key = op->getOperand(0);
  auto stream =
      static_cast<uint32_t>(op->getAttrOfType<IntegerAttr>("stream").getInt());
  auto draw = [&](uint32_t stream, Type element) {
    return uniform(loc, key, stream, element, type.getShape(), point);
  };
  auto number = [&](Type element, double value) {
    return constant(loc, cast<TypedAttr>(FloatAttr::get(element, value)),
                    point.lanes);
  };
  if (isa<RandomUniformOp>(op))
    return draw(stream, type.getElementType());
  if (auto bernoulli = dyn_cast<RandomBernoulliOp>(op)) {
    // As `simplify` expands it: the probability rounded to f32.
    Type f32 = builder.getF32Type();
    return arith::CmpFOp::create(
        builder, loc, arith::CmpFPredicate::OLT, draw(stream, f32),
        number(f32, bernoulli.getProbability().convertToDouble()));
  }
  // √(−2 ln(1 − u₁))·cos(2π u₂).
  Type element = type.getElementType();
  Value u1 = draw(stream, element), u2 = draw(stream + 1, element);
  Value rest = arith::SubFOp::create(builder, loc, number(element, 1), u1);
  Value log = math::LogOp::create(builder, loc, rest);
  Value radius = math::SqrtOp::create(
      builder, loc,
      arith::MulFOp::create(builder, loc, log, number(element, -2))
          .getResult());
  Value angle = arith::MulFOp::create(builder, loc, u2,
                                      number(element, 2 * std::numbers::pi));
  Value cosine = math::CosOp::create(builder, loc, angle);
  return arith::MulFOp::create(builder, loc, radius, cosine);
}
