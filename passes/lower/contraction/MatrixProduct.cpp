//===- MatrixProduct.cpp - the loops of C = A·B ---------------------------===//
//
//   for each block of C                    (its rows of A stay in L2)
//     for each panel of columns of B       (stays in L1 or L2)
//       for each tile of MR rows           (accumulators stay in registers)
//         for k: acc[i][v] += A[i, k] · B[k, v]
//         store(acc)
//
// If K is long, a block is passed several times, with a part of K each time;
// its accumulators wait in memory in between and are stored at the end.
//
// A slow epilogue is deferred: acc is kept in scratch, and the first steps over
// k of the next tile each finish a row of it.  Divisions and square roots then
// run beside the multiply-adds, and operands have arrived.
//
// M and K are nests of loops, as many as the operands' strides need: a matrix
// has one each, a convolution reads its image's windows by several.  The rows
// of a tile are at constant distances from each other, so one address serves
// all of them.  A is read one scalar at a time and broadcast; B a vector at a
// time.  The sum over k is never split, so each result is one chain of
// multiply-adds in the order of k, for any tile and any thread.  Remainders of
// M are smaller tiles, those of N masked vectors, all known when the code is
// emitted; how many blocks there are is not seen in the size of the code.
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

namespace {
/// The emission of one product.
class ProductEmitter {
public:
  ProductEmitter(const MatrixProduct &product, OpBuilder &builder, Location loc)
      : p(product), t(product.tiling), builder(builder), loc(loc),
        index(builder, loc), vector(VectorType::get(t.lanes, p.element)),
        width(t.width()),
        place(product.bounds ? product.bounds->place : Value()) {}

  void emit() {
    below.assign(p.rows.size(), 1);
    for (size_t d = p.rows.size() - 1; d > 0; --d)
      below[d - 1] = below[d] * p.rows[d].extent;
    tile = t.tileRows(p.rows);
    defers = t.defersEpilogue && t.blockDepth == 0 && t.columns == t.lanes &&
             p.depth.size() == 1 && !p.depth[0].bounded &&
             p.depth[0].extent / t.unroll >= tile.first * tile.second;
    ir::ContractionTiling::RowBlocks blocks = t.rowBlocks(p.rows);
    blocked = blocks.loop;
    mostRows = blocks.rows;
    down = Cut(p.rows[blocked].extent, blocks.steps,
               tileAlong(blocked).value_or(1));
    across = Cut(p.n, t.blockColumns, width);
    int64_t outer = 1;
    for (const ir::ContractionLoop &around :
         ArrayRef(p.rows).take_front(blocked))
      outer *= around.extent;
    // A column of blocks after the other: they read the same of B.
    int64_t rows = outer * down.blocks;
    p.share(rows * across.blocks, [&](Value number) {
      if (across.blocks == 1)
        return emitBlock(number, index.constant(0));
      if (rows == 1)
        return emitBlock(index.constant(0), number);
      auto [j, i] = index.divide(number, rows);
      emitBlock(i, j);
    });
  }

private:
  /// One dimension of C in blocks of tiles; the last block may have fewer, and
  /// has what is left of a tile.
  struct Cut {
    Cut() = default;
    Cut(int64_t extent, int64_t block, int64_t tile)
        : extent(extent), block(block), whole(extent / tile * tile),
          rest(extent - whole),
          blocks(std::max<int64_t>(1, llvm::divideCeil(extent, block))) {}
    int64_t extent = 0, block = 1;
    /// Covered by whole tiles, and by none.
    int64_t whole = 0, rest = 0;
    int64_t blocks = 1;
  };
  /// A block of a cut: its number, and its first element.
  struct Part {
    Value number, first;
  };

  /// How much of the first `extent` of the cut lies in the block.
  Value inBlock(const Cut &cut, const Part &part, int64_t extent) {
    if (cut.blocks * cut.block == extent)
      return index.constant(cut.block);
    return index.least(index.subtract(extent, part.first), cut.block);
  }

  /// How many steps of that loop over M a tile takes, if it takes some.
  std::optional<int64_t> tileAlong(size_t depth) const {
    if (depth + 1 == p.rows.size())
      return tile.second;
    if (depth + 2 == p.rows.size() && tile.first > 1)
      return tile.first;
    return std::nullopt;
  }

