//===- ScoreRegion.cpp - from scores to what they weigh -------------------===//

#include "passes/differentiate/ScoreRegion.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// Longer ones are no attention.
static constexpr size_t mostOps = 200;

static int64_t countElements(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

/// Ops that can be computed for a part of their result from a part of their
/// operands, other than contractions.
static bool isSliceable(Operation *op) {
  return op->hasTrait<Pointwise>() || op->hasTrait<Reduction>() ||
         isa<BroadcastOp, ReshapeOp, TransposeOp>(op);
}

/// Ops that are repeated for each part rather than kept whole.
static bool isCheap(Operation *op) {
  if (auto constant = dyn_cast<ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue());
  return op->hasTrait<Pointwise>() ||
         isa<BroadcastOp, ReshapeOp, TransposeOp, IotaOp>(op);
}

/// A value that a request differentiates by must stay what the result is
/// computed from.
static bool isAskedFor(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return isa<GradientOp, VjpOp, JvpOp>(user);
  });
}

std::optional<ScoreRegion> ScoreRegion::find(DotGeneralOp scores) {
  ScoreRegion region;
  region.scores = scores;
  llvm::SetVector<Operation *> found;
  found.insert(scores);
  for (size_t i = 0; i < found.size() && found.size() <= mostOps; ++i) {
    Value value = found[i]->getResult(0);
    region.fromScores.insert(value);
    for (Operation *user : value.getUsers()) {
      auto dot = dyn_cast<DotGeneralOp>(user);
      if (dot && (!region.result || region.result == dot))
        region.result = dot;
      else if (user->getBlock() == scores->getBlock() && isSliceable(user))
        found.insert(user);
      else
        region.otherReader = user;
    }
    region.hasReduction |= found[i]->hasTrait<Reduction>();
  }
  auto isOfScores = [&](Value operand) {
    return region.fromScores.contains(operand);
  };
  if (!region.result || found.size() > mostOps ||
      llvm::all_of(region.result->getOperands(), isOfScores))
    return std::nullopt;
  found.insert(region.result);

  // What is as large as the scores of one batch and cheap.
  int64_t large = 1;
  for (int64_t extent :
       scores.getType().getShape().drop_front(scores.getLhsBatch().size()))
    large *= extent;
  auto joins = [&](Value operand) {
    Operation *definition = operand.getDefiningOp();
    if (!definition || !isCheap(definition) || isAskedFor(operand))
      return false;
    return isa<ConstantOp>(definition) || countElements(operand) >= large;
  };
  for (size_t i = 0; i < found.size() && found.size() <= mostOps; ++i)
    if (!isa<DotGeneralOp>(found[i]))
      for (Value operand : found[i]->getOperands())
        if (joins(operand))
          found.insert(operand.getDefiningOp());
  SmallVector<Operation *> ops(found.begin(), found.end());
  llvm::sort(ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  region.ops.insert(ops.begin(), ops.end());
  return region;
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

static int64_t placeOf(ArrayRef<int64_t> dims, int64_t dim) {
  auto place = llvm::find(dims, dim);
  return place == dims.end() ? -1 : place - dims.begin();
}

/// The dimension of a reshape's operand whose slices are those of `dim`.
static std::optional<int64_t> throughReshape(ReshapeOp op, int64_t dim) {
  auto shapeOf = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  };
  ArrayRef<int64_t> to = shapeOf(op.getResult()),
                    from = shapeOf(op.getOperand());
  auto before = [](ArrayRef<int64_t> shape, int64_t d) {
    int64_t product = 1;
    for (int64_t extent : shape.take_front(d))
      product *= extent;
    return product;
  };
  for (int64_t d = 0; d < static_cast<int64_t>(from.size()); ++d)
    if (from[d] == to[dim] && before(from, d) == before(to, dim))
      return d;
  return std::nullopt;
}

/// For a slice of the op's result along `dim`, the dimensions along which its
/// operands are sliced; nothing if that cannot be.
static std::optional<SmallVector<int64_t>> getOperandDims(Operation *op,
                                                          int64_t dim) {
  constexpr int64_t whole = -1;
  using Dims = SmallVector<int64_t>;
  if (op->hasTrait<Pointwise>())
    return Dims(op->getNumOperands(), dim);
  if (op->hasTrait<Reduction>()) {
    auto reduced = op->getAttrOfType<DenseI64ArrayAttr>("dimensions");
    int64_t d = dim;
    for (int64_t each : reduced.asArrayRef())
      d += each <= d;
    return Dims{d};
  }
  if (isa<IotaOp, ConstantOp>(op))
    return Dims{};
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    int64_t d = placeOf(broadcast.getDimensions(), dim);
    auto type = cast<RankedTensorType>(broadcast.getOperand().getType());
    bool repeats = d < 0 || (type.getDimSize(d) == 1 &&
                             broadcast.getType().getDimSize(dim) != 1);
    return Dims{repeats ? whole : d};
  }
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    std::optional<int64_t> d = throughReshape(reshape, dim);
    return d ? std::optional(Dims{*d}) : std::nullopt;
  }
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return Dims{transpose.getPermutation()[dim]};
  auto dot = cast<DotGeneralOp>(op);
  int64_t batch = dot.getLhsBatch().size(), left = dot.getLhsFree().size();
  if (dim < batch)
    return Dims{dot.getLhsBatch()[dim], dot.getRhsBatch()[dim]};
  if (dim < batch + left)
    return Dims{dot.getLhsFree()[dim - batch], whole};
  return Dims{whole, dot.getRhsFree()[dim - batch - left]};
}

