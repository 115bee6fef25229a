//===- Sequence.cpp - running sums, and the order of a row ----------------===//

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Walk.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

/// Calls `body` with the place of each row's first element and the distance
/// from one element to the next.
static void
eachRow(const Array &x, int64_t dimension,
        llvm::function_ref<void(int64_t start, int64_t step)> body) {
  Strides strides = rowMajor(x.shape);
  int64_t step = strides[dimension];
  llvm::SmallVector<int64_t> rows(x.shape);
  rows.erase(rows.begin() + dimension);
  strides.erase(strides.begin() + dimension);
  walk(rows, 0, strides, [&](int64_t start) { body(start, step); });
}

Array sinter::interpret::evaluateCumulativeSum(CumulativeSumOp op,
                                               Operands operands,
                                               Precision precision) {
  const Array &x = *operands[0];
  Array result = x;
  int64_t dimension = op.getDimension(), extent = x.shape[dimension];
  eachRow(x, dimension, [&](int64_t start, int64_t step) {
    double floating = 0;
    uint64_t integer = 0;
    for (int64_t k = 0; k < extent; ++k) {
      int64_t at = start + (op.getReverse() ? extent - 1 - k : k) * step;
      if (x.isFloat()) {
        double before = floating;
        floating =
            roundTo(before + x.floats[at], result.elementType, precision);
        result.floats[at] = op.getExclusive() ? before : floating;
      } else {
        uint64_t before = integer;
        integer += static_cast<uint64_t>(x.ints[at]);
        result.ints[at] =
            wrap(static_cast<int64_t>(op.getExclusive() ? before : integer),
                 result.elementType);
      }
    }
  });
  return result;
}

Array sinter::interpret::evaluateArgSort(ArgSortOp op, Operands operands) {
  const Array &x = *operands[0];
  Array result = Array::zeros(op.getType());
  int64_t dimension = op.getDimension(), extent = x.shape[dimension];
  eachRow(x, dimension, [&](int64_t start, int64_t step) {
    auto less = [&](int64_t a, int64_t b) {
      a = start + a * step;
      b = start + b * step;
      if (!x.isFloat())
        return x.ints[a] < x.ints[b];
      if (std::isnan(x.floats[a]) || std::isnan(x.floats[b]))
        return std::isnan(x.floats[b]) && !std::isnan(x.floats[a]);
      return x.floats[a] < x.floats[b];
    };
    std::vector<int64_t> order(extent);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return op.getDescending() ? less(b, a) : less(a, b);
    });
    for (int64_t k = 0; k < extent; ++k)
      result.ints[start + k * step] = order[k];
  });
  return result;
}
