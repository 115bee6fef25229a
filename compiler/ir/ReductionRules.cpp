//===- ReductionRules.cpp - derivatives of max, min and product -----------===//
//
// max and min: the element that won is found again, the first one in row-major
// order; reverse mode selects by comparing each element's position with it.
// Where the reduced dimensions are the last ones, argmax over them laid flat
// finds it; elsewhere (the windows of a pooling) it is the least position among
// the elements that equal the result, so that nothing has to be moved.  Forward
// mode gathers the tangent from there.
//
// product: rewritten as a balanced tree of multiplications, halves of the flat
// reduced dimensions with each other, and differentiated as that.  No division:
// right with zeros among the factors, and to any order, in linear work.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/Sinter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter::ir;

namespace {
/// A reduction's operand seen as [kept…, R]: the reduced dimensions, increasing
/// and in row-major order, are the last one.
class FlatReduction {
public:
  FlatReduction(OpBuilder &builder, Operation *op, ArrayRef<int64_t> dimensions)
      : builder(builder), loc(op->getLoc()),
        type(cast<RankedTensorType>(op->getOperand(0).getType())),
        reduced(dimensions) {
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (!llvm::is_contained(reduced, d))
        kept.push_back(d);
    for (int64_t d : kept)
      flatShape.push_back(type.getDimSize(d));
    for (int64_t d : reduced)
      extent *= type.getDimSize(d);
    flatShape.push_back(extent);
    llvm::append_range(permutation, kept);
    llvm::append_range(permutation, reduced);
  }

  int64_t getExtent() const { return extent; }
  /// The last dimension of the flat form.
  int64_t getAxis() const { return kept.size(); }

  Value flatten(Value x) {
    auto element = cast<RankedTensorType>(x.getType()).getElementType();
    if (!llvm::is_sorted(permutation))
      x = TransposeOp::create(builder, loc, x, permutation);
    return ReshapeOp::create(builder, loc,
                             RankedTensorType::get(flatShape, element), x);
  }

  Value unflatten(Value flat) {
    SmallVector<int64_t> shape, inverse(permutation.size());
    for (auto [i, d] : llvm::enumerate(permutation)) {
      shape.push_back(type.getDimSize(d));
      inverse[d] = i;
    }
    Value x = ReshapeOp::create(builder, loc, type.clone(shape), flat);
    if (llvm::is_sorted(permutation))
      return x;
    return TransposeOp::create(builder, loc, x, inverse);
  }

  /// A value of the reduction's result shape, repeated along the flat one.
  Value spread(Value y) {
    auto element = cast<RankedTensorType>(y.getType()).getElementType();
    return BroadcastOp::create(
        builder, loc, RankedTensorType::get(flatShape, element), y,
        llvm::to_vector(llvm::seq<int64_t>(0, getAxis())));
  }

  /// For each position along the flat axis, its number.
  Value positions(Type element) {
    return IotaOp::create(builder, loc,
                          RankedTensorType::get(flatShape, element), getAxis());
  }

  /// Elements [from, from + size) along the flat axis of `x`.
  Value part(Value x, int64_t from, int64_t size) {
    auto shape = cast<RankedTensorType>(x.getType()).getShape();
    SmallVector<int64_t> offsets(shape.size()), sizes(shape),
        strides(shape.size(), 1);
    offsets[getAxis()] = from;
    sizes[getAxis()] = size;
    return SliceOp::create(builder, loc, x, offsets, sizes, strides);
  }

  OpBuilder &builder;
  Location loc;
  RankedTensorType type;

private:
  SmallVector<int64_t> reduced, kept, permutation, flatShape;
  int64_t extent = 1;
};
} // namespace

//===----------------------------------------------------------------------===//
// Maximum and minimum
//===----------------------------------------------------------------------===//

/// Where along the flat axis the extremum stands.
template <typename ArgOp>
static Value findExtremum(FlatReduction &flat, Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType())
                  .clone(flat.builder.getI64Type());
  return ArgOp::create(flat.builder, flat.loc, type,
                       flat.flatten(op->getOperand(0)), flat.getAxis());
}

