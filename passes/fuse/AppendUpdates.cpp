//===- AppendUpdates.cpp - updates behind their gradients -----------------===//
//
// An update that is written in place ends the life of what it replaces.  So
// everything else that reads the old value (dx = dy·wᵀ does) has to run before,
// and must not wait for the update, be it through another update: of
// w = a·b, ∂a reads b and ∂b reads a, and only one of the two can be last.
// Where that fails the gradient is stored and the variable joins the others,
// which are all updated at the end.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/AppendUpdates.h"
#include "passes/fuse/GrowClusters.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {

/// Which ops read a variable's old value, and what has to come behind them.
class OldValues {
public:
  explicit OldValues(const ClusterGraph &graph) : graph(graph) {
    for (Operation *op : graph.ops())
      op->walk([&](ReadOp read) {
        if (read == op)
          addReaders(read.getVariableAttr().getAttr(), op);
        else
          readers[read.getVariableAttr().getAttr()].push_back(op);
      });
  }

  /// Who reads what the ops' results replace.
  SmallVector<Operation *> readersOf(ArrayRef<Operation *> roots) const {
    SmallVector<Operation *> result;
    for (Operation *root : roots)
      for (Operation *user : root->getUsers())
        if (auto write = dyn_cast<WriteOp>(user))
          if (auto at = readers.find(write.getVariableAttr().getAttr());
              at != readers.end())
            llvm::append_range(result, at->second);
    return result;
  }

  /// Whether `members`, put behind all of `earlier`, are behind themselves.
  bool makesCycle(ArrayRef<Operation *> members,
                  ArrayRef<Operation *> earlier) const {
    llvm::SmallPtrSet<Operation *, 32> inside(members.begin(), members.end());
    llvm::SmallPtrSet<Operation *, 32> before(earlier.begin(), earlier.end());
    llvm::SmallPtrSet<Operation *, 32> seen;
    SmallVector<Operation *> work(members);
    bool found = false;
    while (!work.empty() && !found) {
      Operation *op = work.pop_back_val();
      bool isMember = inside.contains(op);
      auto reach = [&](Operation *next) {
        if (inside.contains(next))
          found |= !isMember;
        else if (seen.insert(next).second) {
          found |= before.contains(next);
          work.push_back(next);
        }
      };
      llvm::for_each(graph.readers(op), reach);
      for (const Cluster *behind : replacing.lookup(op))
        llvm::for_each(behind->members, reach);
      if (const Cluster *own = graph.clusterOf(op))
        llvm::for_each(own->members, reach);
    }
    return found;
  }

  /// The cluster comes behind `earlier` from here on.
  void add(const Cluster &cluster, ArrayRef<Operation *> earlier) {
    for (Operation *op : earlier)
      if (graph.clusterOf(op) != &cluster)
        replacing[op].push_back(&cluster);
  }

private:
  void addReaders(StringAttr variable, Operation *read) {
    for (Operation *reader : graph.readers(read))
      if (isa<ReshapeOp>(reader))
        addReaders(variable, reader);
      else if (!isa<WriteOp, ReturnOp>(reader))
        // One that only moves the old value is served before all.
        readers[variable].push_back(reader);
  }

  const ClusterGraph &graph;
  llvm::DenseMap<StringAttr, SmallVector<Operation *>> readers;
  llvm::DenseMap<Operation *, SmallVector<const Cluster *>> replacing;
};

/// A gradient that an update reads: the product, and what rounds it.
struct Gradient {
  Operation *product;
  SmallVector<Operation *, 1> rounding;
  /// The first op that reads it.
  Operation *reader;
};

/// Products that one loop sums up for each element; 0 where windows make it
/// several loops.
int64_t productsInOneRun(DotGeneralOp dot) {
  for (Value operand : {dot.getLhs(), dot.getRhs()})
    for (Operation *op = operand.getDefiningOp();
         op && op->hasTrait<Movement>(); op = op->getOperand(0).getDefiningOp())
      if (isa<WindowsOp>(op))
        return 0;
  int64_t products = 1;
  for (int64_t d : dot.getLhsContracting())
    products *= shapeOf(dot.getLhs())[d];
  return products;
}

