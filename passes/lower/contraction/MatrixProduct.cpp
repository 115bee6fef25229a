//===- MatrixProduct.cpp - the loops of C = A·B ---------------------------===//
//
//   for each block of rows of A          (stays in L2)
//     for each panel of columns of B     (stays in L1 or L2)
//       for each tile of MR rows         (accumulators stay in registers)
//         for k: acc[i][v] += A[i, k] · B[k, v]
//         store(acc)
//
// A is read one scalar at a time and broadcast; B a vector at a time.  The sum
// over k is never split, so each result is one chain of multiply-adds in the
// order of k, for any tile and any thread.  Remainders of M are smaller tiles,
// those of N masked vectors, all known when the code is emitted.
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
    int64_t full = p.m / t.blockRows * t.blockRows;
    index.loop(full, t.blockRows,
               [&](Value row) { emitBlock(row, t.blockRows); });
    if (full < p.m)
      emitBlock(index.constant(full), p.m - full);
  }

private:
  void emitBlock(Value row, int64_t rows) {
    if (t.packLhs)
      p.packLhs(row, rows);
    int64_t full = p.n / width * width;
    index.loop(full, width,
               [&](Value column) { emitPanel(row, rows, column, width); });
    if (full < p.n)
      emitPanel(row, rows, index.constant(full), p.n - full);
  }

  void emitPanel(Value block, int64_t rows, Value column, int64_t columns) {
    int64_t full = rows / t.rows * t.rows;
    index.loop(full, t.rows, [&](Value row) {
      emitTile(block, row, t.rows, column, columns);
    });
    if (full < rows)
      emitTile(block, index.constant(full), rows - full, column, columns);
  }

  /// One register tile: `row` counts from the block's first row.
  void emitTile(Value block, Value row, int64_t rows, Value column,
                int64_t columns) {
    int64_t vectors = llvm::divideCeil(columns, t.lanes);
    Value inMatrix = index.add(block, row);
    // Where k = 0 of each row of A is.
    SmallVector<Value> lhsRows;
    Value lhsRow = t.packLhs ? row : inMatrix;
    for (int64_t i = 0; i < rows; ++i)
      lhsRows.push_back(index.add(
          p.lhs.base, index.multiply(index.add(lhsRow, i), p.lhs.rows)));
    // Where k = 0 of this panel of B is, and the step from k to k + 1.
    Value panel = t.packRhs ? index.multiply(column, p.k)
                            : index.multiply(column, p.rhs.columns);
    panel = index.add(p.rhs.base, panel);
    int64_t rhsStep = t.packRhs ? width : p.rhs.rows;

    SmallVector<Value> sums(rows * vectors, zero());
    int64_t main = p.k / t.unroll * t.unroll;
    if (main > t.unroll) {
      auto loop = scf::ForOp::create(builder, loc, index.constant(0),
                                     index.constant(main),
                                     index.constant(t.unroll), sums);
      {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(loop.getBody());
        SmallVector<Value> carried(loop.getRegionIterArgs());
        Value k = loop.getInductionVar();
        // The address of row i moves by k·stride, of B by k·rhsStep.
        SmallVector<Value> rowsAtK;
        Value lhsMove = index.multiply(k, p.lhs.columns);
        for (Value base : lhsRows)
          rowsAtK.push_back(index.add(base, lhsMove));
        Value panelAtK = index.add(panel, index.multiply(k, rhsStep));
        for (int64_t u = 0; u < t.unroll; ++u)
          step(rowsAtK, panelAtK, u, rhsStep, vectors, columns, carried);
        scf::YieldOp::create(builder, loc, carried);
      }
      sums.assign(loop.getResults().begin(), loop.getResults().end());
    } else {
      main = 0;
    }
    for (int64_t k = main; k < p.k; ++k)
      step(lhsRows, panel, k, rhsStep, vectors, columns, sums);

    for (int64_t i = 0; i < rows; ++i)
      for (int64_t v = 0; v < vectors; ++v)
        p.store({index.add(inMatrix, i), index.add(column, v * t.lanes),
                 t.lanes, std::min(t.lanes, columns - v * t.lanes)},
                sums[i * vectors + v]);
  }

  /// acc += A[:, k] ⊗ B[k, :] with k counted from the given addresses.
  void step(ArrayRef<Value> lhsRows, Value panel, int64_t k, int64_t rhsStep,
            int64_t vectors, int64_t columns, SmallVector<Value> &sums) {
    SmallVector<Value> b;
    for (int64_t v = 0; v < vectors; ++v) {
      Value place = index.add(panel, k * rhsStep + v * t.lanes);
      b.push_back(loadRhs(place, std::min(t.lanes, columns - v * t.lanes)));
    }
    for (auto [i, base] : llvm::enumerate(lhsRows)) {
      Value place = index.add(base, k * p.lhs.columns);
      Value scalar = memref::LoadOp::create(builder, loc, p.lhs.memory, place);
      Value a = vector::BroadcastOp::create(builder, loc, vector, scalar);
      for (int64_t v = 0; v < vectors; ++v) {
        Value &sum = sums[i * vectors + v];
        sum = multiplyAdd(a, b[v], sum);
      }
    }
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
};
} // namespace

void MatrixProduct::emit(OpBuilder &builder, Location loc) {
  ProductEmitter(*this, builder, loc).emit();
}

} // namespace sinter::passes
