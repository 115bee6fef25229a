//===- Dialect.td - the sinter dialect, its types and op classes ----------===//
//
// A model is a module of variables and entries; an entry is a function of
// values: statically shaped tensors, dense and row-major.  Every family of ops
// has a file of its own; this one holds what they share.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECT_TD
#define SINTER_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "compiler/ir/Differentiable.td"

def SinterDialect : Dialect {
  let name = "sinter";
  let cppNamespace = "::sinter::ir";
  let summary = "computation graphs with value semantics";
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
}

//===----------------------------------------------------------------------===//
// Types: f64 f32 bf16, i64 i32 i8, ui8, i1.  Signless integers are signed.
//
// bf16 is a type of storage: an op on it is the op on f32, whose result is
// rounded once, to the nearest bf16 (ties to even).  Sums are f32 throughout.
//===----------------------------------------------------------------------===//

def Float : AnyTypeOf<[F32, F64, BF16], "f32, f64 or bf16">;
def Integer : AnyTypeOf<[I64, I32, I8, UI8], "i64, i32, i8 or u8">;
def Number : AnyTypeOf<[F32, F64, BF16, I64, I32, I8, UI8], "a number type">;
def Bits : AnyTypeOf<[I64, I32, I8, UI8, I1], "an integer type or i1">;
def Element : AnyTypeOf<[F32, F64, BF16, I64, I32, I8, UI8, I1],
                        "one of f64 f32 bf16 i64 i32 i8 u8 i1">;

def FloatTensor : StaticShapeTensorOf<[Float]>;
def IntegerTensor : StaticShapeTensorOf<[Integer]>;
def NumberTensor : StaticShapeTensorOf<[Number]>;
def BitsTensor : StaticShapeTensorOf<[Bits]>;
def BoolTensor : StaticShapeTensorOf<[I1]>;
def AnyTensorValue : StaticShapeTensorOf<[Element]>;
/// [seed, call], see Random.td.
def KeyTensor
    : Type<CPred<"$_self == ::mlir::RankedTensorType::get({2}, "
                 "::mlir::IntegerType::get($_self.getContext(), 64))">,
           "tensor<2xi64>">,
      BuildableType<"::mlir::RankedTensorType::get({2}, "
                    "$_builder.getI64Type())">;
def IndexScalar : 0DTensorOf<[I64]>;

//===----------------------------------------------------------------------===//
// Traits
//===----------------------------------------------------------------------===//

class SinterTrait<string name> : NativeOpTrait<name> {
  let cppNamespace = "::sinter::ir";
}
/// Result element i depends on element i of every operand, and nothing else.
def Pointwise : SinterTrait<"Pointwise">;
/// Combines the elements along `dimensions`, which the result lacks.
def Reduction : SinterTrait<"Reduction">;
/// Only moves elements: each result element is one operand element or zero.
def Movement : SinterTrait<"Movement">;

/// The classes of derivative rules, see Differentiable.h.
def PointwiseRule : SinterTrait<"PointwiseRule">;
def LinearRule : SinterTrait<"LinearRule">;
def MultilinearRule : SinterTrait<"MultilinearRule">;
def ZeroRule : SinterTrait<"ZeroRule">;

class SinterOp<string mnemonic, list<Trait> traits = []>
    : Op<SinterDialect, mnemonic, traits>;

/// Ops without effects whose result types follow from operands and attributes.
class ValueOp<string mnemonic, list<Trait> traits = []>
    : SinterOp<mnemonic, !listconcat([Pure], traits)>;
class InferredOp<string mnemonic, list<Trait> traits = []>
    : ValueOp<mnemonic, !listconcat([InferTypeOpAdaptor], traits)>;

#endif
