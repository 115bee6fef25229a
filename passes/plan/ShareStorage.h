//===- ShareStorage.h - storages on the same bytes --------------*- C++ -*-===//
//
// Which storages stand on the same bytes, so that copies vanish and results
// take their argument's place; then where those that are left stand in the
// workspace (PackStorage.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PLAN_SHARESTORAGE_H
#define SINTER_PASSES_PLAN_SHARESTORAGE_H

#include "passes/plan/Liveness.h"
#include "passes/plan/packer/Packer.h"

namespace sinter::passes::plan {

/// A set of storages on the same bytes, under the number of one of them.
struct Sharing {
  /// For each storage, what it has become: itself, another one, or (per-step
  /// outputs, first carries) a slice of another one.
  std::vector<View> places;
  /// For storages that stand for themselves: the joint live range.
  std::vector<LiveRange> ranges;
  /// For those in the workspace, once packed: the offset there.
  std::vector<int64_t> offsets;
  int64_t workspaceBytes = 0;

  bool isRoot(int storage) const { return places[storage].storage == storage; }
  /// The view in terms of a storage that stands for itself.
  View resolve(const View &view) const;
  /// Storages of the workspace that stand for themselves and hold bytes.
  llvm::SmallVector<int> getBuffers(const Program &program) const;
};

Sharing shareStorage(const Program &program);

struct PlannedEntry {
  Program program;
  Sharing sharing;
};
/// The entry's program in the forms of its scans that copy least.
mlir::FailureOr<PlannedEntry> shareEntry(ir::EntryOp entry);

/// Gives what is left its offset in the workspace.
void packStorage(const Program &program, Sharing &sharing,
                 sinter::plan::Effort effort);
/// What the module's optimization level allows.
sinter::plan::Effort getEffort(mlir::Operation *op);
/// The most bytes of the workspace alive at one moment, in whole lines.
int64_t getLowerBound(const Program &program, const Sharing &sharing);

/// Whether source and target of a copy have become the same bytes.
bool isRemoved(const Step &copy, const Sharing &sharing);

/// Bytes copied in one call: in all, and into the state or through temporaries
/// for its sake.
struct CopiedBytes {
  int64_t inAll = 0, forState = 0;
};
CopiedBytes countCopies(const Program &program, const Sharing &sharing);

/// Runs the program in two memories at once, one with a storage for every value
/// and one as planned, on tags instead of numbers: every read must find the
/// same tag in both, and kernels may overwrite arguments only as they allow.  A
/// difference is a bug of the planner, reported as an error.
mlir::LogicalResult checkSharing(const Program &program,
                                 const Sharing &sharing);

} // namespace sinter::passes::plan

#endif // SINTER_PASSES_PLAN_SHARESTORAGE_H
