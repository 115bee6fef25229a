//===- JoinUpdates.cpp - one kernel updates many variables ----------------===//

#include "passes/fuse/JoinUpdates.h"
#include "passes/fuse/Dependences.h"
#include "passes/fuse/GrowClusters.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {

/// The pointwise ops behind the writes of one variable and its slots.
struct Update {
  SmallVector<Operation *> ops;
  /// Those whose results are written or returned.
  SmallVector<Operation *> roots;
  bool used = false;
};

/// Matches one update with the first of its group, op by op, from the results
/// backwards.
class Matcher {
public:
  Matcher(const ClusterGraph &graph, const Update &first, const Update &other)
      : graph(graph), first(first), other(other) {}

  /// The ops of `other` that correspond to those of `first`, in the same order;
  /// empty if they are different formulas.
  SmallVector<Operation *> match() {
    if (first.roots.size() != other.roots.size())
      return {};
    for (auto [a, b] : llvm::zip(first.roots, other.roots))
      if (!matchValues(a->getResult(0), b->getResult(0)))
        return {};
    SmallVector<Operation *> result;
    llvm::SmallPtrSet<Operation *, 16> matched;
    for (Operation *op : first.ops) {
      Value partner = partners.lookup(op->getResult(0));
      if (!partner)
        return {};
      result.push_back(partner.getDefiningOp());
      matched.insert(result.back());
    }
    // A cut must not leave out an op whose reader is in.
    for (auto [a, b] : llvm::zip(first.ops, result))
      if (isRoot(first, a) != isRoot(other, b))
        return {};
    return result;
  }

private:
  static bool isRoot(const Update &update, Operation *op) {
    return llvm::is_contained(update.roots, op);
  }
  static bool isScalar(Value value) { return shapeOf(value).empty(); }
  static Type elementType(Value value) {
    return cast<RankedTensorType>(value.getType()).getElementType();
  }

  bool matchValues(Value a, Value b) {
    if (Value partner = partners.lookup(a))
      return partner == b;
    if (elementType(a) != elementType(b))
      return false;
    Operation *opA = a.getDefiningOp();
    bool inside = opA && (llvm::is_contained(first.ops, opA) ||
                          graph.floatingOps().floats(opA));
    if (!inside) {
      if (isScalar(a) || isScalar(b))
        return a == b;
      // Each segment's tensor stands in one column of the table.
      if (shapeOf(a) != shapeOf(first.roots[0]) ||
          shapeOf(b) != shapeOf(other.roots[0]) || !taken.insert(b).second)
        return false;
      partners[a] = b;
      return true;
    }
    Operation *opB = b.getDefiningOp();
    if (!opB || opA->getName() != opB->getName() ||
        !(llvm::is_contained(other.ops, opB) ||
          graph.floatingOps().floats(opB)) ||
        !sameAttributes(opA, opB))
      return false;
    for (auto [x, y] : llvm::zip(opA->getOperands(), opB->getOperands()))
      if (!matchValues(x, y))
        return false;
    partners[a] = b;
    return true;
  }

  /// Whether two ops compute the same element from elements.
  bool sameAttributes(Operation *a, Operation *b) {
    if (auto constant = dyn_cast<ConstantOp>(a)) {
      auto x = dyn_cast<DenseElementsAttr>(constant.getValue());
      auto y = dyn_cast<DenseElementsAttr>(cast<ConstantOp>(b).getValue());
      return x && y && x.isSplat() && y.isSplat() &&
             x.getSplatValue<Attribute>() == y.getSplatValue<Attribute>();
    }
    if (kindOf(a) == OpKind::Pointwise)
      return a->getDiscardableAttrDictionary() ==
                 b->getDiscardableAttrDictionary() &&
             a->getPropertiesAsAttribute() == b->getPropertiesAsAttribute();
    // Of the index maps, only a repeated scalar is the same for every shape.
    return isa<BroadcastOp>(a) && isScalar(a->getOperand(0)) &&
           isScalar(b->getOperand(0));
  }

  const ClusterGraph &graph;
  const Update &first, &other;
  DenseMap<Value, Value> partners;
  llvm::SmallPtrSet<Value, 8> taken;
};

} // namespace

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
static bool roundsResult(Operation *op) {
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
static SmallVector<Update> collectUpdates(const ClusterGraph &graph) {
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

void passes::joinUpdates(ClusterGraph &graph) {
  SmallVector<Update> updates = collectUpdates(graph);
  // The shortest formulas first, so that longer ones are cut to fit them.
  SmallVector<Update *> byLength;
  for (Update &update : updates)
    byLength.push_back(&update);
  llvm::stable_sort(byLength, [](Update *a, Update *b) {
    return a->ops.size() < b->ops.size();
  });

  for (Update *first : byLength) {
    if (first->used)
      continue;
    SmallVector<SmallVector<Operation *>> segments;
    SmallVector<Update *> group;
    std::optional<Dependences> together;
    for (Update &other : updates) {
      if (other.used)
        continue;
      SmallVector<Operation *> segment = Matcher(graph, *first, other).match();
      if (segment.empty())
        continue;
      if (!Dependences(graph, segment).isWhole() ||
          (together && !together->admits(segment)))
        continue;
      if (together)
        together->add(segment);
      else
        together.emplace(graph, segment);
      segments.push_back(std::move(segment));
      group.push_back(&other);
    }
    if (segments.size() < 2)
      continue;
    for (Update *update : group)
      update->used = true;
    Cluster &cluster = graph.create(segments[0].front());
    cluster.kind = OpKind::Pointwise;
    for (ArrayRef<Operation *> segment : segments)
      for (Operation *op : segment)
        if (op != cluster.root)
          graph.add(cluster, op);
    cluster.segments = std::move(segments);
  }
}
