//===- Refusals.h - why two ops are not in one kernel -----------*- C++ -*-===//
//
// Every fusion that was considered and not made has one of these reasons; it
// stands on the kernel (`fusion_refusals`), at the boundary that it made
// (compiler/ir/Boundaries.h) and in the report.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_REFUSALS_H
#define SINTER_PASSES_FUSE_REFUSALS_H

#include "llvm/ADT/StringRef.h"

#include <iterator>

namespace sinter::passes {

enum class Refusal {
  // By any kernel.
  OwnRoot,
  OtherShape,
  ReadsElsewhere,
  ReadElsewhere,
  Cycle,
  Full,
  // By a contraction.
  EveryTile,
  NeededElsewhere,
  StoredAnyway,
  SharedGradient,
  OldValueNeeded,
  Exposed,
  // By a reduction.
  OtherDimensions,
  NeitherRowNorRest,
  NotRows,
  // Between two kernels that read the same.
  Dependent,
  // Where no rule had both before it.
  Unasked,
  Reshaped,
  Joined,
  Claimed,
  Packed,
  // Of a call, by others of its kernel that read the same matrix.
  MoreMemory,
};

/// In the order of `Refusal`.
inline constexpr llvm::StringLiteral refusalTexts[] = {
    "it is the root of a kernel of its own",
    "its shape is another",
    "it reads the value at other places than its own",
    "its value is read at other places than its own",
    "it needs a kernel that needs this one",
    "the kernel has as many ops as one may have",
    "it would be computed again for every tile",
    "others need its value as well",
    "it reads only what is stored anyway",
    "others need the gradient as well",
    "what still needs the variable's old value could not run before",
    "too few products are summed in one run to hide the update",
    "it reduces other dimensions",
    "its shape is neither that of the rows nor that of what is left of them",
    "only reductions of rows are read back over what they reduced",
    "one depends on the other through a kernel",
    "nothing is fused at -O0",
    "a reshape is between",
    "it is updated with the other variables of its formula",
    "a rule that goes first has put it elsewhere",
    "what every step of a loop reads is packed once",
    "with the others of its kernel it would keep more waiting in memory",
};
static_assert(std::size(refusalTexts) ==
              static_cast<size_t>(Refusal::MoreMemory) + 1);

inline llvm::StringRef textOf(Refusal refusal) {
  return refusalTexts[static_cast<size_t>(refusal)];
}

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_REFUSALS_H
