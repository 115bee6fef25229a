//===- Reduction.td - combining the elements along dimensions -------------===//
//
// Reductions, and what keeps the dimension: running sums and the order of the
// elements.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_REDUCTION_TD
#define SINTER_REDUCTION_TD

include "compiler/ir/Dialect.td"

class ReduceOp<string mnemonic, Type type, list<Trait> traits>
    : InferredOp<mnemonic, !listconcat([Reduction, Differentiable], traits)> {
  let arguments = (ins type:$operand, DenseI64ArrayAttr:$dimensions);
  let results = (outs type:$result);
  let assemblyFormat = [{
    $operand `dims` $dimensions attr-dict `:` type($operand) `->` type($result)
  }];
  let hasFolder = 1;
}
class CustomReduceOp<string mnemonic, Type type>
    : ReduceOp<mnemonic, type, []> {
  let extraClassDeclaration = [{
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    vjp(::mlir::OpBuilder &builder, ::llvm::ArrayRef<::mlir::Value> cotangents,
        ::llvm::ArrayRef<bool> wanted);
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    jvp(::mlir::OpBuilder &builder, ::llvm::ArrayRef<::mlir::Value> tangents);
  }];
}

def ReduceSumOp : ReduceOp<"reduce_sum", NumberTensor, [LinearRule]> {
  let summary = "sum over dimensions";
  let description = [{
    y = Σ x over `dimensions` (increasing), which the result lacks; an empty sum
    is 0.  The transpose broadcasts.

    ```mlir
    %y = sinter.reduce_sum %x dims [1] : tensor<2x3xf32> -> tensor<2xf32>
    ```
  }];
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}
def ReduceMaxOp : CustomReduceOp<"reduce_max", AnyTensorValue> {
  let summary = "maximum over dimensions";
  let description = [{
    y = max x; nan if there is one; −inf (or the least value) when empty; for
    i1, logical or.  Of zeros of both signs either may be the result.  The
    cotangent goes to the first maximum in row-major order.
  }];
}
def ReduceMinOp : CustomReduceOp<"reduce_min", AnyTensorValue> {
  let summary = "minimum over dimensions";
  let description = [{
    y = min x; nan if there is one; +inf (or the greatest value) when empty; for
    i1, logical and.  Of zeros of both signs either may be the result.  The
    cotangent goes to the first minimum in row-major order.
  }];
}
def ReduceProdOp : CustomReduceOp<"reduce_prod", NumberTensor> {
  let summary = "product over dimensions";
  let description = [{
    y = Π x; 1 when empty.  dy/dxᵢ = Π_{j≠i} xⱼ, right with zeros among them.
  }];
}

class ArgReduceOp<string mnemonic>
    : ValueOp<mnemonic, [Differentiable, ZeroRule]> {
  let arguments = (ins AnyTensorValue:$operand, I64Attr:$dimension);
  let results = (outs TensorRankOf<[I32, I64], [0, 1, 2, 3, 4, 5, 6, 7]>:$result);
  let assemblyFormat = [{
    $operand `dim` $dimension attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
}
def ArgMaxOp : ArgReduceOp<"argmax"> {
  let summary = "index of the first maximum along a dimension";
  let description = [{
    A nan counts as larger than every number.  The extent must not be 0.

    ```mlir
    %y = sinter.argmax %x dim 1 : tensor<2x3xf32> -> tensor<2xi32>
    ```
  }];
}
def ArgMinOp : ArgReduceOp<"argmin"> {
  let summary = "index of the first minimum along a dimension";
  let description = [{ A nan counts as smaller than every number.  The extent must not be 0. }];
}

def CumulativeSumOp : ValueOp<"cumulative_sum", [Differentiable, LinearRule,
    AllTypesMatch<["operand", "result"]>]> {
  let summary = "running sums along a dimension";
  let description = [{
    y[i] = Σ_{j ≤ i} x[j] along `dimension`; `exclusive`: j < i; `reverse`: from
    the end, j ≥ i or j > i.  Added one after another in that direction, from 0,
    so every y[i] is the float sum y[i−1] + x[i] (of bf16 the f32 sum, each
    y[i] rounded on its own); integers wrap.  The transpose is the sum in the
    other direction.

    ```mlir
    %y = sinter.cumulative_sum %x dim 1 reverse exclusive : tensor<2x3xf32>
    ```
  }];
  let arguments = (ins NumberTensor:$operand, I64Attr:$dimension,
                       UnitAttr:$reverse, UnitAttr:$exclusive);
  let results = (outs NumberTensor:$result);
  let assemblyFormat = [{
    $operand `dim` $dimension (`reverse` $reverse^)? (`exclusive` $exclusive^)?
    attr-dict `:` type($operand)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}

def ArgSortOp : InferredOp<"argsort", [Differentiable, ZeroRule]> {
  let summary = "the order of the elements along a dimension";
  let description = [{
    i32 indices that sort x along `dimension`, the least first, or the greatest
    first if `descending`.  Equal elements (zeros of both signs are) keep their
    order either way; a nan counts as greater than every number.

    ```mlir
    %y = sinter.argsort %x dim 1 descending : tensor<2x3xf32> -> tensor<2x3xi32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, I64Attr:$dimension,
                       UnitAttr:$descending);
  let results = (outs StaticShapeTensorOf<[I32]>:$result);
  let assemblyFormat = [{
    $operand `dim` $dimension (`descending` $descending^)? attr-dict `:`
    type($operand) `->` type($result)
  }];
}

#endif
