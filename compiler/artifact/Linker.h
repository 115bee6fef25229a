//===- Linker.h - lld, in process ------------------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_ARTIFACT_LINKER_H
#define SINTER_COMPILER_ARTIFACT_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace sinter::artifact {

/// Runs the linker with these arguments, its own name first; the error names
/// `what` was to be linked and has the linker's messages.
llvm::Error runLinker(llvm::ArrayRef<const char *> args,
                      const llvm::Twine &what);

} // namespace sinter::artifact

#endif // SINTER_COMPILER_ARTIFACT_LINKER_H
