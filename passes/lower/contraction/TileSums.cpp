//===- TileSums.cpp - the sum over K of one register tile -----------------===//
//
// A is read one scalar at a time and broadcast; B a vector at a time.  K is a
// nest of loops that carry the accumulators, the innermost one unrolled.  Each
// result is one chain of multiply-adds in the order of k.
//
// Of a B that has but few columns a vector takes several steps, for which A is
// read as short vectors.  Then a result is as many chains, of every so many
// steps, and they are added up in the end, neighbours first.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/TileSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::passes {

TileSums::TileSums(const MatrixProduct &product, const RegisterTile &tile,
                   OpBuilder &builder, Location loc)
    : tile(tile), p(product), t(product.tiling), builder(builder), loc(loc),
      index(builder, loc), vector(product.vector()),
      vectorsOfRow(llvm::divideCeil(tile.columns, t.columns)),
      sums(tile.rows() * vectorsOfRow, zero()) {}

/// The loops over K from `depth` on.
void TileSums::addLoops(size_t depth, Value lhs, Value rhs) {
  const ir::ContractionLoop &loop = p.depth[depth];
  bool last = depth + 1 == p.depth.size();
  // What is done `count` times from step i on.
  auto addFrom = [&](Value i, int64_t count) {
    Value a = index.step(lhs, i, loop.lhs), b = index.step(rhs, i, loop.rhs);
    for (int64_t u = 0; u < count; u += last ? t.steps : 1)
      if (last)
        multiply(a, b, u, i, std::min(t.steps, count - u));
      else
        addLoops(depth + 1, index.add(a, u * loop.lhs),
                 index.add(b, u * loop.rhs));
  };
  if (loop.bounded) {
    // Element u of the window is in the image from `low` on.
    const ir::Border &border = p.bounds->border;
    Value first = index.multiply(tile.place, border.stride);
    Value begin = index.most(index.subtract(border.low, first), 0);
    Value end = index.least(index.subtract(border.low + border.extent, first),
                            loop.extent);
    return this->loop(begin, end, 1, [&](Value i) { addFrom(i, 1); });
  }
  int64_t extent = depth == 0 ? tile.steps : loop.extent;
  int64_t unroll = last ? t.unroll * t.steps : 1;
  int64_t main = extent / unroll * unroll;
  if (isWrittenOut(depth) || main <= unroll)
    main = 0;
  if (main > 0)
    this->loop(index.constant(0), index.constant(main), unroll,
               [&](Value i) { addFrom(i, unroll); });
  if (main < extent)
    addFrom(index.constant(main), extent - main);
}

void TileSums::addSteps(Value first, int64_t count) {
  const ir::ContractionLoop &loop = p.depth.back();
  Value a = index.step(tile.lhs, first, loop.lhs),
        b = index.step(tile.rhs, first, loop.rhs);
  for (int64_t u = 0; u < count; ++u)
    multiply(a, b, u, first, t.steps);
}

void TileSums::loop(Value begin, Value end, int64_t by,
                    llvm::function_ref<void(Value)> body) {
  auto nest =
      scf::ForOp::create(builder, loc, begin, end, index.constant(by), sums);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(nest.getBody());
  sums.assign(nest.getRegionIterArgs().begin(), nest.getRegionIterArgs().end());
  body(nest.getInductionVar());
  scf::YieldOp::create(builder, loc, sums);
  sums.assign(nest.getResults().begin(), nest.getResults().end());
}

/// Whether the loops from `depth` on, inside others, are so short that they
/// are written out: a loop's end costs more than a few steps.
bool TileSums::isWrittenOut(size_t depth) const {
  constexpr int64_t shortest = 12, largestBody = 256;
  int64_t steps = 1;
  for (size_t d = depth; d < p.depth.size(); ++d)
    steps *= p.depth[d].extent;
  return depth > 0 && steps <= shortest &&
         steps * static_cast<int64_t>(sums.size()) <= largestBody;
}

/// acc += A[:, k] ⊗ B[k, :] with k counted from the given addresses in the
/// innermost loop, of which that is step `first`; of the steps that a vector
/// takes `valid` exist.
void TileSums::multiply(Value lhs, Value rhs, int64_t k, Value first,
                        int64_t valid) {
  const ir::ContractionLoop &loop = p.depth.back();
  if (asksForRows())
    askForRow(index.add(rhs, k * loop.rhs));
  SmallVector<Value> b;
  for (int64_t v = 0; v < vectorsOfRow; ++v) {
    Value place = index.add(rhs, k * loop.rhs + v * p.vectorDistance);
    b.push_back(
        loadRhs(place, std::min(t.columns, tile.columns - v * t.columns)));
    if (tile.panel)
      vector::StoreOp::create(builder, loc, b.back(), tile.panel,
                              index.add(index.multiply(first, t.width()),
                                        k * t.width() + v * t.lanes));
  }
  for (auto [i, offset] : llvm::enumerate(tile.offsets)) {
    Value place = index.add(lhs, offset + k * loop.lhs);
    Value a = loadLhs(place, valid);
    for (int64_t v = 0; v < vectorsOfRow; ++v) {
      Value &sum = at(i, v);
      sum = multiplyAdd(a, b[v], sum);
    }
  }
}

