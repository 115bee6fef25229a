//===- Passes.td - the passes of the stage `simplified` -------------------===//
//
// In the order in which they run; the last one is the verifier of the stage.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_TD
#define SINTER_PASSES_SIMPLIFY_TD

include "mlir/Pass/PassBase.td"

def ExpandRandom : Pass<"sinter-expand-random", "::mlir::ModuleOp"> {
  let summary = "distributions in terms of uniform numbers";
  let description = [{
    ```
    %n = random_normal %key stream 8          %u = random_uniform %key stream 8
                                        ⇒     %v = random_uniform %key stream 9
                                              %n = √(−2 ln(1 − %u)) · cos(2π %v)
    %b = random_bernoulli %key stream 8 probability 0.5
                                        ⇒     %b = (random_uniform %key stream 8) < 0.5
    ```
    Afterwards `random_uniform` is the only random op.
  }];
}

def ExchangeKernels : Pass<"sinter-exchange-kernels", "::mlir::ModuleOp"> {
  let summary = "dilated images as kernels";
  let description = [{
    ```
    %y = conv %x, %w low [1, 1] high [1, 1] input_dilation [2, 2]
           : [128, 8, 8, 4], [16, 16, 4, 64] -> [128, 2, 2, 64]
      ⇒
    %i = transpose %w [3, 0, 1, 2]
    %k = transpose %x [1, 2, 3, 0]
    %z = conv %i, %k kernel_dilation [2, 2]
           : [64, 16, 16, 4], [8, 8, 4, 128] -> [64, 2, 2, 128]
    %y = transpose (reverse %z dims [1, 2]) [3, 1, 2, 0]
    ```
    Afterwards a kernel over a dilated image has no more elements than the
    result has places.
  }];
}

def ChooseLayouts : Pass<"sinter-choose-layouts", "::mlir::ModuleOp"> {
  let summary = "channels where convolutions need them, in whole networks";
  let description = [{
    ```
    %a = conv %x, %w                          %a = conv %x, %w
    %t = transpose %a [0, 3, 1, 2]            %b = broadcast %bias dims [3]
    %b = broadcast %bias dims [1]             %c = add %a, %b
    %c = add %t, %b                       ⇒   %y = conv %c, %v
    %u = transpose %c [0, 2, 3, 1]
    %y = conv %u, %v
    ```
    Afterwards transposes stand where the fewest elements go through.
  }];
}

def ExpandConvolutions : Pass<"sinter-expand-convolutions", "::mlir::ModuleOp"> {
  let summary = "convolutions as contractions of windows";
  let description = [{
    ```
    %y = conv %x, %w low [2, 2] high [2, 2]
      ⇒
    %p = pad %x low [0, 2, 2, 0] high [0, 2, 2, 0]
    %u = windows %p dims [1, 2] sizes [5, 5]           // [n, o, o, k, k, c]
    %y = dot_general %u, %w contract [3, 4, 5] x [0, 1, 2]
    ```
    Groups are a batch dimension; groups of one feature are a sum of products
    over the windows' elements.  Nothing stores the windows: whoever reads them
    reads with their strides.  Afterwards there is no `conv`.
  }];
}

def TrapOutOfRange : Pass<"sinter-trap-out-of-range", "::mlir::ModuleOp"> {
  let summary = "calls that end at an index out of range";
  let description = [{
    Where the module's options say so (`--trap-out-of-range`):

    ```
    %y = gather %x[%i] axis 0           %bad = any(%i < 0 | %i >= extent)
    write @w, %n                   ⇒    write @w, select %bad, (read @w), %n
    return %y                           return %y, %bad
    ```
    Afterwards an entry with a gather or scatter_add has the result
    `sinter.fault`, and leaves the state as it was where it is true.
  }];
}

def Canonicalize : Pass<"sinter-canonicalize", "::mlir::ModuleOp"> {
  let summary = "algebra that is exact on every bit pattern";
  let description = [{
    The op folders and the patterns of passes/simplify, to a fixpoint:

    ```
    broadcast (reshape %x : [3] -> [1, 3]) dims [0, 1]  ⇒  broadcast %x dims [1]
    dot_general %x, (transpose %w [1, 0]) contract [1] x [0]
                                        ⇒  dot_general %x, %w contract [1] x [1]
    transpose (dot_general %a, %b) [1, 0]  ⇒  dot_general %b, %a
    %a + (−%b)  ⇒  %a − %b        %x / 4.0  ⇒  %x · 0.25
    pad %a + pad %b  ⇒  concatenate %a + 0, %b + 0   (in disjoint places)
    ```
    Nothing is reassociated, and 0·x and x + 0 stay for floats, where nan and −0
    would tell.  Unlike the upstream pass it leaves no location unknown and
    merges no constants.
  }];
}

def MergeEqualOps : Pass<"sinter-merge-equal-ops", "::mlir::ModuleOp"> {
  let summary = "common subexpressions, keeping both places";
  let description = [{
    ```
    %a = exp %x loc(1)            %a = exp %x loc(fused[1, 2])
    %b = exp %x loc(2)      ⇒
    ```
    Afterwards no two ops of a block compute the same, and none is dead.
  }];
}

