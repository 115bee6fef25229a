//===- Combine.cpp - the algebra of the reducing ops ----------------------===//

#include "passes/lower/Combine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}
static Type elementOf(Operation *op) {
  return tensorType(op->getOperand(0)).getElementType();
}
static SmallVector<int64_t> reducedDims(Operation *op) {
  if (auto dimension = op->getAttrOfType<IntegerAttr>("dimension"))
    return {dimension.getInt()};
  return SmallVector<int64_t>(
      op->getAttrOfType<DenseI64ArrayAttr>("dimensions").asArrayRef());
}

SmallVector<int64_t> sinter::passes::reducedExtents(Operation *op) {
  RankedTensorType type = tensorType(op->getOperand(0));
  SmallVector<int64_t> extents;
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    for (int64_t d : dot.getLhsContracting())
      extents.push_back(type.getDimSize(d));
    return extents;
  }
  if (auto conv = dyn_cast<ConvOp>(op))
    return SmallVector<int64_t>(
        tensorType(conv.getKernel()).getShape().drop_back());
  if (auto fold = dyn_cast<FoldWindowsOp>(op))
    return SmallVector<int64_t>(fold.getSizes());
  for (int64_t d : reducedDims(op))
    extents.push_back(type.getDimSize(d));
  return extents;
}

bool sinter::passes::reducesInnermost(Operation *op) {
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    auto last = [](ArrayRef<int64_t> dims, Value operand) {
      return !dims.empty() && dims.back() == tensorType(operand).getRank() - 1;
    };
    return last(dot.getLhsContracting(), dot.getLhs()) &&
           last(dot.getRhsContracting(), dot.getRhs());
  }
  if (isa<ConvOp, FoldWindowsOp>(op))
    return false;
  SmallVector<int64_t> dims = reducedDims(op);
  return !dims.empty() &&
         dims.back() == tensorType(op->getOperand(0)).getRank() - 1;
}

//===----------------------------------------------------------------------===//
// Neutral elements
//===----------------------------------------------------------------------===//

/// The value that every other beats.
static TypedAttr worst(Type element, bool maximum) {
  Type type = ValueEmitter::registerType(element);
  if (auto floating = dyn_cast<FloatType>(element))
    return FloatAttr::get(
        type, llvm::APFloat::getInf(floating.getFloatSemantics(), maximum));
  unsigned bits = element.getIntOrFloatBitWidth();
  bool isUnsigned = element.isUnsignedInteger() || bits == 1;
  llvm::APInt least =
      isUnsigned ? llvm::APInt(bits, 0) : llvm::APInt::getSignedMinValue(bits);
  llvm::APInt most = isUnsigned ? llvm::APInt::getMaxValue(bits)
                                : llvm::APInt::getSignedMaxValue(bits);
  return IntegerAttr::get(type, maximum ? least : most);
}

static TypedAttr number(Type element, double value) {
  Type type = ValueEmitter::registerType(element);
  if (isa<FloatType>(element))
    return FloatAttr::get(type, value);
  return IntegerAttr::get(type, static_cast<int64_t>(value));
}

SmallVector<TypedAttr> sinter::passes::neutralElements(Operation *op) {
  Type element = elementOf(op);
  if (isa<ArgMaxOp, ArgMinOp>(op))
    return {worst(element, isa<ArgMaxOp>(op)),
            number(tensorType(op->getResult(0)).getElementType(), 0)};
  if (isa<ReduceProdOp>(op))
    return {number(element, 1)};
  if (isa<ReduceMaxOp, ReduceMinOp>(op))
    return {worst(element, isa<ReduceMaxOp>(op))};
  // −0 + x is x for every x, −0 included.
  return {number(element, isa<FloatType>(element) ? -0.0 : 0)};
}

TypedAttr sinter::passes::emptyResult(Operation *op) {
  if (isa<ReduceSumOp, DotGeneralOp, ConvOp>(op))
    return number(elementOf(op), 0);
  return neutralElements(op).back();
}

//===----------------------------------------------------------------------===//
// Contributions
//===----------------------------------------------------------------------===//

