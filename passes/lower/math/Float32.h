//===- Float32.h - arithmetic on f32 values and vectors ---------*- C++ -*-===//
//
// The notation that the expansions of this folder are written in: `x * y + 1`
// on SSA values of type f32 or vector<Nxf32>, with the integer and f64 values
// of the same number of lanes beside it.  Nothing here calls a library or falls
// apart into scalars: only arith ops and, where the target has it, math.fma.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_MATH_FLOAT32_H
#define SINTER_PASSES_LOWER_MATH_FLOAT32_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/ArrayRef.h"

namespace sinter::passes {

/// Where expansions are emitted, and what the target can do.
struct MathBuilder {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  /// The target multiplies and adds with one rounding, in one instruction.
  bool fma;
  /// The target rounds to integers in one instruction (SSE4.1).
  bool rounds;
  /// The target scales 16 lanes by powers of two in one instruction (AVX-512).
  bool scales;
};

/// An f32, f64, i32, i64 or i1 value, or a vector of them.
class Num {
public:
  Num(const MathBuilder &math, mlir::Value value) : math(&math), value(value) {}
  operator mlir::Value() const { return value; }
  mlir::Type type() const { return value.getType(); }
  /// This number's shape with another element type.
  mlir::Type typeOf(mlir::Type element) const;
  /// A constant of this number's type.
  Num constant(double number) const;
  /// A constant of this integer's type.
  Num bits(uint64_t pattern) const;

  const MathBuilder *math;
  mlir::Value value;
};

// Float arithmetic.
Num operator+(Num a, Num b);
Num operator-(Num a, Num b);
Num operator*(Num a, Num b);
Num operator/(Num a, Num b);
Num operator-(Num a);
inline Num operator+(Num a, double b) { return a + a.constant(b); }
inline Num operator-(Num a, double b) { return a - a.constant(b); }
inline Num operator*(Num a, double b) { return a * a.constant(b); }
inline Num operator+(double a, Num b) { return b.constant(a) + b; }
inline Num operator-(double a, Num b) { return b.constant(a) - b; }
inline Num operator*(double a, Num b) { return b.constant(a) * b; }
inline Num operator/(double a, Num b) { return b.constant(a) / b; }
/// a·b + c, with one rounding where the target does that in one instruction.
Num multiplyAdd(Num a, Num b, Num c);
Num multiplyAdd(Num a, double b, Num c);
Num multiplyAdd(Num a, Num b, double c);
/// c₀ + x(c₁ + x(c₂ + …)).
Num polynomial(Num x, llvm::ArrayRef<double> coefficients);
Num squareRoot(Num x);
Num absolute(Num x);
/// |magnitude| with the sign bit of `sign`.
Num withSign(Num magnitude, Num sign);

// Comparisons are false with a nan, as i1.
Num operator<(Num a, Num b);
Num operator==(Num a, Num b);
inline Num operator<(Num a, double b) { return a < a.constant(b); }
inline Num operator==(Num a, double b) { return a == a.constant(b); }
/// Equal, or one of them a nan: the negation of a ≠ b.
Num isNan(Num x);
Num both(Num a, Num b);
Num either(Num a, Num b);
Num negate(Num condition);
Num select(Num condition, Num a, Num b);
inline Num select(Num condition, double a, Num b) {
  return select(condition, b.constant(a), b);
}
/// Into [low, high]; a nan stays.
Num clamp(Num x, double low, double high);

// Integers.
Num addInteger(Num a, Num b);
Num subtractInteger(Num a, Num b);
Num multiplyInteger(Num a, Num b);
Num andInteger(Num a, Num b);
Num orInteger(Num a, Num b);
Num shiftLeft(Num a, unsigned count);
Num shiftLeft(Num a, Num count);
Num shiftRight(Num a, unsigned count);
Num shiftRight(Num a, Num count);
Num shiftRightArithmetic(Num a, unsigned count);
/// Signed comparisons.
Num lessInteger(Num a, Num b);
Num equalInteger(Num a, Num b);

// Conversions.
Num bitsOf(Num x);         // f32 → i32
Num floatOfBits(Num bits); // i32 → f32, i64 → f64
Num toFloat(Num integer);  // i32 → f32
Num toDouble(Num x);       // f32, i32, i64 → f64
Num toSingle(Num x);       // f64 → f32
Num toInteger(Num x);      // f32 → i32, truncating; |x| < 2³¹
Num widen(Num integer);    // i32 → i64, zero-extended
Num narrow(Num integer);   // i64 → i32

/// x rounded to the nearest integer, for |x| < 2²² (f32) or 2⁵¹ (f64), as a
/// float and, in its low bits, as an integer of the same width.
struct Rounded {
  Num number;
  Num integer;
};
Rounded roundNearest(Num x);

/// x · 2^exponent for −300 < exponent < 300 with one rounding at the end:
/// gradual underflow and overflow are right if |x| is near 1.
Num scaleByPowerOfTwo(Num x, Num exponent);
/// The same, in one instruction where the target has one.
Num scaleByPowerOfTwo(Num x, Rounded exponent);

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_MATH_FLOAT32_H
