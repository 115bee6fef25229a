//===- EmitMemory.cpp - loads and stores of lanes -------------------------===//
//
// Lanes side by side are one vector access, backwards with a shuffle; lanes
// in one place are a scalar; lanes a few elements apart (one channel of
// several) are shuffled out of the vectors that they lie in.  Lanes across rows
// are taken from squares where the loops provide them, and gathered otherwise.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/Squares.h"
#include "passes/lower/TurnedRows.h"
#include "passes/lower/ValueEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

Value ValueEmitter::flatten(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() == 1)
    return memref;
  int64_t count = type.getNumElements();
  return memref::ReinterpretCastOp::create(
      builder, loc, MemRefType::get({count}, type.getElementType()), memref,
      /*offset=*/0, ArrayRef<int64_t>{count}, ArrayRef<int64_t>{1});
}

void ValueEmitter::bindBuffer(Value value, Value memref) {
  buffers[value.getAsOpaquePointer()] =
      flatten(builder, memref.getLoc(), memref);
}

/// The steps of the lanes as i32 where they fit: the machine gathers twice as
/// many at once.
static Value narrow(OpBuilder &builder, Location loc, Value steps,
                    int64_t largest) {
  if (largest >= (int64_t(1) << 31))
    return steps;
  auto type = cast<VectorType>(steps.getType());
  return arith::IndexCastOp::create(
      builder, loc, VectorType::get(type.getShape(), builder.getI32Type()),
      steps);
}

/// Bytes of the shortest vector that the machine can store past the caches.
static constexpr int64_t kShortestStream = 16;

/// Lanes further apart are gathered: as many vectors would be read.
static constexpr int64_t kFarthestLane = 4;

/// Lanes no further apart take less to shuffle out of the vectors they lie in
/// than to turn with others.
static constexpr int64_t kNearLane = 2;

/// Of longer rows than this, most columns may not be wanted.
static constexpr int64_t kLongestRow = 32;

/// Lanes `step` elements apart, the first at `base`.  Nothing is read before
/// the first of them or behind the last.
static Value loadApart(ValueEmitter &emitter, Location loc, Value flat,
                       VectorType type, const Index &base, int64_t step) {
  OpBuilder &builder = emitter.builder;
  int64_t lanes = type.getNumElements();
  int64_t end = (lanes - 1) * step + 1;
  Value result;
  for (int64_t number = 0; number < step; ++number) {
    int64_t begin = std::min(number * lanes, end - lanes);
    Value part =
        vector::LoadOp::create(builder, loc, type, flat,
                               emitter.space.scalar(loc, base + Index(begin)));
    if (!result) {
      result = part;
      continue;
    }
    // Of the first vector the lanes are where they lie until they are moved.
    SmallVector<int64_t> from;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t place = lane * step;
      if (place / lanes == number)
        from.push_back(lanes + place - begin);
      else
        from.push_back(number == 1 && place < lanes ? place : lane);
    }
    result = vector::ShuffleOp::create(builder, loc, result, part, from);
  }
  return result;
}

static Value allLanes(ValueEmitter &emitter, Location loc, const Point &point) {
  return point.mask ? point.mask
                    : emitter.constant(loc, emitter.builder.getBoolAttr(true),
                                       point.lanes);
}

Value ValueEmitter::squareRow(Location loc, Value flat, Type storage,
                              const Index &place, const Point &point) {
  if (!square || point.lanes != square->lanes || point.leavesOut ||
      !space.isAffine(place) || place.lane < square->rows)
    return nullptr;
  // Rows must follow each other in memory, and nothing else may change with
  // them: symbols made later may be their quotients.
  int64_t step = 0;
  for (const Index::Term &term : place.terms) {
    if (term.symbol > square->symbol)
      return nullptr;
    if (term.symbol == square->symbol)
      step = term.coefficient;
  }
  if (step != 1)
    return nullptr;
  Index first = place - Index(square->row);
  auto name = std::make_pair(flat.getAsOpaquePointer(), first);
  for (auto &scope : squares)
    if (auto found = scope.find(name); found != scope.end())
      return found->second[square->row];
  Index base = first;
  base.lane = 0;
  auto at = [&](int64_t offset) {
    return space.scalar(loc, base + Index(offset));
  };
  RowsInMemory lanes{flat,         at,          place.lane,
                     square->rows, point.lanes, point.active(),
                     maskedTails};
  SmallVector<Value> &rows = squares.back()[name];
  rows = readColumns(builder, loc, storage, lanes,
                     ColumnGroup::of(0, square->rows, point.lanes));
  return rows[square->row];
}

