//===- ExplainBoundaries.h - why a value goes through memory ----*- C++ -*-===//
//
// When all clusters are grown, every value that one of them reads from another
// has a reason: the refusal of the one that grew first and had the other's op
// before it, or, where it never had, what claimed that op earlier, or the
// reshape between the two.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_EXPLAINBOUNDARIES_H
#define SINTER_PASSES_FUSE_EXPLAINBOUNDARIES_H

#include "passes/fuse/ClusterGraph.h"

namespace sinter::passes {

/// An op at a boundary and why it is not on the other side.
struct Explanation {
  mlir::Operation *op;
  Refusal reason;

  /// "exp 'hidden': its shape is another"
  std::string text() const;
};

/// Why `consumer` does not compute `argument`, which its ops read; nothing if
/// no cluster computes it.
std::optional<Explanation> explainBoundary(const ClusterGraph &graph,
                                           const Cluster &consumer,
                                           mlir::Value argument);

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_EXPLAINBOUNDARIES_H