  void emitBlock(Value i, Value j) {
    if (defers) {
      pending = p.pending();
      setPending(0, index.constant(0));
    }
    // Through the loops around, then the block of the one that is cut.
    Value address = p.lhs.base, row = index.constant(0), number = i;
    if (blocked > 0) {
      Value left;
      std::tie(left, number) = index.divide(i, down.blocks);
      for (size_t d = blocked; d > 0; --d) {
        const ir::ContractionLoop &loop = p.rows[d - 1];
        Value at = left;
        if (d > 1)
          std::tie(left, at) = index.divide(left, loop.extent);
        if (loop.bounded)
          place = at;
        address = step(address, at, loop.lhs);
        row = step(row, at, below[d - 1]);
      }
    }
    Part rows{number, index.multiply(number, down.block)};
    address = step(address, rows.first, p.rows[blocked].lhs);
    row = step(row, rows.first, below[blocked]);
    Part columns{j, index.multiply(j, across.block)};
    pass = {index.constant(0), p.depth.front().extent};
    if (t.blockDepth == 0 || t.blockDepth >= pass.steps)
      return emitPass(rows, columns, address, row);
    int64_t whole = pass.steps / t.blockDepth * t.blockDepth,
            rest = pass.steps - whole;
    waiting = {p.waitingSums(), row, columns.first};
    index.loop(mostRows * t.blockColumns, t.lanes, [&](Value i) {
      vector::StoreOp::create(builder, loc, zero(), waiting->memory, i);
    });
    index.loop(whole, t.blockDepth, [&](Value first) {
      pass = {first, t.blockDepth};
      emitPass(rows, columns, address, row);
    });
    if (rest > 0) {
      pass = {index.constant(whole), rest};
      emitPass(rows, columns, address, row);
    }
    storeWaiting(rows, columns);
    waiting.reset();
  }

  /// The steps `pass` of K for a block.
  void emitPass(const Part &rows, const Part &columns, Value address,
                Value row) {
    const ir::ContractionLoop &outermost = p.depth.front();
    if (t.packLhs) {
      int64_t below = p.k / std::max<int64_t>(outermost.extent, 1);
      p.packLhs(row,
                index.multiply(inBlock(down, rows, down.extent),
                               this->below[blocked]),
                index.multiply(pass.first, below), pass.steps * below);
      address = p.lhs.base;
    } else {
      address = step(address, pass.first, outermost.lhs);
    }
    index.loop(inBlock(across, columns, across.whole), width, [&](Value panel) {
      emitRows(blocked, rows, address, row, index.add(columns.first, panel),
               width);
    });
    if (across.rest > 0)
      index.ifLast(columns.number, across.blocks, [&] {
        emitRows(blocked, rows, address, row, index.constant(across.whole),
                 across.rest);
      });
    if (defers)
      index.loop(getPending(0), 1, [&](Value i) { finishRow(i); });
  }

  /// Stores a block whose sums are complete.
  void storeWaiting(const Part &rows, const Part &columns) {
    Value count =
        index.multiply(inBlock(down, rows, down.extent), below[blocked]);
    auto storePanel = [&](Value column, int64_t valid) {
      index.loop(count, 1, [&](Value i) {
        Value row = index.add(waiting->row, i);
        for (int64_t v = 0; v * t.lanes < valid; ++v) {
          Value sum =
              vector::LoadOp::create(builder, loc, vector, waiting->memory,
                                     placeOfSum(row, column, v));
          p.store({row, index.add(column, v * t.lanes), t.lanes,
                   std::min(t.lanes, valid - v * t.lanes)},
                  sum);
        }
      });
    };
    index.loop(inBlock(across, columns, across.whole), width, [&](Value panel) {
      storePanel(index.add(columns.first, panel), width);
    });
    if (across.rest > 0)
      index.ifLast(columns.number, across.blocks, [&] {
        storePanel(index.constant(across.whole), across.rest);
      });
  }

  /// Waiting sums lie in panels of columns, as the tiles make them.
  Value placeOfSum(Value row, Value column, int64_t v) {
    Value panel =
        index.multiply(index.subtract(column, waiting->column), mostRows);
    Value inPanel = index.multiply(index.subtract(row, waiting->row), width);
    return index.add(index.add(panel, inPanel), v * t.lanes);
  }

