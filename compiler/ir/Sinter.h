//===- Sinter.h - the sinter dialect ----------------------------*- C++ -*-===//
//
// The dialect's classes.  The ops are defined in the .td files beside this one,
// a family a file.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_SINTER_H
#define SINTER_COMPILER_IR_SINTER_H

#include "compiler/ir/Differentiable.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace sinter::ir {

// Markers of op families, see Dialect.td.
template <typename Op>
class Pointwise : public mlir::OpTrait::TraitBase<Op, Pointwise> {};
template <typename Op>
class Reduction : public mlir::OpTrait::TraitBase<Op, Reduction> {};
template <typename Op>
class Movement : public mlir::OpTrait::TraitBase<Op, Movement> {};

/// How a type lies in memory: u8 and i1 as i8, bf16 as i16, everything else as
/// itself.
mlir::Type getStorageType(mlir::Type elementType);
/// The type in which ops compute: f32 for bf16, else the type itself.  Takes
/// and gives element types or tensor types.
mlir::Type getComputeType(mlir::Type type);
/// The memref of a tensor type, of storage type; one without elements is
/// memref<0xT>, whatever its shape.
mlir::MemRefType getBufferType(mlir::Type tensorType);
/// Whether a type is that of a value: a tensor of static shape of an element
/// type that the dialect knows.
bool isTensorValue(mlir::Type type);
/// Bytes of a tensor, dense.
int64_t getByteSize(mlir::Type tensorType);
/// A constant of that tensor type, all zeros.
mlir::Value createZeros(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Type type);

/// Names of the attributes of an entry's inputs and outputs.
inline constexpr llvm::StringLiteral nameAttr = "sinter.name";
inline constexpr llvm::StringLiteral batchAxisAttr = "sinter.batch_axis";
/// Of a kernel: an array of strings, the neighbours that fusion did not take
/// and why: "max 'hidden1.relu': its shape is not that of the result".
inline constexpr llvm::StringLiteral refusalsAttr = "fusion_refusals";

/// The name given to an op's value: that of the outermost NameLoc in its
/// location, empty if there is none.
llvm::StringRef getGivenName(mlir::Location loc);

} // namespace sinter::ir

#include "compiler/ir/Dialect.h.inc"
#include "compiler/ir/Enums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "compiler/ir/Attributes.h.inc"
#define GET_OP_CLASSES
#include "compiler/ir/Ops.h.inc"

#endif // SINTER_COMPILER_IR_SINTER_H
