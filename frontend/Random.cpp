//===- Random.cpp - random draws, their keys and streams ------------------===//
//
// The key [seed, call] of an entry is the variable @rng, which the entry writes
// back with the call counted up.  In `init` it is [seed, 0].  A loop's body
// adds (t + 1)·Π(n + 1)·2³² to the call, the product being over the loops
// around it, so that no two steps of nested loops share a key.  A checkpoint
// has the key from outside: what is computed again draws the same numbers.
//
//===----------------------------------------------------------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/nn.h"
#include "frontend/include/sinter/ops.h"

using namespace mlir;

namespace sinter {
using detail::Graph;
using detail::Step;

namespace detail {

/// tensor<i64> as the second element of a key, 0 being the first; or, `first`,
/// the other way round.
static Value asKey(OpBuilder &builder, Location loc, Value scalar, bool first) {
  Type one = RankedTensorType::get({1}, builder.getI64Type());
  Value zero = ir::ConstantOp::create(
      builder, loc, one,
      DenseElementsAttr::get(cast<ShapedType>(one), int64_t(0)));
  Value element = ir::ReshapeOp::create(builder, loc, one, scalar);
  SmallVector<Value> parts{zero, element};
  if (first)
    std::swap(parts[0], parts[1]);
  return ir::ConcatenateOp::create(builder, loc, parts, 0);
}

static Initializer keyInitializer() {
  return {"[seed, 0]", [](const std::vector<int64_t> &, DType, Place place) {
            Graph &graph = *Graph::current();
            return graph.wrap(graph.randomKey(place));
          }};
}

Value Graph::randomKey(Place place) {
  Value key = keyAt(frames.size() - 1, place);
  builder.setInsertionPointToEnd(frames.back().block);
  return key;
}

Value Graph::keyAt(size_t level, Place place) {
  if (Value key = frames[level].key)
    return key;
  Value key;
  if (level == 0 && openEntry->isInit) {
    builder.setInsertionPointToEnd(frames[0].block);
    key = asKey(builder, loc(place), frames[0].block->getArgument(0),
                /*first=*/true);
  } else if (level == 0) {
    // The variable is shared by all draws, wherever they stand.
    FullNames names(*this);
    std::vector<Place> calls{definition.place};
    std::swap(calls, callScopes);
    Variable rng = ownVariable(randomState, {2}, keyInitializer(), DType::i64,
                               /*trainable=*/false, definition.place);
    std::swap(calls, callScopes);
    Tensor read = this->read(rng, place);
    openEntry->written.try_emplace(Access::record(rng), place);
    const Node *node = Access::node(read);
    key = node->value;
    if (!key) // An entry has that name: reported.
      return {};
  } else {
    Value outer = keyAt(level - 1, place);
    if (!outer)
      return {};
    outer = resolveIn(outer, level - 1, level);
    if (frames[level].isCheckpoint)
      return frames[level].key = outer;
    builder.setInsertionPointToEnd(frames[level].block);
    uint64_t radix = uint64_t(1) << 32;
    for (size_t i = 1; i < level; ++i)
      if (!frames[i].isCheckpoint)
        radix *= static_cast<uint64_t>(frames[i].steps) + 1;
    Location at = loc(place);
    Value t = frames[level].block->getArgument(0);
    auto type = cast<RankedTensorType>(t.getType());
    auto number = [&](uint64_t value) -> Value {
      return ir::ConstantOp::create(
          builder, at, type,
          DenseElementsAttr::get(type, static_cast<int64_t>(value)));
    };
    Value step = ir::AddOp::create(builder, at, t, number(1));
    step = ir::MulOp::create(builder, at, step, number(radix));
    key = ir::AddOp::create(builder, at, outer,
                            asKey(builder, at, step, /*first=*/false));
  }
  frames[level].key = key;
  return key;
}

int32_t Graph::randomStream(StringRef kind) {
  std::string name = scoped("");
  if (name.empty())
    name = kind.str();
  name += "#" + std::to_string(openEntry->ordinals[name]++);
  while (true) {
    uint32_t hash = 2166136261u; // FNV-1a
    for (unsigned char c : name)
      hash = (hash ^ c) * 16777619u;
    // The last bit stays free: a normal number draws from two streams.
    uint32_t stream = hash & ~1u;
    if (openEntry->streams.try_emplace(stream, name).first->second == name)
      return static_cast<int32_t>(stream);
    name += "'"; // two names of one hash
  }
}

} // namespace detail

namespace random {

static Tensor draw(StringRef what, StringRef mnemonic, const Shape &shape,
                   DType dtype, Place place,
                   std::optional<double> probability = {}) {
  Step step(what, place);
  RankedTensorType type = step.type(dtype, shape.sizes());
  if (!step)
    return step.poison();
  Builder &builder = step.graph->builder;
  Value key = step.graph->randomKey(place);
  if (!key)
    return step.poison();
  NamedAttrList attributes;
  attributes.set("stream",
                 builder.getI32IntegerAttr(step.graph->randomStream(what)));
  if (probability)
    attributes.set("probability", builder.getF64FloatAttr(*probability));
  return step.create(mnemonic, type, key, attributes);
}

Tensor uniform(Shape shape, DType dtype, Place place) {
  return draw("uniform", "random_uniform", shape, dtype, place);
}
Tensor normal(Shape shape, DType dtype, Place place) {
  return draw("normal", "random_normal", shape, dtype, place);
}
Tensor bernoulli(Shape shape, double p, Place place) {
  return draw("bernoulli", "random_bernoulli", shape, i1, place, p);
}

} // namespace random

namespace nn {
Tensor dropout(Tensor x, double keep, Place place) {
  Scope scope("dropout", place);
  Step step("dropout", place);
  if (step && !(keep > 0 && keep <= 1))
    return step.fail("the probability to keep an element, " +
                     detail::shown(keep) + ", is not in (0, 1]");
  if (x.is_poison())
    return step.result(step.use(x));
  return where(random::bernoulli(x.shape(), keep), x / keep, 0.0);
}
} // namespace nn

} // namespace sinter
