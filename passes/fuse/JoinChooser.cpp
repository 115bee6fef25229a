//===- JoinChooser.cpp - which calls of a block become one ----------------===//
//
// Apart stay calls of which one needs another, or has to come before what the
// other replaces (both are edges of the plan's KernelGraph), and such that, in
// the order of the block, would keep more in memory at a time than they do one
// by one: results and operands that wait, and what can no more be written over
// since the others read it as well.
//
//===----------------------------------------------------------------------===//

#include "passes/fuse/JoinChooser.h"

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes;

/// Of neighbours: each kernel selects among the buffers of so many.
static constexpr size_t mostSegments = 16;
/// Nodes that may be looked at in one block.
static constexpr int64_t mostWork = 3'000'000;

JoinChooser::JoinChooser(Block &block,
                         llvm::function_ref<int64_t(ScanOp)> scratch)
    : graph(block, scratch) {
  for (size_t node = 0; node < graph.size(); ++node)
    numbers[graph[node].op] = node;
  setOrder(graph.getProgramOrder());
  peak = graph.getCost(order).peak;
}

void JoinChooser::setOrder(SmallVector<int> next) {
  order = std::move(next);
  places.resize(order.size());
  for (auto [place, node] : llvm::enumerate(order))
    places[node] = place;
}

JoinChooser::Calls JoinChooser::getRefused() const {
  Calls refused;
  for (int node : alone)
    refused.push_back(cast<CallOp>(graph[node].op));
  return refused;
}

SmallVector<Operation *> JoinChooser::getOrder() const {
  return llvm::map_to_vector(order, [&](int node) { return graph[node].op; });
}

void JoinChooser::consider(ArrayRef<CallOp> calls) {
  Nodes nodes = llvm::map_to_vector(
      calls, [&](CallOp call) { return numbers.lookup(call); });
  llvm::sort(nodes, [&](int a, int b) { return places[a] < places[b]; });
  for (size_t first = 0; first < nodes.size(); first += mostSegments)
    considerRun(Nodes(ArrayRef(nodes).slice(
        first, std::min(mostSegments, nodes.size() - first))));
}

SmallVector<uint32_t> JoinChooser::needsInside(ArrayRef<int> run) const {
  SmallVector<uint32_t> needs(graph.size()), inside(graph.size());
  for (auto [i, node] : llvm::enumerate(run))
    inside[node] = 1u << i;
  for (int node : order)
    for (int before : graph[node].before)
      needs[node] |= needs[before] | inside[before];
  return llvm::map_to_vector(run, [&](int node) { return needs[node]; });
}

void JoinChooser::considerRun(Nodes run) {
  while (run.size() > 1 && work < mostWork) {
    // A call before it in the order needs none behind it.
    llvm::sort(run, [&](int a, int b) { return places[a] < places[b]; });
    work += static_cast<int64_t>(graph.size());
    SmallVector<uint32_t> needs = needsInside(run);
    uint32_t taken = 0;
    Nodes together, left;
    for (auto [i, node] : llvm::enumerate(run)) {
      bool isFree = (needs[i] & taken) == 0;
      if (isFree)
        taken |= 1u << i;
      (isFree ? together : left).push_back(node);
    }
    joinMost(together);
    run = std::move(left);
  }
}

void JoinChooser::joinMost(ArrayRef<int> nodes) {
  if (nodes.size() < 2 || work >= mostWork || tryJoin(nodes))
    return;
  // What one half becomes may move the other, but none needs another.
  size_t half = nodes.size() / 2;
  for (ArrayRef<int> part : {nodes.take_front(half), nodes.drop_front(half)}) {
    Nodes some(part);
    llvm::sort(some, [&](int a, int b) { return places[a] < places[b]; });
    if (some.size() == 1)
      alone.push_back(some.front());
    joinMost(some);
  }
}

bool JoinChooser::tryJoin(ArrayRef<int> nodes) {
  work += static_cast<int64_t>(graph.size());
  plan::KernelGraph joined = graph;
  joined.join(nodes);
  SmallVector<int> changed = joined.getProgramOrder();
  int64_t most = joined.getCost(changed).peak;
  if (most > peak)
    return false;
  chosen.push_back(llvm::map_to_vector(
      nodes, [&](int node) { return cast<CallOp>(graph[node].op); }));
  graph = std::move(joined);
  setOrder(std::move(changed));
  peak = most;
  return true;
}