/// Of the rows that begin `place.lane` elements apart, if lanes run over rows.
Value ValueEmitter::turnedColumn(Location loc, Value flat, Type storage,
                                 const Index &place, const Point &point) {
  int64_t length = place.lane;
  if (!turnsRows || point.leavesOut || !space.isAffine(place) || length < 2 ||
      length > kLongestRow ||
      cast<MemRefType>(flat.getType()).getNumElements() % length != 0)
    return nullptr;
  int64_t column = (place.constant % length + length) % length;
  Index first = place - Index(column);
  first.lane = 0;
  if (!space.isMultiple(first, length))
    return nullptr;
  auto at = [&](int64_t offset) {
    return space.scalar(loc, first + Index(offset));
  };
  RowsInMemory rows{flat,           at,         length, length, point.lanes,
                    point.active(), maskedTails};
  ColumnGroup group = ColumnGroup::of(column, length, point.lanes);
  ColumnsName name(flat.getAsOpaquePointer(), first, length, group.first);
  for (Columns &scope : turned)
    if (auto found = scope.find(name); found != scope.end())
      return found->second[column - group.first];
  SmallVector<Value> &columns = turned.back()[name];
  columns = readColumns(builder, loc, storage, rows, group);
  return columns[column - group.first];
}

Value ValueEmitter::load(Location loc, Value flat, Type elementType,
                         const Index &place, const Point &point) {
  Type storage = getStorageType(elementType);
  Value result;
  bool uniform = point.lanes == 1 || space.isUniform(place);
  if (uniform) {
    result =
        memref::LoadOp::create(builder, loc, flat, space.scalar(loc, place));
  } else {
    auto type = VectorType::get({point.lanes}, storage);
    auto apart = [&](int64_t farthest) -> Value {
      if (!space.isAffine(place) || place.lane <= 1 || place.lane > farthest ||
          point.mask)
        return nullptr;
      Index base = place;
      base.lane = 0;
      return loadApart(*this, loc, flat, type, base, place.lane);
    };
    if (space.isAffine(place) && place.lane == 1) {
      Value base = space.scalar(loc, place);
      if (point.mask)
        result = vector::MaskedLoadOp::create(
            builder, loc, type, flat, base, point.mask,
            constant(loc, builder.getZeroAttr(storage), point.lanes));
      else
        result = vector::LoadOp::create(builder, loc, type, flat, base);
    } else if (space.isAffine(place) && place.lane == -1 && !point.mask) {
      Value base = space.scalar(loc, place + Index(1 - point.lanes));
      result = vector::LoadOp::create(builder, loc, type, flat, base);
      SmallVector<int64_t> backwards;
      for (int64_t lane = point.lanes; lane-- > 0;)
        backwards.push_back(lane);
      result =
          vector::ShuffleOp::create(builder, loc, result, result, backwards);
    } else if (Value near = apart(kNearLane)) {
      result = near;
    } else if (Value row = squareRow(loc, flat, storage, place, point)) {
      result = row;
    } else if (Value far = apart(kFarthestLane)) {
      result = far;
    } else if (Value column = turnedColumn(loc, flat, storage, place, point)) {
      result = column;
    } else {
      Value zeroIndex = arith::ConstantIndexOp::create(builder, loc, 0);
      Index base, steps = place;
      if (space.isAffine(place)) {
        steps = Index();
        steps.lane = place.lane;
        base = place - steps;
      }
      Value origin = base == Index() ? zeroIndex : space.scalar(loc, base);
      int64_t largest = cast<MemRefType>(flat.getType()).getNumElements();
      Value lanes = narrow(builder, loc, space.vector(loc, steps), largest);
      result = vector::GatherOp::create(
          builder, loc, type, flat, origin, lanes, allLanes(*this, loc, point),
          constant(loc, builder.getZeroAttr(storage), point.lanes));
    }
  }
  if (elementType.isInteger(1))
    result = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ne, result,
        constant(loc, builder.getZeroAttr(storage), uniform ? 1 : point.lanes));
  return uniform ? splat(loc, result, point.lanes) : result;
}

