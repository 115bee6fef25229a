//===- Identifier.h - names of a model as names in C -----------*- C++ -*-===//

#ifndef SINTER_COMPILER_ARTIFACT_IDENTIFIER_H
#define SINTER_COMPILER_ARTIFACT_IDENTIFIER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <string>

namespace sinter::artifact {

/// `name` with everything that C or C++ does not allow in a name replaced by
/// `_`, and with a `_` behind a keyword of either.
std::string toIdentifier(llvm::StringRef name);
/// The same in capitals, for macros.
std::string toMacro(llvm::StringRef name);

/// Gives each of several names an identifier of its own.
class IdentifierScope {
public:
  std::string add(llvm::StringRef name);

private:
  llvm::StringSet<> taken;
};

} // namespace sinter::artifact

#endif // SINTER_COMPILER_ARTIFACT_IDENTIFIER_H
