//===- Passes.td - the passes of the stage `loops` ------------------------===//
//
// In the order in which they run; the last one is the verifier of the stage.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_TD
#define SINTER_PASSES_LOWER_TD

include "mlir/Pass/PassBase.td"

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

def ShareDraws : LoopsPass<"sinter-share-draws"> {
  let summary = "makes one function of those that differ in their streams";
  let description = [{
    ```mlir
    func.func private @init_a(%key: memref<2xi64>, %y: memref<64xf32>) {
      %stream = arith.constant {sinter.stream} 7 : i32
      …
    func.func private @init_b(%key: memref<2xi64>, %y: memref<64xf32>) {
      %stream = arith.constant {sinter.stream} 9 : i32
      …
      call @init_a(%0, %1) : (memref<2xi64>, memref<64xf32>) -> ()
      call @init_b(%0, %2) : (memref<2xi64>, memref<64xf32>) -> ()
    ```
    ⇒
    ```mlir
    func.func private @init_a(%key: memref<2xi64>, %y: memref<64xf32>, %stream: i32) {
      …
      call @init_a(%0, %1, %c7) : (memref<2xi64>, memref<64xf32>, i32) -> ()
      call @init_a(%0, %2, %c9) : (memref<2xi64>, memref<64xf32>, i32) -> ()
    ```
    Invariant: no `sinter.stream` is left.
  }];
}

def OutlineTasks : LoopsPass<"sinter-outline-tasks"> {
  let summary = "makes what threads may share a function";
  let description = [{
    ```mlir
    func.func private @twice(%x: memref<1048576xf32>, %y: memref<1048576xf32>) {
      scf.parallel (%t) = (%c0) to (%c16) step (%c1) {
        …
      }
      return
    }
    ```
    ⇒
    ```mlir
    func.func private @twice(%x: memref<1048576xf32>, %y: memref<1048576xf32>) {
      scf.parallel (%t) = (%c0) to (%c16) step (%c1) {
        func.call @twice_task(%x, %y, %t) : (memref<1048576xf32>, memref<1048576xf32>, index) -> ()
      }
      return
    }
    func.func private @twice_task(%x: memref<1048576xf32>, %y: memref<1048576xf32>, %t: index) attributes {sinter.task} {
      …
      return
    }
    ```
    Invariant: an `scf.parallel` holds one call, of a function marked
    `sinter.task`, whose last argument is its number.
  }];
}

def OrderStreams : LoopsPass<"sinter-order-streams"> {
  let summary = "ends functions that store past the caches with a fence";
  let description = [{
    ```mlir
    func.func private @twice_task(%x: memref<1048576xf32>, %y: memref<1048576xf32>, %t: index) attributes {sinter.task} {
      …
        vector.store %1, %y[%i] {alignment = 64 : i64, nontemporal = true} : memref<1048576xf32>, vector<16xf32>
      …
      return
    }
    ```
    ⇒ the same with
    ```mlir
      llvm.fence seq_cst
      return
    ```
    Invariant: whoever is told that the function has returned sees its stores.
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
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::x86vector::X86VectorDialect"];
}

def CallMathLibrary : LoopsPass<"sinter-call-math-library"> {
  let summary = "calls libm for what has no other form";
  let description = [{
    Functions that were not expanded (f64, and all at -O0) and that upstream's
    lowering would lose digits of, or not take as vectors.

    ```mlir
    %y = math.expm1 %x : f64
    ```
    ⇒
    ```mlir
    %y = call @expm1(%x) : (f64) -> f64
    ```
    Invariant: none of them is left.
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

#endif // SINTER_PASSES_LOWER_TD
