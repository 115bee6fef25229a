//===- GrowClusters.cpp - the rules of fusion -----------------------------===//

#include "passes/fuse/GrowClusters.h"
#include "passes/fuse/AppendUpdates.h"
#include "passes/fuse/JoinUpdates.h"

#include <map>
#include <set>

using namespace mlir;
using namespace sinter;
using namespace sinter::ir;
using namespace sinter::passes;

void passes::growClusters(ClusterGraph &graph, bool fuse) {
  SmallVector<KeptGradient> kept;
  if (fuse) {
    SmallVector<Update> updates = collectUpdates(graph);
    kept = appendUpdates(graph, updates);
    joinUpdates(graph, updates);
    growEpilogues(graph);
    growReductions(graph);
    finishEpilogues(graph);
    growPointwise(graph);
  }
  for (Operation *op : graph.ops())
    if (graph.isUnclaimed(op))
      graph.create(op);
  // A single variable's update may have found its place as any epilogue does.
  for (const KeptGradient &gradient : kept)
    if (Cluster *cluster = graph.clusterOf(gradient.product);
        graph.clusterOf(gradient.reader) != cluster)
      cluster->refusals.insert({gradient.reader, gradient.reason});
}

/// The unclaimed ops that read from or are read by `members`, and `others`
/// that still are unclaimed, in block order.
static SmallVector<Operation *> neighbours(const ClusterGraph &graph,
                                           ArrayRef<Operation *> members,
                                           ArrayRef<Operation *> others) {
  llvm::SmallSetVector<Operation *, 16> found;
  auto consider = [&](Operation *op) {
    if (graph.isUnclaimed(op))
      found.insert(op);
  };
  for (Operation *member : members) {
    llvm::for_each(graph.needs(member), consider);
    llvm::for_each(graph.readers(member), consider);
  }
  llvm::for_each(others, consider);
  SmallVector<Operation *> sorted = found.takeVector();
  llvm::sort(sorted, [&](Operation *a, Operation *b) {
    return graph.positionOf(a) < graph.positionOf(b);
  });
  return sorted;
}

std::optional<Refusal> passes::misplaced(const Cluster &cluster,
                                         Dependences &dependences,
                                         Operation *op) {
  if (cluster.members.size() >= largestCluster)
    return Refusal::Full;
  if (!dependences.admits(op))
    return Refusal::Cycle;
  return std::nullopt;
}

void passes::growFrom(
    ClusterGraph &graph, Cluster &cluster,
    llvm::function_ref<std::optional<Refusal>(Dependences &, Operation *)>
        misfit) {
  Dependences dependences(graph, cluster.members);
  // A refusal stands until a neighbour of the op joins: whether the op reads
  // and is read at the right places only gets worse, and a way around leads
  // through a neighbour.  Only what is stored may change from afar.
  SmallVector<Operation *> fresh = cluster.members, again;
  while (!fresh.empty()) {
    SmallVector<Operation *> candidates = neighbours(graph, fresh, again);
    fresh.clear();
    again.clear();
    for (Operation *op : candidates) {
      if (std::optional<Refusal> reason = misfit(dependences, op)) {
        cluster.refusals[op] = *reason;
        if (*reason == Refusal::StoredAnyway)
          again.push_back(op);
        continue;
      }
      graph.add(cluster, op);
      dependences.add(op);
      fresh.push_back(op);
    }
  }
}

//===----------------------------------------------------------------------===//
// Siblings
//===----------------------------------------------------------------------===//

/// What the cluster reads from outside at its own index, of its space's size.
static SmallVector<Value> inputsOf(const ClusterGraph &graph,
                                   const Cluster &cluster) {
  llvm::SmallSetVector<Value, 8> found;
  for (Operation *member : cluster.members)
    for (const Trace &read : graph.reads(member, &cluster))
      if (read.access == Access::Same &&
          shapeOf(read.value) == ArrayRef(cluster.space) &&
          (!read.producer || graph.clusterOf(read.producer) != &cluster))
        found.insert(read.value);
  return found.takeVector();
}

void passes::mergeSiblings(ClusterGraph &graph,
                           llvm::function_ref<bool(const Cluster &)> takesPart,
                           int64_t tiny, size_t mostOps) {
  // So many that depend on a cluster, or are too large for it, and it is left
  // alone: where many are of one space, most pairs do not fit.
  constexpr unsigned patience = 64;

  // Clusters by space, and those of one space by what they read; numbers rise.
  struct Family {
    SmallVector<unsigned> members;
    llvm::DenseMap<Value, SmallVector<unsigned>> readers;
  };
  using Space = std::pair<SmallVector<int64_t>, SmallVector<int64_t>>;
  std::map<Space, Family> families;
  auto clusters = graph.clusters();
  auto isTiny = [&](const Cluster &cluster) {
    return elementsOf(cluster.space) <= tiny;
  };
  SmallVector<Family *> familyOf(clusters.size(), nullptr);
  for (auto [i, cluster] : llvm::enumerate(clusters)) {
    if (cluster->members.empty() || !takesPart(*cluster))
      continue;
    Family &family = families[{cluster->space, cluster->reduced}];
    familyOf[i] = &family;
    family.members.push_back(i);
    if (!isTiny(*cluster))
      for (Value input : inputsOf(graph, *cluster))
        family.readers[input].push_back(i);
  }

  for (size_t i = 0; i < clusters.size(); ++i) {
    Cluster &into = *clusters[i];
    if (!familyOf[i] || into.members.empty())
      continue;
    Family &family = *familyOf[i];
    std::set<unsigned> alike;
    auto consider = [&](ArrayRef<unsigned> numbers, size_t after) {
      alike.insert(llvm::upper_bound(numbers, after), numbers.end());
    };
    auto considerReaders = [&](size_t after) {
      for (Value input : inputsOf(graph, into))
        if (auto found = family.readers.find(input);
            found != family.readers.end())
          consider(found->second, after);
    };
    if (isTiny(into))
      consider(family.members, i);
    else
      considerReaders(i);
    std::optional<Dependences> dependences;
    for (unsigned misses = 0; !alike.empty() && misses < patience &&
                              into.members.size() < mostOps;) {
      unsigned j = *alike.begin();
      alike.erase(alike.begin());
      Cluster &from = *clusters[j];
      if (from.members.empty())
        continue;
      if (into.members.size() + from.members.size() > mostOps) {
        ++misses;
        continue;
      }
      if (!dependences)
        dependences.emplace(graph, into.members);
      if (!dependences->admits(from.members)) {
        into.refusals[from.root] = Refusal::Dependent;
        ++misses;
        continue;
      }
      dependences->add(from.members);
      graph.merge(into, from);
      if (!isTiny(into))
        considerReaders(j);
    }
  }
}
