//===- Passes.td - the passes of the stage `gradient` ---------------------===//
//
// In the order in which they run; the last one is the verifier of the stage.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_DIFFERENTIATE_TD
#define SINTER_PASSES_DIFFERENTIATE_TD

include "mlir/Pass/PassBase.td"

def RefuseOversized : Pass<"sinter-refuse-oversized", "::mlir::ModuleOp"> {
  let summary = "refuses shapes that are too large";
  let description = [{
    An error at the first value that does not fit into the memory that a process
    can address.
  }];
}

def BlockAttention : Pass<"sinter-block-attention", "::mlir::ModuleOp"> {
  let summary = "attention over long sequences in blocks of rows";
  let description = [{
    Where one head's scores are larger than L2, scores, softmax and the product
    with the values are computed for some rows at a time.

    ```mlir
    %s = sinter.dot_general %q, %k …            // [4, 4096, 4096]
    … softmax …
    %y = sinter.dot_general %p, %v …
    ```
    ⇒
    ```mlir
    %ys = sinter.scan 4 checkpoint apart each(%q1 = %qs, %k1 = %ks, %v1 = %vs) {
      %y1 = sinter.scan 64 checkpoint apart each(%q2 = %blocks)
          with(%k2 = %k1, %v2 = %v1) {
        %s = sinter.dot_general %q2, %k2 …      // [1, 64, 4096]
        … softmax …
        sinter.yield …
      }
      …
    ```
    Every element is computed as it was.  Not at -O0.
  }];
}

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

#endif // SINTER_PASSES_DIFFERENTIATE_TD