/// As it lies in `flat`: a flag is a byte.
static Value toStorage(OpBuilder &builder, Location loc, Value element,
                       Value flat, int64_t lanes) {
  Type storage = cast<MemRefType>(flat.getType()).getElementType();
  if (getElementTypeOrSelf(element.getType()) == storage)
    return element;
  return arith::ExtUIOp::create(
      builder, loc, ValueEmitter::registerType(storage, lanes), element);
}

void ValueEmitter::storeRows(Location loc, ArrayRef<Value> columns, Value flat,
                             const Index &place, const Point &point) {
  auto at = [&](int64_t offset) {
    return space.scalar(loc, place + Index(offset));
  };
  SmallVector<Value> stored;
  for (Value column : columns)
    stored.push_back(toStorage(builder, loc, column, flat, point.lanes));
  auto length = static_cast<int64_t>(columns.size());
  writeColumns(
      builder, loc, stored,
      {flat, at, length, length, point.lanes, point.active(), maskedTails});
}

void ValueEmitter::store(Location loc, Value element, Value flat,
                         ArrayRef<int64_t> shape, const Point &point,
                         bool isResult) {
  space.setLanes(point.lanes, point.active());
  Type storage = cast<MemRefType>(flat.getType()).getElementType();
  element = toStorage(builder, loc, element, flat, point.lanes);
  Index place = space.linearize(point.indices, shape);
  if (point.lanes == 1) {
    memref::StoreOp::create(builder, loc, element, flat,
                            space.scalar(loc, place));
    return;
  }
  if (space.isAffine(place) && place.lane == 1) {
    Value base = space.scalar(loc, place);
    // Of a vector that is narrowed and stored by a mask of one lane, LLVM 22
    // stores a lane of the width it had before.
    if (point.mask && point.active() == 1) {
      element = vector::ExtractOp::create(builder, loc, element, 0);
      memref::StoreOp::create(builder, loc, element, flat, base);
      return;
    }
    if (point.mask) {
      vector::MaskedStoreOp::create(builder, loc, flat, base, point.mask,
                                    element);
      return;
    }
    int64_t bytes = point.lanes * storage.getIntOrFloatBitWidth() / 8;
    OpBuilder::InsertionGuard guard(builder);
    if (isResult && streams && bytes >= kShortestStream &&
        space.isMultiple(place, point.lanes)) {
      auto choice = scf::IfOp::create(builder, loc, streams,
                                      /*withElseRegion=*/true);
      builder.setInsertionPointToStart(choice.thenBlock());
      vector::StoreOp::create(builder, loc, element, flat, base,
                              /*nontemporal=*/true,
                              llvm::Align(std::min(bytes, widestVector)));
      builder.setInsertionPointToStart(choice.elseBlock());
    }
    vector::StoreOp::create(builder, loc, element, flat, base);
    return;
  }
  Value origin = arith::ConstantIndexOp::create(builder, loc, 0);
  vector::ScatterOp::create(builder, loc, Type(), flat, origin,
                            space.vector(loc, place),
                            allLanes(*this, loc, point), element);
}

void ValueEmitter::prefetch(Location loc, Value flat, const Index &place,
                            bool toWrite) {
  memref::PrefetchOp::create(builder, loc, flat, space.scalar(loc, place),
                             /*isWrite=*/toWrite, /*localityHint=*/3,
                             /*isDataCache=*/true);
}
