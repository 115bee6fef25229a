//===- FusionRefusals.h - the fusions that were not made --------*- C++ -*-===//
//
// A kernel keeps, as an array of strings, which neighbours it did not take and
// why: "max 'hidden1.relu': its shape is not that of the result".
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_FUSIONREFUSALS_H
#define SINTER_PASSES_FUSE_FUSIONREFUSALS_H

#include "llvm/ADT/StringRef.h"

namespace sinter::passes {

inline constexpr llvm::StringLiteral refusalsAttrName = "fusion_refusals";

} // namespace sinter::passes

#endif // SINTER_PASSES_FUSE_FUSIONREFUSALS_H