bool SlicedRegion::need(Value value, int64_t dim) {
  if (!needed.insert({value, dim}).second)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || !region->ops.contains(op)) {
    (dim == whole ? invariants : slices).push_back({value, dim});
    return true;
  }
  SmallVector<int64_t> dims(op->getNumOperands(), whole);
  if (dim == whole) {
    if (region->fromScores.contains(value))
      return false;
  } else {
    auto found = getOperandDims(op, dim);
    if (!found)
      return false;
    dims = *found;
  }
  if (op == region->scores)
    scoresDim = dim;
  for (auto [operand, each] : llvm::zip(op->getOperands(), dims))
    if (!need(operand, each))
      return false;
  order.push_back({op, dim});
  return true;
}

std::optional<SlicedRegion> SlicedRegion::along(const ScoreRegion &region,
                                                int64_t resultDim) {
  SlicedRegion sliced(region);
  sliced.resultDim = resultDim;
  // Its depth is bounded by the region's size.
  if (!sliced.need(region.result->getResult(0), resultDim))
    return std::nullopt;
  return sliced;
}

static RankedTensorType withExtent(Value value, int64_t dim, int64_t extent) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (dim >= 0)
    shape[dim] = extent;
  return type.clone(shape);
}

/// The dimensions of a stack of `rank` with the steps before `dim`, or 0.
static SmallVector<int64_t> moveSteps(int64_t rank, int64_t from, int64_t to) {
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return order;
}

/// Slices of `value` along `dim`, stacked.
static Value stackSlices(OpBuilder &builder, Value value, int64_t dim,
                         int64_t start, int64_t extent, int64_t steps) {
  Location loc = value.getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getDimSize(dim) != extent * steps) {
    SmallVector<int64_t> offsets(type.getRank(), 0), strides(type.getRank(), 1),
        sizes(type.getShape());
    offsets[dim] = start;
    sizes[dim] = extent * steps;
    value = SliceOp::create(builder, loc, type.clone(sizes), value, offsets,
                            sizes, strides);
  }
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = extent;
  shape.insert(shape.begin() + dim, steps);
  value = ReshapeOp::create(builder, loc, type.clone(shape), value);
  if (dim == 0)
    return value;
  shape.erase(shape.begin() + dim);
  shape.insert(shape.begin(), steps);
  return TransposeOp::create(builder, loc, type.clone(shape), value,
                             moveSteps(shape.size(), dim, 0));
}

