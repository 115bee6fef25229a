//===- Pointwise.cpp - arithmetic, comparison, math functions -------------===//

#include "frontend/Step.h"
#include "frontend/include/sinter/ops.h"

using namespace mlir;

namespace sinter {
using detail::describe;
using detail::Step;
using detail::typeOf;

static Tensor binary(StringRef what, StringRef mnemonic, Operand a, Operand b,
                     Place place) {
  Step step(what, place);
  SmallVector<Value> values = step.together({a, b});
  if (!step)
    return step.poison();
  return step.create(mnemonic, values[0].getType(), values);
}

static Tensor unary(StringRef what, StringRef mnemonic, const Tensor &x,
                    Place place) {
  Step step(what, place);
  Value value = step.use(x);
  if (!step)
    return step.poison();
  return step.create(mnemonic, value.getType(), value);
}

static Tensor compare(StringRef what, ir::Comparison relation, Operand a,
                      Operand b, Place place) {
  Step step(what, place);
  SmallVector<Value> values = step.together({a, b});
  if (!step)
    return step.poison();
  auto attribute = ir::ComparisonAttr::get(&step.graph->context, relation);
  return step.infer<ir::CompareOp>(
      values, NamedAttribute(StringAttr::get(&step.graph->context, "relation"),
                             attribute));
}

Tensor operator+(Operand a, Operand b) {
  return binary("+", "add", a, b, b.place);
}
Tensor operator-(Operand a, Operand b) {
  return binary("-", "sub", a, b, b.place);
}
Tensor operator*(Operand a, Operand b) {
  return binary("*", "mul", a, b, b.place);
}
Tensor operator/(Operand a, Operand b) {
  return binary("/", "div", a, b, b.place);
}
Tensor operator%(Operand a, Operand b) {
  return binary("%", "rem", a, b, b.place);
}
Tensor operator&(Operand a, Operand b) {
  return binary("&", "and", a, b, b.place);
}
Tensor operator|(Operand a, Operand b) {
  return binary("|", "or", a, b, b.place);
}
Tensor operator^(Operand a, Operand b) {
  return binary("^", "xor", a, b, b.place);
}
Tensor maximum(Operand a, Operand b, Place place) {
  return binary("maximum", "max", a, b, place);
}
Tensor minimum(Operand a, Operand b, Place place) {
  return binary("minimum", "min", a, b, place);
}
Tensor pow(Operand a, Operand b, Place place) {
  return binary("pow", "pow", a, b, place);
}
Tensor atan2(Operand y, Operand x, Place place) {
  return binary("atan2", "atan2", y, x, place);
}
Tensor clamp(Operand x, Operand low, Operand high, Place place) {
  Scope scope("clamp", place);
  return minimum(maximum(x, low), high);
}

Tensor operator<(Operand a, Operand b) {
  return compare("<", ir::Comparison::lt, a, b, b.place);
}
Tensor operator<=(Operand a, Operand b) {
  return compare("<=", ir::Comparison::le, a, b, b.place);
}
Tensor operator>(Operand a, Operand b) {
  return compare(">", ir::Comparison::gt, a, b, b.place);
}
Tensor operator>=(Operand a, Operand b) {
  return compare(">=", ir::Comparison::ge, a, b, b.place);
}
Tensor equal(Operand a, Operand b, Place place) {
  return compare("equal", ir::Comparison::eq, a, b, place);
}
Tensor not_equal(Operand a, Operand b, Place place) {
  return compare("not_equal", ir::Comparison::ne, a, b, place);
}

Tensor where(Tensor condition, Operand a, Operand b, Place place) {
  Step step("where", place);
  Value mask = step.use(condition);
  if (step && !typeOf(mask).getElementType().isInteger(1))
    return step.fail("the condition must be i1, not " +
                     describe(mask.getType()) + ": compare it first");
  SmallVector<Value> values =
      step.together({Operand(condition, place), a, b}, /*typed=*/1);
  if (!step)
    return step.poison();
  return step.create("select", values[1].getType(), values);
}

// A unary operator's operand carries its place.
static Tensor unaryOf(StringRef what, StringRef mnemonic, const Operand &x) {
  Step step(what, x.place);
  if (x.kind != Operand::Kind::tensor)
    return step.fail("takes a tensor");
  return unary(what, mnemonic, x.tensor, x.place);
}
Tensor operator-(Operand x) { return unaryOf("-", "neg", x); }
Tensor operator~(Operand x) { return unaryOf("~", "not", x); }
Tensor operator!(Operand x) {
  Step step("!", x.place);
  Value value = step.use(x.tensor);
  if (step && !typeOf(value).getElementType().isInteger(1))
    return step.fail("takes i1, not " + describe(value.getType()) +
                     ": compare it first, or use ~ for bits");
  return step.create("not", step ? value.getType() : Type(), value);
}

#define SINTER_UNARY(name, mnemonic)                                           \
  Tensor name(Tensor x, Place place) {                                         \
    return unary(#name, mnemonic, x, place);                                   \
  }
SINTER_UNARY(exp, "exp")
SINTER_UNARY(expm1, "expm1")
SINTER_UNARY(log, "log")
SINTER_UNARY(log1p, "log1p")
SINTER_UNARY(exp2, "exp2")
SINTER_UNARY(log2, "log2")
SINTER_UNARY(tan, "tan")
SINTER_UNARY(sinh, "sinh")
SINTER_UNARY(cosh, "cosh")
SINTER_UNARY(asin, "asin")
SINTER_UNARY(acos, "acos")
SINTER_UNARY(atan, "atan")
SINTER_UNARY(asinh, "asinh")
SINTER_UNARY(acosh, "acosh")
SINTER_UNARY(atanh, "atanh")
SINTER_UNARY(cbrt, "cbrt")
SINTER_UNARY(lgamma, "lgamma")
SINTER_UNARY(sqrt, "sqrt")
SINTER_UNARY(rsqrt, "rsqrt")
SINTER_UNARY(tanh, "tanh")
SINTER_UNARY(sin, "sin")
SINTER_UNARY(cos, "cos")
SINTER_UNARY(erf, "erf")
SINTER_UNARY(floor, "floor")
SINTER_UNARY(ceil, "ceil")
SINTER_UNARY(round, "round")
SINTER_UNARY(abs, "abs")
SINTER_UNARY(sign, "sign")
SINTER_UNARY(stop_gradient, "stop_gradient")
SINTER_UNARY(sigmoid, "logistic")
#undef SINTER_UNARY

Tensor polygamma(int64_t order, Tensor x, Place place) {
  Step step("polygamma", place);
  Value value = step.use(x);
  if (!step)
    return step.poison();
  return step.create("polygamma", value.getType(), value,
                     step.integer("order", order));
}
Tensor digamma(Tensor x, Place place) {
  Scope scope("digamma", place);
  return polygamma(0, x, place);
}

Tensor square(Tensor x, Place place) {
  return binary("square", "mul", Operand(x, place), Operand(x, place), place);
}

Tensor cast(Tensor x, DType dtype, Place place) {
  Step step("cast", place);
  Value value = step.use(x);
  if (!step || x.dtype() == dtype)
    return step.result(value);
  return step.create("cast", step.type(dtype, x.shape()), value);
}

Tensor detail::widened(const Tensor &x) {
  return cast(x, detail::computeType(x.dtype()));
}

} // namespace sinter
