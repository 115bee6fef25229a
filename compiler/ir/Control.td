//===- Control.td - loops -------------------------------------------------===//

#ifndef SINTER_CONTROL_TD
#define SINTER_CONTROL_TD

include "compiler/ir/Dialect.td"

def ScanOp : SinterOp<"scan", [AttrSizedOperandSegments, IsolatedFromAbove,
    SingleBlock, Differentiable, RecursiveMemoryEffects]> {
  let summary = "a loop with a static trip count";
  let description = [{
    For t = 0 … n−1 (n−1 … 0 if `reverse`):
    (c, yₜ) ← body(t, c, xsₜ, invariants), where xsₜ is xs[t, …] and results are
    the last carry and the yₜ stacked: ys[t, …] = yₜ.  The body is isolated:
    what it needs from outside is an invariant.  n ≥ 0; with n = 0 the carry is
    the initial one and ys is empty.

    The VJP is the scan in the other direction over cotangents, with what it
    needs of the forward one as extra per-step outputs; the JVP carries tangents
    beside values.

    `checkpoint` says that of the values inside only what a step begins with is
    kept for the VJP (slices, carries, invariants); the backward loop computes
    the rest again.  `apart` says that nothing moves out of the body or into it,
    be it of one step: what is computed in it is computed there and then.  The
    VJP of a `checkpoint` scan is one, and is `apart`: a value that it computes
    again never becomes one with the forward one.  A checkpoint that is no loop
    is a scan of one step.

    ```mlir
    %h, %ys = sinter.scan 28 carry(%c = %h0 : tensor<4xf32>)
        each(%x = %xs : tensor<28x4xf32>) with(%v = %w : tensor<4xf32>)
        index(%t) -> (tensor<4xf32>, tensor<28x4xf32>) {
      %p = sinter.mul %c, %v : tensor<4xf32>
      %n = sinter.add %p, %x : tensor<4xf32>
      sinter.yield %n, %n : tensor<4xf32>, tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyTensorValue>:$init,
                       Variadic<AnyTensorValue>:$xs,
                       Variadic<AnyTensorValue>:$invariants,
                       I64Attr:$trip_count, UnitAttr:$reverse,
                       UnitAttr:$checkpoint, UnitAttr:$apart);
  let results = (outs Variadic<AnyTensorValue>:$results);
  // Block arguments: index (tensor<i64>), carry, one slice of each xs,
  // invariants.
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    unsigned getNumCarried() { return getInit().size(); }
    ::mlir::Value getIndexArg();
    ::mlir::Block::BlockArgListType getCarryArgs();
    ::mlir::Block::BlockArgListType getXArgs();
    ::mlir::Block::BlockArgListType getInvariantArgs();
    ::mlir::ResultRange getCarryResults();
    ::mlir::ResultRange getYResults();
    /// The operands of the yield: next carries, then per-step outputs.
    ::mlir::OperandRange getNextCarry();
    ::mlir::OperandRange getStepOutputs();
    /// The derivatives, by ScanReverse.cpp and ScanRules.cpp.
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    vjp(::mlir::OpBuilder &builder, ::llvm::ArrayRef<::mlir::Value> cotangents,
        ::llvm::ArrayRef<bool> wanted);
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    jvp(::mlir::OpBuilder &builder, ::llvm::ArrayRef<::mlir::Value> tangents);
  }];
}

def YieldOp : SinterOp<"yield", [Pure, ReturnLike, Terminator,
                                 ParentOneOf<["ScanOp", "LoopOp",
                                              "LibraryCallOp"]>]> {
  let summary = "ends a loop's body, or what a library stands in for";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, ::mlir::ValueRange());
  }]>];
}

#endif
