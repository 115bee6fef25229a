//===- EmitArgSort.cpp - a stable sort of each row ------------------------===//
//
// A row's elements become integer keys of the same order (the bits of a float,
// where those of negative ones are turned round) beside their places; merges of
// runs of 1, 2, 4, … then go back and forth between the two halves of the
// scratch.  A merge takes each step without a branch: at equal keys the left
// run goes first, so the sort is stable.
//
// Where only a few places from the front are read, these are kept sorted while
// the row goes by; whole vectors of keys that are beyond the last of them are
// passed over.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/SortRow.h"
#include "passes/lower/EmitSequence.h"
#include "passes/lower/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {
class RowSorter {
public:
  RowSorter(ArgSortOp op, const LoopForm &form, ArrayRef<Value> targets,
            ValueEmitter &emitter)
      : op(op), form(form), targets(targets), emitter(emitter),
        builder(emitter.builder), loc(op.getLoc()), row(op),
        keyType(builder.getIntegerType(row.keyBits)),
        type(cast<RankedTensorType>(op.getOperand().getType())) {}

  /// Inside the loop over rows: the row `before`, …, `behind`.
  void sort(const Indices &before, const Indices &behind, Value scratch,
            int64_t offset, int64_t taskBytes);

private:
  /// Calls `body` with where the first `count` elements are in the tensor, and
  /// in their row.
  void eachElement(const Indices &before, const Indices &behind, int64_t count,
                   llvm::function_ref<void(const Point &, const Point &)> body);
  void fill(const Indices &before, const Indices &behind);
  void select();
  /// The element at place `i` of the row, among those before `slot`, which is
  /// free for it or for the last of them.
  void insert(Value i, Value slot);
  void mergePasses();
  void mergeRuns(Value low, Value middle, Value high, Value from, Value to);
  void write(const Indices &before, const Indices &behind);

  /// An integer that is ordered as the element is, in registers.
  Value keyOf(Value element);
  Value at(int64_t i) {
    return arith::ConstantIndexOp::create(builder, loc, i).getResult();
  }
  Value add(Value a, Value b) {
    return builder.createOrFold<arith::AddIOp>(loc, a, b);
  }
  Value atMost(Value a, Value b) {
    return arith::MinUIOp::create(builder, loc, a, b);
  }
  Value less(Value a, Value b, arith::CmpIPredicate predicate) {
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  }

  ArgSortOp op;
  const LoopForm &form;
  ArrayRef<Value> targets;
  ValueEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  SortRow row;
  Type keyType;
  RankedTensorType type;
  Value keys, places;
};
} // namespace

Value RowSorter::keyOf(Value element) {
  Type from = type.getElementType();
  int64_t lanes = 1;
  if (auto vector = dyn_cast<VectorType>(element.getType()))
    lanes = vector.getNumElements();
  Type wanted = ValueEmitter::registerType(keyType, lanes);
  auto integer = [&](const llvm::APInt &value) {
    return emitter.constant(loc, IntegerAttr::get(keyType, value), lanes);
  };
  llvm::APInt most = llvm::APInt::getSignedMaxValue(row.keyBits);
  Value key = element;
  if (isa<FloatType>(from)) {
    // −0 + 0 is 0.
    Value zero = emitter.constant(loc, FloatAttr::get(from, 0.0), lanes);
    Value sum = arith::AddFOp::create(builder, loc, element, zero);
    Value bits = arith::BitcastOp::create(builder, loc, wanted, sum);
    Value sign = arith::ShRSIOp::create(
        builder, loc, bits, integer(llvm::APInt(row.keyBits, row.keyBits - 1)));
    Value rest = arith::AndIOp::create(builder, loc, sign, integer(most));
    key = arith::XOrIOp::create(builder, loc, bits, rest);
    Value nan = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO,
                                      element, element);
    key = arith::SelectOp::create(builder, loc, nan, integer(most), key);
  } else if (from.getIntOrFloatBitWidth() < row.keyBits) {
    bool isUnsigned = from.isUnsignedInteger() || from.isInteger(1);
    key = isUnsigned
              ? arith::ExtUIOp::create(builder, loc, wanted, key).getResult()
              : arith::ExtSIOp::create(builder, loc, wanted, key).getResult();
  }
  if (op.getDescending())
    key = arith::XOrIOp::create(builder, loc, key,
                                integer(llvm::APInt::getAllOnes(row.keyBits)));
  return key;
}

