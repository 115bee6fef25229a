//===- PanelSlots.h - panels that tasks take turns with ---------*- C++ -*-===//
//
// A task fills a panel of B, reads it and is done with it.  If each had one of
// its own, a thread's next task would find its panel in no cache; so a task
// takes the first that no other holds at the time: as many are touched as
// threads work.  Two threads that start from either end of the tasks each look
// in a place of its own first, so that no panel moves from core to core.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTION_PANELSLOTS_H
#define SINTER_PASSES_LOWER_CONTRACTION_PANELSLOTS_H

#include "passes/lower/contraction/IndexMath.h"

namespace sinter::passes {

class PanelSlots {
public:
  /// `held`, a memref<1xi64>, has a bit for each slot; there are as many as
  /// tasks, at least two.
  PanelSlots(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value held,
             int64_t tasks)
      : builder(builder), loc(loc), held(held), tasks(tasks) {}

  /// Before the tasks: nobody holds one.
  void clear();
  /// In a task: the number of a slot that is the task's until it gives it back.
  mlir::Value take(mlir::Value task);
  void giveBack(mlir::Value slot);

private:
  mlir::Value bitOf(mlir::Value slot);
  mlir::Value constant(int64_t value);
  mlir::Value first();

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value held;
  int64_t tasks;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_CONTRACTION_PANELSLOTS_H
