//===- EmitPlan.h - a planned program as ops --------------------*- C++ -*-===//

#ifndef SINTER_PASSES_PLAN_EMITPLAN_H
#define SINTER_PASSES_PLAN_EMITPLAN_H

#include "passes/plan/ShareStorage.h"

namespace sinter::passes::plan {

/// The module's constants as memref globals, one for each distinct value and
/// shape.
class ConstantPool {
public:
  explicit ConstantPool(mlir::ModuleOp module)
      : module(module), symbols(module) {}
  /// An error where the value has no form in memory.
  static mlir::LogicalResult verify(ir::ConstantOp constant);
  /// The constant, reshaped to this type.
  mlir::memref::GlobalOp get(ir::ConstantOp constant, mlir::Type type);

private:
  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  llvm::DenseMap<mlir::Attribute, mlir::memref::GlobalOp> globals;
};

/// Replaces the entry's body and sets its `workspace_bytes` and
/// `sinter.memory`.
mlir::LogicalResult emitPlan(ir::EntryOp entry, const Program &program,
                             const Sharing &sharing, ConstantPool &constants);

} // namespace sinter::passes::plan

#endif // SINTER_PASSES_PLAN_EMITPLAN_H
