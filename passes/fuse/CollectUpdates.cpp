//===- CollectUpdates.cpp - what stands behind a variable's writes --------===//

#include "passes/fuse/CollectUpdates.h"
#include "passes/fuse/GrowClusters.h"

#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

/// Whether this is an update of what the entry read, or sets to a constant:
/// other formulas before a write (a variable's first random value) are better
/// off with what they read.
static bool isUpdate(const ClusterGraph &graph, const Update &update) {
  bool readsTensor = false, readsVariable = false;
  for (Operation *op : update.ops)
    for (const Trace &read : graph.reads(op, nullptr)) {
      if (read.producer && llvm::is_contained(update.ops, read.producer))
        continue;
      readsTensor |= !shapeOf(read.value).empty();
      readsVariable |= isa_and_nonnull<ReadOp>(read.producer) &&
                       shapeOf(read.value) == shapeOf(op);
    }
  return readsVariable || !readsTensor;
}

/// Whether the op rounds to bf16 what a kernel computes that can do so itself,
/// and then stores half as much.
bool passes::roundsResult(Operation *op) {
  auto cast = dyn_cast<CastOp>(op);
  Operation *from = cast ? cast.getOperand().getDefiningOp() : nullptr;
  if (!from || !getElementTypeOrSelf(cast.getType()).isBF16())
    return false;
  OpKind kind = kindOf(from);
  return kind == OpKind::Contraction || kind == OpKind::Reduction ||
         kind == OpKind::Gather || kind == OpKind::Window;
}

/// Ops belong to an update if they are pointwise, of the variable's shape, and
/// only that update or a write reads them.
SmallVector<Update> passes::collectUpdates(const ClusterGraph &graph) {
  llvm::EquivalenceClasses<unsigned> joined;
  llvm::DenseMap<Operation *, unsigned> classOf;
  llvm::DenseMap<Operation *, bool> isRoot;
  for (Operation *op : llvm::reverse(graph.ops())) {
    OpKind kind = kindOf(op);
    if (!graph.isUnclaimed(op) ||
        !(kind == OpKind::Pointwise || kind == OpKind::Constant) ||
        roundsResult(op))
      continue;
    bool written = false, elsewhere = false;
    SmallVector<Operation *> readers;
    for (Operation *reader : graph.readers(op)) {
      if (isa<WriteOp>(reader))
        written = true;
      else if (isa<ReturnOp>(reader))
        continue;
      else if (classOf.contains(reader) && shapeOf(reader) == shapeOf(op))
        readers.push_back(reader);
      else
        elsewhere = true;
    }
    if (elsewhere || (!written && readers.empty()))
      continue;
    unsigned own = graph.positionOf(op);
    classOf[op] = own;
    isRoot[op] = written || llvm::any_of(op->getUsers(), [](Operation *user) {
                   return isa<ReturnOp>(user);
                 });
    joined.insert(own);
    for (Operation *reader : readers)
      joined.unionSets(own, classOf[reader]);
  }

  llvm::MapVector<unsigned, Update> updates;
  for (Operation *op : graph.ops())
    if (classOf.contains(op)) {
      Update &update = updates[joined.getLeaderValue(classOf[op])];
      update.ops.push_back(op);
      if (isRoot[op])
        update.roots.push_back(op);
    }
  SmallVector<Update> result;
  for (auto &[leader, update] : updates)
    // A scalar's update belongs with the other scalars.
    if (!shapeOf(update.ops[0]).empty() &&
        update.ops.size() <= largestCluster && isUpdate(graph, update))
      result.push_back(std::move(update));
  return result;
}
