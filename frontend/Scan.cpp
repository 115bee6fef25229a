//===- Scan.cpp - loops and checkpoints -----------------------------------===//
//
// The body is built into a region of its own, in a frame on top of the one that
// holds the loop.  What it uses from outside becomes an invariant when it is
// first used (Graph::resolve).  A checkpoint is a loop of one step that keeps
// only what it begins with.
//
//===----------------------------------------------------------------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/control.h"
#include "frontend/include/sinter/ops.h"

using namespace mlir;

namespace sinter::detail {

/// The body's values as operands of its yield; null if one is poison.
static bool resolveAll(Step &step, const std::vector<Tensor> &tensors,
                       SmallVectorImpl<Value> &values) {
  for (const Tensor &tensor : tensors)
    values.push_back(step.use(tensor));
  return static_cast<bool>(step);
}

using Body = std::function<ScanValues(Tensor, const std::vector<Tensor> &,
                                      const std::vector<Tensor> &)>;
enum class Kind { Loop, ReverseLoop, Checkpoint };

static ScanValues build(Kind kind, const std::vector<Tensor> &init,
                        const std::vector<Tensor> &xs, int64_t steps,
                        const Body &body, Place place) {
  bool isLoop = kind != Kind::Checkpoint;
  Step step(isLoop ? "scan" : "checkpoint", place);
  SmallVector<Value> initial = step.use(init), sequences = step.use(xs);
  if (step && (steps < 0 || steps > mostElements))
    step.fail(Twine(steps) + " steps are not possible");
  if (step)
    for (Value sequence : sequences)
      if (typeOf(sequence).getRank() == 0 ||
          typeOf(sequence).getDimSize(0) != steps)
        step.fail(Twine(steps) + " steps, but the input " +
                  describe(sequence.getType()) +
                  " does not have that many slices along dimension 0");
  ScanValues poison{std::vector<Tensor>(init.size(), step.poison()), {}};
  if (!step) {
    // The body runs all the same, on poison, for mistakes of its own and the
    // structure of its outputs.
    ScanValues last = body(step.poison(), poison.carry,
                           std::vector<Tensor>(xs.size(), step.poison()));
    poison.outputs.assign(last.outputs.size(), step.poison());
    return poison;
  }

  Graph &graph = *step.graph;
  Location loc = graph.namedLoc("", graph.loc(place));
  auto region = std::make_unique<Region>();
  Block *block = &region->emplaceBlock();
  Value index = block->addArgument(
      RankedTensorType::get({}, graph.builder.getI64Type()), loc);
  for (Value value : initial)
    block->addArgument(value.getType(), value.getLoc());
  for (Value value : sequences)
    block->addArgument(
        typeOf(value).clone(typeOf(value).getShape().drop_front()),
        value.getLoc());

  graph.pushFrame(block, steps).isCheckpoint = !isLoop;
  std::vector<Tensor> carry, slices;
  for (size_t i = 0; i < initial.size(); ++i)
    carry.push_back(graph.wrap(block->getArgument(1 + i)));
  for (size_t i = 0; i < sequences.size(); ++i)
    slices.push_back(graph.wrap(block->getArgument(1 + initial.size() + i)));
  ScanValues last = body(graph.wrap(index), carry, slices);

  SmallVector<Value> yielded;
  if (last.carry.size() != init.size())
    step.fail("the carry begins as " + Twine(init.size()) +
              " tensors and the body returns " + Twine(last.carry.size()));
  if (step && resolveAll(step, last.carry, yielded))
    resolveAll(step, last.outputs, yielded);
  if (step)
    for (auto [before, after] : llvm::zip(initial, yielded))
      if (before.getType() != after.getType()) {
        step.fail("the carry begins as " + describe(before.getType()) +
                  " and the body returns it as " + describe(after.getType()));
        break;
      }
  SmallVector<Type> results(ValueRange(initial).getTypes());
  if (step)
    for (Value output : ArrayRef(yielded).drop_front(initial.size())) {
      SmallVector<int64_t> shape(typeOf(output).getShape());
      shape.insert(shape.begin(), steps);
      results.push_back(
          step.type(dtypeOf(typeOf(output).getElementType()), shape));
    }
  if (step)
    ir::YieldOp::create(graph.builder, loc, yielded);
  SmallVector<Value> invariants = graph.frame()->invariants;
  graph.popFrame();

  poison.outputs.assign(last.outputs.size(), step.poison());
  if (!step)
    return poison;
  OperationState state(loc, ir::ScanOp::getOperationName());
  state.addOperands(initial);
  state.addOperands(sequences);
  state.addOperands(invariants);
  state.addTypes(results);
  state.addAttribute("trip_count", graph.builder.getI64IntegerAttr(steps));
  if (kind == Kind::ReverseLoop)
    state.addAttribute("reverse", graph.builder.getUnitAttr());
  if (kind == Kind::Checkpoint)
    state.addAttribute("checkpoint", graph.builder.getUnitAttr());
  state.addAttribute("operandSegmentSizes",
                     graph.builder.getDenseI32ArrayAttr(
                         {static_cast<int32_t>(initial.size()),
                          static_cast<int32_t>(sequences.size()),
                          static_cast<int32_t>(invariants.size())}));
  state.addRegion(std::move(region));
  Operation *op = graph.checked("scan", place, graph.builder.create(state));
  if (!op)
    return poison;
  ScanValues values;
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    (i < initial.size() ? values.carry : values.outputs)
        .push_back(graph.wrap(result));
  return values;
}

ScanValues build_scan(const std::vector<Tensor> &init,
                      const std::vector<Tensor> &xs, int64_t steps,
                      bool reverse, const Body &body, Place place) {
  return build(reverse ? Kind::ReverseLoop : Kind::Loop, init, xs, steps, body,
               place);
}

std::vector<Tensor>
build_checkpoint(const std::function<std::vector<Tensor>()> &body,
                 Place place) {
  auto once = [&](Tensor, const std::vector<Tensor> &,
                  const std::vector<Tensor> &) {
    return ScanValues{{}, body()};
  };
  std::vector<Tensor> results =
      build(Kind::Checkpoint, {}, {}, 1, once, place).outputs;
  for (Tensor &result : results) {
    if (result.is_poison())
      continue;
    std::vector<int64_t> shape = result.shape();
    shape.erase(shape.begin());
    result = reshape(result, shape, place);
  }
  return results;
}

} // namespace sinter::detail
