//===- KernelGraph.h - what an order of kernels costs -----------*- C++ -*-===//
//
// The calls and scans of one block as a graph, with what is needed to tell the
// memory of an order without planning it: a model that counts temporaries, and
// lets results that end in outputs, variables, carries and stacks cost nothing,
// since they are mostly written in place.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PLAN_KERNELGRAPH_H
#define SINTER_PASSES_PLAN_KERNELGRAPH_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes::plan {

/// Peak first; among equal peaks, less memory over time.
struct OrderCost {
  int64_t peak = 0, sum = 0;
  auto operator<=>(const OrderCost &) const = default;
};

class KernelGraph {
public:
  struct Node {
    mlir::Operation *op;
    llvm::SmallVector<int> before, after;
    /// Temporaries read, and made together with the one that each may replace
    /// (−1 for none).
    llvm::SmallVector<int> uses;
    llvm::SmallVector<std::pair<int, int>> makes;
    /// Bytes needed only while it runs.
    int64_t scratch = 0;
  };

  /// `scratch` tells what a scan's body needs.
  KernelGraph(mlir::Block &block,
              llvm::function_ref<int64_t(ir::ScanOp)> scratch);

  /// Makes these nodes, none of which needs another, one: the last of them. The
  /// others need and cost nothing any more.  No result takes the place of what
  /// several of them read.
  void join(llvm::ArrayRef<int> members);

  size_t size() const { return nodes.size(); }
  const Node &operator[](int node) const { return nodes[node]; }
  OrderCost getCost(llvm::ArrayRef<int> order) const;
  /// Whether every node comes after those it needs.
  bool isLegal(llvm::ArrayRef<int> order) const;
  /// The block's own order, but that nodes wait for those they need.
  llvm::SmallVector<int> getProgramOrder() const;

  /// What is in memory while nodes run one after the other.
  class Live {
  public:
    Live(const KernelGraph &graph, llvm::SmallVector<int> readers)
        : graph(graph), usesLeft(std::move(readers)) {}
    /// Bytes while a node runs next, and after it.
    std::pair<int64_t, int64_t> preview(int node) const;
    void run(int node);

  private:
    const KernelGraph &graph;
    llvm::SmallVector<int> usesLeft;
    int64_t bytes = 0;
  };

  /// What running a node next changes, for greedy choice.
  class Frontier {
  public:
    explicit Frontier(const KernelGraph &graph);
    llvm::ArrayRef<int> getReady() const { return ready; }
    std::pair<int64_t, int64_t> preview(int node) const {
      return live.preview(node);
    }
    void run(int node);

  private:
    const KernelGraph &graph;
    llvm::SmallVector<int> ready, missing;
    Live live;
  };

private:
  /// Makes the readers of a value that is replaced come before what replaces
  /// it.
  void addReplacement(llvm::ArrayRef<int> readers, mlir::Value next);
  void addEdge(int from, int to);
  std::vector<bool> reachedFrom(int from) const;

  void replace(llvm::SmallVectorImpl<int> &neighbours,
               llvm::ArrayRef<int> members);

  std::vector<Node> nodes;
  llvm::DenseMap<mlir::Operation *, int> numbers;
  /// Of temporaries: bytes and how many nodes read them.
  llvm::SmallVector<int64_t> bytes;
  llvm::SmallVector<int> readers;
};

/// The value before all reshapes.
mlir::Value getOrigin(mlir::Value value);

} // namespace sinter::passes::plan

#endif // SINTER_PASSES_PLAN_KERNELGRAPH_H
