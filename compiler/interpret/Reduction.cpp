//===- Reduction.cpp - sum, max, min, product, argmax, argmin -------------===//
//
// Elements are combined in row-major order, beginning with the first, so that
// the sum of one element is that element, −0 included; the neutral element
// appears only when there is none.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Walk.h"

#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

static double largerOrNan(double a, double b) {
  return std::isnan(a) || a >= b ? a : b;
}
static double smallerOrNan(double a, double b) {
  return std::isnan(a) || a <= b ? a : b;
}

static double combine(Operation *op, double a, double b) {
  if (isa<ReduceSumOp>(op))
    return a + b;
  if (isa<ReduceProdOp>(op))
    return a * b;
  return isa<ReduceMaxOp>(op) ? largerOrNan(a, b) : smallerOrNan(a, b);
}
static int64_t combine(Operation *op, int64_t a, int64_t b) {
  auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  if (isa<ReduceSumOp>(op))
    return static_cast<int64_t>(x + y);
  if (isa<ReduceProdOp>(op))
    return static_cast<int64_t>(x * y);
  return isa<ReduceMaxOp>(op) ? std::max(a, b) : std::min(a, b);
}

static double neutralFloat(Operation *op) {
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<ReduceSumOp>([](auto) { return 0.0; })
      .Case<ReduceProdOp>([](auto) { return 1.0; })
      .Case<ReduceMaxOp>(
          [](auto) { return -std::numeric_limits<double>::infinity(); })
      .Case<ReduceMinOp>(
          [](auto) { return std::numeric_limits<double>::infinity(); });
}
static int64_t neutralInt(Operation *op, Type type) {
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<ReduceSumOp>([](auto) { return 0; })
      .Case<ReduceProdOp>([](auto) { return 1; })
      .Case<ReduceMaxOp>([&](auto) { return minimum(type); })
      .Case<ReduceMinOp>([&](auto) { return maximum(type); });
}

Array sinter::interpret::evaluateReduction(Operation *op, Operands operands,
                                           Precision precision) {
  const Array &x = *operands[0];
  Array result = Array::zeros(op->getResult(0).getType());
  Type type = result.elementType;
  ArrayRef<int64_t> reduced =
      op->getAttrOfType<DenseI64ArrayAttr>("dimensions").asArrayRef();
  SmallVector<int64_t> kept;
  for (int64_t d = 0; d < static_cast<int64_t>(x.shape.size()); ++d)
    if (!llvm::is_contained(reduced, d))
      kept.push_back(d);
  Strides strides = rowMajor(x.shape);
  SmallVector<int64_t> extents = pick(x.shape, reduced);
  Strides inner = pick(strides, reduced);

  int64_t i = 0;
  walk(result.shape, 0, pick(strides, kept), [&](int64_t start) {
    bool first = true;
    double floating = neutralFloat(op);
    int64_t integer = 0;
    if (!x.isFloat())
      integer = neutralInt(op, type);
    walk(extents, start, inner, [&](int64_t place) {
      if (x.isFloat())
        floating = first ? x.floats[place]
                         : roundTo(combine(op, floating, x.floats[place]), type,
                                   precision);
      else
        integer = first ? x.ints[place]
                        : wrap(combine(op, integer, x.ints[place]), type);
      first = false;
    });
    if (x.isFloat())
      result.floats[i++] = floating;
    else
      result.ints[i++] = integer;
  });
  return result;
}

/// Whether `b` replaces `a` as the extremum so far: only a strictly better one
/// does, and nothing is better than nan.
static bool better(bool maximum, double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(b) && !std::isnan(a);
  return maximum ? b > a : b < a;
}

Array sinter::interpret::evaluateArgReduction(Operation *op,
                                              Operands operands) {
  const Array &x = *operands[0];
  Array result = Array::zeros(op->getResult(0).getType());
  bool maximum = isa<ArgMaxOp>(op);
  int64_t dimension = op->getAttrOfType<IntegerAttr>("dimension").getInt();
  Strides strides = rowMajor(x.shape);
  int64_t step = strides[dimension], extent = x.shape[dimension];
  strides.erase(strides.begin() + dimension);

  int64_t i = 0;
  walk(result.shape, 0, strides, [&](int64_t start) {
    int64_t best = 0;
    for (int64_t k = 1; k < extent; ++k) {
      int64_t a = start + best * step, b = start + k * step;
      bool replace = x.isFloat() ? better(maximum, x.floats[a], x.floats[b])
                     : maximum   ? x.ints[b] > x.ints[a]
                                 : x.ints[b] < x.ints[a];
      if (replace)
        best = k;
    }
    result.ints[i++] = wrap(best, result.elementType);
  });
  return result;
}
