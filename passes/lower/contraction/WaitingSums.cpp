//===- WaitingSums.cpp - sums between passes over K -----------------------===//
//
// They lie in panels of columns, as the tiles make them: [panel][row][column].
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/WaitingSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::passes {

WaitingSums::WaitingSums(const MatrixProduct &product, Value row, Value column,
                         int64_t rows, OpBuilder &builder, Location loc)
    : p(product), t(product.tiling), builder(builder), loc(loc),
      index(builder, loc), vector(product.vector()),
      memory(product.waitingSums()), firstRow(row), firstColumn(column),
      mostRows(rows) {}

void WaitingSums::clear() {
  index.loop(mostRows * t.blockColumns, t.lanes, [&](Value i) {
    Value zero = arith::ConstantOp::create(builder, loc, vector,
                                           builder.getZeroAttr(vector));
    vector::StoreOp::create(builder, loc, zero, memory, i);
  });
}

void WaitingSums::load(TileSums &sums) {
  const RegisterTile &tile = sums.tile;
  for (int64_t i = 0; i < tile.rows(); ++i)
    for (int64_t v = 0; v < sums.vectors(); ++v)
      sums.at(i, v) = vector::LoadOp::create(
          builder, loc, vector, memory,
          placeOf(index.add(tile.row, i), tile.column, v));
}

void WaitingSums::save(TileSums &sums) {
  const RegisterTile &tile = sums.tile;
  for (int64_t i = 0; i < tile.rows(); ++i)
    for (int64_t v = 0; v < sums.vectors(); ++v)
      vector::StoreOp::create(builder, loc, sums.at(i, v), memory,
                              placeOf(index.add(tile.row, i), tile.column, v));
}

void WaitingSums::store(Value rows, Value column, int64_t columns) {
  index.loop(rows, 1, [&](Value i) {
    Value row = index.add(firstRow, i);
    for (int64_t v = 0; v * t.lanes < columns; ++v) {
      Value sum = vector::LoadOp::create(builder, loc, vector, memory,
                                         placeOf(row, column, v));
      p.store({row, index.add(column, v * t.lanes), t.lanes,
               std::min(t.lanes, columns - v * t.lanes)},
              sum);
    }
  });
}

Value WaitingSums::placeOf(Value row, Value column, int64_t v) {
  Value panel = index.multiply(index.subtract(column, firstColumn), mostRows);
  Value inPanel = index.multiply(index.subtract(row, firstRow), t.width());
  return index.add(index.add(panel, inPanel), v * t.lanes);
}

} // namespace sinter::passes
