//===- Convolution.td - windows that slide over spatial dimensions --------===//
//
// A window of `size` elements, `dilation` apart, lies at every `stride`-th
// place where it fits whole.  `windows` is that as an index map; `conv` is the
// contraction of what the windows show with a kernel; a pooling is a reduction
// of it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_CONVOLUTION_TD
#define SINTER_CONVOLUTION_TD

include "compiler/ir/Linear.td"

def ConvOp : InferredOp<"conv", [Differentiable, MultilinearRule]> {
  let summary = "cross-correlation in 1 to 3 dimensions";
  let description = [{
    With x the input [N, S…, C], w the kernel [K…, C/g, F], g = `groups` and p
    the input with `input_dilation` − 1 zeros between neighbours, then `low`
    zeros before and `high` after (negative: that many cut off),

    y[n, o…, f] = Σ_k… Σ_c p[n, o·strides + k·kernel_dilation, c₀ + c]·w[k…, c, f]

    where c₀ is the first channel of f's group: features and channels divide
    into g groups, in order.  Zeros of the padding and of the input dilation may
    take part in the sum or be left out: that is a difference where a weight is
    not finite, and a sum of zeros may have either sign.  The shape
    is [N, O…, F], O = ⌊(P − d(K−1) − 1)/s⌋ + 1 for P padded elements; a window
    that fits nowhere is an error.  Left out in text: strides and dilations of
    1, padding of 0, one group.

    Both transposes are convs again.  That with respect to the input slides the
    reversed kernel, features and channels exchanged, over the cotangent,
    dilated by the stride; that with respect to the kernel slides the cotangent,
    dilated by the stride, over the input, samples and channels exchanged.

    ```mlir
    %y = sinter.conv %x, %w strides [2, 2] low [1, 1] high [1, 1]
         : tensor<4x9x9x3xf32>, tensor<3x3x3x8xf32> -> tensor<4x5x5x8xf32>
    %z = sinter.conv %u, %v kernel_dilation [2] groups 4
         : tensor<2x9x4xf32>, tensor<3x1x4xf32> -> tensor<2x5x4xf32>
    ```
  }];
  let arguments = (ins NumberTensor:$input, NumberTensor:$kernel,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low,
      DenseI64ArrayAttr:$high, DenseI64ArrayAttr:$input_dilation,
      DenseI64ArrayAttr:$kernel_dilation, I64Attr:$groups);
  let results = (outs NumberTensor:$result);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
    /// How many spatial dimensions there are.
    int64_t getSpatialRank() { return getStrides().size(); }
  }];
}

def WindowsOp : MovementOp<"windows"> {
  let summary = "every place of a sliding window";
  let description = [{
    Along each of the dimensions `dims` (increasing) lie windows of `sizes`
    elements, `dilations` apart, `strides` from one to the next:
    y[…, o…, k…, …] = x[…, o·strides + k·dilations, …], where the windows' own
    dimensions stand behind the last of `dims`.  What the last window does not
    reach is left out.  The transpose is fold_windows.

    ```mlir
    %y = sinter.windows %x dims [1, 2] sizes [3, 3] strides [2, 2]
         dilations [1, 1] : tensor<4x9x9x8xf32> -> tensor<4x4x4x3x3x8xf32>
    ```
  }];
  let arguments = (ins AnyTensorValue:$operand, DenseI64ArrayAttr:$windowed,
      DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides,
      DenseI64ArrayAttr:$dilations);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = [{
    $operand `dims` $windowed `sizes` $sizes `strides` $strides
    `dilations` $dilations attr-dict `:` type($operand) `->` type($result)
  }];
}

def FoldWindowsOp : ValueOp<"fold_windows", [Differentiable, LinearRule]> {
  let summary = "windows added up where they came from";
  let description = [{
    y[…, i, …] = Σ x[…, o…, k…, …] over all o, k with i = o·strides +
    k·dilations, in row-major order of k: the transpose of `windows`, whose
    operand has the result's shape.  What no window covers is zero (of either
    sign).  Its own transpose is `windows`.

    ```mlir
    %y = sinter.fold_windows %x dims [1] sizes [3] strides [2] dilations [1]
         : tensor<4x4x3x8xf32> -> tensor<4x10x8xf32>
    ```
  }];
  let arguments = (ins NumberTensor:$operand, DenseI64ArrayAttr:$windowed,
      DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides,
      DenseI64ArrayAttr:$dilations);
  let results = (outs NumberTensor:$result);
  let assemblyFormat = [{
    $operand `dims` $windowed `sizes` $sizes `strides` $strides
    `dilations` $dilations attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
  }];
}

#endif
