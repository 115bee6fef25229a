//===- RandomGraph.cpp - graphs nobody wrote ------------------------------===//

#include "tests/passes/simplify/RandomGraph.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value RandomGraph::pick() {
  // Mostly recent values, so that the graph is deep.
  int64_t n = pool.size();
  return pool[below(2) ? below(n) : n - 1 - below(std::min<int64_t>(n, 4))];
}

Value RandomGraph::constant(RankedTensorType type) {
  Type element = type.getElementType();
  static const double numbers[] = {0.0, -0.0, 1.0, -1.0, 2.0, 0.25, 3.0};
  auto number = [&]() -> Attribute {
    if (isa<FloatType>(element))
      return FloatAttr::get(element, numbers[below(std::size(numbers))]);
    return IntegerAttr::get(element,
                            APInt(element.getIntOrFloatBitWidth(), below(4) - 1,
                                  /*isSigned=*/true, /*implicitTrunc=*/true));
  };
  SmallVector<Attribute> elements;
  bool splat = below(3) != 0;
  for (int64_t i = 0; i < (splat ? 1 : type.getNumElements()); ++i)
    elements.push_back(number());
  if (type.getNumElements() == 0)
    elements.clear();
  return ConstantOp::create(
      builder, loc, type,
      cast<ElementsAttr>(DenseElementsAttr::get(type, elements)));
}

Value RandomGraph::pickLike(Value other) {
  std::vector<Value> fitting;
  for (Value value : pool)
    if (value.getType() == other.getType())
      fitting.push_back(value);
  if (below(4) == 0)
    return constant(typeOf(other));
  return fitting[below(fitting.size())];
}

Value RandomGraph::pointwise(Value x) {
  Type element = typeOf(x).getElementType();
  bool isFloat = isa<FloatType>(element), isBool = element.isInteger(1);
  Value y = pickLike(x);
  if (below(2))
    std::swap(x, y);
  switch (below(isBool ? 4 : 10)) {
  case 0:
    if (isFloat)
      return SqrtOp::create(builder, loc, x);
    return NotOp::create(builder, loc, x);
  case 1: {
    const Type types[] = {
        builder.getF32Type(),      builder.getF64Type(),
        builder.getI32Type(),      builder.getI1Type(),
        builder.getIntegerType(8), builder.getIntegerType(8, false)};
    return CastOp::create(builder, loc,
                          typeOf(x).clone(types[below(std::size(types))]), x);
  }
  case 2: {
    Value condition = CompareOp::create(
        builder, loc, static_cast<Comparison>(below(6)), x, y);
    return below(2) ? condition
                    : SelectOp::create(builder, loc, x.getType(), condition, y,
                                       pickLike(x))
                          .getResult();
  }
  case 3:
    if (isFloat)
      return NegOp::create(builder, loc, x);
    return below(2) ? AndOp::create(builder, loc, x, y).getResult()
                    : XorOp::create(builder, loc, x, y).getResult();
  case 4:
    return MaxOp::create(builder, loc, x, y);
  case 5:
    return SubOp::create(builder, loc, x, y);
  case 6:
    return DivOp::create(builder, loc, x, y);
  case 7:
    return MulOp::create(builder, loc, x, y);
  case 8:
    return NegOp::create(builder, loc, x);
  default:
    return AddOp::create(builder, loc, x, y);
  }
}

