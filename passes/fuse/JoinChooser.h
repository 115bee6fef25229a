//===- JoinChooser.h - which calls of a block become one --------*- C++ -*-===//

#ifndef SINTER_PASSES_FUSE_JOINCHOOSER_H
#define SINTER_PASSES_FUSE_JOINCHOOSER_H

#include "passes/plan/KernelGraph.h"

namespace sinter::passes {

class JoinChooser {
public:
  using Calls = llvm::SmallVector<ir::CallOp>;

  /// `scratch` tells what a scan's body needs at a time; what the schedules of
  /// kernels will ask for is not known yet.
  JoinChooser(mlir::Block &block,
              llvm::function_ref<int64_t(ir::ScanOp)> scratch);

  /// Chooses among calls of one kernel that have a matrix in common.
  void consider(llvm::ArrayRef<ir::CallOp> calls);

  /// Calls that are to be one each.
  llvm::ArrayRef<Calls> getChosen() const { return chosen; }
  /// Calls that stay alone since more would wait in memory.
  Calls getRefused() const;
  /// The block's calls and scans; where calls are one, the last of them counts.
  llvm::SmallVector<mlir::Operation *> getOrder() const;
  /// Bytes that the block then needs at a time, in that order.
  int64_t getPeak() const { return peak; }

private:
  using Nodes = llvm::SmallVector<int>;

  void considerRun(Nodes run);
  /// By place in the run, the nodes of it that each of them needs.
  llvm::SmallVector<uint32_t> needsInside(llvm::ArrayRef<int> run) const;
  /// Joins all of them, or what of either half may join.
  void joinMost(llvm::ArrayRef<int> nodes);
  bool tryJoin(llvm::ArrayRef<int> nodes);
  void setOrder(llvm::SmallVector<int> next);

  plan::KernelGraph graph;
  llvm::SmallVector<int> order, places;
  int64_t peak;
  /// Nodes that were looked at: what would take long is not tried.
  int64_t work = 0;
  llvm::DenseMap<mlir::Operation *, int> numbers;
  llvm::SmallVector<Calls> chosen;
  Nodes alone;
};

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_JOINCHOOSER_H
