//===- Storage.h - ops that compute, and ops that only move -----*- C++ -*-===//
//
// bf16 is a type of storage (see Dialect.td): from `simplified` on, only ops
// that move elements, and casts, see it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IR_STORAGE_H
#define SINTER_COMPILER_IR_STORAGE_H

#include "mlir/IR/Operation.h"

namespace sinter::ir {

/// Whether each element of the op's results is one of its operands' or zero, as
/// it was, or the op is structure, a constant or a cast.
bool leavesElements(mlir::Operation *op);

/// Whether the op computes and an operand or result of it is bf16.
bool computesInStorage(mlir::Operation *op);

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_STORAGE_H
