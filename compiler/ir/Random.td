//===- Random.td - counter-based random numbers ---------------------------===//
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011).  The key operand is the tensor [seed, call]; together with the
// attribute `stream` (a hash of the op's scoped name and ordinal) it fixes all
// bits, for any number of threads.  Element i, in row-major order, takes word
// (i mod 64) div 16 of block (i div 64)·16 + i mod 16 under the key
// (seed low, seed high) and the counter
// (block, stream, call low, call high).  f64 takes two words: that of element
// i, as the high half, and the next word (mod 4) of the same block.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RANDOM_TD
#define SINTER_RANDOM_TD

include "compiler/ir/Dialect.td"

class RandomOp<string mnemonic, Type type, list<Trait> traits = []>
    : ValueOp<mnemonic, !listconcat([Differentiable, ZeroRule], traits)> {
  let arguments = (ins KeyTensor:$key, I32Attr:$stream);
  let results = (outs type:$result);
  let assemblyFormat = "$key `stream` $stream attr-dict `:` type($result)";
}

def RandomUniformOp : RandomOp<"random_uniform", FloatTensor> {
  let summary = "uniform on [0, 1)";
  let description = [{
    f32: (word >> 8)·2⁻²⁴; f64: (64 bits >> 11)·2⁻⁵³; bf16: the f32 number,
    rounded, which may be 1.  The derivative is zero.

    ```mlir
    %u = sinter.random_uniform %key stream 42 : tensor<4xf32>
    ```
  }];
}
def RandomNormalOp : RandomOp<"random_normal", FloatTensor> {
  let summary = "standard normal";
  let description = [{
    Box–Muller: √(−2 ln(1 − u₁))·cos(2π u₂), u₁ and u₂ being the uniform numbers
    of streams s and s + 1; expanded into these by `simplify`.  bf16: the f32
    number, rounded.
  }];
}
def RandomBernoulliOp : RandomOp<"random_bernoulli", BoolTensor> {
  let summary = "true with a given probability";
  let description = [{
    u < `probability`, u uniform f32 of the same stream; expanded into that by
    `simplify`.
  }];
  let hasVerifier = 1;
  let arguments = (ins KeyTensor:$key, I32Attr:$stream, F64Attr:$probability);
  let assemblyFormat = [{
    $key `stream` $stream `probability` $probability attr-dict
    `:` type($result)
  }];
}

#endif
