//===- State.td - variables and entries -----------------------------------===//
//
// A module is a model: variables (parameters, optimizer slots, counters) and
// entries.  An entry reads variables as they were when it began and writes them
// when it ends.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_STATE_TD
#define SINTER_STATE_TD

include "compiler/ir/Dialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"

def VariableOp : SinterOp<"variable", [Symbol]> {
  let summary = "a part of the state";
  let description = [{
    `offset` is its place in the state in bytes, set by the `planned` stage.

    ```mlir
    sinter.variable @hidden1.weight : tensor<784x256xf32> {trainable}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<AnyTensorValue>:$type, UnitAttr:$trainable,
                       OptionalAttr<I64Attr>:$offset);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
}

class FunctionLikeOp<string mnemonic>
    : SinterOp<mnemonic, [FunctionOpInterface, IsolatedFromAbove]> {
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  code functionDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    static ::llvm::StringRef getSymbolAttrName() { return "sym_name"; }
  }];
  let extraClassDeclaration = functionDeclaration;
}

def EntryOp : FunctionLikeOp<"entry"> {
  let summary = "a function of the model that a host can call";
  let description = [{
    Arguments are inputs, results outputs.  Their attributes: `sinter.name`
    (string) and, where a dimension counts samples, `sinter.batch_axis` (i64).
    The entry `init` has one input, the seed (tensor<i64>), returns nothing, and
    writes every variable.  From the
    `planned` stage on the body holds buffers, launches and loops instead of
    values, its return has no operands, and `workspace_bytes` is set.

    ```mlir
    sinter.entry @predict(%x: tensor<8x4xf32> {sinter.batch_axis = 0 : i64, sinter.name = "x"})
        -> (tensor<8x2xf32> {sinter.batch_axis = 0 : i64, sinter.name = "y"}) {
      %w = sinter.read @w : tensor<4x2xf32>
      %y = sinter.dot_general %x, %w contract [1] x [0] batch [] x []
           : tensor<8x4xf32>, tensor<4x2xf32> -> tensor<8x2xf32>
      sinter.return %y : tensor<8x2xf32>
    }
    ```
  }];
}

def ReadOp : SinterOp<"read", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the variable's value when the entry began";
  let arguments = (ins FlatSymbolRefAttr:$variable);
  let results = (outs AnyTensorValue:$result);
  let assemblyFormat = "$variable attr-dict `:` type($result)";
}
def WriteOp : SinterOp<"write", [HasParent<"EntryOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the variable's value when the entry ends";
  let description = [{ At most one per variable and entry. }];
  let arguments = (ins FlatSymbolRefAttr:$variable, AnyTensorValue:$value);
  let assemblyFormat = "$variable `,` $value attr-dict `:` type($value)";
}
def ReturnOp : SinterOp<"return", [Pure, ReturnLike, Terminator,
                                   ParentOneOf<["EntryOp", "KernelOp"]>]> {
  let summary = "ends an entry or a kernel";
  let arguments = (ins Variadic<AnyTensorValue>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, ::mlir::ValueRange());
  }]>];
}

#endif
