//===- Pointwise.cpp - ops that act element by element --------------------===//
//
// One scalar function an op, for floats and for integers; evaluation maps it
// over the elements.  Integers are computed modulo 2^64 and wrapped to their
// width.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpret/Families.h"
#include "compiler/interpret/Gamma.h"

#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::interpret;

using FloatUnary = double (*)(double);
using IntUnary = int64_t (*)(int64_t);
using FloatBinary = double (*)(double, double);
using IntBinary = int64_t (*)(int64_t, int64_t);

static uint64_t bits(int64_t x) { return static_cast<uint64_t>(x); }
static int64_t number(uint64_t x) { return static_cast<int64_t>(x); }

static double stableLogistic(double x) {
  if (x >= 0)
    return 1 / (1 + std::exp(-x));
  double e = std::exp(x);
  return e / (1 + e);
}

static FloatUnary floatUnary(Operation *op) {
  return llvm::TypeSwitch<Operation *, FloatUnary>(op)
      .Case<NegOp>([](auto) { return +[](double x) { return -x; }; })
      .Case<AbsOp>([](auto) { return +[](double x) { return std::fabs(x); }; })
      .Case<SignOp>([](auto) {
        return +[](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; };
      })
      .Case<ExpOp>([](auto) { return +[](double x) { return std::exp(x); }; })
      .Case<Expm1Op>(
          [](auto) { return +[](double x) { return std::expm1(x); }; })
      .Case<LogOp>([](auto) { return +[](double x) { return std::log(x); }; })
      .Case<Log1pOp>(
          [](auto) { return +[](double x) { return std::log1p(x); }; })
      .Case<SqrtOp>([](auto) { return +[](double x) { return std::sqrt(x); }; })
      .Case<RsqrtOp>(
          [](auto) { return +[](double x) { return 1 / std::sqrt(x); }; })
      .Case<TanhOp>([](auto) { return +[](double x) { return std::tanh(x); }; })
      .Case<LogisticOp>([](auto) { return &stableLogistic; })
      .Case<SinOp>([](auto) { return +[](double x) { return std::sin(x); }; })
      .Case<CosOp>([](auto) { return +[](double x) { return std::cos(x); }; })
      .Case<ErfOp>([](auto) { return +[](double x) { return std::erf(x); }; })
      .Case<Exp2Op>([](auto) { return +[](double x) { return std::exp2(x); }; })
      .Case<Log2Op>([](auto) { return +[](double x) { return std::log2(x); }; })
      .Case<SinhOp>([](auto) { return +[](double x) { return std::sinh(x); }; })
      .Case<CoshOp>([](auto) { return +[](double x) { return std::cosh(x); }; })
      .Case<AsinhOp>(
          [](auto) { return +[](double x) { return std::asinh(x); }; })
      .Case<AcoshOp>(
          [](auto) { return +[](double x) { return std::acosh(x); }; })
      .Case<AtanhOp>(
          [](auto) { return +[](double x) { return std::atanh(x); }; })
      .Case<TanOp>([](auto) { return +[](double x) { return std::tan(x); }; })
      .Case<AsinOp>([](auto) { return +[](double x) { return std::asin(x); }; })
      .Case<AcosOp>([](auto) { return +[](double x) { return std::acos(x); }; })
      .Case<AtanOp>([](auto) { return +[](double x) { return std::atan(x); }; })
      .Case<CbrtOp>([](auto) { return +[](double x) { return std::cbrt(x); }; })
      .Case<LgammaOp>([](auto) { return &lgammaOf; })
      .Case<FloorOp>(
          [](auto) { return +[](double x) { return std::floor(x); }; })
      .Case<CeilOp>([](auto) { return +[](double x) { return std::ceil(x); }; })
      .Case<RoundOp>(
          [](auto) { return +[](double x) { return std::nearbyint(x); }; })
      .Case<StopGradientOp>([](auto) { return +[](double x) { return x; }; })
      .Default([](auto) { return nullptr; });
}

