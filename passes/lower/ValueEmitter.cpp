//===- ValueEmitter.cpp - the memo and the dispatch -----------------------===//

#include "passes/lower/ValueEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Points and registers
//===----------------------------------------------------------------------===//

Point Point::vector(OpBuilder &builder, Location loc, Indices indices,
                    int64_t lanes, int64_t active) {
  Point point{std::move(indices), lanes, nullptr, active};
  if (lanes == active)
    return point;
  SmallVector<bool> bits(lanes, false);
  std::fill_n(bits.begin(), active, true);
  auto type = VectorType::get({lanes}, builder.getI1Type());
  point.mask = arith::ConstantOp::create(
      builder, loc, cast<TypedAttr>(DenseElementsAttr::get(type, bits)));
  return point;
}

Type ValueEmitter::registerType(Type elementType) {
  if (elementType.isUnsignedInteger())
    return IntegerType::get(elementType.getContext(),
                            elementType.getIntOrFloatBitWidth());
  // Its bits: nothing but casts, which are integer arithmetic, knows it as a
  // float, so that no target's own conversion comes in.
  if (elementType.isBF16())
    return getStorageType(elementType);
  return elementType;
}
Type ValueEmitter::registerType(Type elementType, int64_t lanes) {
  Type scalar = registerType(elementType);
  return lanes == 1 ? scalar : VectorType::get({lanes}, scalar);
}

Value ValueEmitter::splat(Location loc, Value element, int64_t lanes) {
  if (lanes == 1)
    return element;
  Attribute attr;
  if (matchPattern(element, m_Constant(&attr)))
    return constant(loc, cast<TypedAttr>(attr), lanes);
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get({lanes}, element.getType()), element);
}
Value ValueEmitter::constant(Location loc, TypedAttr scalar, int64_t lanes) {
  if (lanes != 1)
    scalar = DenseElementsAttr::get(VectorType::get({lanes}, scalar.getType()),
                                    Attribute(scalar));
  return arith::ConstantOp::create(builder, loc, scalar);
}
Value ValueEmitter::zero(Location loc, Type elementType, int64_t lanes) {
  return constant(loc, builder.getZeroAttr(registerType(elementType)), lanes);
}

//===----------------------------------------------------------------------===//
// The memo and the dispatch
//===----------------------------------------------------------------------===//

ValueEmitter::Key ValueEmitter::key(Value value, const Point &point) {
  Indices indices = point.indices;
  for (auto [index, extent] :
       llvm::zip_equal(indices, tensorType(value).getShape()))
    if (extent == 1)
      index = Index();
  return {value.getAsOpaquePointer(), std::move(indices), point.lanes,
          point.mask.getAsOpaquePointer()};
}

void ValueEmitter::define(Value value, const Point &point, Value element) {
  memo.back()[key(value, point)] = element;
}
void ValueEmitter::enter() {
  memo.emplace_back();
  blocks.emplace_back();
  squares.emplace_back();
  turned.emplace_back();
  space.enter();
}
void ValueEmitter::leave() {
  memo.pop_back();
  blocks.pop_back();
  squares.pop_back();
  turned.pop_back();
  space.leave();
}

Value ValueEmitter::emit(Value value, const Point &asked) {
  Key name = key(value, asked);
  for (auto &scope : memo)
    if (auto found = scope.find(name); found != scope.end())
      return found->second;

  Point point = asked.at(std::get<1>(name));
  space.setLanes(point.lanes, point.active());
  Location loc = value.getLoc();
  space.setLocation(loc);
  Value result;
  if (point.lanes > 1 && llvm::all_of(point.indices, [&](const Index &index) {
        return space.isUniform(index);
      })) {
    // All lanes want one element.
    result = splat(loc, emit(value, Point::scalar(point.indices)), point.lanes);
  } else if (Value kept = fromRow(value, point)) {
    result = kept;
  } else if (auto buffer = buffers.find(value.getAsOpaquePointer());
             buffer != buffers.end()) {
    RankedTensorType type = tensorType(value);
    result = load(loc, buffer->second, type.getElementType(),
                  space.linearize(point.indices, type.getShape()), point);
  } else {
    result = compute(value, point);
    toRow(value, point, result);
  }
  space.setLanes(asked.lanes, asked.active());
  memo.back()[name] = result;
  return result;
}