def FoldConstants : Pass<"sinter-fold-constants", "::mlir::ModuleOp"> {
  let summary = "ops on constants, evaluated by the interpreter";
  let description = [{
    ```
    %y = add (constant 2.0), (constant 3.0)    ⇒   %y = constant 5.0
    ```
    Only where compiled code gives the same bits: integer and boolean ops,
    movement, comparisons, and the correctly rounded float ops (+ − · / √, casts,
    rounding).  Sums of floats and transcendental functions stay, as does what
    would become a large constant that is not a splat.
  }];
}

def SimplifyScans : Pass<"sinter-simplify-scans", "::mlir::ModuleOp"> {
  let summary = "scans without what they do not need";
  let description = [{
    Drops results nobody reads with the carries that only feed them, operands
    the body ignores and operands given twice; an unchanged carry becomes an
    invariant, an unchanged slice its own result; constants move inside; zero
    steps are the initial values, one step is the body itself.

    ```
    scan 28 carry(%c = %a, %d = %b) { … yield %n, %d, %x }
         each(%x = %xs)                ⇒  scan 28 carry(%c = %a)
                                             with(%d = %b) { … yield %n }
    ```
  }];
}

def HoistFromScan : Pass<"sinter-hoist-from-scan", "::mlir::ModuleOp"> {
  let summary = "contractions that do not depend on the carry, done at once";
  let description = [{
    ```
    scan 28 each(%x = %xs) with(%v = %w)      %ps = dot_general %xs, %w
      { %p = dot_general %x, %v               scan 28 each(%p = %ps)
        … %p + %c … }                    ⇒      { … %p + %c … }
    ```
    Any chain of ops with a contraction in it moves, as do ops on invariants and
    step outputs that need no carry.  Exact: each element is computed as before.
  }];
}

def SinkFromScan : Pass<"sinter-sink-from-scan", "::mlir::ModuleOp"> {
  let summary = "contractions that no carry needs, done at once afterwards";
  let description = [{
    ```
    scan 28 carry(%acc = %zeros)              %dzs = scan 28 { … yield %dz }
      each(%x = %xs)                          %dw = dot_general %xs, %dzs
      { … %g = dot_general %x, %dz      ⇒          contract [0, 1] x [0, 1]
        %n = %acc + %g … yield %n }
    ```
    A carry that is only added to becomes one sum over steps and contracted
    dimensions: the one rewrite of this stage that changes the order of a
    floating-point sum.  A step output that ends in a contraction is computed for
    all steps together.
  }];
}

def WidenStorage : Pass<"sinter-widen-storage", "::mlir::ModuleOp"> {
  let summary = "ops on bf16 as ops on f32";
  let description = [{
    ```
    %z = mul %x, %y : tensor<4xbf16>   ⇒   %a = cast %x : bf16 to f32
                                           %b = cast %y : bf16 to f32
                                           %c = mul %a, %b : tensor<4xf32>
                                           %z = cast %c : f32 to bf16
    ```
    Afterwards bf16 is on constants, casts and ops that move elements alone.
  }];
}

def SumVectorProducts : Pass<"sinter-sum-vector-products", "::mlir::ModuleOp"> {
  let summary = "products with a vector as sums";
  let description = [{
    ```
    dot_general %a, %v contract [1] x [0] : [m, k], [k, 1]
      ⇒  reshape (reduce_sum (mul %a, (broadcast %v dims [1])) dims [1])
    dot_general %a, %v contract [0] x [0] : [k, m], [k, 1]
      ⇒  reshape (dot_general %v, %a contract [0] x [0])
    ```
    Afterwards the vector of a product of floats stands on the left, and the
    matrix's rows lie side by side.
  }];
}

def ExchangeOperands : Pass<"sinter-exchange-operands", "::mlir::ModuleOp"> {
  let summary = "products whose large operand lies better on the other side";
  let description = [{
    ```
    dot_general %a, %b contract [1] x [1] : [2, k], [n, k]
      ⇒  transpose (dot_general %b, %a contract [1] x [1])
    dot_general %a, %b contract [0] x [0] : [k, m], [k, 2]
      ⇒  transpose (dot_general %b, %a contract [0] x [0])
    ```
    Afterwards a large operand is read as it lies, if the other one is small.
    Algebra that is done later would undo it.
  }];
}

def UpdateRows : Pass<"sinter-update-rows", "::mlir::ModuleOp"> {
  let summary = "updates of the rows that were read";
  let description = [{
    ```
    %g = scatter_add 0[%i] += %u
    write @w, (sub (read @w), (mul %g, 0.01))
      ⇒
    write @w, (scatter_add (read @w)[%i] += (neg (mul %u, 0.01)))
    ```
    Afterwards gradient descent on few rows of a table leaves the others alone.
  }];
}

def LimitSorts : Pass<"sinter-limit-sorts", "::mlir::ModuleOp"> {
  let summary = "orders of which only the front is read";
  let description = [{
    ```
    %o = argsort %x dim 1 descending              {places_read = 3}
    %y = slice %o offsets [0, 0] sizes [8, 3]  ⇒
    ```
    Afterwards an `argsort` says how many places from the front are read, if not
    all.
  }];
}

def VerifySimplified : Pass<"sinter-verify-simplified", "::mlir::ModuleOp"> {
  let summary = "the invariant of the `simplified` stage";
  let description = [{
    Entries hold only ops on values: no derivative requests, no distributions
    but the uniform one, nothing computes on bf16, and every op knows its place
    in the source.
  }];
}

#endif // SINTER_PASSES_SIMPLIFY_TD
