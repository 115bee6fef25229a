//===- VerifyBuffers.h - no two live buffers overlap ------------*- C++ -*-===//

#ifndef SINTER_PASSES_PLAN_VERIFYBUFFERS_H
#define SINTER_PASSES_PLAN_VERIFYBUFFERS_H

#include "compiler/ir/Sinter.h"

namespace sinter::passes::plan {

/// Bytes first … end − 1 of a space.
struct Span {
  int64_t first = 0, end = 0;
  bool meets(const Span &other) const {
    return first < other.end && other.first < end;
  }
};

/// Whether the buffers of a planned entry lie in their spaces, and what is
/// alive at once lies apart; an error at the buffer's place otherwise.
mlir::LogicalResult verifyBuffers(ir::EntryOp entry);

} // namespace sinter::passes::plan

#endif // SINTER_PASSES_PLAN_VERIFYBUFFERS_H
