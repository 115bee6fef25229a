//===- Step.cpp - operands, broadcasting and results of one DSL op --------===//

#include "frontend/Step.h"

#include "mlir/IR/Diagnostics.h"

#include <cmath>

using namespace mlir;

namespace sinter::detail {

Step::Step(StringRef what, Place place)
    : graph(Graph::current()), place(place), what(what) {
  if (graph && graph->frame())
    return;
  ok = false;
  Graph::report(place,
                graph ? what + ": ops belong inside m.entry(…)" : Twine(what));
}

Tensor Step::fail(const Twine &message) {
  if (ok)
    graph->error(place, what + ": " + message);
  ok = false;
  return poison();
}

Value Step::use(const Tensor &tensor) {
  if (!ok)
    return {};
  Value value = graph->resolve(tensor, place, what);
  ok = static_cast<bool>(value);
  return value;
}

SmallVector<Value> Step::use(const std::vector<Tensor> &tensors) {
  SmallVector<Value> values;
  for (const Tensor &tensor : tensors)
    values.push_back(use(tensor));
  return values;
}

RankedTensorType Step::type(DType dtype, ArrayRef<int64_t> shape) {
  if (!ok)
    return {};
  std::string reason;
  RankedTensorType result = tensorType(&graph->context, dtype, shape, reason);
  if (!result)
    fail(reason);
  return result;
}

int64_t Step::dim(int64_t d, Value value) {
  if (!ok)
    return 0;
  int64_t rank = typeOf(value).getRank();
  if (d < -rank || d >= rank) {
    fail("dimension " + Twine(d) + " is out of range for " +
         describe(value.getType()));
    return 0;
  }
  return d < 0 ? d + rank : d;
}

SmallVector<int64_t> Step::dims(const Dims &dims, Value value) {
  SmallVector<int64_t> result;
  if (!ok)
    return result;
  if (dims.all())
    return llvm::to_vector(llvm::seq<int64_t>(0, typeOf(value).getRank()));
  for (int64_t d : dims.values())
    result.push_back(dim(d, value));
  llvm::sort(result);
  for (size_t i = 1; i < result.size(); ++i)
    if (result[i] == result[i - 1])
      fail("dimension " + Twine(result[i]) + " is named twice");
  return result;
}

NamedAttribute Step::array(StringRef name, ArrayRef<int64_t> values) {
  return {name, DenseI64ArrayAttr::get(&graph->context, values)};
}

NamedAttribute Step::integer(StringRef name, int64_t value) {
  return {name, graph->builder.getI64IntegerAttr(value)};
}

Value Step::op(StringRef mnemonic, Type type, ValueRange operands,
               ArrayRef<NamedAttribute> attributes) {
  if (!ok || !type)
    return {};
  Operation *op =
      graph->insert(what, mnemonic, place, type, operands, attributes);
  ok = op != nullptr;
  return op ? op->getResult(0) : Value();
}

Type Step::inferType(
    llvm::function_ref<LogicalResult(SmallVectorImpl<Type> &)> infer) {
  SmallVector<Type> types;
  std::string text;
  {
    ScopedDiagnosticHandler handler(&graph->context, [&](Diagnostic &d) {
      text = d.str();
      return success();
    });
    if (succeeded(infer(types))) {
      auto inferred = cast<RankedTensorType>(types[0]);
      return type(dtypeOf(inferred.getElementType()), inferred.getShape());
    }
  }
  graph->error(place, reworded(what, text));
  ok = false;
  return {};
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

bool overflows(double number, DType dtype) {
  // From half a unit beyond the largest bf16 on, the nearest is infinity.
  if (dtype == DType::bf16)
    return std::isfinite(number) && std::abs(number) >= 0x1.ffp127;
  return dtype == DType::f32 && std::isfinite(number) &&
         !std::isfinite(static_cast<float>(number));
}

static std::pair<int64_t, int64_t> integerRange(DType dtype) {
  switch (dtype) {
  case DType::u8:
    return {0, 255};
  case DType::i8:
    return {-128, 127};
  case DType::i32:
    return {INT32_MIN, INT32_MAX};
  case DType::i1:
    return {0, 1};
  default:
    return {INT64_MIN, INT64_MAX};
  }
}

Value Step::splat(const Operand &number, RankedTensorType type) {
  if (!ok)
    return {};
  Type element = type.getElementType();
  DType dtype = dtypeOf(element);
  Attribute value;
  if (is_float(dtype)) {
    if (overflows(number.real, dtype)) {
      fail("the number " + shown(number.real) + " does not fit " +
           to_string(dtype) + ": cast the tensor to f64");
      return {};
    }
    value = graph->builder.getFloatAttr(element, number.real);
  } else if (number.kind == Operand::Kind::real) {
    fail("the number " + shown(number.real) + " does not fit " +
         to_string(dtype) + ": use an integer, or cast the tensor to f32");
    return {};
  } else {
    auto [low, high] = integerRange(dtype);
    if (number.integer < low || number.integer > high) {
      fail("the number " + Twine(number.integer) + " does not fit " +
           to_string(dtype) + " (" + Twine(low) + " … " + Twine(high) +
           "): cast the tensor to a wider type");
      return {};
    }
    unsigned width = element.getIntOrFloatBitWidth();
    value = IntegerAttr::get(
        element, APInt(width, static_cast<uint64_t>(number.integer),
                       /*isSigned=*/dtype != DType::u8 && dtype != DType::i1,
                       /*implicitTrunc=*/true));
  }
  return op("constant", type, {},
            NamedAttribute(StringAttr::get(&graph->context, "value"),
                           DenseElementsAttr::get(type, value)));
}

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

Value Step::broadcast(Value value, ArrayRef<int64_t> shape) {
  if (!ok || typeOf(value).getShape() == shape)
    return value;
  int64_t lead = static_cast<int64_t>(shape.size()) - typeOf(value).getRank();
  if (lead < 0) {
    fail(describe(value.getType()) + " has more dimensions than " +
         describe(dtypeOf(typeOf(value).getElementType()), shape));
    return {};
  }
  RankedTensorType to = type(dtypeOf(typeOf(value).getElementType()), shape);
  auto places = llvm::to_vector(
      llvm::seq<int64_t>(lead, static_cast<int64_t>(shape.size())));
  return op("broadcast", to, value, array("dimensions", places));
}

SmallVector<Value> Step::together(ArrayRef<Operand> operands, size_t typed) {
  SmallVector<Value> values(operands.size());
  Type element;
  SmallVector<int64_t> shape;
  Value widest;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (operand.kind != Operand::Kind::tensor)
      continue;
    Value value = values[i] = use(operand.tensor);
    if (!ok)
      return values;
    RankedTensorType type = typeOf(value);
    if (i >= typed && element && element != type.getElementType()) {
      fail("element types differ, " + describe(widest.getType()) + " and " +
           describe(type) + ": use cast on one of them");
      return values;
    }
    if (i >= typed) {
      element = type.getElementType();
      widest = value;
    }
    // Align at the last dimension.
    ArrayRef<int64_t> extents = type.getShape();
    if (extents.size() > shape.size())
      shape.insert(shape.begin(), extents.size() - shape.size(), 1);
    size_t lead = shape.size() - extents.size();
    for (auto [d, extent] : llvm::enumerate(extents)) {
      int64_t &have = shape[lead + d];
      if (extent == 1 || extent == have)
        continue;
      if (have != 1) {
        std::string all;
        for (size_t j = 0; j <= i; ++j)
          if (values[j])
            all += (all.empty() ? "" : " and ") + describe(values[j].getType());
        fail(all + " do not broadcast: dimension -" +
             Twine(shape.size() - (lead + d)) + " is " + Twine(have) + " and " +
             Twine(extent));
        return values;
      }
      have = extent;
    }
  }
  if (!element) {
    fail("needs at least one tensor among its operands");
    return values;
  }
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (operand.kind == Operand::Kind::tensor) {
      values[i] = broadcast(values[i], shape);
      continue;
    }
    RankedTensorType to = type(dtypeOf(element), shape);
    values[i] = to ? splat(operand, to) : Value();
  }
  return values;
}

} // namespace sinter::detail
