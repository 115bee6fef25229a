//===- Gather.cpp - gather and its transpose, scatter_add -----------------===//
//
// Both visit the elements of the gathered shape in row-major order, each with
// the place in the operand that its index names, or none.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Walk.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

/// Calls visit(i, place) for element i of the slices, place being that in an
/// operand of `shape`; an index out of range is skipped.  The slices' shape is
/// shape[:batch] ++ shape[batch:axis] ++ indices[batch:] ++ shape[axis+1:].
template <typename Visit>
static void visitSlices(ArrayRef<int64_t> shape, const Array &indices,
                        int64_t axis, int64_t batch, Visit visit) {
  int64_t batches = product(shape.take_front(batch));
  int64_t between = product(shape.slice(batch, axis - batch));
  int64_t extent = shape[axis];
  int64_t inner = product(shape.drop_front(axis + 1));
  int64_t count = product(ArrayRef<int64_t>(indices.shape).drop_front(batch));
  int64_t i = 0;
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t p = 0; p < between; ++p)
      for (int64_t s = 0; s < count; ++s) {
        int64_t index = indices.ints[b * count + s];
        bool inside = index >= 0 && index < extent;
        for (int64_t r = 0; r < inner; ++r, ++i)
          if (inside)
            visit(i, ((b * between + p) * extent + index) * inner + r);
      }
}

Array sinter::interpret::evaluateGather(GatherOp op, Operands operands) {
  const Array &x = *operands[0];
  Array result = Array::zeros(op.getType());
  visitSlices(x.shape, *operands[1], op.getAxis(), op.getBatchDims(),
              [&](int64_t i, int64_t place) {
                if (x.isFloat())
                  result.floats[i] = x.floats[place];
                else
                  result.ints[i] = x.ints[place];
              });
  return result;
}

Array sinter::interpret::evaluateScatterAdd(ScatterAddOp op, Operands operands,
                                            Precision precision) {
  Array result = *operands[0];
  const Array &updates = *operands[2];
  Type type = result.elementType;
  visitSlices(
      result.shape, *operands[1], op.getAxis(), op.getBatchDims(),
      [&](int64_t i, int64_t place) {
        if (result.isFloat())
          result.floats[place] = roundTo(
              result.floats[place] + updates.floats[i], type, precision);
        else
          result.ints[place] = wrap(
              static_cast<int64_t>(static_cast<uint64_t>(result.ints[place]) +
                                   static_cast<uint64_t>(updates.ints[i])),
              type);
      });
  return result;
}