/// Operand indices: `reduced` at the dimensions `dims`, `kept` at the others.
static Indices merge(int64_t rank, ArrayRef<int64_t> dims,
                     const Indices &reduced, ArrayRef<Index> kept) {
  Indices indices(rank);
  SmallVector<bool> taken(rank, false);
  for (auto [i, d] : llvm::enumerate(dims)) {
    indices[d] = reduced[i];
    taken[d] = true;
  }
  unsigned next = 0;
  for (int64_t d = 0; d < rank; ++d)
    if (!taken[d])
      indices[d] = kept[next++];
  return indices;
}

static SmallVector<Value> product(ValueEmitter &emitter, DotGeneralOp dot,
                                  const Point &point, const Indices &reduced) {
  size_t batch = dot.getLhsBatch().size();
  size_t rows = dot.getLhsFree().size();
  ArrayRef<Index> at(point.indices);
  auto side = [&](Value operand, ArrayRef<int64_t> contracting,
                  ArrayRef<int64_t> batches, ArrayRef<int64_t> free,
                  ArrayRef<Index> freeIndices) {
    Indices indices(tensorType(operand).getRank());
    for (auto [i, d] : llvm::enumerate(contracting))
      indices[d] = reduced[i];
    for (auto [i, d] : llvm::enumerate(batches))
      indices[d] = at[i];
    for (auto [i, d] : llvm::enumerate(free))
      indices[d] = freeIndices[i];
    return emitter.emit(operand, point.at(std::move(indices)));
  };
  Value a = side(dot.getLhs(), dot.getLhsContracting(), dot.getLhsBatch(),
                 dot.getLhsFree(), at.slice(batch, rows));
  Value b = side(dot.getRhs(), dot.getRhsContracting(), dot.getRhsBatch(),
                 dot.getRhsFree(), at.drop_front(batch + rows));
  OpBuilder &builder = emitter.builder;
  if (isa<FloatType>(elementOf(dot)))
    return {arith::MulFOp::create(builder, dot.getLoc(), a, b)};
  return {arith::MulIOp::create(builder, dot.getLoc(), a, b)};
}

SmallVector<Value> sinter::passes::contribution(ValueEmitter &emitter,
                                                Operation *op,
                                                const Point &point,
                                                const Indices &reduced) {
  if (auto dot = dyn_cast<DotGeneralOp>(op))
    return product(emitter, dot, point, reduced);
  if (auto conv = dyn_cast<ConvOp>(op))
    return {emitter.emitConvolved(conv, point, reduced)};
  if (auto fold = dyn_cast<FoldWindowsOp>(op))
    return {emitter.emitFolded(fold, point, reduced)};
  Value operand = op->getOperand(0);
  Indices indices = merge(tensorType(operand).getRank(), reducedDims(op),
                          reduced, point.indices);
  Value element = emitter.emit(operand, point.at(std::move(indices)));
  if (!isa<ArgMaxOp, ArgMinOp>(op))
    return {element};
  Location loc = op->getLoc();
  emitter.space.setLanes(point.lanes, point.active());
  Value index = emitter.space.value(loc, reduced[0]);
  Type type = ValueEmitter::registerType(
      tensorType(op->getResult(0)).getElementType(), point.lanes);
  return {element,
          arith::IndexCastOp::create(emitter.builder, loc, type, index)};
}

//===----------------------------------------------------------------------===//
// Combination
//===----------------------------------------------------------------------===//

namespace {
struct Comparer {
  OpBuilder &builder;
  Location loc;
  Type element;

  bool isFloat() const { return isa<FloatType>(element); }
  Value nan(Value x) {
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO, x, x);
  }
  /// a strictly before b in the order sought.
  Value beyond(bool maximum, Value a, Value b) {
    if (isFloat())
      return arith::CmpFOp::create(builder, loc,
                                   maximum ? arith::CmpFPredicate::OGT
                                           : arith::CmpFPredicate::OLT,
                                   a, b);
    bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
    using P = arith::CmpIPredicate;
    P predicate = maximum ? (isUnsigned ? P::ugt : P::sgt)
                          : (isUnsigned ? P::ult : P::slt);
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  }
  /// a beats b although it comes later: nothing beats nan.
  Value later(bool maximum, Value a, Value b) {
    if (!isFloat())
      return beyond(maximum, a, b);
    Value beyondOrNan = arith::CmpFOp::create(
        builder, loc,
        maximum ? arith::CmpFPredicate::UGT : arith::CmpFPredicate::ULT, a, b);
    Value number =
        arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, b, b);
    return both(beyondOrNan, number);
  }
  Value select(Value c, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, c, a, b);
  }
  Value both(Value a, Value b) {
    return arith::AndIOp::create(builder, loc, a, b);
  }
  Value either(Value a, Value b) {
    return arith::OrIOp::create(builder, loc, a, b);
  }
  Value no(Value a) {
    Value yes = arith::ConstantOp::create(
        builder, loc,
        isa<VectorType>(a.getType()) ? TypedAttr(DenseElementsAttr::get(
                                           cast<VectorType>(a.getType()), true))
                                     : TypedAttr(builder.getBoolAttr(true)));
    return arith::XOrIOp::create(builder, loc, a, yes);
  }
};
} // namespace

