//===- Passes.td - the passes, in pipeline order --------------------------===//
//
// Each stage has a section: its passes in the order in which they run, the last
// one being the verifier of the stage.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_TD
#define SINTER_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// gradient
//===----------------------------------------------------------------------===//

def Differentiate : Pass<"sinter-differentiate", "::mlir::ModuleOp"> {
  let summary = "replaces derivative requests by the ops that compute them";
  let description = [{
    Requests are expanded in program order, innermost region first, so that a
    request sees the ops of those before it.  Nothing is folded or merged before
    or during it.  Dead ops and `stop_gradient` are gone afterwards.

    ```mlir
    %y = sinter.mul %x, %x : tensor<f32>
    %dx = sinter.gradient %y wrt %x : tensor<f32> wrt tensor<f32>
    ```
    ⇒
    ```mlir
    %y = sinter.mul %x, %x : tensor<f32>
    %one = sinter.constant dense<1.0> : tensor<f32>
    %a = sinter.mul %one, %x : tensor<f32>
    %b = sinter.mul %one, %x : tensor<f32>
    %dx = sinter.add %a, %b : tensor<f32>
    ```
    Invariant: no `gradient`, `vjp`, `jvp` or `stop_gradient` is left.
  }];
}

def VerifyGradientStage
    : Pass<"sinter-verify-gradient-stage", "::mlir::ModuleOp"> {
  let summary = "checks what later stages rely on";
  let description = [{
    No requests, no `stop_gradient`, no dead ops, every op has a place, and every
    value fits into the memory that a process can address.
  }];
}

//===----------------------------------------------------------------------===//
// simplified
//===----------------------------------------------------------------------===//

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

def VerifySimplified : Pass<"sinter-verify-simplified", "::mlir::ModuleOp"> {
  let summary = "the invariant of the `simplified` stage";
  let description = [{
    Entries hold only ops on values: no derivative requests, no distributions
    but the uniform one, and every op knows its place in the source.
  }];
}

//===----------------------------------------------------------------------===//
// fused
//===----------------------------------------------------------------------===//

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

def VerifyFused : Pass<"sinter-verify-fused", "::mlir::ModuleOp"> {
  let summary = "checks what later stages rely on";
  let description = [{
    Entries hold only what FormKernels leaves; every kernel has a schedule and
    `overwrites`; every op has a place.
  }];
}

//===----------------------------------------------------------------------===//
// planned
//===----------------------------------------------------------------------===//

def LayOutState : Pass<"sinter-lay-out-state", "::mlir::ModuleOp"> {
  let summary = "gives every variable its place in the state";
  let description = [{
    In the order of declaration, each 64-byte aligned.

    ```mlir
    module @m {
      sinter.variable @a : tensor<3xf32>
      sinter.variable @b : tensor<2xf32>
    }
    ```
    ⇒
    ```mlir
    module @m attributes {sinter.state_bytes = 128 : i64} {
      sinter.variable @a : tensor<3xf32> {offset = 0 : i64}
      sinter.variable @b : tensor<2xf32> {offset = 64 : i64}
    }
    ```
    Invariant: every variable has an `offset`.
  }];
}


def OrderKernels : Pass<"sinter-order-kernels", "::mlir::ModuleOp"> {
  let summary = "puts kernels in the order that needs the least memory";
  let description = [{
    Within each entry and scan body.  What reads a variable comes before what
    writes it, where dependences allow, so that the write is in place.

    ```mlir
    %w1 = sinter.call @update(%w, %g) : …     %p = sinter.call @norm(%w) : …
    %p = sinter.call @norm(%w) : …         ⇒  %w1 = sinter.call @update(%w, %g) : …
    sinter.write @w, %w1 : …                  sinter.write @w, %w1 : …
    ```
    Invariant: less state is copied than before, or as much and the workspace's
    lower bound is not larger.
  }];
}