void RowSorter::eachElement(
    const Indices &before, const Indices &behind, int64_t count,
    llvm::function_ref<void(const Point &, const Point &)> body) {
  // Vectors where the row lies in one piece.
  bool contiguous =
      static_cast<int64_t>(op.getDimension()) == type.getRank() - 1;
  eachPlace(emitter, loc, contiguous ? form : LoopForm(), count,
            [&](Index i, int64_t lanes, int64_t active) {
              auto at = [&](Indices indices) {
                return Point::vector(builder, loc, std::move(indices), lanes,
                                     active);
              };
              emitter.space.setLanes(lanes, active);
              body(at(alongRow(before, i, behind)), at({i}));
            });
}

void RowSorter::fill(const Indices &before, const Indices &behind) {
  auto keep = [&](const Point &point, const Point &own) {
    Value key = keyOf(emitter.emit(op.getOperand(), point));
    emitter.space.setLanes(own.lanes, own.active());
    emitter.store(loc, key, keys, {2 * row.extent}, own);
    if (row.isSelected())
      return;
    Type element = ValueEmitter::registerType(builder.getI32Type(), own.lanes);
    Value place = emitter.space.value(loc, own.indices.front());
    place = arith::IndexCastOp::create(builder, loc, element, place);
    emitter.store(loc, place, places, {2 * row.extent}, own);
  };
  eachElement(before, behind, row.extent, keep);
}

void RowSorter::insert(Value i, Value slot) {
  // From the first one that is greater on, all move up: an equal one that came
  // earlier stays in front.
  Value key = memref::LoadOp::create(builder, loc, keys, ValueRange{i});
  Value place =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), i);
  Value no = arith::ConstantIntOp::create(builder, loc, 0, 1);
  auto loop = scf::ForOp::create(builder, loc, at(0), slot, at(1),
                                 ValueRange{key, place, no});
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value one = loop.getRegionIterArg(0), its = loop.getRegionIterArg(1);
    Value j = loop.getInductionVar(), behind = add(j, at(row.extent));
    Value old = memref::LoadOp::create(builder, loc, keys, behind);
    Value oldPlace = memref::LoadOp::create(builder, loc, places, j);
    Value moves =
        arith::OrIOp::create(builder, loc, loop.getRegionIterArg(2),
                             less(one, old, arith::CmpIPredicate::slt));
    auto choose = [&](Value a, Value b) -> Value {
      return arith::SelectOp::create(builder, loc, moves, a, b);
    };
    memref::StoreOp::create(builder, loc, choose(one, old), keys, behind);
    memref::StoreOp::create(builder, loc, choose(its, oldPlace), places, j);
    scf::YieldOp::create(
        builder, loc,
        ValueRange{choose(old, one), choose(oldPlace, its), moves});
  }
  memref::StoreOp::create(builder, loc, loop.getResult(0), keys,
                          add(slot, at(row.extent)));
  memref::StoreOp::create(builder, loc, loop.getResult(1), places, slot);
}

