//===- Kernel.td - units of code, and where their values live -------------===//
//
// From `fused` on, an entry is a list of calls of kernels (and reshapes, which
// cost nothing, and scans whose bodies are calls).  From `planned` on it is a
// list of launches on buffers.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_KERNEL_TD
#define SINTER_KERNEL_TD

include "compiler/ir/State.td"

def KernelOp : FunctionLikeOp<"kernel"> {
  let summary = "ops that become one function";
  let description = [{
    `schedule` (a dictionary, computed at the end of `fused`) says how it is
    emitted: `kind` (pointwise, row_reduction, column_reduction, contraction,
    gather, scatter, scalar, …), tiles, `scratch_bytes`.  `overwrites[r] = i`
    says that result r may be written over argument i: each element of i is read
    before that element of r is written; −1 if not.  No value may be more than
    1,500 ops away from the arguments: code is emitted by recursion.

    ```mlir
    sinter.kernel @scale(%x: tensor<8xf32>) -> tensor<8xf32>
        attributes {overwrites = array<i64: 0>, schedule = {kind = "pointwise"}} {
      %y = sinter.add %x, %x : tensor<8xf32>
      sinter.return %y : tensor<8xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs,
                       OptionalAttr<DictionaryAttr>:$schedule,
                       OptionalAttr<DenseI64ArrayAttr>:$overwrites);
}

def CallOp : SinterOp<"call", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a kernel applied to values";
  let arguments = (ins FlatSymbolRefAttr:$kernel,
                       Variadic<AnyTensorValue>:$operands_);
  let results = (outs Variadic<AnyTensorValue>:$results);
  let assemblyFormat = [{
    $kernel `(` $operands_ `)` attr-dict
    `:` functional-type($operands_, results)
  }];
}

//===----------------------------------------------------------------------===//
// Planned entries
//===----------------------------------------------------------------------===//

def BufferSpace : I32EnumAttr<"BufferSpace", "what a buffer is part of", [
    I32EnumAttrCase<"State", 0, "state">,
    I32EnumAttrCase<"Workspace", 1, "workspace">,
    I32EnumAttrCase<"Input", 2, "input">,
    I32EnumAttrCase<"Output", 3, "output">]> {
  let cppNamespace = "::sinter::ir";
  let genSpecializedAttr = 0;
}
def BufferSpaceAttr : EnumAttr<SinterDialect, BufferSpace, "space">;

def BufferOp : SinterOp<"buffer", [Pure]> {
  let summary = "a place in memory";
  let description = [{
    The bytes at `offset` + Σ index_i·`strides[i]` of the state, the workspace,
    or input or output number `number`.  Element types are storage types: u8 and
    i1 are i8.

    ```mlir
    %0 = sinter.buffer workspace 4096 : memref<8x4xf32>
    sinter.loop 28 index(%t) {
      %1 = sinter.buffer input 0 [%t * 784] number 1 : memref<28x28xi8>
    }
    ```
  }];
  let arguments = (ins BufferSpaceAttr:$space, I64Attr:$offset,
                       Variadic<Index>:$indices,
                       DenseI64ArrayAttr:$strides,
                       DefaultValuedAttr<I64Attr, "0">:$number);
  let results = (outs AnyMemRef:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def LaunchOp : SinterOp<"launch", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a kernel run on buffers";
  let description = [{
    `ins` are the kernel's arguments, `outs` its results, `scratch` the bytes its
    schedule asks for.

    ```mlir
    sinter.launch @scale ins(%0) outs(%0)
        : (memref<8xf32>) -> memref<8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyMemRef>:$ins_,
                       Variadic<AnyMemRef>:$outs_, Optional<AnyMemRef>:$scratch);
  let assemblyFormat = [{
    $kernel `ins` `(` $ins_ `)` `outs` `(` $outs_ `)`
    (`scratch` `(` $scratch^ `)`)? attr-dict
    `:` functional-type($ins_, $outs_) (`,` type($scratch)^)?
  }];
}

def CopyOp : SinterOp<"copy", [SameTypeOperands]> {
  let summary = "bytes copied between buffers";
  let description = [{ Counted in the memory report. }];
  let arguments = (ins AnyMemRef:$source, AnyMemRef:$target);
  let assemblyFormat =
      "$source `to` $target attr-dict `:` type($source)";
}

def LoopOp : SinterOp<"loop", [SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "launches repeated";
  let description = [{
    Runs the body for its index argument 0 … `trip_count`−1, downwards if
    `reverse`.

    ```mlir
    sinter.loop 28 reverse index(%t) {
      %x = sinter.buffer workspace 0 [%t * 16] : memref<4xf32>
      sinter.launch @scale ins(%x) outs(%x)
          : (memref<4xf32>) -> memref<4xf32>
    }
    ```
  }];
  let arguments = (ins I64Attr:$trip_count, UnitAttr:$reverse);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def StoreIndexOp : SinterOp<"store_index"> {
  let summary = "a loop's index as a value";
  let description = [{
    Stores the index as the `tensor<i64>` that kernels of the body read.

    ```mlir
    sinter.loop 3 index(%t) {
      %0 = sinter.buffer workspace 0 : memref<i64>
      sinter.store_index %t to %0 : memref<i64>
    }
    ```
  }];
  let arguments = (ins Index:$index, MemRefRankOf<[I64], [0]>:$target);
  let assemblyFormat = "$index `to` $target attr-dict `:` type($target)";
}

#endif
