//===- EmitConcatenation.cpp - parts side by side -------------------------===//
//
// Each part has loops over its own elements, so that no element of the result
// asks which part it is of.  The parts of a row follow one another, while what
// they have in common is near; where a part is turned on its way, all rows of a
// part come before the next part's.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/EmitConcatenation.h"

#include "passes/lower/LaneLoops.h"
#include "passes/lower/Squares.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

ConcatenateOp sinter::passes::findJoined(const Phase &phase,
                                         OperandRange returned) {
  constexpr size_t mostParts = 32;
  if (phase.rows || !phase.reducing.empty() || phase.results.size() != 1)
    return nullptr;
  auto op = returned[phase.results.front()].getDefiningOp<ConcatenateOp>();
  if (!op || op.getInputs().size() > mostParts)
    return nullptr;
  // Single elements are better gathered into vectors.
  bool anyRun = llvm::any_of(op.getInputs(), [&](Value part) {
    return ShapedType::getNumElements(
               tensorType(part).getShape().drop_front(op.getDimension())) > 1;
  });
  return anyRun ? op : ConcatenateOp();
}

namespace {
/// The result as a matrix: before the joined dimension, and from it on.
class JoinedRows {
public:
  JoinedRows(ConcatenateOp op, const Phase &phase, const LoopForm &form,
             const KernelBuffers &buffers, ValueEmitter &emitter)
      : phase(phase), form(form), emitter(emitter), loc(op.getLoc()),
        dimension(op.getDimension()),
        outer(tensorType(op).getShape().take_front(dimension)),
        rows(ShapedType::getNumElements(outer)),
        flat(ValueEmitter::flatten(emitter.builder, loc,
                                   buffers.results[phase.results.front()])) {
    for (Value value : op.getInputs()) {
      RankedTensorType type = tensorType(value);
      if (type.getNumElements() > 0)
        parts.push_back({value, length});
      length +=
          ShapedType::getNumElements(type.getShape().drop_front(dimension));
    }
  }

  void emit() {
    if (rows == 0)
      return;
    bool turned = llvm::any_of(parts, [&](const Part &part) {
      return lanesOfSquares(part).has_value();
    });
    if (turned) {
      for (const Part &part : parts)
        allRows(part);
      return;
    }
    emitter.share(loc, 0, rows, 1, rows == 1 ? 1 : phase.tasks, [&](Index row) {
      emitter.space.setLanes(1, 1);
      Indices prefix = emitter.space.delinearize(row, outer);
      for (const Part &part : parts)
        walk(part, dimension, prefix, rows == 1 ? tasksOf(part) : 1);
    });
  }

private:
  struct Part {
    Value value;
    /// Where in a row it begins.
    int64_t first;
    ArrayRef<int64_t> shape() const { return tensorType(value).getShape(); }
  };

  int64_t tasksOf(const Part &part) const {
    int64_t elements = ShapedType::getNumElements(part.shape());
    return std::max<int64_t>(1, phase.tasks * elements / (rows * length));
  }

  using Joined = SmallVector<SmallVector<int64_t>>;
  Joined blocksOf(const Part &part, size_t from) const {
    return mergeDimensions(part.shape(), part.value, from, dimension);
  }

  /// None for a part that is not transposed.
  std::optional<int64_t> lanesOfSquares(const Part &part) const {
    Joined blocks = blocksOf(part, 0);
    if (!findAcross(part.value, blocks))
      return std::nullopt;
    return lanesToTurn(blocks, form.lanes, form.fewestLanes, form.maskedTails);
  }

  /// A part's dimensions `from`…, inside of `prefix`.
  void walk(const Part &part, size_t from, const Indices &prefix,
            int64_t tasks) {
    Joined blocks = blocksOf(part, from);
    LaneLoops(emitter, loc)
        .nest(blocks, lanesForRows(blocks, form.lanes, form.fewestLanes),
              /*unroll=*/1, tasks, prefix, 0,
              [&](ArrayRef<Point> points) { copy(part, points.front()); });
  }

  void allRows(const Part &part) {
    if (auto lanes = lanesOfSquares(part)) {
      Joined blocks = blocksOf(part, 0);
      return loopOverSquares(
          emitter, loc, blocks, *findAcross(part.value, blocks), *lanes,
          tasksOf(part), [&](const Point &point) { copy(part, point); });
    }
    walk(part, 0, {}, tasksOf(part));
  }

  void copy(const Part &part, const Point &point) {
    Value value = emitter.emit(part.value, point);
    emitter.space.setLanes(point.lanes, point.active());
    ArrayRef<Index> indices = point.indices;
    Index row =
        emitter.space.linearize(Indices(indices.take_front(dimension)), outer);
    Index within =
        emitter.space.linearize(Indices(indices.drop_front(dimension)),
                                part.shape().drop_front(dimension));
    emitter.store(loc, value, flat, {rows, length},
                  point.at({row, within + Index(part.first)}),
                  /*isResult=*/true);
  }

  const Phase &phase;
  const LoopForm &form;
  ValueEmitter &emitter;
  Location loc;
  size_t dimension;
  ArrayRef<int64_t> outer;
  int64_t rows, length = 0;
  Value flat;
  SmallVector<Part> parts;
};
} // namespace

void sinter::passes::emitConcatenation(ConcatenateOp op, const Phase &phase,
                                       const LoopForm &form,
                                       const KernelBuffers &buffers,
                                       ValueEmitter &emitter) {
  JoinedRows(op, phase, form, buffers, emitter).emit();
}