/// The other way round.
static Value joinSlices(OpBuilder &builder, Value stack, int64_t dim) {
  Location loc = stack.getLoc();
  auto type = cast<RankedTensorType>(stack.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (dim != 0) {
    shape.erase(shape.begin());
    shape.insert(shape.begin() + dim, type.getDimSize(0));
    stack = TransposeOp::create(builder, loc, type.clone(shape), stack,
                                moveSteps(shape.size(), 0, dim));
  }
  shape[dim + 1] *= shape[dim];
  shape.erase(shape.begin() + dim);
  return ReshapeOp::create(builder, loc, type.clone(shape), stack);
}

/// An iota along the sliced dimension: its step's numbers.
static Value createIota(OpBuilder &builder, IotaOp op, RankedTensorType type,
                        Value index, int64_t start, int64_t extent) {
  Location loc = op.getLoc();
  auto scalar = cast<RankedTensorType>(index.getType());
  auto number = [&](int64_t value) -> Value {
    return ConstantOp::create(builder, loc, scalar,
                              DenseElementsAttr::get(scalar, value));
  };
  // Added up as whole numbers: floats would be rounded twice.
  int64_t dim = op.getDimension();
  RankedTensorType line = scalar.clone({type.getDimSize(dim)});
  Value first = MulOp::create(builder, loc, index, number(extent));
  first = AddOp::create(builder, loc, first, number(start));
  first = BroadcastOp::create(builder, loc, line, first, ArrayRef<int64_t>());
  Value numbers = IotaOp::create(builder, loc, line, 0);
  numbers = AddOp::create(builder, loc, numbers, first);
  if (line.getElementType() != type.getElementType())
    numbers =
        CastOp::create(builder, loc, type.clone(line.getShape()), numbers);
  return BroadcastOp::create(builder, loc, type, numbers,
                             ArrayRef<int64_t>{dim});
}

SlicedRegion::Blocks SlicedRegion::emit(OpBuilder &builder, int64_t start,
                                        int64_t extent, int64_t steps) const {
  DotGeneralOp dot = region->result;
  Location loc = dot.getLoc();
  Values xs, outside;
  for (auto [value, dim] : slices)
    xs.push_back(stackSlices(builder, value, dim, start, extent, steps));
  for (auto [value, dim] : invariants)
    outside.push_back(value);
  RankedTensorType stepType = withExtent(dot.getResult(), resultDim, extent);
  SmallVector<int64_t> shape(stepType.getShape());
  shape.insert(shape.begin(), steps);
  auto scan =
      ScanOp::create(builder, loc, TypeRange{stepType.clone(shape)},
                     ValueRange(), xs, outside, steps, /*reverse=*/false,
                     /*checkpoint=*/true, /*apart=*/true);

  Block &body = scan.getBody().emplaceBlock();
  Value index =
      body.addArgument(RankedTensorType::get({}, builder.getI64Type()), loc);
  llvm::DenseMap<Part, Value> inside;
  for (const Part &slice : slices)
    inside[slice] = body.addArgument(
        withExtent(slice.first, slice.second, extent), slice.first.getLoc());
  for (const Part &value : invariants)
    inside[value] =
        body.addArgument(value.first.getType(), value.first.getLoc());

  OpBuilder step = OpBuilder::atBlockEnd(&body);
  Blocks blocks;
  for (auto [op, dim] : order) {
    RankedTensorType type = withExtent(op->getResult(0), dim, extent);
    Value &value = inside[{op->getResult(0), dim}];
    auto iota = dyn_cast<IotaOp>(op);
    if (iota && static_cast<int64_t>(iota.getDimension()) == dim) {
      value = createIota(step, iota, type, index, start, extent);
      continue;
    }
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      auto splat = cast<SplatElementsAttr>(constant.getValue());
      value = ConstantOp::create(step, op->getLoc(), type,
                                 cast<ElementsAttr>(splat.resizeSplat(type)));
      continue;
    }
    SmallVector<int64_t> dims(op->getNumOperands(), whole);
    if (dim != whole)
      dims = *getOperandDims(op, dim);
    Values operands;
    for (auto [operand, each] : llvm::zip(op->getOperands(), dims))
      operands.push_back(inside.lookup({operand, each}));
    Operation *clone = step.clone(*op);
    clone->setOperands(operands);
    clone->getResult(0).setType(type);
    value = clone->getResult(0);
    if (op == region->scores)
      blocks.scores = cast<DotGeneralOp>(clone);
    if (op == region->result)
      blocks.result = cast<DotGeneralOp>(clone);
  }
  YieldOp::create(step, loc, ValueRange{blocks.result.getResult()});
  blocks.whole = joinSlices(builder, scan.getResult(0), resultDim);
  return blocks;
}
