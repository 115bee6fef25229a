//===- MatrixProduct.cpp - the loops of C = A·B ---------------------------===//
//
//   for each block of C                    (its rows of A stay in L2)
//     for each panel of columns of B       (stays in L1 or L2)
//       for each tile of MR rows           (accumulators stay in registers)
//         for k: acc[i][v] += A[i, k] · B[k, v]     (TileSums)
//         store(acc)
//
// If B is packed beside the products, the first tile of a panel reads B as it
// lies and stores what it read; those below it read that.  If K is long, a
// block is passed several times, and acc waits in between (WaitingSums); a slow
// epilogue is deferred to the next tile (DeferredEpilogue).
//
// M and K are nests of loops, as many as the operands' strides need: a matrix
// has one each, a convolution reads its image's windows by several.  The rows
// of a tile are at constant distances from each other, so one address serves
// all of them.  Each result is one chain of multiply-adds in the order of k,
// for any tile and any thread.  Remainders of M are smaller tiles, those of N
// masked vectors, all known when the code is emitted; how many blocks there are
// is not seen in the size of the code.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/MatrixProduct.h"

#include "passes/lower/contraction/DeferredEpilogue.h"
#include "passes/lower/contraction/TileSums.h"
#include "passes/lower/contraction/WaitingSums.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::passes {

namespace {
/// The emission of one product.
class ProductEmitter {
public:
  ProductEmitter(const MatrixProduct &product, OpBuilder &builder, Location loc)
      : p(product), t(product.tiling), builder(builder), loc(loc),
        index(builder, loc), width(t.width()), below(product) {
    if (!t.packBeside)
      return;
    below.depth.front().rhs = width;
    below.tiling.packRhs = true;
  }

  void emit() {
    rowsBelow.assign(p.rows.size(), 1);
    for (size_t d = p.rows.size() - 1; d > 0; --d)
      rowsBelow[d - 1] = rowsBelow[d] * p.rows[d].extent;
    tile = t.tileRows(p.rows);
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
    /// What whole tiles cover of the last block.
    int64_t wholeInLast() const { return whole - (blocks - 1) * block; }
  };
  /// What a tile reads of B: the operand, the operand which it stores as a
  /// panel too, or that panel.
  enum class BSource { Operand, Packing, Panel };
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
    // Of this block's product; one with bounds packs nothing beside.
    place = p.bounds ? p.bounds->place : Value();
    below.lhs = p.lhs;
    if (!t.packBeside)
      return emitPasses(i, j);
    p.withPanel([&](Value panel) {
      below.rhs = {panel, index.constant(0)};
      emitPasses(i, j);
    });
  }

