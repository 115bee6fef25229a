//===- Constants.cpp - tensors known when the model is built --------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/ops.h"

#include <cmath>

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::Step;

Tensor full(Shape shape, double value, DType dtype, Place place) {
  Step step("full", place);
  RankedTensorType type = step.type(dtype, shape.sizes());
  if (!step)
    return step.poison();
  Operand number(value, place);
  if (!is_float(dtype) && value == std::floor(value) &&
      std::abs(value) < 0x1p63)
    number = Operand(static_cast<int64_t>(value), place);
  return step.result(step.splat(number, type));
}

Tensor zeros(Shape shape, DType dtype, Place place) {
  return full(shape, 0, dtype, place);
}
Tensor ones(Shape shape, DType dtype, Place place) {
  return full(shape, 1, dtype, place);
}

/// The attribute of one number; null if the type cannot hold it.
static Attribute element(Type type, double value) {
  DType dtype = detail::dtypeOf(type);
  if (is_float(dtype))
    return detail::overflows(value, dtype) ? Attribute()
                                           : FloatAttr::get(type, value);
  unsigned width = type.getIntOrFloatBitWidth();
  bool isUnsigned = dtype == DType::u8 || dtype == DType::i1;
  double low = isUnsigned ? 0 : -std::ldexp(1.0, width - 1);
  double end = std::ldexp(1.0, isUnsigned ? width : width - 1);
  if (value != std::floor(value) || value < low || value >= end)
    return {};
  return IntegerAttr::get(
      type, APInt(width, static_cast<uint64_t>(static_cast<int64_t>(value)),
                  !isUnsigned, /*implicitTrunc=*/true));
}
static Attribute element(Type type, int64_t value) {
  if (detail::dtypeOf(type) == DType::i64)
    return IntegerAttr::get(type, value);
  return element(type, static_cast<double>(value));
}

template <class T>
static Tensor makeConstant(const std::vector<T> &values, const Shape &shape,
                           DType dtype, Place place) {
  Step step("constant", place);
  RankedTensorType type = step.type(dtype, shape.sizes());
  if (!step)
    return step.poison();
  if (type.getNumElements() != static_cast<int64_t>(values.size()))
    return step.fail(Twine(values.size()) + " values for " + describe(type) +
                     ", which has " + Twine(type.getNumElements()) +
                     " elements");
  SmallVector<Attribute> elements;
  for (T value : values) {
    elements.push_back(element(type.getElementType(), value));
    if (!elements.back())
      return step.fail("the number " +
                       detail::shown(static_cast<double>(value)) +
                       " does not fit " + to_string(dtype));
  }
  // A constant of no elements has no attribute to splat.
  return step.create(
      "constant", type, {},
      NamedAttribute(StringAttr::get(&step.graph->context, "value"),
                     DenseElementsAttr::get(type, elements)));
}

Tensor constant(const std::vector<double> &values, Shape shape, DType dtype,
                Place place) {
  return makeConstant(values, shape, dtype, place);
}
Tensor constant(const std::vector<int64_t> &values, Shape shape, DType dtype,
                Place place) {
  return makeConstant(values, shape, dtype, place);
}

Tensor iota(Shape shape, int64_t dim, DType dtype, Place place) {
  Step step("iota", place);
  RankedTensorType type = step.type(dtype, shape.sizes());
  if (!step)
    return step.poison();
  return step.create(
      "iota", type, {},
      step.integer("dimension", dim < 0 ? dim + type.getRank() : dim));
}

Tensor one_hot(Tensor labels, int64_t classes, DType dtype, Place place) {
  Scope scope("one_hot", place);
  if (labels.is_poison())
    return reshape(labels, {});
  std::vector<int64_t> shape = labels.shape();
  shape.push_back(classes);
  DType index = labels.dtype() == i64 ? i64 : i32;
  if (is_float(labels.dtype())) {
    Step step("one_hot", place);
    return step.fail("labels must be integers, not " +
                     describe(labels.dtype(), labels.shape()));
  }
  Tensor classIndex = iota(shape, -1, index);
  return cast(equal(expand_dims(cast(labels, index), -1), classIndex), dtype);
}

} // namespace sinter
