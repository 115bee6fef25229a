//===- Evaluate.h - who computes what the rules say -------------*- C++ -*-===//
//
// The tests of derivatives are built twice: with the interpreter in f64
// (EvaluateInterpreted.cpp), and with compiled code (EvaluateCompiled.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_RULES_EVALUATE_H
#define SINTER_TESTS_RULES_EVALUATE_H

#include "compiler/interpret/Array.h"
#include "mlir/IR/BuiltinOps.h"

namespace sinter {

/// The outputs of the entry @f of a module without requests.
std::vector<interpret::Array> evaluateEntry(mlir::ModuleOp module,
                                            llvm::ArrayRef<interpret::Array>);

/// The relative error of an f32 in a graph: 0 where it is computed in f64.
extern const double singleUnit;

} // namespace sinter

#endif // SINTER_TESTS_RULES_EVALUATE_H
