//===- RoundingSpread.h - how far rounding may move a result ----*- C++ -*-===//
//
// Stochastic arithmetic (Vignes, CESTAC): a graph is evaluated in f64 several
// times, each with other tiny relative errors put on the operands and results
// of its inexact ops.  How far the outputs spread says what any correct way to
// round and to order sums may do to them, however ill-conditioned the graph;
// where nothing inexact happens the spread is zero.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LOWER_ROUNDINGSPREAD_H
#define SINTER_TESTS_LOWER_ROUNDINGSPREAD_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace sinter::test {

/// A copy of the module with such errors put in, for an interpreter in f64.
mlir::OwningOpRef<mlir::ModuleOp> perturb(mlir::ModuleOp module, uint32_t seed);

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_ROUNDINGSPREAD_H
