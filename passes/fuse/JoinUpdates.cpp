//===- JoinUpdates.cpp - one kernel updates many variables ----------------===//

#include "passes/fuse/JoinUpdates.h"
#include "passes/fuse/Dependences.h"
#include "passes/fuse/GrowClusters.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

namespace {

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

void passes::joinUpdates(ClusterGraph &graph, MutableArrayRef<Update> updates) {
  // The shortest formulas first, so that longer ones are cut to fit them.
  SmallVector<Update *> byLength;
  for (Update &update : updates)
    if (!update.used)
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
