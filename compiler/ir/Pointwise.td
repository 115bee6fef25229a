//===- Pointwise.td - ops that act element by element ---------------------===//
//
// Operands and result have one shape; there is no implicit broadcasting here
// (the DSL inserts `sinter.broadcast`).  A derivative rule states the partials
// in terms of the operands `x`, `x0`, `x1` and, where cheaper, the result `y`.
// The functions of one float are in Functions.td.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_POINTWISE_TD
#define SINTER_POINTWISE_TD

include "compiler/ir/Dialect.td"

class PointwiseOp<string mnemonic, list<Trait> traits>
    : ValueOp<mnemonic, !listconcat([Pointwise, Differentiable], traits)>;

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

class UnaryOp<string mnemonic, Type type, list<Trait> traits>
    : PointwiseOp<mnemonic, !listconcat([SameOperandsAndResultType], traits)> {
  let arguments = (ins type:$operand);
  let results = (outs type:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand)";
}

/// A unary op that is differentiable with the stated partial.
class SmoothOp<string mnemonic, Type type, code partialText,
               list<Trait> traits = []>
    : UnaryOp<mnemonic, type, !listconcat([PointwiseRule], traits)> {
  let extraClassDeclaration = [{
    ::mlir::Value partial(::sinter::ir::Rule &rule, unsigned i);
  }];
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::partial(::sinter::ir::Rule &rule, unsigned) {
      ::sinter::ir::Expr x = rule.x(), y = rule.y();
      (void)x, (void)y;
      return }] # partialText # [{;
    }
  }];
}
class StepOp<string mnemonic, Type type, list<Trait> traits = []>
    : UnaryOp<mnemonic, type, !listconcat([ZeroRule], traits)>;

def NegOp : SmoothOp<"neg", NumberTensor, [{ x.constant(-1) }]> {
  let summary = "negation";
  let description = [{
    y = −x; integers wrap.  dy/dx = −1.

    ```mlir
    %y = sinter.neg %x : tensor<4xf32>
    ```
  }];
  let hasFolder = 1;
}
def AbsOp : SmoothOp<"abs", NumberTensor, [{ sign(x) }]> {
  let summary = "absolute value";
  let description = [{ y = |x|; the most negative integer wraps to itself.  dy/dx = sign(x), so 0 at 0. }];
}
def SignOp : StepOp<"sign", NumberTensor> {
  let summary = "−1, 0 or 1";
  let description = [{ y = (x > 0) − (x < 0), ±0 and nan are kept.  dy/dx = 0. }];
}
def FloorOp : StepOp<"floor", FloatTensor> {
  let summary = "largest integer not above";
  let description = [{ y = ⌊x⌋.  dy/dx = 0. }];
}
def CeilOp : StepOp<"ceil", FloatTensor> {
  let summary = "smallest integer not below";
  let description = [{ y = ⌈x⌉.  dy/dx = 0. }];
}
def RoundOp : StepOp<"round", FloatTensor> {
  let summary = "nearest integer, ties to even";
  let description = [{ y = x rounded to the nearest integer, ties to even.  dy/dx = 0. }];
}
def NotOp : StepOp<"not", BitsTensor> {
  let summary = "bitwise complement";
  let description = [{ y = ¬x, bit by bit; logical for i1. }];
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

class BinaryOp<string mnemonic, Type type, list<Trait> traits>
    : PointwiseOp<mnemonic, !listconcat([SameOperandsAndResultType], traits)> {
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
}
class SmoothBinaryOp<string mnemonic, Type type, code partial0, code partial1,
                     list<Trait> traits = []>
    : BinaryOp<mnemonic, type, !listconcat([PointwiseRule], traits)> {
  let extraClassDeclaration = [{
    ::mlir::Value partial(::sinter::ir::Rule &rule, unsigned i);
  }];
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::partial(::sinter::ir::Rule &rule, unsigned i) {
      ::sinter::ir::Expr x0 = rule.x(0), x1 = rule.x(1), y = rule.y();
      (void)x0, (void)x1, (void)y;
      if (i == 0)
        return }] # partial0 # [{;
      return }] # partial1 # [{;
    }
  }];
}
/// Linear in both operands together: the transpose stands for the partials.
class LinearBinaryOp<string mnemonic, code transpose0, code transpose1,
                     list<Trait> traits = []>
    : BinaryOp<mnemonic, NumberTensor, !listconcat([LinearRule], traits)> {
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::transposed(::mlir::OpBuilder &builder,
                                        ::mlir::Value cotangent, unsigned i) {
      ::sinter::ir::Expr dy(builder, getLoc(), cotangent);
      if (i == 0)
        return }] # transpose0 # [{;
      return }] # transpose1 # [{;
    }
  }];
}
class BitwiseOp<string mnemonic>
    : BinaryOp<mnemonic, BitsTensor, [Commutative, ZeroRule]>;

