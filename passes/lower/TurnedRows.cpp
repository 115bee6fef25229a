//===- TurnedRows.cpp - columns of rows in registers ----------------------===//
//
// A group of n columns (a power of two) and `lanes` rows: n vectors, each of
// lanes/n rows that are n apart, side by side.  The squares in them transposed,
// vector c has column c of row ℓ in lane ℓ.
//
//===----------------------------------------------------------------------===//

#include "passes/lower/TurnedRows.h"

#include "passes/lower/Squares.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace sinter::passes;

ColumnGroup ColumnGroup::of(int64_t column, int64_t length, int64_t lanes) {
  ColumnGroup group{column / lanes * lanes, lanes};
  int64_t rest = length - group.first;
  if (rest >= lanes)
    return group;
  group.width = static_cast<int64_t>(llvm::PowerOf2Ceil(rest));
  // Some columns twice, rather than the beginning of the next row.
  group.first =
      std::max<int64_t>(0, std::min(group.first, length - group.width));
  return group;
}

namespace {
class Turn {
public:
  Turn(OpBuilder &builder, Location loc, Type storage, const RowsInMemory &rows)
      : builder(builder), loc(loc), storage(storage), rows(rows) {}

  SmallVector<Value> read(ColumnGroup group);
  void write(ArrayRef<Value> columns);

private:
  VectorType vectorType(int64_t lanes) const {
    return VectorType::get({lanes}, storage);
  }
  Value zero(int64_t lanes) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getZeroAttr(vectorType(lanes)));
  }
  Value mask(int64_t lanes, int64_t active) {
    SmallVector<bool> bits(lanes, false);
    std::fill_n(bits.begin(), active, true);
    auto type = VectorType::get({lanes}, builder.getI1Type());
    return arith::ConstantOp::create(
        builder, loc, cast<TypedAttr>(DenseElementsAttr::get(type, bits)));
  }
  Value sideBySide(ArrayRef<Value> pieces);
  Value piece(int64_t row, ColumnGroup group);
  void writePiece(int64_t row, int64_t column, Value elements, int64_t count);

  OpBuilder &builder;
  Location loc;
  Type storage;
  const RowsInMemory &rows;
};
} // namespace

Value Turn::sideBySide(ArrayRef<Value> pieces) {
  if (pieces.size() == 1)
    return pieces.front();
  size_t half = pieces.size() / 2;
  Value low = sideBySide(pieces.take_front(half));
  Value high = sideBySide(pieces.drop_front(half));
  SmallVector<int64_t> all(2 *
                           cast<VectorType>(low.getType()).getNumElements());
  std::iota(all.begin(), all.end(), 0);
  return vector::ShuffleOp::create(builder, loc, low, high, all);
}

/// What the group has of a row.
Value Turn::piece(int64_t row, ColumnGroup group) {
  VectorType type = vectorType(group.width);
  if (row >= rows.active)
    return zero(group.width);
  int64_t offset = row * rows.stride + group.first;
  int64_t behind = std::max<int64_t>(0, group.end() - rows.length);
  if (behind == 0 || row + 1 < rows.active)
    return vector::LoadOp::create(builder, loc, type, rows.flat,
                                  rows.at(offset));
  // There may be no memory behind the last row.
  if (rows.masks)
    return vector::MaskedLoadOp::create(
        builder, loc, type, rows.flat, rows.at(offset),
        mask(group.width, group.width - behind), zero(group.width));
  assert(offset >= behind && "rows before the last");
  Value early = vector::LoadOp::create(builder, loc, type, rows.flat,
                                       rows.at(offset - behind));
  SmallVector<int64_t> from(group.width, vector::ShuffleOp::kPoisonIndex);
  std::iota(from.begin(), from.end() - behind, behind);
  return vector::ShuffleOp::create(builder, loc, early, early, from);
}

SmallVector<Value> Turn::read(ColumnGroup group) {
  SmallVector<Value> squares;
  for (int64_t i = 0; i < group.width; ++i) {
    SmallVector<Value> pieces;
    for (int64_t row = i; row < rows.lanes; row += group.width)
      pieces.push_back(piece(row, group));
    squares.push_back(sideBySide(pieces));
  }
  return transposeSquares(builder, loc, std::move(squares));
}

/// The first `count` of `elements`, and no others.
void Turn::writePiece(int64_t row, int64_t column, Value elements,
                      int64_t count) {
  int64_t lanes = cast<VectorType>(elements.getType()).getNumElements();
  auto place = [&](int64_t first) {
    return rows.at(row * rows.stride + column + first);
  };
  if (count == lanes) {
    vector::StoreOp::create(builder, loc, elements, rows.flat, place(0));
    return;
  }
  if (rows.masks && count > 1) {
    vector::MaskedStoreOp::create(builder, loc, rows.flat, place(0),
                                  mask(lanes, count), elements);
    return;
  }
  for (int64_t first = 0; first < count;) {
    int64_t part = llvm::bit_floor(static_cast<uint64_t>(count - first));
    if (part == 1) {
      Value last = vector::ExtractOp::create(builder, loc, elements, first);
      memref::StoreOp::create(builder, loc, last, rows.flat, place(first));
    } else {
      SmallVector<int64_t> chosen(part);
      std::iota(chosen.begin(), chosen.end(), first);
      Value some =
          vector::ShuffleOp::create(builder, loc, elements, elements, chosen);
      vector::StoreOp::create(builder, loc, some, rows.flat, place(first));
    }
    first += part;
  }
}

void Turn::write(ArrayRef<Value> columns) {
  int64_t length = columns.size();
  struct Turned {
    ColumnGroup group;
    SmallVector<Value> squares;
  };
  SmallVector<Turned> groups;
  for (int64_t column = 0; column < length;) {
    ColumnGroup group = ColumnGroup::of(column, length, rows.lanes);
    SmallVector<Value> own(group.width);
    for (int64_t i = 0; i < group.width && group.first + i < length; ++i)
      own[i] = columns[group.first + i];
    groups.push_back({group, transposeSquares(builder, loc, std::move(own))});
    column = group.end();
  }
  // Row by row: what is written behind the end of one is where the next is.
  for (int64_t row = 0; row < rows.active; ++row)
    for (const Turned &turned : groups) {
      auto [first, width] = turned.group;
      Value elements = turned.squares[row % width];
      if (width < rows.lanes) {
        SmallVector<int64_t> chosen(width);
        std::iota(chosen.begin(), chosen.end(), row / width * width);
        elements =
            vector::ShuffleOp::create(builder, loc, elements, elements, chosen);
      }
      bool last = row + 1 == rows.active;
      writePiece(row, first, elements,
                 last ? std::min(width, length - first) : width);
    }
}

SmallVector<Value> sinter::passes::readColumns(OpBuilder &builder, Location loc,
                                               Type storage,
                                               const RowsInMemory &rows,
                                               ColumnGroup group) {
  return Turn(builder, loc, storage, rows).read(group);
}

void sinter::passes::writeColumns(OpBuilder &builder, Location loc,
                                  ArrayRef<Value> columns,
                                  const RowsInMemory &rows) {
  Type storage = getElementTypeOrSelf(columns.front().getType());
  Turn(builder, loc, storage, rows).write(columns);
}
