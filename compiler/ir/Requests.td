//===- Requests.td - derivatives that are asked for -----------------------===//
//
// A request stands for the derivative of SSA values with respect to SSA values
// of the same block.  The `gradient` stage replaces each, in program order and
// innermost region first, by the ops that compute it; so requests nest to any
// order.  Nothing is folded or merged before that.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_REQUESTS_TD
#define SINTER_REQUESTS_TD

include "compiler/ir/Dialect.td"

def GradientOp : ValueOp<"gradient"> {
  let summary = "∂ scalar / ∂ xs";
  let description = [{
    The gradient of a scalar with respect to each x, of x's type; zeros where it
    does not depend on x.

    ```mlir
    %dw, %db = sinter.gradient %loss wrt %w, %b
        : tensor<f32> wrt tensor<4x2xf32>, tensor<2xf32>
    ```
  }];
  let arguments = (ins FloatTensor:$of, Variadic<FloatTensor>:$wrt);
  let results = (outs Variadic<FloatTensor>:$results);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}
def VjpOp : ValueOp<"vjp", [AttrSizedOperandSegments]> {
  let summary = "cotangents of xs for cotangents of ys";
  let description = [{
    For each x the value Σ (∂y/∂x)ᵀ dy over all ys.

    ```mlir
    %dx = sinter.vjp (%y) wrt (%x) cotangents (%dy)
        : (tensor<2xf32>) wrt (tensor<3xf32>)
    ```
  }];
  let arguments = (ins Variadic<FloatTensor>:$of, Variadic<FloatTensor>:$wrt,
                       Variadic<FloatTensor>:$cotangents);
  let results = (outs Variadic<FloatTensor>:$results);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}
def JvpOp : ValueOp<"jvp", [AttrSizedOperandSegments]> {
  let summary = "tangents of ys for tangents of xs";
  let description = [{
    For each y the value Σ (∂y/∂x) dx over all xs.

    ```mlir
    %dy = sinter.jvp (%y) wrt (%x) tangents (%dx)
        : (tensor<2xf32>) wrt (tensor<3xf32>)
    ```
  }];
  let arguments = (ins Variadic<FloatTensor>:$of, Variadic<FloatTensor>:$wrt,
                       Variadic<FloatTensor>:$tangents);
  let results = (outs Variadic<FloatTensor>:$results);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

#endif
