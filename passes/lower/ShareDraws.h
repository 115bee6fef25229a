//===- ShareDraws.h - the mark of a stream's number -------------*- C++ -*-===//

#ifndef SINTER_PASSES_LOWER_SHAREDRAWS_H
#define SINTER_PASSES_LOWER_SHAREDRAWS_H

#include "llvm/ADT/StringRef.h"

namespace sinter::passes {

/// On the constant that is the number of a stream of random numbers, until
/// `sinter-share-draws`.
inline constexpr llvm::StringLiteral streamAttrName = "sinter.stream";

} // namespace sinter::passes

#endif // SINTER_PASSES_LOWER_SHAREDRAWS_H
