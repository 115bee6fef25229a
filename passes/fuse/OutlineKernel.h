//===- OutlineKernel.h - a cluster becomes a kernel and a call --*- C++ -*-===//
//
// The ops of a cluster, with the floating ones that they absorb, move into a
// `sinter.kernel`; a call takes their place.  Arguments stand in the order of
// their first use, results in that of their ops.  A kernel of several segments
// has its arguments and results segment by segment, and the scalars that all
// share last.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_OUTLINEKERNEL_H
#define SINTER_PASSES_FUSE_OUTLINEKERNEL_H

#include "passes/fuse/ClusterGraph.h"

namespace sinter::passes {

/// Outlines every cluster of the graph; kernels go before `entry` and are named
/// after it.  The block is left in topological order.
void outlineKernels(ClusterGraph &graph, ir::EntryOp entry, mlir::Block &block,
                    mlir::SymbolTable &symbols);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_OUTLINEKERNEL_H
