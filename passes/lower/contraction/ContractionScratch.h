//===- ContractionScratch.h - where a contraction keeps things --*- C++ -*-===//
//
// The scratch of a kernel around a dot_general, in this order:
//
//   packed blocks of A, and sums between passes: one for each task
//   packed B: all of it, of each task's products, or a panel for each task
//   what waits for its epilogue: of each task
//   who has which panel
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_CONTRACTIONSCRATCH_H
#define SINTER_PASSES_LOWER_CONTRACTION_CONTRACTIONSCRATCH_H

#include "passes/lower/contraction/ContractionEmitter.h"
#include "passes/lower/contraction/MatrixProduct.h"
#include "passes/lower/contraction/PanelSlots.h"

namespace sinter::passes {

class ContractionScratch {
public:
  ContractionScratch(const ContractionKernel &kernel,
                     const ir::ContractionForm &form, mlir::Type element,
                     ValueEmitter &values);

  /// Each of the task that asks.
  mlir::Value packedLhs();
  mlir::Value waitingSums();
  MatrixProduct::Pending pendingSums();
  /// Of the task, if each has its own.
  mlir::Value packedRhs() { return packedRhs(values.task); }
  /// Emits body(panel) with a panel that is the task's until then.
  void withPanel(llvm::function_ref<void(mlir::Value panel)> body);
  /// Before the tasks of a product, if they take turns with panels.
  void clearSlots();

private:
  /// The scratch from `first` on; that of `number`, if there are several, which
  /// are `apart` from each other.
  mlir::Value view(mlir::MemRefType type, int64_t first,
                   std::optional<int64_t> apart, mlir::Value number);
  mlir::Value packedRhs(mlir::Value number);
  PanelSlots slots();
  /// So many bytes of elements.
  mlir::MemRefType elements(int64_t bytes);

  const ContractionKernel &c;
  const ir::ContractionTiling &t;
  const ir::ContractionForm &form;
  mlir::Type element;
  ValueEmitter &values;
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_CONTRACTIONSCRATCH_H