static SmallVector<Value> combineArg(Comparer compare, bool maximum,
                                     ValueRange a, ValueRange b, bool inOrder) {
  if (inOrder) {
    Value take = compare.later(maximum, b[0], a[0]);
    return {compare.select(take, b[0], a[0]), compare.select(take, b[1], a[1])};
  }
  // Nothing is better than nan; of equals the one with the smaller index.
  Value better = compare.beyond(maximum, b[0], a[0]);
  Value worse = compare.beyond(maximum, a[0], b[0]);
  if (compare.isFloat()) {
    Value nanA = compare.nan(a[0]), nanB = compare.nan(b[0]);
    better = compare.either(better, compare.both(nanB, compare.no(nanA)));
    worse = compare.either(worse, compare.both(nanA, compare.no(nanB)));
  }
  Value earlier = arith::CmpIOp::create(compare.builder, compare.loc,
                                        arith::CmpIPredicate::slt, b[1], a[1]);
  Value take = compare.either(better, compare.both(compare.no(worse), earlier));
  return {compare.select(take, b[0], a[0]), compare.select(take, b[1], a[1])};
}

SmallVector<Value> sinter::passes::combine(ValueEmitter &emitter, Operation *op,
                                           ValueRange a, ValueRange b,
                                           bool inOrder) {
  OpBuilder &builder = emitter.builder;
  Location loc = op->getLoc();
  Comparer compare{builder, loc, elementOf(op)};
  bool isFloat = compare.isFloat();
  if (isa<ArgMaxOp, ArgMinOp>(op))
    return combineArg(compare, isa<ArgMaxOp>(op), a, b, inOrder);
  if (isa<ReduceSumOp, DotGeneralOp, ConvOp, FoldWindowsOp>(op)) {
    if (isFloat)
      return {arith::AddFOp::create(builder, loc, a[0], b[0])};
    return {arith::AddIOp::create(builder, loc, a[0], b[0])};
  }
  if (isa<ReduceProdOp>(op)) {
    if (isFloat)
      return {arith::MulFOp::create(builder, loc, a[0], b[0])};
    return {arith::MulIOp::create(builder, loc, a[0], b[0])};
  }
  bool maximum = isa<ReduceMaxOp>(op);
  // The earlier of equals stays, and a nan stays.
  Value result =
      compare.select(compare.beyond(maximum, b[0], a[0]), b[0], a[0]);
  if (isFloat)
    result = compare.select(compare.nan(b[0]), b[0], result);
  return {result};
}

SmallVector<Value> sinter::passes::combineLanes(ValueEmitter &emitter,
                                                Operation *op,
                                                ValueRange vectors) {
  OpBuilder &builder = emitter.builder;
  Location loc = op->getLoc();
  SmallVector<Value> values(vectors);
  int64_t lanes = cast<VectorType>(values[0].getType()).getNumElements();
  assert(llvm::isPowerOf2_64(lanes) && "halves");
  auto part = [&](Value vector, int64_t begin, int64_t count) -> Value {
    if (count == 1)
      return vector::ExtractOp::create(builder, loc, vector, begin);
    SmallVector<int64_t> chosen(count);
    std::iota(chosen.begin(), chosen.end(), begin);
    return vector::ShuffleOp::create(builder, loc, vector, vector, chosen);
  };
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<Value> low, high;
    for (Value value : values) {
      low.push_back(part(value, 0, half));
      high.push_back(part(value, half, half));
    }
    values = combine(emitter, op, low, high);
  }
  return values;
}
