//===- Passes.td - what libraries compute in kernels' place ---------------===//
//
// In the order in which they run.  Neither does anything in a module whose
// options name no library.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LIBRARY_TD
#define SINTER_PASSES_LIBRARY_TD

include "mlir/Pass/PassBase.td"

def KeepConvolutions : Pass<"sinter-keep-convolutions", "::mlir::ModuleOp"> {
  let summary = "convolutions that a library is to compute stay whole";
  let description = [{
    Before `simplified` makes windows of them:
    ```mlir
    %y = sinter.conv %x, %w …  ⇒  %y = sinter.conv %x, %w … {library = "onednn"}
    ```
    where the library can compute it, and is expected to win or asked to
    compute all.
  }];
}

def ChooseLibrary : Pass<"sinter-choose-library", "::mlir::ModuleOp"> {
  let summary = "contractions and convolutions that a library computes";
  let description = [{
    In the middle of `fused`, when kernels are formed and have names:

    ```mlir
    sinter.kernel @train_matmul_bias(%a: tensor<8x4xf32>, …) -> … {
      %0 = sinter.dot_general %a, %b …
      %1 = sinter.add %0, %c
      %2 = sinter.max %1, %zero
    ```
    ⇒
    ```mlir
    sinter.kernel @train_matmul_bias(%a: tensor<8x4xf32>, …) -> …
        attributes {library_choice = "oneDNN (brgemm:avx512_core): …"} {
      %1 = sinter.library_call "onednn" {form = "matmul", …} (%a, %b, %c) : … {
        %x = sinter.dot_general …
        %y = sinter.add …
        sinter.yield %y
      }
      %2 = sinter.max %1, %zero
    ```
    What the library cannot do behind its product is a loop nest of the same
    kernel.  Invariant: every kernel with a contraction says in `library_choice`
    who computes it and why.
  }];
}

#endif // SINTER_PASSES_LIBRARY_TD