/// Whether the update waits for the divider, or for memory, longer than its
/// products take: alone, it runs along the variables as fast as memory does.
bool isExposed(const Update &update, DotGeneralOp product) {
  constexpr int64_t hidesDivisions = 64;
  return productsInOneRun(product) < hidesDivisions &&
         llvm::any_of(update.ops, [&](Operation *op) {
           return isa<DivOp, SqrtOp, RsqrtOp>(op) &&
                  shapeOf(op) == product.getType().getShape();
         });
}

class Appender {
public:
  explicit Appender(ClusterGraph &graph) : graph(graph), old(graph) {}

  /// Puts the update behind the last product it reads that allows it.
  void append(Update &update) {
    SmallVector<Gradient> gradients = gradientsOf(update);
    for (const Gradient &gradient : llvm::reverse(gradients)) {
      SmallVector<Operation *> members{gradient.product};
      llvm::append_range(members, gradient.rounding);
      llvm::append_range(members, update.ops);
      if (auto reason = misfit(update, gradient, members)) {
        kept.push_back({gradient.product, gradient.reader, *reason});
        continue;
      }
      Cluster &cluster = graph.create(gradient.product);
      for (Operation *op : ArrayRef(members).drop_front())
        graph.add(cluster, op);
      old.add(cluster, old.readersOf(update.roots));
      update.used = true;
      return;
    }
  }

  SmallVector<KeptGradient> kept;

private:
  /// In block order.
  SmallVector<Gradient> gradientsOf(const Update &update) {
    SmallVector<Gradient> result;
    for (Operation *op : update.ops)
      for (Operation *needed : graph.needs(op)) {
        Gradient gradient{needed, {}, op};
        if (graph.isUnclaimed(needed) && roundsResult(needed)) {
          gradient.rounding.push_back(needed);
          gradient.product = needed->getOperand(0).getDefiningOp();
        }
        if (kindOf(gradient.product) == OpKind::Contraction &&
            graph.isUnclaimed(gradient.product) &&
            llvm::none_of(result, [&](const Gradient &other) {
              return other.product == gradient.product;
            }))
          result.push_back(std::move(gradient));
      }
    llvm::sort(result, [&](const Gradient &a, const Gradient &b) {
      return graph.positionOf(a.product) < graph.positionOf(b.product);
    });
    return result;
  }

  /// Why the update, with which the product would be `members`, cannot stand
  /// behind it.
  std::optional<Refusal> misfit(const Update &update, const Gradient &gradient,
                                ArrayRef<Operation *> members) {
    Operation *product = gradient.product;
    if (shapeOf(product) != shapeOf(update.ops[0]))
      return Refusal::OtherShape;
    if (members.size() > largestCluster)
      return Refusal::Full;
    if (auto dot = dyn_cast<DotGeneralOp>(product);
        dot && isExposed(update, dot))
      return Refusal::Exposed;
    auto isMember = [&](Operation *op) {
      return llvm::is_contained(members, op);
    };
    if (!llvm::all_of(graph.readers(product), isMember) ||
        !llvm::all_of(gradient.rounding, [&](Operation *op) {
          return llvm::all_of(graph.readers(op), isMember);
        }))
      return Refusal::SharedGradient;
    SmallVector<Operation *> readers = old.readersOf(update.roots);
    for (Operation *op : members)
      for (const Trace &read : graph.reads(op, nullptr)) {
        bool isOld = llvm::is_contained(readers, op) &&
                     isa_and_nonnull<ReadOp, ReshapeOp>(read.producer) &&
                     shapeOf(read.value).size() > 0;
        if (read.access == Access::Same && op != product)
          continue;
        if (read.producer && isMember(read.producer))
          return Refusal::ReadsElsewhere;
        // In place, the old value is gone where other tiles want it.
        if (isOld)
          return Refusal::OldValueNeeded;
      }
    if (!Dependences(graph, members).isWhole())
      return Refusal::Cycle;
    llvm::erase_if(readers, isMember);
    if (old.makesCycle(members, readers))
      return Refusal::OldValueNeeded;
    return std::nullopt;
  }

  ClusterGraph &graph;
  OldValues old;
};

} // namespace

SmallVector<KeptGradient>
passes::appendUpdates(ClusterGraph &graph, MutableArrayRef<Update> updates) {
  Appender appender(graph);
  for (Update &update : updates)
    appender.append(update);
  return std::move(appender.kept);
}