def AddOp : LinearBinaryOp<"add", [{ dy }], [{ dy }], [Commutative]> {
  let summary = "sum";
  let description = [{
    y = a + b; integers wrap.  dy/da = dy/db = 1.

    ```mlir
    %y = sinter.add %a, %b : tensor<2x3xf32>
    ```
  }];
  let hasFolder = 1;
}
def SubOp : LinearBinaryOp<"sub", [{ dy }], [{ -dy }]> {
  let summary = "difference";
  let description = [{ y = a − b; integers wrap.  dy/da = 1, dy/db = −1. }];
  let hasFolder = 1;
}
def MulOp : BinaryOp<"mul", NumberTensor, [Commutative, MultilinearRule]> {
  let summary = "product";
  let description = [{ y = a·b; integers wrap.  dy/da = b, dy/db = a. }];
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
  let extraClassDefinition = [{
    ::mlir::Value $cppClass::transposed(::mlir::OpBuilder &builder,
                                        ::mlir::Value cotangent, unsigned i) {
      ::sinter::ir::Expr dy(builder, getLoc(), cotangent);
      ::sinter::ir::Expr other(builder, getLoc(), getOperand(1 - i));
      return dy * other;
    }
  }];
  let hasFolder = 1;
}
def DivOp : SmoothBinaryOp<"div", NumberTensor,
                           [{ 1.0 / x1 }], [{ -(y / x1) }]> {
  let summary = "quotient";
  let description = [{
    y = a/b.  Integers truncate towards zero, x/0 = 0 and MIN/−1 wraps to MIN.
    dy/da = 1/b, dy/db = −y/b.
  }];
  let hasFolder = 1;
}
def MaxOp : SmoothBinaryOp<"max", NumberTensor,
    [{ where(greater(x0, x1), x0.constant(1), x0.constant(0)) }],
    [{ where(greater(x0, x1), x0.constant(0), x0.constant(1)) }]> {
  let summary = "the larger";
  let description = [{
    y = max(a, b); nan if either is.  The cotangent goes to a only where a > b,
    else to b: max(x, 0) has slope 0 at 0.
  }];
}
def MinOp : SmoothBinaryOp<"min", NumberTensor,
    [{ where(less(x0, x1), x0.constant(1), x0.constant(0)) }],
    [{ where(less(x0, x1), x0.constant(0), x0.constant(1)) }]> {
  let summary = "the smaller";
  let description = [{
    y = min(a, b); nan if either is.  The cotangent goes to a only where a < b,
    else to b.
  }];
}
def PowOp : SmoothBinaryOp<"pow", FloatTensor,
    [{ x1 * pow(x0, where(isZero(x1), where(isZero(x0), x1 + 1.0, x1 - 1.0),
                          x1 - 1.0)) }],
    [{ where(isZero(x0), x0.constant(0),
             y * log(where(isZero(x0), x0.constant(1), x0))) }]> {
  let summary = "power";
  let description = [{
    y = aᵇ as C's pow; f32 within 2 ulp.  dy/da = b·aᵇ⁻¹ (0 where a = b = 0), dy/db = y·ln a
    (0 where a = 0); the same holds for the derivatives of these.
  }];
}
def Atan2Op : SmoothBinaryOp<"atan2", FloatTensor,
    [{ x1 / (x0 * x0 + x1 * x1) }], [{ -x0 / (x0 * x0 + x1 * x1) }]> {
  let summary = "angle of a point";
  let description = [{
    y = the angle of (b, a) from the first axis, in [−π, π], as C's atan2(a, b);
    f32 within 4 ulp.  dy/da = b/(a² + b²), dy/db = −a/(a² + b²).
  }];
}
def RemOp : SmoothBinaryOp<"rem", NumberTensor, [{ x0.constant(1) }],
    [{ (y - x0) / x1 }]> {
  let summary = "remainder with the dividend's sign";
  let description = [{
    y = a − trunc(a/b)·b as C's fmod; integers give 0 where b = 0.  dy/da = 1,
    dy/db = −trunc(a/b).
  }];
}
def AndOp : BitwiseOp<"and"> {
  let summary = "bitwise and";
  let description = [{ y = a ∧ b, bit by bit; logical for i1. }];
}
def OrOp : BitwiseOp<"or"> {
  let summary = "bitwise or";
  let description = [{ y = a ∨ b, bit by bit; logical for i1. }];
}
def XorOp : BitwiseOp<"xor"> {
  let summary = "bitwise exclusive or";
  let description = [{ y = a ⊕ b, bit by bit; logical for i1. }];
}

