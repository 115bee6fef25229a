//===- Contraction.td - products summed over dimensions -------------------===//

#ifndef SINTER_CONTRACTION_TD
#define SINTER_CONTRACTION_TD

include "compiler/ir/Dialect.td"

def DotGeneralOp : InferredOp<"dot_general", [Differentiable, MultilinearRule]> {
  let summary = "contraction with batch dimensions";
  let description = [{
    y[b…, m…, n…] = Σ_k lhs[b…, m…, k…]·rhs[b…, k…, n…], where the dimensions
    of each operand are named by `lhs_batch`, `lhs_contracting` and so on, in
    any order; result dimensions are batch, free lhs, free rhs.  Both operands
    have one element type; f32 and bf16 accumulate in f32, integers wrap.  Its
    transposes are contractions again.

    ```mlir
    %y = sinter.dot_general %x, %w contract [1] x [0] batch [] x []
         : tensor<32x784xf32>, tensor<784x256xf32> -> tensor<32x256xf32>
    ```
  }];
  let arguments = (ins NumberTensor:$lhs, NumberTensor:$rhs,
      DenseI64ArrayAttr:$lhs_contracting, DenseI64ArrayAttr:$rhs_contracting,
      DenseI64ArrayAttr:$lhs_batch, DenseI64ArrayAttr:$rhs_batch);
  let results = (outs NumberTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `contract` $lhs_contracting `x` $rhs_contracting
    `batch` $lhs_batch `x` $rhs_batch attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let extraClassDeclaration = [{
    ::mlir::Value transposed(::mlir::OpBuilder &builder,
                             ::mlir::Value cotangent, unsigned i);
    /// Operand dimensions that are neither batch nor contracting, in order.
    ::llvm::SmallVector<int64_t> getLhsFree();
    ::llvm::SmallVector<int64_t> getRhsFree();
  }];
}

#endif
