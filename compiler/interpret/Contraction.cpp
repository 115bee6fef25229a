//===- Contraction.cpp - dot_general --------------------------------------===//
//
// For each result element a sum from 0 over the contracting dimensions, in the
// order they are named, the last fastest.  In native f32 each product and each
// partial sum is rounded; compiled code may use fused multiply-adds and other
// orders, so it agrees within rounding only.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Walk.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

Array sinter::interpret::evaluateContraction(DotGeneralOp op, Operands operands,
                                             Precision precision) {
  const Array &lhs = *operands[0], &rhs = *operands[1];
  Array result = Array::zeros(op.getType());
  Type type = result.elementType;
  Strides l = rowMajor(lhs.shape), r = rowMajor(rhs.shape);

  // How both operands move along the result: batch, free lhs, free rhs.
  SmallVector<int64_t> lhsFree = op.getLhsFree(), rhsFree = op.getRhsFree();
  Strides lhsOuter = pick(l, op.getLhsBatch());
  Strides rhsOuter = pick(r, op.getRhsBatch());
  llvm::append_range(lhsOuter, pick(l, lhsFree));
  rhsOuter.append(lhsFree.size(), 0);
  lhsOuter.append(rhsFree.size(), 0);
  llvm::append_range(rhsOuter, pick(r, rhsFree));

  SmallVector<int64_t> summed = pick(lhs.shape, op.getLhsContracting());
  Strides lhsInner = pick(l, op.getLhsContracting());
  Strides rhsInner = pick(r, op.getRhsContracting());

  int64_t i = 0;
  walk(result.shape, 0, lhsOuter, 0, rhsOuter, [&](int64_t a, int64_t b) {
    if (result.isFloat()) {
      double sum = 0;
      walk(summed, a, lhsInner, b, rhsInner, [&](int64_t x, int64_t y) {
        double term = roundTo(lhs.floats[x] * rhs.floats[y], type, precision);
        sum = roundTo(sum + term, type, precision);
      });
      result.floats[i++] = sum;
      return;
    }
    uint64_t sum = 0;
    walk(summed, a, lhsInner, b, rhsInner, [&](int64_t x, int64_t y) {
      sum += static_cast<uint64_t>(lhs.ints[x]) *
             static_cast<uint64_t>(rhs.ints[y]);
    });
    result.ints[i++] = wrap(static_cast<int64_t>(sum), type);
  });
  return result;
}
