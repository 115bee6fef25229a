//===- Passes.td - the passes of the stage `fused` ------------------------===//
//
// In the order in which they run; the last one is the verifier of the stage.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_TD
#define SINTER_PASSES_FUSE_TD

include "mlir/Pass/PassBase.td"

def CompareActivations
    : Pass<"sinter-compare-activations", "::mlir::ModuleOp"> {
  let summary = "masks from what is stored";
  let description = [{
    ```
    %y = sinter.max %x, %c              %y = sinter.max %x, %c
    %m = sinter.compare gt %x, %c   ⇒   %m = sinter.compare gt %y, %c
    ```
    if nothing else needs %x; bit-exact, nan and −0 included.
  }];
}

def MoveReshapes : Pass<"sinter-move-reshapes", "::mlir::ModuleOp"> {
  let summary = "reshapes go to where kernels end";
  let description = [{
    ```
    reshape (cast %image)         ⇒  cast (reshape %image)
    relu (reshape (dot %x, %w))   ⇒  reshape (relu (dot %x, %w))
    broadcast (reshape %x : [n] -> [n, 1]) dims [0, 1]  ⇒  broadcast %x dims [0]
    ```
  }];
}

def LeaveOutBorders
    : Pass<"sinter-leave-out-borders", "::mlir::ModuleOp"> {
  let summary = "padding that is not multiplied";
  let description = [{
    ```
    windows (transpose (pad %x rows and columns))
      ⇒  windows (pad (pad (transpose %x) columns) rows)
    ```
    where the windows' contraction can leave out the zeros of the rows.  The
    pad of rows becomes a part of its kernel, which never reads them.
  }];
}

def SplitContractions
    : Pass<"sinter-split-contractions", "::mlir::ModuleOp"> {
  let summary = "long sums of products in parts that threads share";
  let description = [{
    ```
    %y = dot_general %a, %b contract [0, 1] x [0, 1] batch [] x []
         : tensor<64x784x8xf32>, tensor<64x784x15xf32> -> tensor<8x15xf32>
      ⇒
    %p = dot_general %a, %b contract [1] x [1] batch [0] x [0]
         : tensor<64x784x8xf32>, tensor<64x784x15xf32> -> tensor<64x8x15xf32>
    %y = reduce_sum %p dims [0] : tensor<64x8x15xf32> -> tensor<8x15xf32>
    ```
    where the result alone makes too few tasks.  A dimension of more elements
    than there may be tasks is split by windows side by side; what is left of it
    is a contraction of its own.
  }];
}

def FormKernels : Pass<"sinter-form-kernels", "::mlir::ModuleOp"> {
  let summary = "entries become lists of kernel calls";
  let description = [{
    ```
    %p = sinter.dot_general %x, %w …             sinter.kernel @kernel(%x, %w, %b) {…}
    %b2 = sinter.broadcast %b …            ⇒     …
    %s = sinter.add %p, %b2                      %r = sinter.call @kernel(%x, %w, %b)
    %r = sinter.max %s, %zero
    ```
    The rules stand in passes/fuse/GrowClusters.h.  Afterwards an entry and the
    body of each scan hold only calls, reshapes, scans, reads, writes and large
    constants.  At -O0 every op is a kernel of its own.
  }];
}

def DeduplicateKernels
    : Pass<"sinter-deduplicate-kernels", "::mlir::ModuleOp"> {
  let summary = "equal kernels become one";
  let description = [{
    Names and places do not count; the first kernel stays and calls keep their
    places.  Afterwards no two kernels have the same text.
  }];
}

def NameKernels : Pass<"sinter-name-kernels", "::mlir::ModuleOp"> {
  let summary = "readable symbols";
  let description = [{
    `@kernel_3` ⇒ `@train_hidden1_matmul_bias_relu`: the first caller, the names
    given by the user, and what the ops do.  Names are unique and made of
    [a-z0-9_].
  }];
}