/// Rows that do not follow one another are no stream that the processor would
/// see: the one is asked for that is wanted when memory will have answered.
/// Those that are whole pages apart would push each other out before.
bool TileSums::asksForRows() const {
  constexpr int64_t pageBits = 4096 * 8;
  return tile.panel &&
         p.depth.back().rhs * p.element.getIntOrFloatBitWidth() % pageBits != 0;
}

void TileSums::askForRow(Value place) {
  constexpr int64_t cyclesAhead = 256, productsInCycle = 2, lineBits = 512;
  int64_t inStep =
      std::max<int64_t>(tile.rows() * vectorsOfRow / productsInCycle, 1);
  int64_t ahead = llvm::divideCeil(cyclesAhead, inStep) * p.depth.back().rhs;
  int64_t line = lineBits / p.element.getIntOrFloatBitWidth();
  for (int64_t column = 0; column < tile.columns; column += line)
    memref::PrefetchOp::create(builder, loc, p.rhs.memory,
                               index.add(place, ahead + column),
                               /*isWrite=*/false, /*localityHint=*/2,
                               /*isDataCache=*/true);
}

/// Elements of A, for the steps that a vector takes, in every column.
Value TileSums::loadLhs(Value place, int64_t valid) {
  if (!t.packsSteps()) {
    Value scalar = memref::LoadOp::create(builder, loc, p.lhs.memory, place);
    return vector::BroadcastOp::create(builder, loc, vector, scalar);
  }
  auto type = VectorType::get(t.steps, p.element);
  Value steps;
  if (valid == t.steps) {
    steps = vector::LoadOp::create(builder, loc, type, p.lhs.memory, place);
  } else {
    Value mask = vector::ConstantMaskOp::create(
        builder, loc, VectorType::get(t.steps, builder.getI1Type()), valid);
    Value none = arith::ConstantOp::create(builder, loc, type,
                                           builder.getZeroAttr(type));
    steps = vector::MaskedLoadOp::create(builder, loc, type, p.lhs.memory,
                                         place, mask, none);
  }
  SmallVector<int64_t> lanes;
  for (int64_t lane = 0; lane < t.lanes; ++lane)
    lanes.push_back(lane % t.steps);
  return vector::ShuffleOp::create(builder, loc, steps, steps, lanes);
}

Value TileSums::columnsAt(int64_t i, int64_t v) {
  Value sum = at(i, v);
  for (int64_t left = t.lanes; left > t.lanes / t.steps; left /= 2) {
    SmallVector<int64_t> even, odd;
    for (int64_t lane = 0; lane < left; lane += 2) {
      even.push_back(lane);
      odd.push_back(lane + 1);
    }
    Value a = vector::ShuffleOp::create(builder, loc, sum, sum, even);
    Value b = vector::ShuffleOp::create(builder, loc, sum, sum, odd);
    sum = isa<FloatType>(p.element)
              ? arith::AddFOp::create(builder, loc, a, b).getResult()
              : arith::AddIOp::create(builder, loc, a, b).getResult();
  }
  return sum;
}

Value TileSums::loadRhs(Value place, int64_t valid) {
  // Packed panels are whole vectors; what lies behind the last column is
  // never stored.
  if (t.packRhs || valid == t.lanes)
    return vector::LoadOp::create(builder, loc, vector, p.rhs.memory, place);
  Value mask = vector::ConstantMaskOp::create(
      builder, loc, VectorType::get(t.lanes, builder.getI1Type()), valid);
  return vector::MaskedLoadOp::create(builder, loc, vector, p.rhs.memory, place,
                                      mask, zero());
}

Value TileSums::multiplyAdd(Value a, Value b, Value sum) {
  if (!isa<FloatType>(p.element)) {
    Value product = arith::MulIOp::create(builder, loc, a, b);
    return arith::AddIOp::create(builder, loc, sum, product);
  }
  if (p.fma)
    return math::FmaOp::create(builder, loc, a, b, sum);
  Value product = arith::MulFOp::create(builder, loc, a, b);
  return arith::AddFOp::create(builder, loc, sum, product);
}

Value TileSums::zero() {
  return arith::ConstantOp::create(builder, loc, vector,
                                   builder.getZeroAttr(vector));
}

} // namespace sinter::passes
