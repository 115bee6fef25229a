//===- PhaseTasks.cpp - how threads may share a kernel's phases -----------===//
//
// Points of the outer space do not depend on each other, so a phase has as many
// tasks as its work pays for.  A library shares its work out itself.
//
//===----------------------------------------------------------------------===//

#include "compiler/ir/PhaseTasks.h"

#include "compiler/ir/SortRow.h"
#include "compiler/ir/TaskCost.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace sinter::ir;

/// What the tasks of a sort may take together; one may take more.
static constexpr int64_t kMostSortBytes = 8 << 20;

/// What threads can share of a scatter: the dimensions before the scattered
/// one, else vectors of columns behind it.
static int64_t scatteredParts(ScatterAddOp scatter) {
  ArrayRef<int64_t> shape = scatter.getType().getShape();
  int64_t axis = scatter.getAxis();
  int64_t around = ShapedType::getNumElements(shape.take_front(axis));
  if (around != 1)
    return around;
  Type element = getStorageType(scatter.getType().getElementType());
  return ShapedType::getNumElements(shape.drop_front(axis + 1)) /
         TargetFacts::of(scatter).lanes(element.getIntOrFloatBitWidth());
}

void sinter::ir::choosePhaseTasks(KernelOp kernel,
                                  MutableArrayRef<Phase> phases) {
  Operation *end = kernel.getBody().front().getTerminator();
  TaskCost cost(kernel);
  int64_t most = mostTasks;
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    if (auto limit = schedule.getAs<IntegerAttr>("tasks"))
      most = limit.getInt();
  llvm::DenseSet<Value> known;
  for (const Phase &phase : phases)
    for (Operation *op : phase.reducing)
      known.insert(op->getResult(0));
  for (Phase &phase : phases) {
    if (!phase.reducing.empty() && isa<LibraryCallOp>(phase.reducing.front()))
      continue;
    SmallVector<Value> roots;
    for (Operation *op : phase.reducing)
      roots.push_back(op->getResult(0));
    for (unsigned number : phase.results)
      roots.push_back(end->getOperand(number));
    int64_t points = ShapedType::getNumElements(phase.outer);
    auto scatter = phase.reducing.empty()
                       ? ScatterAddOp()
                       : dyn_cast<ScatterAddOp>(phase.reducing.front());
    if (scatter) {
      points = scatteredParts(scatter);
    } else if (!phase.reducing.empty() && writesWhole(phase.reducing.front())) {
      // Rows are summed and sorted whole.
      auto dimension =
          phase.reducing.front()->getAttrOfType<IntegerAttr>("dimension");
      points /= std::max<int64_t>(1, phase.outer[dimension.getInt()]);
      if (auto sort = dyn_cast<ArgSortOp>(phase.reducing.front())) {
        int64_t bytes = std::max<int64_t>(1, SortRow(sort).bytes());
        points = std::min(points, std::max<int64_t>(1, kMostSortBytes / bytes));
      }
    }
    phase.tasks = std::clamp<int64_t>(
        std::min(cost.tasks(cost.of(roots, known)), points), 1, most);
  }
}
