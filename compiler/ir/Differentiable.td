//===- Differentiable.td - the interface of differentiable ops ------------===//

#ifndef SINTER_DIFFERENTIABLE_TD
#define SINTER_DIFFERENTIABLE_TD

include "mlir/IR/OpBase.td"

def Differentiable : OpInterface<"Differentiable"> {
  let cppNamespace = "::sinter::ir";
  let description = [{
    An op that states its derivative.  Rules emit only `sinter` ops, so that
    what they emit can be differentiated again.  A null value stands for a
    structural zero, both in and out; rules never materialize one.  Most ops
    get both methods from one of the rule traits of Differentiable.h.
  }];
  let methods = [
    InterfaceMethod<[{
      Reverse mode.  `cotangents` has one value per result; `wanted` one flag
      per operand.  Returns one cotangent per operand, null where it is zero,
      not wanted, or the operand is not of a float type.
    }], "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "vjp",
    (ins "::mlir::OpBuilder &":$builder,
         "::llvm::ArrayRef<::mlir::Value>":$cotangents,
         "::llvm::ArrayRef<bool>":$wanted)>,
    InterfaceMethod<[{
      Forward mode.  `tangents` has one value per operand.  Returns one tangent
      per result.
    }], "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "jvp",
    (ins "::mlir::OpBuilder &":$builder,
         "::llvm::ArrayRef<::mlir::Value>":$tangents)>,
  ];
}

#endif
