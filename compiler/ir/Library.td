//===- Library.td - what a library computes in a kernel's place -----------===//
//
// The body says what is computed, in ordinary ops; `primitive` says it in the
// library's words (compiler/ir/LibraryPrimitive.h).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_LIBRARY_TD
#define SINTER_LIBRARY_TD

include "compiler/ir/Dialect.td"

def LibraryCallOp : ValueOp<"library_call", [IsolatedFromAbove]> {
  let summary = "a contraction or convolution that a library computes";
  let description = [{
    Stands in a kernel.  y is what the body yields, up to the order in which
    products are added; whatever knows no library (the interpreter, a report)
    reads the body.  Made after all derivatives were taken, so it has none.
    `primitive` names the operands by their numbers (the result comes last) and
    says how their elements lie: dims, strides and offset, in elements; `split`
    is the dimension that `tasks` share out, or −1.

    ```mlir
    %y = sinter.library_call "onednn" {form = "matmul", post_ops = [],
        lhs = {dims = array<i64: 8, 4>, offset = 0 : i64, split = -1 : i64,
               strides = array<i64: 4, 1>, value = 0 : i64},
        rhs = {dims = array<i64: 4, 16>, offset = 0 : i64, split = -1 : i64,
               strides = array<i64: 1, 4>, value = 1 : i64},
        result = {dims = array<i64: 8, 16>, offset = 0 : i64, split = -1 : i64,
                  strides = array<i64: 16, 1>, value = 2 : i64},
        scratch_bytes = 0 : i64, tasks = 1 : i64} (%a, %b)
        : (tensor<8x4xf32>, tensor<16x4xf32>) -> tensor<8x16xf32> {
    ^bb0(%x: tensor<8x4xf32>, %w: tensor<16x4xf32>):
      %0 = sinter.dot_general %x, %w contract [1] x [1] batch [] x []
           : tensor<8x4xf32>, tensor<16x4xf32> -> tensor<8x16xf32>
      sinter.yield %0 : tensor<8x16xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$library, DictionaryAttr:$primitive,
                       Variadic<AnyTensorValue>:$operands_);
  let results = (outs AnyTensorValue:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $library $primitive `(` $operands_ `)` attr-dict
    `:` functional-type($operands_, $result) $body
  }];
  let hasVerifier = 1;
}

#endif