def PackOperands : Pass<"sinter-pack-operands", "::mlir::ModuleOp"> {
  let summary = "operands as kernels read them, packed once";
  let description = [{
    The B of a contraction that stays the same becomes panels of as many columns as a
    register tile has; the kernel says by index maps what it was.

    ```mlir
    %w = sinter.constant dense_resource<w> : tensor<64x48xf32>
    %y = sinter.call @product(%x, %w) : …

    sinter.kernel @product(%a: tensor<8x64xf32>, %b: tensor<64x48xf32>) -> …
    ```
    ⇒
    ```mlir
    %w = sinter.constant dense_resource<w.panels> : tensor<1x2x64x32xf32>
    %y = sinter.call @product(%x, %w) : …

    sinter.kernel @product(%a: tensor<8x64xf32>, %p: tensor<1x2x64x32xf32>) -> … {
      %t = sinter.transpose %p [0, 2, 1, 3] : …     // 1 × 64 × 2 × 32
      %r = sinter.reshape %t : …                    // 1 × 64 × 64
      %s = sinter.slice %r offsets [0, 0, 0] sizes [1, 64, 48] …
      %b = sinter.reshape %s : …                    // 64 × 48
    ```
    An invariant B of a scan is packed by a kernel before the scan:

    ```mlir
    %p = sinter.call @product_panels(%w) : …           // before the scan
    … with(%q = %p : tensor<1x2x64x32xf32>) …
    ```
    Invariant: values are the same bits.  Equal panels of a value are one.
  }];
}

def JoinContractions
    : Pass<"sinter-join-contractions", "::mlir::ModuleOp"> {
  let summary = "products that share an operand are one kernel";
  let description = [{
    ```
    %q = call @k(%x, %wq)
    %k = call @k(%x, %wk)
      ⇒
    %q, %k = call @j(%wq, %wk, %x)
    ```
    where `@j` has a segment for each call (compiler/ir/Segments.h).  Invariant:
    values are the same bits; by the order of the block, no more memory is
    needed at a time.
  }];
}

def SplitReductions
    : Pass<"sinter-split-reductions", "::mlir::ModuleOp"> {
  let summary = "long reductions in parts that threads share";
  let description = [{
    In kernels whose loop nests would have too few tasks:

    ```
    %y = reduce_sum %x dims [0, 1] : tensor<64x784x8xf32> -> tensor<8xf32>
      ⇒
    %p = reduce_sum %x dims [1] : tensor<64x784x8xf32> -> tensor<64x8xf32>
    %y = reduce_sum %p dims [0] : tensor<64x8xf32> -> tensor<8xf32>
    ```
    and likewise maxima, minima and products; a longer dimension is split by
    windows side by side.
  }];
}

def ComputeOverwrites
    : Pass<"sinter-compute-overwrites", "::mlir::ModuleOp"> {
  let summary = "which results may replace arguments";
  let description = [{
    Sets `overwrites` of every kernel.  Invariant: no emission that keeps the
    promises of passes/fuse/README.md reads an element of the argument after it
    has stored that element of the result.
  }];
}

def ComputeSchedules : Pass<"sinter-compute-schedules", "::mlir::ModuleOp"> {
  let summary = "how each kernel is to be emitted";
  let description = [{
    Completes `schedule` of every kernel from its body and the target's facts:
    kind, lanes, tail, tiles, scratch.  The entries stand in
    passes/fuse/README.md.
  }];
}

def VerifyBoundaries : Pass<"sinter-verify-boundaries", "::mlir::ModuleOp"> {
  let summary = "checks that every kernel boundary has a reason";
  let description = [{
    Of every value that one kernel computes and another reads, the call that
    reads it says why they are two (compiler/ir/Boundaries.h).  Only the stage
    is held to that: a text that was edited need not say why.
  }];
}

def VerifyFused : Pass<"sinter-verify-fused", "::mlir::ModuleOp"> {
  let summary = "checks what later stages rely on";
  let description = [{
    Entries hold only what FormKernels leaves; every kernel has a schedule and
    `overwrites`; every op has a place.
  }];
}

#endif // SINTER_PASSES_FUSE_TD