//===----------------------------------------------------------------------===//
// Comparison, select, cast, stop_gradient
//===----------------------------------------------------------------------===//

def Comparison : I32EnumAttr<"Comparison", "an order relation", [
    I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>,
    I32EnumAttrCase<"lt", 2>, I32EnumAttrCase<"le", 3>,
    I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>]> {
  let cppNamespace = "::sinter::ir";
  let genSpecializedAttr = 0;
}
def ComparisonAttr : EnumAttr<SinterDialect, Comparison, "comparison">;

def CompareOp : InferredOp<"compare",
    [Pointwise, Differentiable, ZeroRule, SameTypeOperands]> {
  let summary = "comparison";
  let description = [{
    y = a ∼ b as i1.  With a nan every relation but `ne` is false.

    ```mlir
    %c = sinter.compare lt %a, %b : tensor<4xf32>
    ```
  }];
  let arguments = (ins ComparisonAttr:$relation, AnyTensorValue:$lhs,
                       AnyTensorValue:$rhs);
  let results = (outs BoolTensor:$result);
  let assemblyFormat =
      "$relation $lhs `,` $rhs attr-dict `:` type($lhs)";
}

def SelectOp : ValueOp<"select", [Pointwise, Differentiable,
    AllTypesMatch<["on_true", "on_false", "result"]>,
    SameOperandsAndResultShape]> {
  let summary = "choice";
  let description = [{
    y = c ? a : b.  The cotangent goes to the chosen operand, zero to the other.

    ```mlir
    %y = sinter.select %c, %a, %b : tensor<4xf32>
    ```
  }];
  let arguments = (ins BoolTensor:$condition, AnyTensorValue:$on_true,
                       AnyTensorValue:$on_false);
  let results = (outs AnyTensorValue:$result);
  let hasCustomAssemblyFormat = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    vjp(::mlir::OpBuilder &builder, ::llvm::ArrayRef<::mlir::Value> cotangents,
        ::llvm::ArrayRef<bool> wanted);
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    jvp(::mlir::OpBuilder &builder, ::llvm::ArrayRef<::mlir::Value> tangents);
  }];
}

def CastOp : ValueOp<"cast", [Pointwise, Differentiable, LinearRule,
                              SameOperandsAndResultShape]> {
  let summary = "conversion of the element type";
  let description = [{
    y = x in another type.  Float to integer truncates and saturates, nan gives
    0; integer to integer wraps; anything to i1 is x ≠ 0.  A narrower float is
    the nearest, ties to even, infinity beyond the range; a nan stays one.  To
    bf16 everything goes by way of f32.  Between float types the derivative is
    the cast of the cotangent; else zero.

    ```mlir
    %y = sinter.cast %x : tensor<4xui8> to tensor<4xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat =
      "$operand attr-dict `:` type($operand) `to` type($result)";
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}

def StopGradientOp : UnaryOp<"stop_gradient", AnyTensorValue, [ZeroRule]> {
  let summary = "the identity, with derivative zero";
  let description = [{ y = x.  dy/dx = 0; gone after the `gradient` stage. }];
}

#endif
