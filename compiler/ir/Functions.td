//===- Functions.td - mathematical functions of one float -----------------===//
//
// Each with its bound in ulp, which MathTest holds it to on every CPU; the
// measured errors are in passes/lower/README.md.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_FUNCTIONS_TD
#define SINTER_FUNCTIONS_TD

include "compiler/ir/Pointwise.td"

def ExpOp : SmoothOp<"exp", FloatTensor, [{ y }]> {
  let summary = "exponential";
  let description = [{ y = eˣ; f32 within 2 ulp.  dy/dx = y. }];
}
def Exp2Op : SmoothOp<"exp2", FloatTensor, [{ y * 0.69314718055994531 }]> {
  let summary = "power of two";
  let description = [{ y = 2ˣ, exact at integers; f32 within 2 ulp.  dy/dx = y·ln 2. }];
}
def Expm1Op : SmoothOp<"expm1", FloatTensor, [{ y + 1.0 }]> {
  let summary = "eˣ − 1, accurate near 0";
  let description = [{ y = eˣ − 1; f32 within 3 ulp.  dy/dx = y + 1. }];
}
def LogOp : SmoothOp<"log", FloatTensor, [{ 1.0 / x }]> {
  let summary = "natural logarithm";
  let description = [{ y = ln x; −inf at 0, nan below; f32 within 2 ulp.  dy/dx = 1/x. }];
}
def Log2Op : SmoothOp<"log2", FloatTensor, [{ 1.4426950408889634 / x }]> {
  let summary = "binary logarithm";
  let description = [{
    y = log₂ x, exact at powers of two; −inf at 0, nan below; f32 within 3 ulp.
    dy/dx = 1/(x·ln 2).
  }];
}
def Log1pOp : SmoothOp<"log1p", FloatTensor, [{ 1.0 / (1.0 + x) }]> {
  let summary = "ln(1 + x), accurate near 0";
  let description = [{ y = ln(1 + x); f32 within 3 ulp.  dy/dx = 1/(1 + x). }];
}
def SqrtOp : SmoothOp<"sqrt", FloatTensor, [{ 0.5 / y }]> {
  let summary = "square root";
  let description = [{ y = √x, correctly rounded.  dy/dx = 1/(2y). }];
}
def RsqrtOp : SmoothOp<"rsqrt", FloatTensor, [{ -0.5 * (y / x) }]> {
  let summary = "reciprocal square root";
  let description = [{ y = 1/√x; within 2 ulp.  dy/dx = −y/(2x). }];
}
def TanhOp : SmoothOp<"tanh", FloatTensor, [{ 1.0 - y * y }]> {
  let summary = "hyperbolic tangent";
  let description = [{ y = tanh x; f32 within 5 ulp.  dy/dx = 1 − y². }];
}
def SinhOp : SmoothOp<"sinh", FloatTensor, [{ cosh(x) }]> {
  let summary = "hyperbolic sine";
  let description = [{ y = sinh x; f32 within 4 ulp.  dy/dx = cosh x. }];
}
def CoshOp : SmoothOp<"cosh", FloatTensor, [{ sinh(x) }]> {
  let summary = "hyperbolic cosine";
  let description = [{ y = cosh x; f32 within 4 ulp.  dy/dx = sinh x. }];
}
def AsinhOp : SmoothOp<"asinh", FloatTensor, [{ 1.0 / sqrt(x * x + 1.0) }]> {
  let summary = "inverse hyperbolic sine";
  let description = [{ y = arsinh x; f32 within 4 ulp.  dy/dx = 1/√(x² + 1). }];
}
def AcoshOp : SmoothOp<"acosh", FloatTensor,
                       [{ 1.0 / sqrt((x - 1.0) * (x + 1.0)) }]> {
  let summary = "inverse hyperbolic cosine";
  let description = [{
    y = arcosh x ≥ 0; nan below 1; f32 within 4 ulp.
    dy/dx = 1/√((x − 1)(x + 1)).
  }];
}
def AtanhOp : SmoothOp<"atanh", FloatTensor,
                       [{ 1.0 / ((1.0 - x) * (1.0 + x)) }]> {
  let summary = "inverse hyperbolic tangent";
  let description = [{
    y = artanh x; ±inf at ±1, nan beyond; f32 within 4 ulp.
    dy/dx = 1/((1 − x)(1 + x)).
  }];
}
def LogisticOp : SmoothOp<"logistic", FloatTensor, [{ y * (1.0 - y) }]> {
  let summary = "logistic sigmoid";
  let description = [{ y = 1/(1 + e⁻ˣ), without overflow; f32 within 5 ulp.  dy/dx = y(1 − y). }];
}
def SinOp : SmoothOp<"sin", FloatTensor, [{ cos(x) }]> {
  let summary = "sine";
  let description = [{ y = sin x, x in radians; f32 within 2 ulp over the whole range.  dy/dx = cos x. }];
}
def CosOp : SmoothOp<"cos", FloatTensor, [{ -sin(x) }]> {
  let summary = "cosine";
  let description = [{ y = cos x, x in radians; f32 within 2 ulp over the whole range.  dy/dx = −sin x. }];
}
def TanOp : SmoothOp<"tan", FloatTensor, [{ 1.0 + y * y }]> {
  let summary = "tangent";
  let description = [{
    y = tan x, x in radians; f32 within 4 ulp over the whole range.
    dy/dx = 1 + y².
  }];
}
def AsinOp : SmoothOp<"asin", FloatTensor,
                      [{ 1.0 / sqrt((1.0 - x) * (1.0 + x)) }]> {
  let summary = "arc sine";
  let description = [{
    y = arcsin x in [−π/2, π/2]; nan beyond ±1; f32 within 4 ulp.
    dy/dx = 1/√((1 − x)(1 + x)).
  }];
}
def AcosOp : SmoothOp<"acos", FloatTensor,
                      [{ -1.0 / sqrt((1.0 - x) * (1.0 + x)) }]> {
  let summary = "arc cosine";
  let description = [{
    y = arccos x in [0, π]; nan beyond ±1; f32 within 4 ulp.
    dy/dx = −1/√((1 − x)(1 + x)).
  }];
}
def AtanOp : SmoothOp<"atan", FloatTensor, [{ 1.0 / (1.0 + x * x) }]> {
  let summary = "arc tangent";
  let description = [{ y = arctan x in [−π/2, π/2]; f32 within 4 ulp.  dy/dx = 1/(1 + x²). }];
}
def CbrtOp : SmoothOp<"cbrt", FloatTensor, [{ (1.0 / 3.0) / (y * y) }]> {
  let summary = "cube root";
  let description = [{ y = ∛x; f32 within 2 ulp.  dy/dx = 1/(3y²), inf at 0. }];
}
def ErfOp : SmoothOp<"erf", FloatTensor,
                     [{ 1.1283791670955126 * exp(-(x * x)) }]> {
  let summary = "error function";
  let description = [{ y = 2/√π ∫₀ˣ e^(−t²) dt; f32 within 5 ulp.  dy/dx = 2/√π · e^(−x²). }];
}
def LgammaOp : SmoothOp<"lgamma", FloatTensor, [{ polygamma(0, x) }]> {
  let summary = "logarithm of the gamma function";
  let description = [{
    y = ln|Γ(x)|; inf at 0, −1, −2, …  f32 within 4 ulp; f64 within
    2⁻⁴⁶·max(1, |y|), but for x < 0 beside a pole.  dy/dx = ψ(x) =
    `polygamma` of order 0.
  }];
}
def PolygammaOp : SmoothOp<"polygamma", FloatTensor, [{
    polygamma(static_cast<int64_t>(getOrder()) + 1, x) }]> {
  let summary = "derivative of digamma";
  let description = [{
    y = ψ⁽ⁿ⁾(x), n = `order` from 0 to 30, where ψ = d/dx ln Γ; at 0, −1, −2, …
    nan for an even order, inf for an odd one.  f32 within 4 ulp at order 0, to
    2⁻²⁰·|y| at others; f64 to 2⁻⁴⁰·max(1, |y|).  dy/dx = ψ⁽ⁿ⁺¹⁾(x).

    ```mlir
    %y = sinter.polygamma %x order 1 : tensor<4xf32>
    ```
  }];
  let arguments = (ins FloatTensor:$operand, I64Attr:$order);
  let assemblyFormat = "$operand `order` $order attr-dict `:` type($operand)";
  let hasVerifier = 1;
}

#endif // SINTER_FUNCTIONS_TD