Value ValueEmitter::compute(Value value, const Point &point) {
  Operation *op = value.getDefiningOp();
  RankedTensorType type = tensorType(value);
  if (!op) {
    error = true;
    emitError(value.getLoc(), "a kernel's argument has no buffer");
    return zero(value.getLoc(), type.getElementType(), point.lanes);
  }
  // Derived indices may need divisions, which must see these lanes.
  auto here = [&] { space.setLanes(point.lanes, point.active()); };
  here();
  auto result =
      llvm::TypeSwitch<Operation *, Value>(op)
          .Case<ConstantOp>([&](auto op) { return computeConstant(op, point); })
          .Case<IotaOp>([&](auto op) { return computeIota(op, point); })
          .Case<ReshapeOp>([&](ReshapeOp reshape) {
            Index place = space.linearize(point.indices, type.getShape());
            return emit(
                reshape.getOperand(),
                point.at(space.delinearize(
                    place, tensorType(reshape.getOperand()).getShape())));
          })
          .Case<TransposeOp>([&](TransposeOp transpose) {
            Indices indices(point.indices.size());
            for (auto [d, from] : llvm::enumerate(transpose.getPermutation()))
              indices[from] = point.indices[d];
            return emit(transpose.getOperand(), point.at(std::move(indices)));
          })
          .Case<BroadcastOp>(
              [&](auto op) { return computeBroadcast(op, point); })
          .Case<SliceOp>([&](SliceOp slice) {
            Indices indices = point.indices;
            for (auto [index, offset, stride] : llvm::zip_equal(
                     indices, slice.getOffsets(), slice.getStrides()))
              index = index * stride + Index(offset);
            return emit(slice.getOperand(), point.at(std::move(indices)));
          })
          .Case<PadOp>([&](auto op) { return computePad(op, point); })
          .Case<ConcatenateOp>(
              [&](auto op) { return computeConcatenate(op, point); })
          .Case<ReverseOp>([&](ReverseOp reverse) {
            Indices indices = point.indices;
            for (int64_t d : reverse.getDimensions())
              indices[d] = Index(type.getDimSize(d) - 1) - indices[d];
            return emit(reverse.getOperand(), point.at(std::move(indices)));
          })
          .Case<WindowsOp>([&](auto op) { return computeWindows(op, point); })
          .Case<GatherOp>([&](auto op) { return computeGather(op, point); })
          .Case<ScatterAddOp>(
              [&](auto op) { return computeScatter(op, point); })
          .Case<ReduceSumOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp, ArgMaxOp,
                ArgMinOp, DotGeneralOp, ConvOp, FoldWindowsOp>(
              [&](Operation *op) {
                emitReductions(op, point);
                return memo.back()[key(value, point)];
              })
          .Case<RandomUniformOp, RandomNormalOp, RandomBernoulliOp>(
              [&](Operation *op) { return computeRandom(op, point); })
          .Default([&](Operation *op) -> Value {
            if (!op->hasTrait<Pointwise>())
              return nullptr;
            SmallVector<Value> operands;
            for (Value operand : op->getOperands())
              operands.push_back(emit(operand, point));
            return emitPointwise(builder, op, operands);
          });
  if (!result) {
    if (!error)
      op->emitOpError("has no emission inside a kernel");
    error = true;
    return zero(op->getLoc(), type.getElementType(), point.lanes);
  }
  return result;
}