static IntUnary intUnary(Operation *op) {
  return llvm::TypeSwitch<Operation *, IntUnary>(op)
      .Case<NegOp>(
          [](auto) { return +[](int64_t x) { return number(-bits(x)); }; })
      .Case<AbsOp>([](auto) {
        return +[](int64_t x) { return x < 0 ? number(-bits(x)) : x; };
      })
      .Case<SignOp>([](auto) {
        return +[](int64_t x) { return int64_t{x > 0} - int64_t{x < 0}; };
      })
      .Case<NotOp>([](auto) { return +[](int64_t x) { return ~x; }; })
      .Case<StopGradientOp>([](auto) { return +[](int64_t x) { return x; }; })
      .Default([](auto) { return nullptr; });
}

static FloatBinary floatBinary(Operation *op) {
  return llvm::TypeSwitch<Operation *, FloatBinary>(op)
      .Case<AddOp>(
          [](auto) { return +[](double a, double b) { return a + b; }; })
      .Case<SubOp>(
          [](auto) { return +[](double a, double b) { return a - b; }; })
      .Case<MulOp>(
          [](auto) { return +[](double a, double b) { return a * b; }; })
      .Case<DivOp>(
          [](auto) { return +[](double a, double b) { return a / b; }; })
      .Case<MaxOp>([](auto) {
        return +[](double a, double b) {
          return std::isnan(a) || a > b ? a : b;
        };
      })
      .Case<MinOp>([](auto) {
        return +[](double a, double b) {
          return std::isnan(a) || a < b ? a : b;
        };
      })
      .Case<PowOp>([](auto) {
        return +[](double a, double b) { return std::pow(a, b); };
      })
      .Case<Atan2Op>([](auto) {
        return +[](double a, double b) { return std::atan2(a, b); };
      })
      .Case<RemOp>([](auto) {
        return +[](double a, double b) { return std::fmod(a, b); };
      })
      .Default([](auto) { return nullptr; });
}

static int64_t quotientOf(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  // MIN / −1 overflows in i64 itself; −a wraps as the op says.
  return b == -1 ? number(-bits(a)) : a / b;
}
static int64_t remainderOf(int64_t a, int64_t b) {
  return b == 0 || b == -1 ? 0 : a % b;
}

static IntBinary intBinary(Operation *op) {
  return llvm::TypeSwitch<Operation *, IntBinary>(op)
      .Case<AddOp>([](auto) {
        return +[](int64_t a, int64_t b) { return number(bits(a) + bits(b)); };
      })
      .Case<SubOp>([](auto) {
        return +[](int64_t a, int64_t b) { return number(bits(a) - bits(b)); };
      })
      .Case<MulOp>([](auto) {
        return +[](int64_t a, int64_t b) { return number(bits(a) * bits(b)); };
      })
      .Case<DivOp>([](auto) { return &quotientOf; })
      .Case<RemOp>([](auto) { return &remainderOf; })
      .Case<MaxOp>([](auto) {
        return +[](int64_t a, int64_t b) { return a > b ? a : b; };
      })
      .Case<MinOp>([](auto) {
        return +[](int64_t a, int64_t b) { return a < b ? a : b; };
      })
      .Case<AndOp>(
          [](auto) { return +[](int64_t a, int64_t b) { return a & b; }; })
      .Case<OrOp>(
          [](auto) { return +[](int64_t a, int64_t b) { return a | b; }; })
      .Case<XorOp>(
          [](auto) { return +[](int64_t a, int64_t b) { return a ^ b; }; })
      .Default([](auto) { return nullptr; });
}

//===----------------------------------------------------------------------===//
// Compare, select, cast
//===----------------------------------------------------------------------===//

template <typename T> static bool holds(Comparison relation, T a, T b) {
  switch (relation) {
  case Comparison::eq:
    return a == b;
  case Comparison::ne:
    return a != b;
  case Comparison::lt:
    return a < b;
  case Comparison::le:
    return a <= b;
  case Comparison::gt:
    return a > b;
  case Comparison::ge:
    return a >= b;
  }
  llvm_unreachable("six relations");
}

