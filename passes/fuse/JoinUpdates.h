//===- JoinUpdates.h - one kernel updates many variables --------*- C++ -*-===//
//
// An optimizer applies one formula to every parameter and its slots.  The
// pointwise ops that end in writes of variables are matched with each other,
// and those that are the same up to their shapes, and share their scalars,
// become one kernel of several segments: a table of (p, g, m, v, …, n) and one
// body.
//
//   w' = f(w, dot₁, s)      u' = f(u, sum₂, s)
//   ⇒  w', u' = call @update(w, dot₁, u, sum₂, s)   {segments = 2}
//
// A formula with more in front of it (a gradient that is itself a sum of two)
// is cut where the common part begins.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_JOINUPDATES_H
#define SINTER_PASSES_FUSE_JOINUPDATES_H

#include "passes/fuse/CollectUpdates.h"

namespace sinter::passes {

/// Of the updates that are not in use, joins what fits together.
void joinUpdates(ClusterGraph &graph, llvm::MutableArrayRef<Update> updates);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_JOINUPDATES_H