Value RandomGraph::movement(Value x) {
  RankedTensorType type = typeOf(x);
  int64_t rank = type.getRank();
  SmallVector<int64_t> zeros(rank, 0), ones(rank, 1), low, high, order;
  for (int64_t d = 0; d < rank; ++d) {
    low.push_back(below(3));
    high.push_back(below(2));
    order.insert(order.begin() + below(d + 1), d);
  }
  switch (below(8)) {
  case 0:
    return TransposeOp::create(builder, loc, x, order);
  case 1: {
    // All in one dimension, or split off a unit dimension somewhere.
    SmallVector<int64_t> shape = {type.getNumElements()};
    if (below(2)) {
      shape = SmallVector<int64_t>(type.getShape());
      shape.insert(shape.begin() + below(rank + 1), 1);
    }
    return ReshapeOp::create(builder, loc, type.clone(shape), x);
  }
  case 2: {
    SmallVector<int64_t> shape(type.getShape()), dimensions;
    for (int64_t &extent : shape)
      extent = extent == 1 && below(2) ? 3 : extent;
    int64_t place = below(rank + 1);
    shape.insert(shape.begin() + place, 1 + below(3));
    for (int64_t d = 0; d < rank; ++d)
      dimensions.push_back(d < place ? d : d + 1);
    return BroadcastOp::create(builder, loc, type.clone(shape), x, dimensions);
  }
  case 3: {
    SmallVector<int64_t> offsets, sizes, strides;
    for (int64_t extent : type.getShape()) {
      strides.push_back(1 + below(2));
      offsets.push_back(extent ? below(extent) : 0);
      int64_t most =
          extent ? (extent - offsets.back() - 1) / strides.back() + 1 : 0;
      sizes.push_back(most ? 1 + below(most) : 0);
    }
    return SliceOp::create(builder, loc, x, offsets, sizes, strides);
  }
  case 4:
    return PadOp::create(builder, loc, x, low, high, below(3) ? zeros : ones);
  case 5: {
    SmallVector<int64_t> dimensions;
    for (int64_t d = 0; d < rank; ++d)
      if (below(2))
        dimensions.push_back(d);
    return ReverseOp::create(builder, loc, x, dimensions);
  }
  case 6: {
    int64_t d = rank ? below(rank) : 0;
    int64_t extent = rank ? type.getDimSize(d) : 0;
    if (extent == 0)
      return x;
    int64_t size = 1 + below(std::min<int64_t>(extent, 3));
    int64_t stride = below(2) ? size : 1 + below(2);
    Value windows = WindowsOp::create(
        builder, loc, x, ArrayRef<int64_t>{d}, ArrayRef<int64_t>{size},
        ArrayRef<int64_t>{stride}, ArrayRef<int64_t>{1});
    // Sums only of one term, whose order does not matter.
    if (below(2) || stride < size || type.getElementType().isInteger(1))
      return windows;
    return FoldWindowsOp::create(builder, loc, type, windows,
                                 ArrayRef<int64_t>{d}, ArrayRef<int64_t>{size},
                                 ArrayRef<int64_t>{stride},
                                 ArrayRef<int64_t>{1});
  }
  default:
    if (rank == 0)
      return x;
    return ConcatenateOp::create(builder, loc, ValueRange{x, pickLike(x)},
                                 below(rank));
  }
}

Value RandomGraph::combination(Value x) {
  RankedTensorType type = typeOf(x);
  int64_t rank = type.getRank();
  if (type.getElementType().isInteger(1) || rank == 0)
    return {};
  SmallVector<int64_t> dimensions = {below(rank)};
  switch (below(4)) {
  case 0:
    return ReduceSumOp::create(builder, loc, x, dimensions);
  case 1:
    return ReduceMaxOp::create(builder, loc, x, dimensions);
  case 2: { // The derivative of slicing: disjoint pads, added.
    int64_t d = dimensions[0], extent = type.getDimSize(d);
    SmallVector<int64_t> none(rank, 0), some(rank, 0);
    some[d] = extent + below(2);
    Value a = PadOp::create(builder, loc, x, none, some, none);
    Value b = PadOp::create(builder, loc, pickLike(x), some, none, none);
    return AddOp::create(builder, loc, a, b);
  }
  default: {
    Value y = pickLike(x);
    SmallVector<int64_t> batch;
    for (int64_t d = 0; d < rank; ++d)
      if (d != dimensions[0] && below(3) == 0)
        batch.push_back(d);
    return DotGeneralOp::create(builder, loc, x, y, dimensions, dimensions,
                                batch, batch);
  }
  }
}