  void emitPasses(Value i, Value j) {
    if (DeferredEpilogue::isAsked(p))
      deferred.emplace(p, tile.first * tile.second, builder, loc);
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
        address = index.step(address, at, loop.lhs);
        row = index.step(row, at, rowsBelow[d - 1]);
      }
    }
    Part rows{number, index.multiply(number, down.block)};
    address = index.step(address, rows.first, p.rows[blocked].lhs);
    row = index.step(row, rows.first, rowsBelow[blocked]);
    Part columns{j, index.multiply(j, across.block)};
    pass = {index.constant(0), p.depth.front().extent};
    if (t.blockDepth == 0 || t.blockDepth >= pass.steps)
      return emitPass(rows, columns, address, row);
    int64_t whole = pass.steps / t.blockDepth * t.blockDepth,
            rest = pass.steps - whole;
    waiting.emplace(p, row, columns.first, mostRows, builder, loc);
    waiting->clear();
    index.loop(whole, t.blockDepth, [&](Value first) {
      pass = {first, t.blockDepth};
      emitPass(rows, columns, address, row);
    });
    if (rest > 0) {
      pass = {index.constant(whole), rest};
      emitPass(rows, columns, address, row);
    }
    Value count =
        index.multiply(inBlock(down, rows, down.extent), rowsBelow[blocked]);
    eachPanel(columns, [&](Value column, int64_t valid) {
      waiting->store(count, column, valid);
    });
    waiting.reset();
  }

  /// The steps `pass` of K for a block.
  void emitPass(const Part &rows, const Part &columns, Value address,
                Value row) {
    const ir::ContractionLoop &outermost = p.depth.front();
    if (t.packLhs) {
      int64_t inStep = p.k / std::max<int64_t>(outermost.extent, 1);
      p.packLhs(
          row,
          index.multiply(inBlock(down, rows, down.extent), rowsBelow[blocked]),
          index.multiply(pass.first, inStep), pass.steps * inStep);
      below.lhs = p.lhs;
      address = p.lhs.base;
    } else {
      address = index.step(address, pass.first, outermost.lhs);
    }
    auto addPanel = [&](Value column, int64_t valid) {
      emitRows(blocked, rows, address, row, column, valid);
    };
    wholePanels(columns, addPanel);
    if (deferred)
      deferred->finish();
    lastPanel(columns, addPanel);
  }

  /// Given a panel's first column, and how many exist.
  using PanelBody = llvm::function_ref<void(Value column, int64_t valid)>;

  /// The panels of a block.
  void eachPanel(const Part &columns, PanelBody body) {
    wholePanels(columns, body);
    lastPanel(columns, body);
  }
  void wholePanels(const Part &columns, PanelBody body) {
    index.loop(inBlock(across, columns, across.whole), width, [&](Value panel) {
      body(index.add(columns.first, panel), width);
    });
  }
  /// That with what is left of the columns, if there is one.
  void lastPanel(const Part &columns, PanelBody body) {
    if (across.rest > 0)
      index.ifLast(columns.number, across.blocks,
                   [&] { body(index.constant(across.whole), across.rest); });
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
                 index.step(address, i, loop.lhs),
                 index.step(row, i, rowsBelow[depth]), column, columns);
      });
      return;
    }
    bool last = depth + 1 == p.rows.size();
    auto emit = [&](Value i, int64_t count, BSource from) {
      // Where the tile's rows are from its first.
      SmallVector<int64_t> offsets;
      for (int64_t a = 0; a < count; ++a)
        for (int64_t b = 0; b < (last ? 1 : tile.second); ++b)
          offsets.push_back(a * loop.lhs + b * p.rows.back().lhs);
      emitTile(index.step(address, i, loop.lhs),
               index.step(row, i, rowsBelow[depth]), offsets, column, columns,
               from);
    };
    BSource first = t.packBeside ? BSource::Packing : BSource::Operand,
            others = t.packBeside ? BSource::Panel : BSource::Operand;
    Value whole = inBlock(cut, part, cut.whole);
    if (first != others) {
      // A branch in the loop would cost its tiles registers.
      index.loop(index.least(whole, *taken), *taken,
                 [&](Value i) { emit(i, *taken, first); });
      index.loop(index.subtract(whole, index.constant(*taken)), *taken,
                 [&](Value i) { emit(index.add(i, *taken), *taken, others); });
    } else {
      index.loop(whole, *taken, [&](Value i) { emit(i, *taken, first); });
    }
    if (cut.rest > 0)
      index.ifLast(part.number, cut.blocks, [&] {
        bool isFirst = cut.wholeInLast() == 0;
        emit(index.subtract(cut.whole, part.first), cut.rest,
             isFirst ? first : others);
      });
  }

  /// Where the pass finds the columns of B from `column` on.
  Value columnsOf(Value column) {
    Value first = column;
    if (t.packRhs)
      first = index.multiply(column, p.k);
    else if (p.vectorDistance != t.columns)
      first = index.multiply(index.divide(column, t.columns).first,
                             p.vectorDistance);
    first = index.add(p.rhs.base, first);
    return index.step(first, pass.first, p.depth.front().rhs);
  }

  /// One register tile: the rows from `row` on, of which the first is at
  /// `address`.
  void emitTile(Value address, Value row, ArrayRef<int64_t> offsets,
                Value column, int64_t columns, BSource from) {
    bool isBelow = from == BSource::Panel;
    TileSums sums(
        isBelow ? below : p,
        {.row = row,
         .column = column,
         .columns = columns,
         .offsets = offsets,
         .lhs = address,
         .rhs = isBelow ? below.rhs.base : columnsOf(column),
         .steps = pass.steps,
         .place = place,
         .panel = from == BSource::Packing ? below.rhs.memory : Value()},
        builder, loc);
    if (deferred && columns == width) {
      constexpr int64_t manyTiles = 8;
      bool isOneOfMany = t.blockRows >= manyTiles * t.rows;
      return from == BSource::Packing && isOneOfMany ? deferred->replace(sums)
                                                     : deferred->exchange(sums);
    }
    if (waiting) {
      waiting->load(sums);
      sums.add();
      return waiting->save(sums);
    }
    auto rows = static_cast<int64_t>(offsets.size());
    for (int64_t i = 0; i < rows; ++i)
      p.prefetch({index.add(row, i), column, columns, columns});
    sums.add();
    if (t.loopsEpilogue || deferred)
      return storeByRows(sums);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t v = 0; v < sums.vectors(); ++v)
        p.store({index.add(row, i), index.add(column, v * t.columns),
                 t.lanes / t.steps,
                 std::min(t.columns, columns - v * t.columns)},
                sums.columnsAt(i, v));
  }

  /// The epilogue once for all rows, whose sums wait in memory, where no other
  /// tile's do any more.
  void storeByRows(TileSums &sums) {
    const RegisterTile &tile = sums.tile;
    Value memory = p.pending().sums;
    int64_t inRow = sums.vectors() * t.lanes;
    for (int64_t i = 0; i < tile.rows(); ++i)
      for (int64_t v = 0; v < sums.vectors(); ++v)
        vector::StoreOp::create(builder, loc, sums.at(i, v), memory,
                                index.constant(i * inRow + v * t.lanes));
    index.loop(tile.rows(), 1, [&](Value i) {
      Value row = index.multiply(i, inRow);
      for (int64_t v = 0; v < sums.vectors(); ++v) {
        Value sum = vector::LoadOp::create(builder, loc, p.vector(), memory,
                                           index.add(row, v * t.lanes));
        p.store({index.add(tile.row, i), index.add(tile.column, v * t.columns),
                 t.lanes, std::min(t.columns, tile.columns - v * t.columns)},
                sum);
      }
    });
  }

  const MatrixProduct &p;
  const ir::ContractionTiling &t;
  OpBuilder &builder;
  Location loc;
  IndexMath index;
  int64_t width;
  /// Rows in one step of each loop over M.
  SmallVector<int64_t> rowsBelow;
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
  /// Of the block that is being emitted, if it is passed several times.
  std::optional<WaitingSums> waiting;
  /// Of the windows that the rows show, in a product with bounds.
  Value place;
  /// The product as the tiles below a block's first see it, who find a panel.
  MatrixProduct below;
  /// Of the block that is being emitted, if its epilogues wait.
  std::optional<DeferredEpilogue> deferred;
};
} // namespace

void MatrixProduct::emit(OpBuilder &builder, Location loc) {
  ProductEmitter(*this, builder, loc).emit();
}

} // namespace sinter::passes
