//===- PackPanels.cpp - B rearranged for the multiply-add loop ------------===//
//
// Three ways to read B: rows of contiguous columns are copied vector by vector;
// columns of contiguous rows (A·Bᵀ) go through square transposes in registers;
// anything else one element at a time.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/contraction/PackPanels.h"

#include "passes/lower/Squares.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace sinter::passes {

namespace {
class PanelPacker {
public:
  PanelPacker(OpBuilder &builder, Location loc, const StridedMatrix &source,
              Value target, int64_t lanes)
      : builder(builder), loc(loc), index(builder, loc), source(source),
        target(target), lanes(lanes),
        element(cast<MemRefType>(target.getType()).getElementType()),
        vector(VectorType::get(lanes, element)) {}

  /// Columns [column, column + valid) of all rows, into the panel at `place`.
  void pack(Value column, int64_t valid, Value place, int64_t k,
            int64_t panelWidth) {
    Value from = index.add(source.base, index.multiply(column, source.columns));
    // Whole vectors of zeros behind the last column.
    int64_t filled = llvm::alignTo(valid, lanes);
    if (filled < panelWidth)
      index.loop(k, 1, [&](Value row) {
        for (int64_t c = filled; c < panelWidth; c += lanes)
          store(
              zero(),
              index.add(index.add(place, index.multiply(row, panelWidth)), c));
      });
    if (source.columns == 1)
      return index.loop(k, 1, [&](Value row) {
        copyRow(from, row, valid, place, panelWidth);
      });
    int64_t squares = 0;
    if (source.rows == 1 && lanes > 1 && llvm::isPowerOf2_64(lanes)) {
      squares = k / lanes * lanes;
      index.loop(squares, lanes, [&](Value row) {
        transposeRows(from, row, valid, place, panelWidth);
      });
    }
    copyElements(from, squares, k, valid, place, panelWidth);
  }

private:
  void copyRow(Value from, Value row, int64_t valid, Value place,
               int64_t panelWidth) {
    Value source0 = index.add(from, index.multiply(row, source.rows));
    Value target0 = index.add(place, index.multiply(row, panelWidth));
    for (int64_t c = 0; c < valid; c += lanes) {
      Value value = load(index.add(source0, c), std::min(lanes, valid - c));
      store(value, index.add(target0, c));
    }
  }

  /// `lanes` rows at a time, of columns that each lie contiguously.
  void transposeRows(Value from, Value row, int64_t valid, Value place,
                     int64_t panelWidth) {
    Value source0 = index.add(from, row);
    Value target0 = index.add(place, index.multiply(row, panelWidth));
    for (int64_t c = 0; c < valid; c += lanes) {
      SmallVector<Value> square;
      for (int64_t i = 0; i < lanes; ++i)
        square.push_back(
            c + i < valid
                ? load(index.add(source0, (c + i) * source.columns), lanes)
                : zero());
      square = transposeSquares(builder, loc, std::move(square));
      for (int64_t i = 0; i < lanes; ++i)
        store(square[i], index.add(target0, i * panelWidth + c));
    }
  }

  void copyElements(Value from, int64_t firstRow, int64_t k, int64_t valid,
                    Value place, int64_t panelWidth) {
    Value scalarZero =
        arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
    int64_t filled = llvm::alignTo(valid, lanes);
    index.loop(k - firstRow, 1, [&](Value i) {
      Value row = index.add(i, firstRow);
      Value source0 = index.add(from, index.multiply(row, source.rows));
      Value target0 = index.add(place, index.multiply(row, panelWidth));
      index.loop(valid, 1, [&](Value c) {
        Value value = memref::LoadOp::create(
            builder, loc, source.memory,
            index.add(source0, index.multiply(c, source.columns)));
        memref::StoreOp::create(builder, loc, value, target,
                                index.add(target0, c));
      });
      for (int64_t c = valid; c < filled; ++c)
        memref::StoreOp::create(builder, loc, scalarZero, target,
                                index.add(target0, c));
    });
  }

  Value load(Value place, int64_t valid) {
    if (valid == lanes)
      return vector::LoadOp::create(builder, loc, vector, source.memory, place);
    Value mask = vector::ConstantMaskOp::create(
        builder, loc, VectorType::get(lanes, builder.getI1Type()), valid);
    return vector::MaskedLoadOp::create(builder, loc, vector, source.memory,
                                        place, mask, zero());
  }
  void store(Value value, Value place) {
    vector::StoreOp::create(builder, loc, value, target, place);
  }
  Value zero() {
    return arith::ConstantOp::create(builder, loc, vector,
                                     builder.getZeroAttr(vector));
  }

  OpBuilder &builder;
  Location loc;
  IndexMath index;
  const StridedMatrix &source;
  Value target;
  int64_t lanes;
  Type element;
  VectorType vector;
};
} // namespace

void packPanels(
    OpBuilder &builder, Location loc, const StridedMatrix &source, Value target,
    Value base, int64_t k, int64_t n, int64_t panelWidth, int64_t lanes,
    llvm::function_ref<void(int64_t, llvm::function_ref<void(Value)>)> share) {
  IndexMath index(builder, loc);
  PanelPacker packer(builder, loc, source, target, lanes);
  auto place = [&](Value column) {
    return index.add(base, index.multiply(column, k));
  };
  int64_t full = n / panelWidth * panelWidth;
  share(full / panelWidth, [&](Value panel) {
    Value column = index.multiply(panel, panelWidth);
    packer.pack(column, panelWidth, place(column), k, panelWidth);
  });
  if (full < n) {
    Value column = index.constant(full);
    packer.pack(column, n - full, place(column), k, panelWidth);
  }
}

} // namespace sinter::passes