  /// The loops over M from `depth` on, of which `part` is walked; `address` is
  /// that of A's row `row`, where the part begins.
  void emitRows(size_t depth, const Part &part, Value address, Value row,
                Value column, int64_t columns) {
    const ir::ContractionLoop &loop = p.rows[depth];
    std::optional<int64_t> taken = tileAlong(depth);
    Cut cut = depth == blocked
                  ? down
                  : Cut(loop.extent, std::max<int64_t>(loop.extent, 1),
                        taken.value_or(1));
    if (!taken) {
      index.loop(inBlock(cut, part, cut.extent), 1, [&](Value i) {
        if (loop.bounded)
          place = index.add(part.first, i);
        emitRows(depth + 1, {index.constant(0), index.constant(0)},
                 step(address, i, loop.lhs), step(row, i, below[depth]), column,
                 columns);
      });
      return;
    }
    bool last = depth + 1 == p.rows.size();
    auto emit = [&](Value i, int64_t count) {
      // Where the tile's rows are from its first.
      SmallVector<int64_t> offsets;
      for (int64_t a = 0; a < count; ++a)
        for (int64_t b = 0; b < (last ? 1 : tile.second); ++b)
          offsets.push_back(a * loop.lhs + b * p.rows.back().lhs);
      emitTile(step(address, i, loop.lhs), step(row, i, below[depth]), offsets,
               column, columns);
    };
    index.loop(inBlock(cut, part, cut.whole), *taken,
               [&](Value i) { emit(i, *taken); });
    if (cut.rest > 0)
      index.ifLast(part.number, cut.blocks, [&] {
        emit(index.subtract(cut.whole, part.first), cut.rest);
      });
  }

  /// One register tile: the rows from `row` on, of which the first is at
  /// `address`.
  void emitTile(Value address, Value row, ArrayRef<int64_t> offsets,
                Value column, int64_t columns) {
    int64_t vectors = llvm::divideCeil(columns, t.columns);
    // Where k = 0 of this panel of B is.
    Value panel = column;
    if (t.packRhs)
      panel = index.multiply(column, p.k);
    else if (p.vectorDistance != t.columns)
      panel = index.multiply(index.divide(column, t.columns).first,
                             p.vectorDistance);
    panel = index.add(p.rhs.base, panel);
    panel = step(panel, pass.first, p.depth.front().rhs);
    SmallVector<Value> sums(offsets.size() * vectors, zero());
    Tile tile{offsets, vectors, columns};
    if (defers && columns == width) {
      sumWhileFinishing(tile, address, panel, row, column, sums);
      return keep(row, column, sums);
    }
    auto rows = static_cast<int64_t>(offsets.size());
    auto eachSum =
        [&](llvm::function_ref<void(Value & sum, Value place)> body) {
          for (int64_t i = 0; i < rows; ++i)
            for (int64_t v = 0; v < vectors; ++v)
              body(sums[i * vectors + v],
                   placeOfSum(index.add(row, i), column, v));
        };
    if (waiting) {
      eachSum([&](Value &sum, Value at) {
        sum = vector::LoadOp::create(builder, loc, vector, waiting->memory, at);
      });
      sumOver(0, tile, address, panel, sums);
      return eachSum([&](Value sum, Value at) {
        vector::StoreOp::create(builder, loc, sum, waiting->memory, at);
      });
    }
    if (p.expect)
      for (int64_t i = 0; i < rows; ++i)
        p.expect({index.add(row, i), column, columns, columns});
    sumOver(0, tile, address, panel, sums);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t v = 0; v < vectors; ++v)
        p.store({index.add(row, i), index.add(column, v * t.columns), t.lanes,
                 std::min(t.columns, columns - v * t.columns)},
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
    if (loop.bounded) {
      // Element u of the window is in the image from `low` on.
      const ir::Border &border = p.bounds->border;
      Value first = index.multiply(place, border.stride);
      Value begin = index.most(index.subtract(border.low, first), 0);
      Value end = index.least(index.subtract(border.low + border.extent, first),
                              loop.extent);
      return loopOver(
          begin, end, 1, sums,
          [&](Value i, SmallVector<Value> &values) { at(i, 1, values); });
    }
    int64_t extent = depth == 0 ? pass.steps : loop.extent;
    int64_t unroll = last ? t.unroll : 1;
    int64_t main = extent / unroll * unroll;
    if (isWrittenOut(depth, sums.size()) || main <= unroll)
      main = 0;
    if (main > 0)
      loopOver(
          index.constant(0), index.constant(main), unroll, sums,
          [&](Value i, SmallVector<Value> &values) { at(i, unroll, values); });
    if (main < extent)
      at(index.constant(main), extent - main, sums);
  }

