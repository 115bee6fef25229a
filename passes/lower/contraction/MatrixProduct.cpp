//===- MatrixProduct.cpp - the loops of C = A·B ---------------------------===//
//
//   for each block of rows of A          (stays in L2)
//     for each panel of columns of B     (stays in L1 or L2)
//       for each tile of MR rows         (accumulators stay in registers)
//         for k: acc[i][v] += A[i, k] · B[k, v]
//         store(acc)
//
// M and K are nests of loops, as many as the operands' strides need: a matrix
// has one each, a convolution reads its image's windows by several.  The rows
// of a tile are at constant distances from each other, so one address serves
// all of them.  A is read one scalar at a time and broadcast; B a vector at a
// time.  The sum over k is never split, so each result is one chain of
// multiply-adds in the order of k, for any tile and any thread.  Remainders of
// M are smaller tiles, those of N masked vectors, all known when the code is
// emitted.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/MatrixProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::passes {

Value IndexMath::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value IndexMath::add(Value a, Value b) {
  return builder.createOrFold<arith::AddIOp>(loc, a, b);
}

Value IndexMath::multiply(Value a, int64_t factor) {
  return builder.createOrFold<arith::MulIOp>(loc, a, constant(factor));
}

void IndexMath::loop(int64_t end, int64_t step,
                     llvm::function_ref<void(Value)> body) {
  if (end <= 0)
    return;
  if (end <= step)
    return body(constant(0));
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(end),
                                 constant(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

namespace {
/// The emission of one product.
class ProductEmitter {
public:
  ProductEmitter(const MatrixProduct &product, OpBuilder &builder, Location loc)
      : p(product), t(product.tiling), builder(builder), loc(loc),
        index(builder, loc), vector(VectorType::get(t.lanes, p.element)),
        width(t.vectors * t.lanes) {}

  void emit() {
    below.assign(p.rows.size(), 1);
    for (size_t d = p.rows.size() - 1; d > 0; --d)
      below[d - 1] = below[d] * p.rows[d].extent;
    tile = t.tileRows(p.rows);
    // The first loop whose inner ones stay within a block.
    blocked = 0;
    while (blocked + 1 < p.rows.size() && below[blocked] > t.blockRows)
      ++blocked;
    emitOuter(0, p.lhs.base, index.constant(0));
  }

private:
  /// The loops around a block; `address` is that of A's row `row`.
  void emitOuter(size_t depth, Value address, Value row) {
    const ir::ContractionLoop &loop = p.rows[depth];
    if (depth < blocked) {
      index.loop(loop.extent, 1, [&](Value i) {
        emitOuter(depth + 1, step(address, i, loop.lhs),
                  step(row, i, below[depth]));
      });
      return;
    }
    // Whole tiles only, where the block is cut.
    int64_t grain = depth + 1 == p.rows.size()   ? tile.second
                    : depth + 2 == p.rows.size() ? tile.first
                                                 : 1;
    int64_t chunk = std::max<int64_t>(t.blockRows / below[depth], 1);
    chunk = std::max(chunk / grain, int64_t(1)) * grain;
    int64_t full = loop.extent / chunk * chunk;
    index.loop(full, chunk, [&](Value i) {
      emitBlock(step(address, i, loop.lhs), step(row, i, below[depth]), chunk);
    });
    if (full < loop.extent) {
      Value i = index.constant(full);
      emitBlock(step(address, i, loop.lhs), step(row, i, below[depth]),
                loop.extent - full);
    }
  }

  /// `extent` steps of the blocked loop, all of those inside it.
  void emitBlock(Value address, Value row, int64_t extent) {
    if (t.packLhs) {
      p.packLhs(row, extent);
      address = p.lhs.base;
    }
    int64_t full = p.n / width * width;
    index.loop(full, width, [&](Value column) {
      emitRows(blocked, extent, address, row, column, width);
    });
    if (full < p.n)
      emitRows(blocked, extent, address, row, index.constant(full), p.n - full);
  }

  void emitRows(size_t depth, int64_t extent, Value address, Value row,
                Value column, int64_t columns) {
    const ir::ContractionLoop &loop = p.rows[depth];
    bool last = depth + 1 == p.rows.size();
    bool pair = depth + 2 == p.rows.size() && tile.first > 1;
    if (!last && !pair) {
      index.loop(extent, 1, [&](Value i) {
        emitRows(depth + 1, p.rows[depth + 1].extent, step(address, i, loop.lhs),
                 step(row, i, below[depth]), column, columns);
      });
      return;
    }
    int64_t taken = last ? tile.second : tile.first;
    auto emit = [&](Value i, int64_t count) {
      // Where the tile's rows are from its first.
      SmallVector<int64_t> offsets;
      for (int64_t a = 0; a < count; ++a)
        for (int64_t b = 0; b < (last ? 1 : tile.second); ++b)
          offsets.push_back(a * loop.lhs + b * p.rows.back().lhs);
      emitTile(step(address, i, loop.lhs), step(row, i, below[depth]), offsets,
               column, columns);
    };
    int64_t full = extent / taken * taken;
    index.loop(full, taken, [&](Value i) { emit(i, taken); });
    if (full < extent)
      emit(index.constant(full), extent - full);
  }

  /// One register tile: the rows from `row` on, of which the first is at
  /// `address`.
  void emitTile(Value address, Value row, ArrayRef<int64_t> offsets,
                Value column, int64_t columns) {
    int64_t vectors = llvm::divideCeil(columns, t.lanes);
    // Where k = 0 of this panel of B is.
    Value panel = t.packRhs ? index.multiply(column, p.k) : column;
    panel = index.add(p.rhs.base, panel);
    SmallVector<Value> sums(offsets.size() * vectors, zero());
    Tile tile{offsets, vectors, columns};
    sumOver(0, tile, address, panel, sums);
    for (int64_t i = 0; i < static_cast<int64_t>(offsets.size()); ++i)
      for (int64_t v = 0; v < vectors; ++v)
        p.store({index.add(row, i), index.add(column, v * t.lanes), t.lanes,
                 std::min(t.lanes, columns - v * t.lanes)},
                sums[i * vectors + v]);
  }

  struct Tile {
    ArrayRef<int64_t> offsets;
    int64_t vectors, columns;
  };

  /// The loops over K from `depth` on; `sums` in and out.
  void sumOver(size_t depth, const Tile &tile, Value lhs, Value rhs,
               SmallVector<Value> &sums) {
    const ir::ContractionLoop &loop = p.depth[depth];
    bool last = depth + 1 == p.depth.size();
    // What is done `count` times from step i on.
    auto at = [&](Value i, int64_t count, SmallVector<Value> &values) {
      Value a = step(lhs, i, loop.lhs), b = step(rhs, i, loop.rhs);
      for (int64_t u = 0; u < count; ++u)
        if (last)
          multiply(a, b, u, tile, values);
        else
          sumOver(depth + 1, tile, index.add(a, u * loop.lhs),
                  index.add(b, u * loop.rhs), values);
    };
    int64_t unroll = last ? t.unroll : 1;
    int64_t main = loop.extent / unroll * unroll;
    if (isWrittenOut(depth, sums.size()) || main <= unroll)
      main = 0;
    if (main > 0) {
      auto nest = scf::ForOp::create(builder, loc, index.constant(0),
                                     index.constant(main),
                                     index.constant(unroll), sums);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(nest.getBody());
      SmallVector<Value> carried(nest.getRegionIterArgs());
      at(nest.getInductionVar(), unroll, carried);
      scf::YieldOp::create(builder, loc, carried);
      sums.assign(nest.getResults().begin(), nest.getResults().end());
    }
    if (main < loop.extent)
      at(index.constant(main), loop.extent - main, sums);
  }

  /// Whether the loops from `depth` on, inside others, are so short that they
  /// are written out: a loop's end costs more than a few steps.
  bool isWrittenOut(size_t depth, int64_t sums) const {
    constexpr int64_t shortest = 16, largestBody = 256;
    int64_t steps = 1;
    for (size_t d = depth; d < p.depth.size(); ++d)
      steps *= p.depth[d].extent;
    return depth > 0 && steps <= shortest && steps * sums <= largestBody;
  }

  /// acc += A[:, k] ⊗ B[k, :] with k counted from the given addresses in the
  /// innermost loop.
  void multiply(Value lhs, Value rhs, int64_t k, const Tile &tile,
                SmallVector<Value> &sums) {
    const ir::ContractionLoop &loop = p.depth.back();
    SmallVector<Value> b;
    for (int64_t v = 0; v < tile.vectors; ++v) {
      Value place = index.add(rhs, k * loop.rhs + v * t.lanes);
      b.push_back(loadRhs(place, std::min(t.lanes, tile.columns - v * t.lanes)));
    }
    for (auto [i, offset] : llvm::enumerate(tile.offsets)) {
      Value place = index.add(lhs, offset + k * loop.lhs);
      Value scalar = memref::LoadOp::create(builder, loc, p.lhs.memory, place);
      Value a = vector::BroadcastOp::create(builder, loc, vector, scalar);
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Value &sum = sums[i * tile.vectors + v];
        sum = multiplyAdd(a, b[v], sum);
      }
    }
  }

  /// from + i·stride
  Value step(Value from, Value i, int64_t stride) {
    return index.add(from, index.multiply(i, stride));
  }

  Value loadRhs(Value place, int64_t valid) {
    // Packed panels are whole vectors; what lies behind the last column is
    // never stored.
    if (t.packRhs || valid == t.lanes)
      return vector::LoadOp::create(builder, loc, vector, p.rhs.memory, place);
    Value mask = vector::ConstantMaskOp::create(
        builder, loc, VectorType::get(t.lanes, builder.getI1Type()), valid);
    return vector::MaskedLoadOp::create(builder, loc, vector, p.rhs.memory,
                                        place, mask, zero());
  }

  Value multiplyAdd(Value a, Value b, Value sum) {
    if (!isa<FloatType>(p.element)) {
      Value product = arith::MulIOp::create(builder, loc, a, b);
      return arith::AddIOp::create(builder, loc, sum, product);
    }
    if (p.fma)
      return math::FmaOp::create(builder, loc, a, b, sum);
    Value product = arith::MulFOp::create(builder, loc, a, b);
    return arith::AddFOp::create(builder, loc, sum, product);
  }

  Value zero() {
    return arith::ConstantOp::create(builder, loc, vector,
                                     builder.getZeroAttr(vector));
  }

  const MatrixProduct &p;
  const ir::ContractionTiling &t;
  OpBuilder &builder;
  Location loc;
  IndexMath index;
  VectorType vector;
  int64_t width;
  /// Rows in one step of each loop over M.
  SmallVector<int64_t> below;
  /// Rows of a tile along the last loop over M, and along the one around it.
  std::pair<int64_t, int64_t> tile;
  /// The loop over M that is cut into blocks.
  size_t blocked = 0;
};
} // namespace

void MatrixProduct::emit(OpBuilder &builder, Location loc) {
  ProductEmitter(*this, builder, loc).emit();
}

} // namespace sinter::passes
