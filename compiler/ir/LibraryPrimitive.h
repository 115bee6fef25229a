//===- LibraryPrimitive.h - a library's words for a computation -*- C++ -*-===//
//
// The `primitive` of a `library_call`: which contraction or convolution, where
// its operands and result lie, what is applied to the result on the way.  As a
// dictionary it stands in the IR; as a struct of the runtime's interface it is
// what generated code hands to the library.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_LIBRARYPRIMITIVE_H
#define SINTER_COMPILER_IR_LIBRARYPRIMITIVE_H

#include "compiler/ir/Sinter.h"
#include "runtime/onednn/sinter_onednn.h"

namespace sinter::ir {

/// Of a kernel: a string, why a library computes it or does not.
inline constexpr llvm::StringLiteral libraryChoiceAttr = "library_choice";
/// Of a `conv` before fusion: the library it is kept whole for.
inline constexpr llvm::StringLiteral libraryAttr = "library";
/// The one library there is.
inline constexpr llvm::StringLiteral onednnName = "onednn";
/// The function of the runtime that generated code calls.
inline constexpr llvm::StringLiteral onednnFunction = "sinter_onednn_run";

/// The descriptor as an attribute.
mlir::DictionaryAttr toAttr(const sinter_onednn_call &call,
                            mlir::MLIRContext *context);
/// And back; an error, through `emitError`, if it is not one: a dump may have
/// been edited.  Every element that it speaks of is inside of its buffer, the
/// types of which are given, the result's last.
mlir::FailureOr<sinter_onednn_call>
fromAttr(mlir::DictionaryAttr attr, mlir::TypeRange buffers,
         llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// As generated code holds it, its hash included.
llvm::SmallVector<int64_t> toWords(sinter_onednn_call call);

/// The call in a kernel that a library computes, or null.
LibraryCallOp findLibraryCall(KernelOp kernel);
/// The scratch that a call's descriptor asks for.
int64_t getScratchBytes(LibraryCallOp op);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_LIBRARYPRIMITIVE_H