void RandomGraph::grow() {
  constexpr int64_t mostElements = 400, mostRank = 4;
  Value x = pick(), made;
  switch (below(5)) {
  case 0:
  case 1:
    made = pointwise(x);
    break;
  case 2:
    made = combination(x);
    break;
  default:
    made = movement(x);
  }
  // What has grown too large is left dead.
  if (made && typeOf(made).getNumElements() <= mostElements &&
      typeOf(made).getRank() <= mostRank)
    add(made);
}

/// A scan whose body is a random graph; its carry is multiplied, not added to,
/// so that no sum may change its order.
static void addScan(OpBuilder &builder, RandomGraph &graph, Value carry,
                    Value xs, Value invariant, uint32_t seed) {
  Location loc = builder.getUnknownLoc();
  int64_t steps = typeOf(xs).getDimSize(0);
  OpBuilder::InsertPoint outside = builder.saveInsertionPoint();
  Block *body = new Block;
  auto index = RankedTensorType::get({}, builder.getI64Type());
  auto slice = typeOf(xs).clone(typeOf(xs).getShape().drop_front());
  for (Type type :
       {Type(index), carry.getType(), Type(slice), invariant.getType()})
    body->addArgument(type, loc);
  builder.setInsertionPointToStart(body);
  RandomGraph inner(builder, seed);
  for (Value argument : body->getArguments().drop_front())
    inner.add(argument);
  for (int i = 0; i < 18; ++i)
    inner.grow();
  Values results = {body->getArgument(1)};
  for (Value value : inner.values())
    if (value.getType() == carry.getType() && value != body->getArgument(1))
      results[0] = MulOp::create(builder, loc, body->getArgument(1), value);
  SmallVector<Type> types = {carry.getType()};
  for (int i = 0; i < 4; ++i) {
    Value value = inner.values()[inner.below(inner.values().size())];
    results.push_back(value);
    SmallVector<int64_t> shape = {steps};
    llvm::append_range(shape, typeOf(value).getShape());
    types.push_back(typeOf(value).clone(shape));
  }
  YieldOp::create(builder, loc, results);
  builder.restoreInsertionPoint(outside);
  auto scan = ScanOp::create(builder, loc, types, ValueRange{carry},
                             ValueRange{xs}, ValueRange{invariant}, steps,
                             /*reverse=*/graph.below(2) != 0);
  scan.getBody().push_back(body);
  for (Value result : scan.getResults())
    graph.add(result);
}

std::string sinter::passes::randomEntry(MLIRContext &context, uint32_t seed,
                                        bool withScan) {
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  SmallVector<Type> inputs;
  Type f32 = builder.getF32Type();
  inputs.push_back(RankedTensorType::get({2, 3}, f32));
  inputs.push_back(RankedTensorType::get({3, 2, 3}, f32));
  inputs.push_back(RankedTensorType::get({3, 3}, f32));
  inputs.push_back(RankedTensorType::get({1, 4}, builder.getI32Type()));
  Block *block = new Block;
  block->addArguments(inputs, SmallVector<Location>(inputs.size(), loc));
  builder.setInsertionPointToStart(block);
  RandomGraph graph(builder, seed);
  for (Value argument : block->getArguments())
    graph.add(argument);
  for (int i = 0; i < 12; ++i)
    graph.grow();
  if (withScan)
    addScan(builder, graph, block->getArgument(0), block->getArgument(1),
            block->getArgument(2), seed + 1);
  for (int i = 0; i < 24; ++i)
    graph.grow();
  Values results(graph.values().take_back(6));
  ReturnOp::create(builder, loc, results);
  builder.setInsertionPointToEnd(module->getBody());
  auto type = builder.getFunctionType(inputs, ValueRange(results).getTypes());
  auto entry = EntryOp::create(builder, loc, "f", type, nullptr, nullptr);
  entry.getBody().push_back(block);
  std::string text;
  llvm::raw_string_ostream stream(text);
  entry.print(stream);
  return text;
}
