//===- Passes.td - the passes of the stage `planned` ----------------------===//
//
// In the order in which they run; the last one is the verifier of the stage.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PLAN_TD
#define SINTER_PASSES_PLAN_TD

include "mlir/Pass/PassBase.td"

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

#endif // SINTER_PASSES_PLAN_TD
