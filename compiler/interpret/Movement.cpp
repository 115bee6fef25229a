//===- Movement.cpp - ops that move elements ------------------------------===//
//
// Transpose, broadcast, slice, reverse and windows read a strided view of the
// operand; pad and concatenate write one of the result.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Walk.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

/// to[toStart + i·toStrides] = from[fromStart + i·fromStrides] over `shape`.
static void copy(const Array &from, int64_t fromStart,
                 ArrayRef<int64_t> fromStrides, Array &to, int64_t toStart,
                 ArrayRef<int64_t> toStrides, ArrayRef<int64_t> shape) {
  walk(shape, fromStart, fromStrides, toStart, toStrides,
       [&](int64_t source, int64_t target) {
         if (to.isFloat())
           to.floats[target] = from.floats[source];
         else
           to.ints[target] = from.ints[source];
       });
}

/// The result whose element i is element start + i·strides of the operand.
static Array view(Operation *op, const Array &from, int64_t start,
                  ArrayRef<int64_t> strides) {
  Array result = Array::zeros(op->getResult(0).getType());
  copy(from, start, strides, result, 0, rowMajor(result.shape), result.shape);
  return result;
}

static Array move(ReshapeOp op, Operands operands) {
  Array result = *operands[0];
  result.shape =
      SmallVector<int64_t>(cast<RankedTensorType>(op.getType()).getShape());
  return result;
}

static Array move(TransposeOp op, Operands operands) {
  const Array &x = *operands[0];
  return view(op, x, 0, pick(rowMajor(x.shape), op.getPermutation()));
}

static Array move(BroadcastOp op, Operands operands) {
  const Array &x = *operands[0];
  Strides from = rowMajor(x.shape);
  Strides strides(cast<RankedTensorType>(op.getType()).getRank(), 0);
  for (auto [d, place] : llvm::enumerate(op.getDimensions()))
    strides[place] = x.shape[d] == 1 ? 0 : from[d];
  return view(op, x, 0, strides);
}

static Array move(SliceOp op, Operands operands) {
  const Array &x = *operands[0];
  Strides strides = rowMajor(x.shape);
  int64_t start = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    start += op.getOffsets()[d] * strides[d];
    strides[d] *= op.getStrides()[d];
  }
  return view(op, x, start, strides);
}

static Array move(ReverseOp op, Operands operands) {
  const Array &x = *operands[0];
  Strides strides = rowMajor(x.shape);
  int64_t start = 0;
  for (int64_t d : op.getDimensions()) {
    start += (x.shape[d] - 1) * strides[d];
    strides[d] = -strides[d];
  }
  return view(op, x, start, strides);
}

static Array move(WindowsOp op, Operands operands) {
  const Array &x = *operands[0];
  Strides strides = rowMajor(x.shape), inside;
  for (auto [i, d] : llvm::enumerate(op.getWindowed())) {
    inside.push_back(strides[d] * op.getDilations()[i]);
    strides[d] *= op.getStrides()[i];
  }
  strides.insert(strides.begin() + op.getWindowed().back() + 1, inside.begin(),
                 inside.end());
  return view(op, x, 0, strides);
}

static Array move(PadOp op, Operands operands) {
  const Array &x = *operands[0];
  Array result = Array::zeros(op.getType());
  Strides strides = rowMajor(result.shape);
  int64_t start = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    start += op.getLow()[d] * strides[d];
    strides[d] *= op.getInterior()[d] + 1;
  }
  copy(x, 0, rowMajor(x.shape), result, start, strides, x.shape);
  return result;
}

static Array move(ConcatenateOp op, Operands operands) {
  Array result = Array::zeros(op.getType());
  Strides strides = rowMajor(result.shape);
  int64_t start = 0;
  for (const Array *input : operands) {
    copy(*input, 0, rowMajor(input->shape), result, start, strides,
         input->shape);
    start += input->shape[op.getDimension()] * strides[op.getDimension()];
  }
  return result;
}

Array sinter::interpret::evaluateMovement(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, Array>(op)
      .Case<ReshapeOp, TransposeOp, BroadcastOp, SliceOp, ReverseOp, PadOp,
            ConcatenateOp, WindowsOp>(
          [&](auto o) { return move(o, operands); });
}

Array sinter::interpret::evaluateIota(IotaOp op, Precision precision) {
  Array result = Array::zeros(op.getType());
  int64_t extent = result.shape[op.getDimension()];
  int64_t inner = rowMajor(result.shape)[op.getDimension()];
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t index = i / inner % extent;
    if (result.isFloat())
      result.floats[i] =
          roundTo(static_cast<double>(index), result.elementType, precision);
    else
      result.ints[i] = wrap(index, result.elementType);
  }
  return result;
}