/// Whether there is anything to differentiate: floats, and an element that
/// wins.
static bool hasExtremum(Operation *op) {
  auto type = cast<RankedTensorType>(op->getOperand(0).getType());
  return isDifferentiableType(type) && type.getNumElements() != 0;
}

/// The cotangent where reduced dimensions lie before or among kept ones.
template <typename Op>
static Value extremumVjpInPlace(Op op, OpBuilder &builder, Value cotangent) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getOperand().getType());
  int64_t count = 1;
  SmallVector<int64_t> kept;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (llvm::is_contained(op.getDimensions(), d))
      count *= type.getDimSize(d);
    else
      kept.push_back(d);
  Type index = count <= std::numeric_limits<int32_t>::max()
                   ? builder.getI32Type()
                   : builder.getI64Type();
  auto spread = [&](Value y) -> Expr {
    Type element = cast<RankedTensorType>(y.getType()).getElementType();
    return {builder, loc,
            BroadcastOp::create(builder, loc,
                                RankedTensorType::get(type.getShape(), element),
                                y, kept)};
  };
  // Row-major among the reduced dimensions.
  std::optional<Expr> position;
  int64_t stride = 1;
  for (int64_t d : llvm::reverse(op.getDimensions())) {
    Expr along(builder, loc,
               IotaOp::create(builder, loc, type.clone(index), d));
    if (stride != 1)
      along = along * static_cast<double>(stride);
    position = position ? along + *position : along;
    stride *= type.getDimSize(d);
  }
  Expr x(builder, loc, op.getOperand()), y = spread(op.getResult());
  // A nan wins over everything, and equals nothing.
  Value nan = CompareOp::create(builder, loc, Comparison::ne, x, x);
  Expr won(builder, loc, OrOp::create(builder, loc, equal(x, y), nan));
  Value first = ReduceMinOp::create(
      builder, loc,
      where(won, *position, position->constant(static_cast<double>(count))),
      op.getDimensions());
  Expr dy = spread(cotangent);
  return where(equal(*position, spread(first)), dy, dy.constant(0));
}

static bool reducesLast(ArrayRef<int64_t> dimensions, int64_t rank) {
  int64_t count = dimensions.size();
  return count == 0 || dimensions.front() == rank - count;
}

template <typename ArgOp, typename Op>
static FailureOr<Values> extremumVjp(Op op, OpBuilder &builder,
                                     Value cotangent) {
  if (!cotangent || !hasExtremum(op))
    return Values(1);
  if (!reducesLast(op.getDimensions(),
                   cast<RankedTensorType>(op.getOperand().getType()).getRank()))
    return Values{extremumVjpInPlace(op, builder, cotangent)};
  FlatReduction flat(builder, op, op.getDimensions());
  Expr place(builder, flat.loc, flat.spread(findExtremum<ArgOp>(flat, op)));
  Expr position(builder, flat.loc, flat.positions(builder.getI64Type()));
  Expr dy(builder, flat.loc, flat.spread(cotangent));
  return Values{
      flat.unflatten(where(equal(position, place), dy, dy.constant(0)))};
}

template <typename ArgOp, typename Op>
static FailureOr<Values> extremumJvp(Op op, OpBuilder &builder, Value tangent) {
  if (!tangent || !hasExtremum(op))
    return Values(1);
  FlatReduction flat(builder, op, op.getDimensions());
  Value place = findExtremum<ArgOp>(flat, op);
  return Values{GatherOp::create(builder, flat.loc, flat.flatten(tangent),
                                 place, flat.getAxis(), flat.getAxis())};
}

FailureOr<Values> ReduceMaxOp::vjp(OpBuilder &builder,
                                   ArrayRef<Value> cotangents, ArrayRef<bool>) {
  return extremumVjp<ArgMaxOp>(*this, builder, cotangents[0]);
}
FailureOr<Values> ReduceMaxOp::jvp(OpBuilder &builder,
                                   ArrayRef<Value> tangents) {
  return extremumJvp<ArgMaxOp>(*this, builder, tangents[0]);
}
FailureOr<Values> ReduceMinOp::vjp(OpBuilder &builder,
                                   ArrayRef<Value> cotangents, ArrayRef<bool>) {
  return extremumVjp<ArgMinOp>(*this, builder, cotangents[0]);
}
FailureOr<Values> ReduceMinOp::jvp(OpBuilder &builder,
                                   ArrayRef<Value> tangents) {
  return extremumJvp<ArgMinOp>(*this, builder, tangents[0]);
}

