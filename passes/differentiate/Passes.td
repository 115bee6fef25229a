//===- Passes.td - the passes of the stage `gradient` ---------------------===//
//
// In the order in which they run; the last one is the verifier of the stage.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_DIFFERENTIATE_TD
#define SINTER_PASSES_DIFFERENTIATE_TD

include "mlir/Pass/PassBase.td"

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
