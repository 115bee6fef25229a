//===- Squares.cpp - which dimension to transpose, and how ----------------===//

#include "passes/lower/Squares.h"

#include "compiler/ir/Sinter.h"
#include "passes/lower/Collapse.h"
#include "passes/lower/LaneLoops.h"

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

std::optional<size_t> findAcross(ArrayRef<Value> values, Blocks blocks) {
  if (blocks.size() < 2)
    return std::nullopt;
  for (Value source : behindPointwise(values)) {
    auto transpose = source.getDefiningOp<TransposeOp>();
    if (!transpose || !readsArguments(transpose.getOperand()))
      continue;
    // The last dimension of the operand that is longer than 1.
    ArrayRef<int64_t> from = transpose.getPermutation();
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(transpose.getOperand().getType()).getShape();
    int64_t last = shape.size() - 1;
    while (last > 0 && shape[last] == 1)
      --last;
    size_t across = llvm::find(from, last) - from.begin();
    size_t block = 0;
    for (size_t end = blocks[0].size(); end <= across;
         end += blocks[block].size())
      ++block;
    if (block + 1 < blocks.size())
      return block;
  }
  return std::nullopt;
}

std::optional<int64_t> lanesToTurn(Blocks blocks, int64_t most, int64_t fewest,
                                   bool maskedTails) {
  constexpr int64_t leastSide = 4;
  int64_t extent = ShapedType::getNumElements(blocks.back());
  int64_t lanes = lanesForRows(blocks, most, fewest);
  while (!maskedTails && lanes > extent)
    lanes /= 2;
  if (std::min(lanes, extent) < leastSide || !llvm::isPowerOf2_64(lanes))
    return std::nullopt;
  return lanes;
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

/// Of every four lanes of a vector (0 to 3) and of one behind it (4 to 7)
/// those: what the machine's unpacking instructions give, of words and pairs of
/// words.
static SmallVector<int64_t> unpacked(int64_t lanes, ArrayRef<int64_t> ofFour) {
  SmallVector<int64_t> chosen;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t from = ofFour[lane % 4];
    chosen.push_back(lane / 4 * 4 + (from < 4 ? from : lanes + from - 4));
  }
  return chosen;
}

/// Squares of four, of words.
static void transposeFour(OpBuilder &builder, Location loc, int64_t lanes,
                          MutableArrayRef<Value> rows) {
  auto of = [&](Value a, Value b, ArrayRef<int64_t> ofFour) {
    return shuffle(builder, loc, a, b, unpacked(lanes, ofFour));
  };
  Value low = of(rows[0], rows[1], {0, 4, 1, 5});
  Value high = of(rows[0], rows[1], {2, 6, 3, 7});
  Value lowNext = of(rows[2], rows[3], {0, 4, 1, 5});
  Value highNext = of(rows[2], rows[3], {2, 6, 3, 7});
  rows[0] = of(low, lowNext, {0, 1, 4, 5});
  rows[1] = of(low, lowNext, {2, 3, 6, 7});
  rows[2] = of(high, highNext, {0, 1, 4, 5});
  rows[3] = of(high, highNext, {2, 3, 6, 7});
}

SmallVector<Value> transposeSquares(OpBuilder &builder, Location loc,
                                    SmallVector<Value> rows) {
  int64_t n = rows.size();
  VectorType type;
  for (Value row : rows)
    if (row)
      type = cast<VectorType>(row.getType());
  int64_t lanes = type.getNumElements();
  bool words = type.getElementTypeBitWidth() == 32 && n >= 4;
  for (int64_t distance = n / 2; distance > (words ? 2 : 0); distance /= 2) {
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
  if (words)
    for (int64_t i = 0; i < n; i += 4)
      transposeFour(builder, loc, lanes,
                    MutableArrayRef<Value>(rows).slice(i, 4));
  return rows;
}

namespace {
class SquareLoops {
public:
  SquareLoops(ValueEmitter &emitter, Location loc, Blocks blocks, size_t across,
              int64_t lanes, int64_t tasks,
              llvm::function_ref<void(const Point &)> body)
      : emitter(emitter), loc(loc), blocks(blocks), across(across),
        last(blocks.size() - 1), lanes(lanes), tasks(tasks), body(body),
        places(blocks.size()) {
    for (ArrayRef<int64_t> block : blocks)
      extents.push_back(ShapedType::getNumElements(block));
  }

  /// The blocks from `depth` on.
  void outer(size_t depth) {
    if (depth == last)
      return rows();
    if (depth == across)
      return outer(depth + 1);
    loop(depth, 0, extents[depth], 1, [&] { outer(depth + 1); });
  }

private:
  void loop(size_t block, int64_t begin, int64_t end, int64_t step,
            llvm::function_ref<void()> inside) {
    emitter.space.setLanes(1, 1);
    // The first that is a loop is the outermost.
    int64_t shared = end - begin > step ? std::exchange(tasks, 1) : 1;
    emitter.share(loc, begin, end, step, shared, [&](Index index) {
      places[block] = index;
      inside();
    });
  }

  void rows() {
    int64_t whole = extents[across] / lanes * lanes;
    loop(across, 0, whole, lanes, [&] { squares(lanes); });
    if (whole == extents[across])
      return;
    emitter.enter();
    places[across] = Index(whole);
    squares(extents[across] - whole);
    emitter.leave();
  }

  /// So many rows, from the one that is the place across.
  void squares(int64_t count) {
    Index base = places[across];
    int64_t whole = extents[last] / lanes * lanes;
    loop(last, 0, whole, lanes, [&] { square(base, count, lanes); });
    if (whole == extents[last])
      return;
    if (emitter.maskedTails) {
      emitter.enter();
      places[last] = Index(whole);
      square(base, count, extents[last] - whole);
      emitter.leave();
      return;
    }
    emitter.space.setLanes(1, 1);
    emitter.loop(loc, 0, count, 1, [&](Index row) {
      places[across] = base + row;
      loop(last, whole, extents[last], 1,
           [&] { body(Point::scalar(indices())); });
    });
  }

  void square(const Index &base, int64_t count, int64_t active) {
    // A symbol of its own for the row: none that is older depends on it.
    Index first = emitter.space.symbol(emitter.space.scalar(loc, base),
                                       extents[across] - count + 1,
                                       /*multiple=*/1);
    if (count > 1)
      emitter.square = {first.terms.front().symbol, lanes, count, 0};
    for (int64_t row = 0; row < count; ++row) {
      places[across] = first + Index(row);
      if (emitter.square)
        emitter.square->row = row;
      emitter.space.setLanes(lanes, active);
      Index begin = places[last];
      places[last].lane = 1;
      body(Point::vector(emitter.builder, loc, indices(), lanes, active));
      places[last] = begin;
    }
    emitter.square.reset();
  }

  Indices indices() {
    Indices all;
    for (auto [place, block] : llvm::zip_equal(places, blocks))
      llvm::append_range(all, emitter.space.delinearize(place, block));
    return all;
  }

  ValueEmitter &emitter;
  Location loc;
  Blocks blocks;
  SmallVector<int64_t> extents;
  size_t across, last;
  int64_t lanes;
  int64_t tasks;
  llvm::function_ref<void(const Point &)> body;
  /// In each block.
  Indices places;
};
} // namespace

void loopOverSquares(ValueEmitter &emitter, Location loc, Blocks blocks,
                     size_t across, int64_t lanes, int64_t tasks,
                     llvm::function_ref<void(const Point &)> body) {
  SquareLoops(emitter, loc, blocks, across, lanes, tasks, body).outer(0);
}

} // namespace sinter::passes
