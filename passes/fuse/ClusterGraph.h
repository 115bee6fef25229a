//===- ClusterGraph.h - the ops of a block, in clusters ---------*- C++ -*-===//
//
// A cluster is a set of ops that become one kernel.  The graph knows the
// block's ops in order, which cluster each is in, and how a value reaches an op
// through floating ops.  Whether a set of ops may run as one is in Dependences,
// the rules of growth are beside.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_CLUSTERGRAPH_H
#define SINTER_PASSES_FUSE_CLUSTERGRAPH_H

#include "passes/fuse/FloatingOps.h"
#include "passes/fuse/Refusals.h"

#include "llvm/ADT/MapVector.h"

namespace sinter::passes {

struct Cluster {
  /// In the order in which they began.
  size_t number;
  /// What gives the cluster its form: the contraction, the first reduction, …
  mlir::Operation *root;
  OpKind kind;
  /// The iteration space; for a reduction before reducing.
  llvm::SmallVector<int64_t> space;
  /// Dimensions of `space` that reductions combine, and what remains.
  llvm::SmallVector<int64_t> reduced, kept;
  /// Ops that do not float; floating ones follow from them.
  llvm::SmallVector<mlir::Operation *> members;
  /// Of an update of several variables: equally many ops a variable, in
  /// corresponding order.  Empty for every other cluster.
  llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> segments;
  /// Fusions that were considered and not made.
  llvm::MapVector<mlir::Operation *, Refusal> refusals;

  /// The dimensions of `space` that are reduced are the last ones.
  bool isRow() const;
};

/// How an op sees a value that it reads through floating ops.
enum class Access {
  /// At its own index.
  Same,
  /// Broadcast over the cluster's reduced dimensions.
  Spread,
  /// Anything else.
  Moved,
};
struct Trace {
  /// An op that does not float, or null for a value from outside the block.
  mlir::Operation *producer;
  mlir::Value value;
  Access access;
};

class ClusterGraph {
public:
  ClusterGraph(mlir::Block &block, bool fuse);

  /// Whether ops may share a kernel at all.
  bool fuses() const { return fuse; }
  llvm::ArrayRef<mlir::Operation *> ops() const { return order; }
  unsigned positionOf(mlir::Operation *op) const {
    return positions.lookup(op);
  }
  const FloatingOps &floatingOps() const { return floating; }
  /// Null if the op is in none (floating and free ops never are).
  Cluster *clusterOf(mlir::Operation *op) const { return owners.lookup(op); }
  /// Neither free, nor floating, nor in a cluster.
  bool isUnclaimed(mlir::Operation *op) const;

  Cluster &create(mlir::Operation *root);
  void add(Cluster &cluster, mlir::Operation *op);
  /// Moves all of `from` into `into`; `from` is empty afterwards.
  void merge(Cluster &into, Cluster &from);
  llvm::MutableArrayRef<std::unique_ptr<Cluster>> clusters() { return all; }

  /// What `op` reads, through floating ops.  `spread` is the cluster whose
  /// reduced dimensions make a broadcast `Spread`; null if there is none.
  llvm::SmallVector<Trace> reads(mlir::Operation *op,
                                 const Cluster *spread) const;
  /// The ops that do not float and that read `op`'s result, in block order.
  llvm::ArrayRef<mlir::Operation *> readers(mlir::Operation *op) const {
    return links[positionOf(op)].readers;
  }
  /// The ops that do not float and that `op`, which does not either, reads.
  llvm::ArrayRef<mlir::Operation *> needs(mlir::Operation *op) const {
    return links[positionOf(op)].needs;
  }

private:
  void trace(mlir::Value value, Access access, const Cluster *spread,
             llvm::SmallVectorImpl<Trace> &into) const;

  struct Links {
    llvm::SmallVector<mlir::Operation *, 2> needs, readers;
  };

  bool fuse;
  FloatingOps floating;
  llvm::SmallVector<mlir::Operation *> order;
  llvm::DenseMap<mlir::Operation *, unsigned> positions;
  /// By position.
  std::vector<Links> links;
  llvm::DenseMap<mlir::Operation *, Cluster *> owners;
  llvm::SmallVector<std::unique_ptr<Cluster>> all;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_CLUSTERGRAPH_H