/// Zeros of the op's element type in the operands' shape, which is that of the
/// op unless single elements are evaluated.
static Array resultOf(Operation *op, Operands operands) {
  return Array::zeros(cast<RankedTensorType>(op->getResult(0).getType())
                          .clone(operands[0]->shape));
}

static Array evaluateCompare(CompareOp op, Operands operands) {
  const Array &a = *operands[0], &b = *operands[1];
  Array result = resultOf(op, operands);
  for (int64_t i = 0; i < result.size(); ++i)
    result.ints[i] = a.isFloat()
                         ? holds(op.getRelation(), a.floats[i], b.floats[i])
                         : holds(op.getRelation(), a.ints[i], b.ints[i]);
  return result;
}

static Array evaluateSelect(Operands operands) {
  Array result = *operands[1];
  for (int64_t i = 0; i < result.size(); ++i) {
    if (operands[0]->ints[i])
      continue;
    if (result.isFloat())
      result.floats[i] = operands[2]->floats[i];
    else
      result.ints[i] = operands[2]->ints[i];
  }
  return result;
}

/// Truncates towards zero and saturates; nan gives 0.
static int64_t saturate(double x, Type type) {
  if (std::isnan(x))
    return 0;
  // Compared as doubles: 2^63 itself is one, so i64 needs ≥ here.
  if (x <= static_cast<double>(minimum(type)))
    return minimum(type);
  if (x >= static_cast<double>(maximum(type)))
    return maximum(type);
  return static_cast<int64_t>(x);
}

static Array evaluateCast(CastOp op, Operands operands, Precision precision) {
  const Array &x = *operands[0];
  Array result = resultOf(op, operands);
  Type to = result.elementType;
  for (int64_t i = 0; i < result.size(); ++i) {
    if (x.isFloat() && result.isFloat())
      result.floats[i] = roundTo(x.floats[i], to, precision);
    else if (x.isFloat())
      result.ints[i] =
          to.isInteger(1) ? x.floats[i] != 0 : saturate(x.floats[i], to);
    else if (!result.isFloat())
      result.ints[i] = to.isInteger(1) ? x.ints[i] != 0 : wrap(x.ints[i], to);
    else if (getComputeType(to).isF32() && precision == Precision::Native)
      // Straight from the integer: by way of double it would round twice.
      result.floats[i] = static_cast<double>(static_cast<float>(x.ints[i]));
    else
      result.floats[i] = static_cast<double>(x.ints[i]);
  }
  return result;
}

Array sinter::interpret::evaluatePointwise(Operation *op, Operands operands,
                                           Precision precision) {
  if (auto compare = dyn_cast<CompareOp>(op))
    return evaluateCompare(compare, operands);
  if (isa<SelectOp>(op))
    return evaluateSelect(operands);
  if (auto cast = dyn_cast<CastOp>(op))
    return evaluateCast(cast, operands, precision);

  Array result = resultOf(op, operands);
  Type type = result.elementType;
  const Array &a = *operands[0];
  bool binary = operands.size() == 2;
  FloatUnary floatOne = floatUnary(op);
  IntUnary intOne = intUnary(op);
  FloatBinary floatTwo = floatBinary(op);
  IntBinary intTwo = intBinary(op);
  if (auto polygamma = dyn_cast<PolygammaOp>(op)) {
    for (int64_t i = 0; i < result.size(); ++i)
      result.floats[i] = roundTo(polygammaOf(polygamma.getOrder(), a.floats[i]),
                                 type, precision);
    return result;
  }
  for (int64_t i = 0; i < result.size(); ++i) {
    if (result.isFloat())
      result.floats[i] =
          roundTo(binary ? floatTwo(a.floats[i], operands[1]->floats[i])
                         : floatOne(a.floats[i]),
                  type, precision);
    else
      result.ints[i] = wrap(binary ? intTwo(a.ints[i], operands[1]->ints[i])
                                   : intOne(a.ints[i]),
                            type);
  }
  return result;
}
