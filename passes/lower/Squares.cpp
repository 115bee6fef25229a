//===- Squares.cpp - which dimension to transpose, and how ----------------===//

#include "passes/lower/Squares.h"

#include "compiler/ir/Sinter.h"
#include "passes/lower/Collapse.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::ir;

/// Whether the value is an argument, or plain arithmetic on arguments.
static bool readsArguments(Value value) {
  return llvm::all_of(sinter::passes::behindPointwise(value),
                      [](Value source) { return isa<BlockArgument>(source); });
}

namespace sinter::passes {

std::optional<SquareWalk> findSquares(ArrayRef<Value> values,
                                      int64_t mostLanes) {
  constexpr int64_t leastLanes = 4;
  for (int64_t lanes = mostLanes; lanes >= leastLanes; lanes /= 2) {
    if (!llvm::isPowerOf2_64(lanes))
      continue;
    for (Value source : behindPointwise(values)) {
      auto transpose = source.getDefiningOp<TransposeOp>();
      if (!transpose || !readsArguments(transpose.getOperand()))
        continue;
      auto type = cast<RankedTensorType>(transpose.getType());
      int64_t last = type.getRank() - 1;
      size_t across = llvm::find(transpose.getPermutation(), last) -
                      transpose.getPermutation().begin();
      if (int64_t(across) != last && type.getDimSize(across) >= lanes &&
          type.getDimSize(last) >= lanes)
        return SquareWalk{across, lanes};
    }
  }
  return std::nullopt;
}

/// Lanes `chosen` of a, and of b behind it; null if neither is there.
static Value shuffle(OpBuilder &builder, Location loc, Value a, Value b,
                     ArrayRef<int64_t> chosen) {
  if (!a && !b)
    return nullptr;
  int64_t lanes = cast<VectorType>((a ? a : b).getType()).getNumElements();
  SmallVector<int64_t> lane(chosen);
  for (int64_t &from : lane)
    if (!(from < lanes ? a : b))
      from = vector::ShuffleOp::kPoisonIndex;
  return vector::ShuffleOp::create(builder, loc, a ? a : b, b ? b : a, lane);
}

SmallVector<Value> transposeSquares(OpBuilder &builder, Location loc,
                                    SmallVector<Value> rows) {
  int64_t n = rows.size();
  int64_t lanes = 0;
  for (Value row : rows)
    if (row)
      lanes = cast<VectorType>(row.getType()).getNumElements();
  for (int64_t distance = n / 2; distance > 0; distance /= 2) {
    // Swap the off-diagonal blocks of every 2·distance square.
    SmallVector<int64_t> upper, lower;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      bool right = lane & distance;
      upper.push_back(right ? lanes + (lane ^ distance) : lane);
      lower.push_back(right ? lanes + lane : lane ^ distance);
    }
    for (int64_t i = 0; i < n; ++i) {
      if (i & distance)
        continue;
      Value a = rows[i], b = rows[i + distance];
      rows[i] = shuffle(builder, loc, a, b, upper);
      rows[i + distance] = shuffle(builder, loc, a, b, lower);
    }
  }
  return rows;
}

namespace {
class SquareLoops {
public:
  SquareLoops(ValueEmitter &emitter, Location loc, ArrayRef<int64_t> shape,
              SquareWalk walk, bool maskedTails, int64_t tasks,
              llvm::function_ref<void(const Point &)> body)
      : emitter(emitter), loc(loc), shape(shape), across(walk.across),
        last(shape.size() - 1), lanes(walk.lanes), maskedTails(maskedTails),
        tasks(tasks), body(body), indices(shape.size()) {}

  /// The dimensions from `depth` on.
  void outer(size_t depth) {
    if (depth == last)
      return rows();
    if (depth == across)
      return outer(depth + 1);
    loop(depth, 0, shape[depth], 1, [&] { outer(depth + 1); });
  }

private:
  void loop(size_t dimension, int64_t begin, int64_t end, int64_t step,
            llvm::function_ref<void()> inside) {
    emitter.space.setLanes(1, 1);
    // The first that is a loop is the outermost.
    int64_t shared = end - begin > step ? std::exchange(tasks, 1) : 1;
    emitter.share(loc, begin, end, step, shared, [&](Index index) {
      indices[dimension] = index;
      inside();
    });
  }

  void rows() {
    int64_t whole = shape[across] / lanes * lanes;
    loop(across, 0, whole, lanes, [&] {
      Index base = indices[across];
      loop(last, 0, wholeColumns(), lanes, [&] { square(base); });
      if (wholeColumns() < shape[last]) {
        emitter.space.setLanes(1, 1);
        emitter.loop(loc, 0, lanes, 1, [&](Index row) {
          indices[across] = base + row;
          columns(wholeColumns());
        });
      }
    });
    loop(across, whole, shape[across], 1, [&] { columns(0); });
  }

  void square(const Index &base) {
    // A symbol of its own for the row: none that is older depends on it.
    Index first = emitter.space.symbol(emitter.space.scalar(loc, base),
                                       shape[across] / lanes * lanes, lanes);
    emitter.square = {first.terms.front().symbol, lanes, 0};
    for (int64_t row = 0; row < lanes; ++row) {
      indices[across] = first + Index(row);
      emitter.square->row = row;
      vector(lanes);
    }
    emitter.square.reset();
  }

  /// The columns of one row from `begin` on.
  void columns(int64_t begin) {
    loop(last, begin, wholeColumns(), lanes, [&] { vector(lanes); });
    int64_t rest = wholeColumns();
    if (rest == shape[last])
      return;
    if (!maskedTails)
      return loop(last, rest, shape[last], 1,
                  [&] { body(Point::scalar(indices)); });
    emitter.enter();
    indices[last] = Index(rest);
    vector(shape[last] - rest);
    emitter.leave();
  }

  void vector(int64_t active) {
    emitter.space.setLanes(lanes, active);
    Indices at = indices;
    at[last].lane = 1;
    body(Point::vector(emitter.builder, loc, at, lanes, active));
  }

  int64_t wholeColumns() const { return shape[last] / lanes * lanes; }

  ValueEmitter &emitter;
  Location loc;
  ArrayRef<int64_t> shape;
  size_t across, last;
  int64_t lanes;
  bool maskedTails;
  int64_t tasks;
  llvm::function_ref<void(const Point &)> body;
  Indices indices;
};
} // namespace

void loopOverSquares(ValueEmitter &emitter, Location loc,
                     ArrayRef<int64_t> shape, SquareWalk walk, bool maskedTails,
                     int64_t tasks,
                     llvm::function_ref<void(const Point &)> body) {
  SquareLoops(emitter, loc, shape, walk, maskedTails, tasks, body).outer(0);
}

} // namespace sinter::passes
