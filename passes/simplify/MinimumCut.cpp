//===- MinimumCut.cpp - the cheapest way to part a graph in two -----------===//
//
// Dinic's algorithm: flow is pushed along shortest ways until there are none.
// What the source still reaches then is done.
//
//===----------------------------------------------------------------------===//

#include "passes/simplify/MinimumCut.h"

#include <algorithm>
#include <limits>

using namespace sinter::passes;

int MinimumCut::addDecision() {
  nodes.emplace_back();
  return nodes.size() - 1;
}

void MinimumCut::connect(int from, int to, int64_t cost) {
  if (cost <= 0 || from == to)
    return;
  nodes[from].push_back(edges.size());
  edges.push_back({to, cost});
  nodes[to].push_back(edges.size());
  edges.push_back({from, 0});
}

void MinimumCut::costIfDone(int decision, int64_t cost) {
  connect(decision, sink, cost);
}
void MinimumCut::costIfLeft(int decision, int64_t cost) {
  connect(source, decision, cost);
}
void MinimumCut::costBetween(int done, int left, int64_t cost) {
  connect(done, left, cost);
}

bool MinimumCut::measureDistances() {
  distances.assign(nodes.size(), -1);
  distances[source] = 0;
  std::vector<int> queue{source};
  for (size_t i = 0; i < queue.size(); ++i)
    for (int e : nodes[queue[i]])
      if (edges[e].room > 0 && distances[edges[e].to] < 0) {
        distances[edges[e].to] = distances[queue[i]] + 1;
        queue.push_back(edges[e].to);
      }
  return distances[sink] >= 0;
}

/// Finds one way at a time, with a stack of its own: networks are deep.
int64_t MinimumCut::push(int node, int64_t most) {
  llvm::SmallVector<int, 32> way;
  while (node != sink) {
    int &at = next[node];
    for (; at < static_cast<int>(nodes[node].size()); ++at) {
      const Edge &edge = edges[nodes[node][at]];
      if (edge.room > 0 && distances[edge.to] == distances[node] + 1)
        break;
    }
    if (at < static_cast<int>(nodes[node].size())) {
      way.push_back(nodes[node][at]);
      node = edges[way.back()].to;
      continue;
    }
    if (way.empty())
      return 0;
    // A dead end: the edge that led here is of no use.
    node = edges[way.pop_back_val() ^ 1].to;
    ++next[node];
  }
  for (int e : way)
    most = std::min(most, edges[e].room);
  for (int e : way) {
    edges[e].room -= most;
    edges[e ^ 1].room += most;
  }
  return most;
}

std::vector<bool> MinimumCut::solve() {
  while (measureDistances()) {
    next.assign(nodes.size(), 0);
    while (push(source, std::numeric_limits<int64_t>::max()) > 0) {
    }
  }
  std::vector<bool> done(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    done[i] = distances[i] >= 0;
  return done;
}
