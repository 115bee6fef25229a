//===- OpKinds.h - what fusion wants to know of one op ----------*- C++ -*-===//
//
// What recomputing an op costs, beside its kind, shape and name.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_OPKINDS_H
#define SINTER_PASSES_FUSE_OPKINDS_H

#include "compiler/ir/OpKind.h"
#include "compiler/ir/Reducing.h"

namespace sinter::passes {

using ir::kindOf;
using ir::OpKind;

/// Shape of the op's only result.
llvm::ArrayRef<int64_t> shapeOf(mlir::Operation *op);
llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);
int64_t elementsOf(llvm::ArrayRef<int64_t> shape);

/// What one element of the op costs, in simple operations; at least
/// `tooExpensive` for functions that are never computed twice.
inline constexpr int64_t tooExpensive = 1000;
int64_t costOf(mlir::Operation *op);

/// How an op is named to a reader: its given name and mnemonic.
std::string describe(mlir::Operation *op);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_OPKINDS_H
