//===- BlockedScores.h - which attention runs in blocks ---------*- C++ -*-===//

#ifndef SINTER_COMPILER_IR_BLOCKEDSCORES_H
#define SINTER_COMPILER_IR_BLOCKEDSCORES_H

#include "llvm/ADT/StringRef.h"

namespace sinter::ir {

/// Of an entry: an array of strings, each large attention in it and what was
/// done about its scores.
inline constexpr llvm::StringLiteral blockedScoresAttr = "blocked_scores";

} // namespace sinter::ir

#endif // SINTER_COMPILER_IR_BLOCKEDSCORES_H
