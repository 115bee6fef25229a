//===- ExplainBoundaries.cpp - why a value goes through memory ------------===//

#include "passes/fuse/ExplainBoundaries.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

std::string Explanation::text() const {
  return describe(op) + ": " + textOf(reason).str();
}

/// Whether kernels are made around it.
static bool isRoot(Operation *op) {
  switch (kindOf(op)) {
  case OpKind::Pointwise:
  case OpKind::Movement:
  case OpKind::Iota:
  case OpKind::Constant:
  case OpKind::Random:
    return false;
  default:
    return true;
  }
}

/// The members that read the value, itself or through what floats.
static SmallVector<Operation *> readersOf(const ClusterGraph &graph,
                                          const Cluster &cluster, Value value) {
  llvm::SmallSetVector<Operation *, 4> found;
  for (Operation *user : value.getUsers()) {
    Operation *reader = graph.floatingOps().anchorOf(user);
    if (graph.clusterOf(reader) == &cluster)
      found.insert(reader);
  }
  SmallVector<Operation *> readers = found.takeVector();
  llvm::sort(readers, [&](Operation *a, Operation *b) {
    return graph.positionOf(a) < graph.positionOf(b);
  });
  return readers;
}

/// What the rules said when one of the two was before the other.
static std::optional<Explanation> recorded(const Cluster &producer,
                                           Operation *made,
                                           const Cluster &consumer,
                                           ArrayRef<Operation *> readers) {
  for (Operation *reader : readers)
    if (auto at = producer.refusals.find(reader); at != producer.refusals.end())
      return Explanation{reader, at->second};
  if (auto at = consumer.refusals.find(made); at != consumer.refusals.end())
    return Explanation{made, at->second};
  return std::nullopt;
}

/// Elements that a reduction reads, or any other op makes.
static int64_t elementsAt(Operation *op) {
  return elementsOf(kindOf(op) == OpKind::Reduction ? shapeOf(op->getOperand(0))
                                                    : shapeOf(op));
}

/// Whether the operand of a root could be computed where it is read: an index
/// map, or something cheap of what no kernel computes.
static bool mayFloat(const ClusterGraph &graph, Operation *op) {
  return kindOf(op) != OpKind::Pointwise ||
         (costOf(op) < tooExpensive &&
          llvm::none_of(graph.needs(op), [&](Operation *needed) {
            return graph.clusterOf(needed);
          }));
}

/// Whether `reader` needs the producer's results in another way than from
/// `reshape` too, through what is in neither kernel.
static bool waitsForOthers(const ClusterGraph &graph, const Cluster &producer,
                           Operation *reshape, Operation *reader) {
  const Cluster *consumer = graph.clusterOf(reader);
  llvm::SmallPtrSet<Operation *, 32> seen(producer.members.begin(),
                                          producer.members.end());
  SmallVector<Operation *> work(producer.members);
  while (!work.empty()) {
    Operation *op = work.pop_back_val();
    for (Operation *next : graph.readers(op)) {
      if (next == reader && op != reshape && graph.clusterOf(op) != &producer)
        return true;
      const Cluster *own = graph.clusterOf(next);
      if (own && own != consumer) {
        for (Operation *member : own->members)
          if (seen.insert(member).second)
            work.push_back(member);
      } else if (seen.insert(next).second) {
        work.push_back(next);
      }
    }
  }
  return false;
}

/// The rules do not look through reshapes.  Where they would not have fused
/// without one either, that is the reason.
static Explanation behindReshape(const ClusterGraph &graph,
                                 const Cluster &producer, Operation *made,
                                 Operation *reader) {
  OpKind kind = kindOf(reader);
  switch (producer.kind) {
  case OpKind::Contraction:
  case OpKind::Gather:
  case OpKind::Window:
    if (kind != OpKind::Pointwise)
      return {reader, Refusal::OwnRoot};
    break;
  case OpKind::Scatter:
  case OpKind::Sequence:
  case OpKind::Concatenate:
    return {isRoot(reader) ? reader : made, Refusal::OwnRoot};
  case OpKind::Reduction:
    if (isRoot(reader) && kind != OpKind::Reduction)
      return {reader, Refusal::OwnRoot};
    if (elementsAt(reader) == elementsOf(producer.space))
      return {reader, Refusal::Reshaped};
    if (kind == OpKind::Reduction)
      return {reader, Refusal::OtherDimensions};
    return {reader, elementsAt(reader) == elementsOf(producer.kept)
                        ? Refusal::Reshaped
                        : Refusal::NeitherRowNorRest};
  default:
    if (kind == OpKind::Scatter || kind == OpKind::Sequence ||
        kind == OpKind::Concatenate)
      return {reader, Refusal::OwnRoot};
    if (isRoot(reader) && kind != OpKind::Reduction)
      return mayFloat(graph, made) ? Explanation{reader, Refusal::Reshaped}
                                   : Explanation{made, Refusal::EveryTile};
  }
  if (elementsAt(reader) != elementsOf(producer.space))
    return {reader, Refusal::OtherShape};
  return {reader, Refusal::Reshaped};
}

/// Of two that no rule had before it together: each was in its kernel already
/// when the other's grew.
static Explanation untried(const Cluster &producer, Operation *made,
                           const Cluster &consumer, Operation *reader) {
  if (isRoot(reader))
    return {reader, Refusal::OwnRoot};
  if (shapeOf(made) != shapeOf(reader))
    return {made, Refusal::OtherShape};
  if (!consumer.segments.empty())
    return {reader, Refusal::Joined};
  if (!producer.segments.empty())
    return {made, Refusal::Joined};
  return {consumer.number < producer.number ? reader : made, Refusal::Claimed};
}

std::optional<Explanation> passes::explainBoundary(const ClusterGraph &graph,
                                                   const Cluster &consumer,
                                                   Value argument) {
  Operation *made = argument.getDefiningOp();
  while (isa_and_nonnull<ReshapeOp>(made))
    made = made->getOperand(0).getDefiningOp();
  const Cluster *producer = made ? graph.clusterOf(made) : nullptr;
  if (!producer)
    return std::nullopt;
  SmallVector<Operation *> readers = readersOf(graph, consumer, argument);
  Operation *reader = readers.front();
  if (!graph.fuses())
    return Explanation{reader, Refusal::Unasked};
  if (argument.getDefiningOp() != made) {
    Explanation why = behindReshape(graph, *producer, made, reader);
    // What floats is copied, and waits for nobody.
    bool joins = !isRoot(reader) || kindOf(reader) == OpKind::Reduction;
    if (why.reason == Refusal::Reshaped && joins &&
        waitsForOthers(graph, *producer, argument.getDefiningOp(), reader))
      why.reason = Refusal::Cycle;
    return why;
  }
  if (auto found = recorded(*producer, made, consumer, readers))
    return found;
  return untried(*producer, made, consumer, reader);
}