  /// As `sumOver`, the first steps of K each with a row of the epilogue that
  /// waits.
  void sumWhileFinishing(const Tile &tile, Value lhs, Value rhs, Value row,
                         Value column, SmallVector<Value> &sums) {
    const ir::ContractionLoop &loop = p.depth.back();
    auto multiplyFrom = [&](Value i, int64_t count,
                            SmallVector<Value> &values) {
      Value a = step(lhs, i, loop.lhs), b = step(rhs, i, loop.rhs);
      for (int64_t u = 0; u < count; ++u)
        multiply(a, b, u, tile, values);
    };
    int64_t main = loop.extent / t.unroll;
    auto multiplyAt = [&](Value i, SmallVector<Value> &values) {
      multiplyFrom(index.multiply(i, t.unroll), t.unroll, values);
    };
    Value waiting = getPending(0), next = waiting;
    // What this tile's epilogue will read is asked for in the steps after
    // those, if there are enough: all at once it would be in the way.
    int64_t rows = tile.offsets.size(),
            whole = this->tile.first * this->tile.second;
    auto ask = [&](Value i) {
      if (p.expect)
        p.expect({index.add(row, i), column, width, width});
    };
    bool later = main >= whole + rows;
    loopOver(index.constant(0), waiting, 1, sums,
             [&](Value i, SmallVector<Value> &values) {
               // What waits may have more rows than this tile.
               if (!later && rows == whole)
                 ask(i);
               multiplyAt(i, values);
               finishRow(i);
             });
    if (later) {
      next = index.add(waiting, rows);
      loopOver(index.constant(0), index.constant(rows), 1, sums,
               [&](Value i, SmallVector<Value> &values) {
                 ask(i);
                 multiplyAt(index.add(waiting, i), values);
               });
    }
    loopOver(next, index.constant(main), 1, sums, multiplyAt);
    if (main * t.unroll < loop.extent)
      multiplyFrom(index.constant(main * t.unroll),
                   loop.extent - main * t.unroll, sums);
  }

  /// What waits: 0 is how many rows, 1 and 2 the place of the first.
  Value getPending(int64_t what) {
    return memref::LoadOp::create(builder, loc, pending.place,
                                  index.constant(what));
  }
  void setPending(int64_t what, Value value) {
    memref::StoreOp::create(builder, loc, value, pending.place,
                            index.constant(what));
  }
  /// Leaves the sums of a tile for later.
  void keep(Value row, Value column, ArrayRef<Value> sums) {
    for (auto [i, sum] : llvm::enumerate(sums))
      vector::StoreOp::create(builder, loc, sum, pending.sums,
                              index.constant(i * t.lanes));
    setPending(0, index.constant(sums.size() / t.vectors));
    setPending(1, row);
    setPending(2, column);
  }
  /// The epilogue of row `i` of what waits.
  void finishRow(Value i) {
    Value row = index.add(getPending(1), i), column = getPending(2);
    Value from = index.multiply(i, width);
    for (int64_t v = 0; v < t.vectors; ++v) {
      Value sum = vector::LoadOp::create(builder, loc, vector, pending.sums,
                                         index.add(from, v * t.lanes));
      p.store({row, index.add(column, v * t.lanes), t.lanes, t.lanes}, sum);
    }
  }

  /// A loop that carries the sums.
  void
  loopOver(Value begin, Value end, int64_t by, SmallVector<Value> &sums,
           llvm::function_ref<void(Value, SmallVector<Value> &values)> body) {
    auto nest =
        scf::ForOp::create(builder, loc, begin, end, index.constant(by), sums);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(nest.getBody());
    SmallVector<Value> carried(nest.getRegionIterArgs());
    body(nest.getInductionVar(), carried);
    scf::YieldOp::create(builder, loc, carried);
    sums.assign(nest.getResults().begin(), nest.getResults().end());
  }

  /// Whether the loops from `depth` on, inside others, are so short that they
  /// are written out: a loop's end costs more than a few steps.
  bool isWrittenOut(size_t depth, int64_t sums) const {
    constexpr int64_t shortest = 12, largestBody = 256;
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
      Value place = index.add(rhs, k * loop.rhs + v * p.vectorDistance);
      b.push_back(
          loadRhs(place, std::min(t.columns, tile.columns - v * t.columns)));
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
  /// The loop over M that is cut into blocks, how, and how N is.
  size_t blocked = 0;
  Cut down, across;
  /// Rows of a block.
  int64_t mostRows = 0;
  /// The steps of the outermost loop over K that are being done.
  struct {
    Value first;
    int64_t steps = 0;
  } pass;
  /// The sums of the block from that row and column on, while it is passed
  /// several times.
  struct Waiting {
    Value memory, row, column;
  };
  std::optional<Waiting> waiting;
  /// Of the windows that the rows show, in a product with bounds.
  Value place;
  /// Whether epilogues wait for the next tile, and where.
  bool defers = false;
  MatrixProduct::Pending pending;
};
} // namespace

void MatrixProduct::emit(OpBuilder &builder, Location loc) {
  ProductEmitter(*this, builder, loc).emit();
}

} // namespace sinter::passes