def PlanMemory : Pass<"sinter-plan-memory", "::mlir::ModuleOp"> {
  let summary = "turns values into places in memory";
  let description = [{
    Reads, writes and reshapes vanish; calls become launches on buffers, scans
    become loops, entry-level constants memref globals.

    ```mlir
    sinter.entry @step(%x: tensor<4xf32> {sinter.name = "x"}) {
      %w = sinter.read @w : tensor<4xf32>
      %0 = sinter.call @add(%w, %x)
           : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      sinter.write @w, %0 : tensor<4xf32>
      sinter.return
    }
    ```
    ⇒
    ```mlir
    sinter.entry @step(%x: tensor<4xf32> {sinter.name = "x"})
        attributes {workspace_bytes = 0 : i64} {
      %w = sinter.buffer state 0 : memref<4xf32>
      %0 = sinter.buffer input 0 : memref<4xf32>
      sinter.launch @add ins(%w, %0) outs(%w)
          : (memref<4xf32>, memref<4xf32>) -> memref<4xf32>
      sinter.return
    }
    ```
    Invariant: entries hold buffers, launches, copies and loops only, and index
    arithmetic where a turn of a loop is two steps.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def DescribeModel : Pass<"sinter-describe-model", "::mlir::ModuleOp"> {
  let summary = "builds the `sinter.model` attribute";
  let description = [{
    Names, dtypes, shapes, offsets and sizes of variables and entries: all that
    the header, the metadata and a generic runner need.
  }];
}

def VerifyPlannedStage
    : Pass<"sinter-verify-planned-stage", "::mlir::ModuleOp"> {
  let summary = "proves that no two live buffers overlap";
  let description = [{
    Live ranges are derived anew from what launches and copies read and write.
    All buffers lie within their space, a kernel's results are apart from its
    arguments except where `overwrites` allows, and no value is left.
  }];
}

//===----------------------------------------------------------------------===//
// loops
//===----------------------------------------------------------------------===//

class LoopsPass<string name> : Pass<name, "::mlir::ModuleOp"> {
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def KernelToFunction : LoopsPass<"sinter-kernel-to-function"> {
  let summary = "emits each kernel as loops and vectors over memrefs";
  let description = [{
    The function takes the kernel's arguments, its results, and its scratch.

    ```mlir
    sinter.kernel @twice(%x: tensor<64xf32>) -> tensor<64xf32> {
      %y = sinter.add %x, %x : tensor<64xf32>
      sinter.return %y : tensor<64xf32>
    }
    ```
    ⇒
    ```mlir
    func.func private @twice(%x: memref<64xf32>, %y: memref<64xf32>) {
      scf.for %i = %c0 to %c64 step %c16 {
        %0 = vector.load %x[%i] : memref<64xf32>, vector<16xf32>
        %1 = arith.addf %0, %0 : vector<16xf32>
        vector.store %1, %y[%i] : memref<64xf32>, vector<16xf32>
      }
      return
    }
    ```
    Invariant: no `sinter.kernel` is left.
  }];
}

def EntryToFunction : LoopsPass<"sinter-entry-to-function"> {
  let summary = "turns planned entries into views, calls and loops";
  let description = [{
    ```mlir
    sinter.entry @run(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = sinter.buffer input 0 : memref<64xf32>
      %1 = sinter.buffer output 0 : memref<64xf32>
      sinter.launch @twice ins(%0) outs(%1) : (memref<64xf32>) -> memref<64xf32>
      sinter.return
    }
    ```
    ⇒
    ```mlir
    func.func @run_body(%state: memref<0xi8>, %in: memref<256xi8>, %out: memref<256xi8>, %workspace: memref<0xi8>) {
      %0 = memref.view %in[%c0][] : memref<256xi8> to memref<64xf32>
      %1 = memref.view %out[%c0][] : memref<256xi8> to memref<64xf32>
      call @twice(%0, %1) : (memref<64xf32>, memref<64xf32>) -> ()
      return
    }
    ```
    Invariant: no entry and no variable is left.
  }];
}

def ExpandMath : LoopsPass<"sinter-expand-math"> {
  let summary = "turns f32 math ops into arithmetic";
  let description = [{
    Values and vectors of any length; f64 ops stay, and become calls of libm, as
    does everything at -O0.

    ```mlir
    %y = math.rsqrt %x : vector<16xf32>
    ```
    ⇒
    ```mlir
    %s = math.sqrt %x : vector<16xf32>
    %y = arith.divf %one, %s : vector<16xf32>
    ```
    Invariant: no f32 math op that would become a call is left.
  }];
}

def CallMathLibrary : LoopsPass<"sinter-call-math-library"> {
  let summary = "calls libm for what has no other form";
  let description = [{
    `expm1`, `log1p` and `erf` that were not expanded: f64, and all at -O0.

    ```mlir
    %y = math.expm1 %x : f64
    ```
    ⇒
    ```mlir
    %y = call @expm1(%x) : (f64) -> f64
    ```
    Invariant: none of the three is left.
  }];
}

def ExplainScalars : LoopsPass<"sinter-explain-scalars"> {
  let summary = "says why a kernel's code has no vectors";
  let description = [{
    From what was emitted: a kernel's function without a vector load or store, or
    with a call for each lane, gets a reason above -O0.

    ```mlir
    func.func private @counter(%t: memref<i64>) attributes {schedule = {kind = "pointwise"}}
    ```
    ⇒
    ```mlir
    func.func private @counter(%t: memref<i64>) attributes {schedule = {kind = "pointwise", scalar_reason = "it computes single elements"}}
    ```
    Invariant: a kernel without `scalar_reason` has vectors, but at -O0.
  }];
}

def VerifyLoopsStage : Pass<"sinter-verify-loops-stage", "::mlir::ModuleOp"> {
  let summary = "checks what code generation relies on";
  let description = [{
    No op of the dialect, no tensor, no allocation.
  }];
}

#endif