void RowSorter::select() {
  auto eachOf = [&](Value begin, Value end,
                    llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(builder, loc, begin, end, at(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  };
  eachOf(at(0), at(row.read), [&](Value i) { insert(i, i); });
  Value last = at(row.read - 1);
  // Whether `key`, of a vector or of one element, goes before the last.
  auto isAmong = [&](Value key) {
    Value bound =
        memref::LoadOp::create(builder, loc, keys, add(last, at(row.extent)));
    if (isa<VectorType>(key.getType()))
      bound = vector::BroadcastOp::create(builder, loc, key.getType(), bound);
    return less(key, bound, arith::CmpIPredicate::slt);
  };
  auto ifAmong = [&](Value key, llvm::function_ref<void()> body) {
    Value among = isAmong(key);
    if (isa<VectorType>(among.getType()))
      among = vector::ReductionOp::create(builder, loc,
                                          vector::CombiningKind::OR, among);
    auto branch = scf::IfOp::create(builder, loc, among);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    body();
  };
  eachPlace(emitter, loc, form, row.extent,
            [&](Index i, int64_t lanes, int64_t active) {
              emitter.space.setLanes(lanes, active);
              Point own = Point::vector(builder, loc, {i}, lanes, active);
              Value begin = emitter.space.scalar(loc, i);
              ifAmong(emitter.load(loc, keys, keyType, i, own), [&] {
                Value first =
                    arith::MaxUIOp::create(builder, loc, begin, at(row.read));
                eachOf(first, add(begin, at(active)), [&](Value j) {
                  Value key =
                      memref::LoadOp::create(builder, loc, keys, ValueRange{j});
                  ifAmong(key, [&] { insert(j, last); });
                });
              });
            });
}

/// [low, middle) and [middle, high), both sorted, as one run; `from` and `to`
/// say which half of the scratch.
void RowSorter::mergeRuns(Value low, Value middle, Value high, Value from,
                          Value to) {
  Value last = at(row.extent - 1);
  auto loop = scf::ForOp::create(builder, loc, low, high, at(1),
                                 ValueRange{low, middle});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value i = loop.getRegionIterArg(0), j = loop.getRegionIterArg(1);
  auto read = [&](Value memory, Value index) -> Value {
    return memref::LoadOp::create(builder, loc, memory,
                                  add(from, atMost(index, last)));
  };
  auto write = [&](Value memory, Value element) {
    memref::StoreOp::create(builder, loc, element, memory,
                            add(to, loop.getInductionVar()));
  };
  using P = arith::CmpIPredicate;
  Value left = read(keys, i), right = read(keys, j);
  Value ended = less(middle, i, P::ule);
  Value first =
      arith::OrIOp::create(builder, loc, ended, less(right, left, P::slt));
  Value takesRight =
      arith::AndIOp::create(builder, loc, less(j, high, P::ult), first);
  write(keys, arith::SelectOp::create(builder, loc, takesRight, right, left));
  Value taken = arith::SelectOp::create(builder, loc, takesRight, j, i);
  write(places, read(places, taken));
  Value one = arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(),
                                           takesRight);
  Value other = arith::SubIOp::create(builder, loc, at(1), one);
  scf::YieldOp::create(builder, loc, ValueRange{add(i, other), add(j, one)});
}

void RowSorter::mergePasses() {
  Value extent = at(row.extent);
  auto loop = scf::ForOp::create(builder, loc, at(0), at(row.passes()), at(1),
                                 ValueRange{at(1), at(0), extent});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value width = loop.getRegionIterArg(0), from = loop.getRegionIterArg(1),
        to = loop.getRegionIterArg(2);
  Value both = add(width, width);
  auto runs = scf::ForOp::create(builder, loc, at(0), extent, both);
  {
    OpBuilder::InsertionGuard inside(builder);
    builder.setInsertionPointToStart(runs.getBody());
    Value low = runs.getInductionVar();
    mergeRuns(low, atMost(add(low, width), extent),
              atMost(add(low, both), extent), from, to);
  }
  scf::YieldOp::create(builder, loc, ValueRange{both, to, from});
}

void RowSorter::write(const Indices &before, const Indices &behind) {
  // After an odd number of passes the order is in the second half.
  bool isSelected = row.isSelected();
  Index half(!isSelected && row.passes() % 2 ? row.extent : 0);
  auto store = [&](const Point &point, const Point &own) {
    Value place = emitter.load(loc, places, builder.getI32Type(),
                               own.indices.front() + half, own);
    for (Value flat : targets)
      emitter.store(loc, place, flat, type.getShape(), point);
  };
  eachElement(before, behind, isSelected ? row.read : row.extent, store);
}

void RowSorter::sort(const Indices &before, const Indices &behind,
                     Value scratch, int64_t offset, int64_t taskBytes) {
  keys =
      scratchView(emitter, loc, scratch, offset,
                  RankedTensorType::get({2 * row.extent}, keyType), taskBytes);
  places = scratchView(
      emitter, loc, scratch, offset + row.placesOffset(),
      RankedTensorType::get({2 * row.extent}, builder.getI32Type()), taskBytes);
  fill(before, behind);
  if (row.isSelected())
    select();
  else
    mergePasses();
  write(before, behind);
}

void sinter::passes::emitArgSort(ArgSortOp op, const Phase &phase,
                                 const LoopForm &form, Value scratch,
                                 ArrayRef<Value> targets,
                                 ValueEmitter &emitter) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getType()).getShape();
  if (ShapedType::getNumElements(shape) == 0)
    return;
  auto dimension = static_cast<int64_t>(op.getDimension());
  SmallVector<int64_t> rows(shape);
  rows.erase(rows.begin() + dimension);
  emitter.share(op.getLoc(), 0, ShapedType::getNumElements(rows), 1,
                phase.tasks, [&](Index number) {
                  emitter.space.setLanes(1, 1);
                  Indices at = emitter.space.delinearize(number, rows);
                  Indices before(at.begin(), at.begin() + dimension);
                  Indices behind(at.begin() + dimension, at.end());
                  RowSorter(op, form, targets, emitter)
                      .sort(before, behind, scratch, phase.ownOffset,
                            phase.taskBytes);
                });
}
