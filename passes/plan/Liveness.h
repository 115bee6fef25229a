//===- Liveness.h - when a storage's contents matter ------------*- C++ -*-===//
//
// Step i of a program reads at moment 2i and writes at 2i + 1; what a kernel or
// a copy writes is occupied from 2i on, since it may write before it has read
// all.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PLAN_LIVENESS_H
#define SINTER_PASSES_PLAN_LIVENESS_H

#include "passes/plan/Program.h"

namespace sinter::passes::plan {

/// Moments start, …, end − 1.
struct Segment {
  int64_t start, end;
};
/// Disjoint and ascending.
using LiveRange = std::vector<Segment>;

/// The live range of every storage.  State is live at the beginning and at the
/// end, outputs at the end.  A loop's body is taken to run at least once.
std::vector<LiveRange> computeLiveness(const Program &program);
/// Turns copies that nobody reads into nothing.
void dropDeadCopies(Program &program);

/// Both ranges as one.
LiveRange join(const LiveRange &a, const LiveRange &b);

/// Calls `visit` with each maximal intersection, until it returns false;
/// returns whether it never did.
bool forEachOverlap(const LiveRange &a, const LiveRange &b,
                    llvm::function_ref<bool(Segment)> visit);

} // namespace sinter::passes::plan

#endif // SINTER_PASSES_PLAN_LIVENESS_H
