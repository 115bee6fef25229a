//===- DeferredEpilogue.cpp - epilogues beside the next tile --------------===//
//
//   for the rows that wait:  some steps over k; finish a row
//   for the rows of the tile:  ask for what its epilogue reads; some steps
//   the steps that are left
//   keep the sums
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/DeferredEpilogue.h"

#include "compiler/ir/ScheduleUses.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::passes {

bool DeferredEpilogue::isAsked(const MatrixProduct &product) {
  return product.tiling.defersEpilogue &&
         ir::canDeferEpilogue(product.tiling, product.rows, product.depth,
                              product.n);
}

DeferredEpilogue::DeferredEpilogue(const MatrixProduct &product,
                                   int64_t tileRows, OpBuilder &builder,
                                   Location loc)
    : p(product), t(product.tiling), tileRows(tileRows), builder(builder),
      loc(loc), index(builder, loc), pending(product.pending()) {
  set(Rows, index.constant(0));
}

void DeferredEpilogue::exchange(TileSums &sums) {
  addWhileFinishing(sums);
  keep(sums);
}

void DeferredEpilogue::replace(TileSums &sums) {
  finish();
  // All at once: nothing else waits for memory here.
  for (int64_t i = 0; i < sums.tile.rows(); ++i)
    askFor(sums.tile, index.constant(i));
  sums.add();
  keep(sums);
}

void DeferredEpilogue::finish() {
  index.loop(get(Rows), 1, [&](Value i) { finishRow(i); });
}

void DeferredEpilogue::addWhileFinishing(TileSums &sums) {
  const RegisterTile &tile = sums.tile;
  Value waiting = get(Rows), next = waiting;
  int64_t steps = t.stepsBesideRow();
  auto addBeside = [&](Value row) {
    sums.addSteps(index.multiply(row, steps), steps);
  };
  // What this tile's epilogue will read is asked for in the steps after those,
  // if there are enough: all at once it would be in the way.
  bool later = tile.steps / steps >= tileRows + tile.rows();
  sums.loop(index.constant(0), waiting, 1, [&](Value i) {
    // What waits may have more rows than this tile.
    if (!later && tile.rows() == tileRows)
      askFor(tile, i);
    addBeside(i);
    finishRow(i);
  });
  if (later) {
    next = index.add(waiting, tile.rows());
    sums.loop(index.constant(0), index.constant(tile.rows()), 1, [&](Value i) {
      askFor(tile, i);
      addBeside(index.add(waiting, i));
    });
  }
  int64_t whole = tile.steps / steps * steps;
  sums.loop(index.multiply(next, steps), index.constant(whole), t.unroll,
            [&](Value first) { sums.addSteps(first, t.unroll); });
  if (whole < tile.steps)
    sums.addSteps(index.constant(whole), tile.steps - whole);
}

/// What that row's epilogue will read.
void DeferredEpilogue::askFor(const RegisterTile &tile, Value row) {
  p.prefetch(
      {index.add(tile.row, row), tile.column, tile.columns, tile.columns});
}

void DeferredEpilogue::keep(TileSums &sums) {
  const RegisterTile &tile = sums.tile;
  for (int64_t i = 0; i < tile.rows(); ++i)
    for (int64_t v = 0; v < t.vectors; ++v)
      vector::StoreOp::create(builder, loc, sums.at(i, v), pending.sums,
                              index.constant((i * t.vectors + v) * t.lanes));
  set(Rows, index.constant(tile.rows()));
  set(FirstRow, tile.row);
  set(FirstColumn, tile.column);
}

void DeferredEpilogue::finishRow(Value i) {
  Value row = index.add(get(FirstRow), i), column = get(FirstColumn);
  Value from = index.multiply(i, t.width());
  for (int64_t v = 0; v < t.vectors; ++v) {
    Value sum = vector::LoadOp::create(builder, loc, p.vector(), pending.sums,
                                       index.add(from, v * t.lanes));
    p.store({row, index.add(column, v * t.lanes), t.lanes, t.lanes}, sum);
  }
}

Value DeferredEpilogue::get(Fact fact) {
  return memref::LoadOp::create(builder, loc, pending.place,
                                index.constant(fact));
}

void DeferredEpilogue::set(Fact fact, Value value) {
  memref::StoreOp::create(builder, loc, value, pending.place,
                          index.constant(fact));
}

} // namespace sinter::passes
