//===- Linear.td - ops that move elements, and constants ------------------===//
//
// Every op here is linear in its float operands; its derivative is stated once,
// as its transpose (`transposed`, in LinearOps.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_LINEAR_TD
#define SINTER_LINEAR_TD

include "compiler/ir/Dialect.td"

class MovementOp<string mnemonic, list<Trait> traits = []>
    : InferredOp<mnemonic,
                 !listconcat([Movement, Differentiable, LinearRule], traits)> {
  code transposeDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
  let extraClassDeclaration = transposeDeclaration;
}

def ConstantOp : ValueOp<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>,
                                      Differentiable, ZeroRule]> {
  let summary = "a constant";
  let description = [{
    ```mlir
    %y = sinter.constant dense<1.0> : tensor<4xf32>
    ```

    The elements are `dense`, or a `dense_resource` that holds their bytes (of
    any type but i1).
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The elements, a resource's copied.
    ::mlir::DenseElementsAttr getDenseValue();
  }];
}

def IotaOp : ValueOp<"iota", [Differentiable, ZeroRule]> {
  let summary = "0, 1, 2, … along a dimension";
  let description = [{
    y[i₀, …] = i_d with d = `dimension`.

    ```mlir
    %y = sinter.iota dim 1 : tensor<2x3xi32>
    ```
  }];
  let arguments = (ins I64Attr:$dimension);
  let results = (outs NumberTensor:$result);
  let assemblyFormat = "`dim` $dimension attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def ReshapeOp : ValueOp<"reshape", [Movement, Differentiable, LinearRule]> {
  let summary = "the same elements in row-major order, in another shape";
  let description = [{
    The transpose is the reshape back.

    ```mlir
    %y = sinter.reshape %x : tensor<2x6xf32> -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat =
      "$operand attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}

def TransposeOp : MovementOp<"transpose"> {
  let summary = "permutation of the dimensions";
  let description = [{
    Result dimension d is operand dimension `permutation[d]`.  The transpose is
    the inverse permutation.

    ```mlir
    %y = sinter.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, DenseI64ArrayAttr:$permutation);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat =
      "$operand $permutation attr-dict `:` type($operand) `->` type($result)";
  let hasFolder = 1;
}

def BroadcastOp : ValueOp<"broadcast", [Movement, Differentiable, LinearRule]> {
  let summary = "repetition along new or unit dimensions";
  let description = [{
    Operand dimension d becomes result dimension `dimensions[d]` (increasing);
    its extent is that of the result, or 1 and repeated.  The transpose sums
    over the repetitions.

    ```mlir
    %y = sinter.broadcast %bias dims [1] : tensor<3xf32> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, DenseI64ArrayAttr:$dimensions);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = [{
    $operand `dims` $dimensions attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}

def SliceOp : MovementOp<"slice"> {
  let summary = "a strided part";
  let description = [{
    y[i] = x[offsets + i·strides], `sizes[d]` elements along d.  The transpose
    pads with zeros.

    ```mlir
    %y = sinter.slice %x offsets [1, 0] sizes [2, 3] strides [1, 2]
         : tensor<4x6xf32> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, DenseI64ArrayAttr:$offsets,
                       DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = [{
    $operand `offsets` $offsets `sizes` $sizes `strides` $strides attr-dict
    `:` type($operand) `->` type($result)
  }];
  let hasFolder = 1;
}

def PadOp : MovementOp<"pad"> {
  let summary = "zeros around and between the elements";
  let description = [{
    `low[d]` zeros before, `high[d]` after, `interior[d]` between neighbours
    along d; all ≥ 0.  The transpose is the strided slice.

    ```mlir
    %y = sinter.pad %x low [1, 0] high [1, 2] interior [0, 1]
         : tensor<2x3xf32> -> tensor<4x7xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high, DenseI64ArrayAttr:$interior);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = [{
    $operand `low` $low `high` $high `interior` $interior attr-dict
    `:` type($operand) `->` type($result)
  }];
  let hasFolder = 1;
}

def ConcatenateOp : MovementOp<"concatenate"> {
  let summary = "tensors side by side along a dimension";
  let description = [{
    All other extents agree.  The transpose slices.

    ```mlir
    %y = sinter.concatenate %a, %b dim 0
         : tensor<2x3xf32>, tensor<1x3xf32> -> tensor<3x3xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTensorValue>:$inputs, I64Attr:$dimension);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = [{
    $inputs `dim` $dimension attr-dict `:` type($inputs) `->` type($result)
  }];
  let hasFolder = 1;
}

def ReverseOp : MovementOp<"reverse", [SameOperandsAndResultShape]> {
  let summary = "elements in reverse order along dimensions";
  let description = [{
    y[…, i, …] = x[…, n−1−i, …] along each of `dimensions`.  Its own transpose.

    ```mlir
    %y = sinter.reverse %x dims [1] : tensor<2x3xf32> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, DenseI64ArrayAttr:$dimensions);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = [{
    $operand `dims` $dimensions attr-dict `:` type($operand) `->` type($result)
  }];
}

def GatherOp : InferredOp<"gather", [Differentiable, LinearRule]> {
  let summary = "the slices that indices name";
  let description = [{
    With a = `axis` and b = `batch_dims` ≤ a, the first b dimensions of operand
    and indices agree and
    y[p₀…p_{a−1}, s…, r…] = x[p₀…p_{a−1}, indices[p₀…p_{b−1}, s…], r…].
    An index out of range reads 0.  Result shape: operand[:a] ++ indices[b:] ++
    operand[a+1:].  The transpose is scatter_add into zeros.

    ```mlir
    %y = sinter.gather %table[%tokens] axis 0 batch 0
         : tensor<96x128xf32>, tensor<16x64xi32> -> tensor<16x64x128xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, IntegerTensor:$indices,
                       I64Attr:$axis, I64Attr:$batch_dims);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = [{
    $operand `[` $indices `]` `axis` $axis `batch` $batch_dims attr-dict
    `:` type($operand) `,` type($indices) `->` type($result)
  }];
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}

def ScatterAddOp : ValueOp<"scatter_add", [Differentiable, LinearRule,
    AllTypesMatch<["operand", "result"]>]> {
  let summary = "adds slices where indices name";
  let description = [{
    The operand plus every element of `updates` (shaped as the result of the
    `gather` with the same attributes) at the place that gather would read;
    repeated indices add up in row-major order of `updates`, an index out of
    range is dropped.  dy/d operand = 1; the transpose with respect to updates
    is that gather.

    ```mlir
    %y = sinter.scatter_add %x[%indices] += %updates axis 0 batch 0
         : tensor<5x3xf32>, tensor<4xi32>, tensor<4x3xf32>
    ```
  }];
  let arguments = (ins NumberTensor:$operand, IntegerTensor:$indices,
                       NumberTensor:$updates, I64Attr:$axis,
                       I64Attr:$batch_dims);
  let results = (outs NumberTensor:$result);
  let assemblyFormat = [{
    $operand `[` $indices `]` `+` `=` $updates `axis` $axis `batch` $batch_dims
    attr-dict `:` type($operand) `,` type($indices) `,` type($updates)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}

#endif