//===----------------------------------------------------------------------===//
// Product
//===----------------------------------------------------------------------===//

namespace {
/// One level of the tree: `factors` along the flat axis; the next level is
/// left·right, followed by the last factor if their number is odd.
struct Level {
  Value factors, left, right;
  int64_t count, half;
};
} // namespace

/// The halves of a level, and what is left over.
static SmallVector<Value, 3> split(FlatReduction &flat, Value x, int64_t half,
                                   int64_t count) {
  SmallVector<Value, 3> parts{flat.part(x, 0, half), flat.part(x, half, half)};
  if (count % 2)
    parts.push_back(flat.part(x, count - 1, 1));
  return parts;
}

static Value join(FlatReduction &flat, ValueRange parts) {
  if (parts.size() == 1)
    return parts.front();
  return ConcatenateOp::create(flat.builder, flat.loc, parts, flat.getAxis());
}

/// [kept…, 1] without its last dimension, and back.
static Value asType(FlatReduction &flat, Value x, Type type) {
  return ReshapeOp::create(flat.builder, flat.loc, type, x);
}

static Expr expr(FlatReduction &flat, Value value) {
  return {flat.builder, flat.loc, value};
}

FailureOr<Values> ReduceProdOp::vjp(OpBuilder &builder,
                                    ArrayRef<Value> cotangents,
                                    ArrayRef<bool>) {
  FlatReduction flat(builder, *this, getDimensions());
  if (!cotangents[0] || !isDifferentiableType(flat.type) ||
      flat.getExtent() == 0)
    return Values(1);
  SmallVector<Level> levels;
  Value x = flat.flatten(getOperand());
  for (int64_t count = flat.getExtent(); count > 1; count -= count / 2) {
    int64_t half = count / 2;
    SmallVector<Value, 3> parts = split(flat, x, half, count);
    levels.push_back({x, parts[0], parts[1], count, half});
    // The product of the last two is not needed.
    if (count == 2)
      break;
    Value product = expr(flat, parts[0]) * expr(flat, parts[1]);
    SmallVector<Value> next{product};
    next.append(parts.begin() + 2, parts.end());
    x = join(flat, next);
  }
  SmallVector<int64_t> shape(cast<RankedTensorType>(getType()).getShape());
  shape.push_back(1);
  Value dx = asType(flat, cotangents[0], flat.type.clone(shape));
  for (Level &level : llvm::reverse(levels)) {
    Expr product = expr(flat, flat.part(dx, 0, level.half));
    SmallVector<Value> parts{product * expr(flat, level.right),
                             product * expr(flat, level.left)};
    if (level.count % 2)
      parts.push_back(flat.part(dx, level.half, 1));
    dx = join(flat, parts);
  }
  return Values{flat.unflatten(dx)};
}

FailureOr<Values> ReduceProdOp::jvp(OpBuilder &builder,
                                    ArrayRef<Value> tangents) {
  FlatReduction flat(builder, *this, getDimensions());
  if (!tangents[0] || !isDifferentiableType(flat.type) || flat.getExtent() == 0)
    return Values(1);
  Value x = flat.flatten(getOperand()), dx = flat.flatten(tangents[0]);
  for (int64_t count = flat.getExtent(); count > 1; count -= count / 2) {
    int64_t half = count / 2;
    SmallVector<Value, 3> parts = split(flat, x, half, count);
    SmallVector<Value, 3> dparts = split(flat, dx, half, count);
    Expr left = expr(flat, parts[0]), right = expr(flat, parts[1]);
    Expr dleft = expr(flat, dparts[0]), dright = expr(flat, dparts[1]);
    SmallVector<Value> next{left * right}, dnext{dleft * right + left * dright};
    next.append(parts.begin() + 2, parts.end());
    dnext.append(dparts.begin() + 2, dparts.end());
    x = join(flat, next);
    dx = join(flat, dnext);
  }
  return Values{asType(flat, dx, getType())};
}