void ValueEmitter::loop(Location loc, int64_t begin, int64_t end, int64_t step,
                        llvm::function_ref<void(Index)> body) {
  if (begin >= end)
    return;
  if (end - begin <= step) {
    body(Index(begin));
    return;
  }
  auto at = [&](int64_t i) {
    return arith::ConstantIndexOp::create(builder, loc, i).getResult();
  };
  auto loop = scf::ForOp::create(builder, loc, at(begin), at(end), at(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  enter();
  body(space.symbol(loop.getInductionVar(), end,
                    begin % step == 0 ? step : std::gcd(begin, step)));
  leave();
}

void ValueEmitter::loop(Location loc, Value end, int64_t most,
                        llvm::function_ref<void(Index)> body) {
  APInt known;
  if (matchPattern(end, m_ConstantInt(&known)))
    return loop(loc, 0, known.getSExtValue(), 1, body);
  auto at = [&](int64_t i) {
    return arith::ConstantIndexOp::create(builder, loc, i).getResult();
  };
  auto loop = scf::ForOp::create(builder, loc, at(0), end, at(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  enter();
  body(space.symbol(loop.getInductionVar(), most, 1));
  leave();
}

void ValueEmitter::share(Location loc, int64_t begin, int64_t end, int64_t step,
                         int64_t tasks, llvm::function_ref<void(Index)> body) {
  int64_t trips =
      std::max<int64_t>(0, llvm::divideCeilSigned(end - begin, step));
  tasks = std::min(tasks, trips);
  if (tasks <= 1)
    return loop(loc, begin, end, step, body);
  auto at = [&](int64_t i) {
    return arith::ConstantIndexOp::create(builder, loc, i).getResult();
  };
  auto parallel = scf::ParallelOp::create(
      builder, loc, ValueRange{at(0)}, ValueRange{at(tasks)}, ValueRange{at(1)},
      [](OpBuilder &, Location, ValueRange) {});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(parallel.getBody());
  task = parallel.getInductionVars().front();
  // The first `longer` tasks have a trip more.
  int64_t shortest = trips / tasks, longer = trips % tasks;
  auto firstTrip = [&](Value number) {
    Value first =
        builder.createOrFold<arith::MulIOp>(loc, number, at(shortest));
    if (longer == 0)
      return first;
    Value more = arith::MinUIOp::create(builder, loc, number, at(longer));
    return builder.createOrFold<arith::AddIOp>(loc, first, more);
  };
  auto place = [&](Value trip) {
    Value distance = builder.createOrFold<arith::MulIOp>(loc, trip, at(step));
    return builder.createOrFold<arith::AddIOp>(loc, distance, at(begin));
  };
  Value next = arith::AddIOp::create(builder, loc, task, at(1));
  auto inner = scf::ForOp::create(builder, loc, place(firstTrip(task)),
                                  place(firstTrip(next)), at(step));
  builder.setInsertionPointToStart(inner.getBody());
  enter();
  body(space.symbol(inner.getInductionVar(), end,
                    begin % step == 0 ? step : std::gcd(begin, step)));
  leave();
  task = nullptr;
}

//===----------------------------------------------------------------------===//
// Row caches
//===----------------------------------------------------------------------===//

Value ValueEmitter::fromRow(Value value, const Point &point) {
  auto found = rowCaches.find(value.getAsOpaquePointer());
  if (found == rowCaches.end() || !found->second.filled)
    return nullptr;
  size_t outer = rowIndices.size();
  if (!std::equal(rowIndices.begin(), rowIndices.end(), point.indices.begin()))
    return nullptr;
  Indices inner(point.indices.begin() + outer, point.indices.end());
  return load(value.getLoc(), found->second.flat,
              tensorType(value).getElementType(),
              space.linearize(inner, found->second.innerShape), point);
}

void ValueEmitter::toRow(Value value, const Point &point, Value element) {
  auto found = rowCaches.find(value.getAsOpaquePointer());
  if (found == rowCaches.end() || !found->second.filling)
    return;
  size_t outer = rowIndices.size();
  if (!std::equal(rowIndices.begin(), rowIndices.end(), point.indices.begin()))
    return;
  Indices inner(point.indices.begin() + outer, point.indices.end());
  store(value.getLoc(), element, found->second.flat, found->second.innerShape,
        point.at(std::move(inner)));
}
